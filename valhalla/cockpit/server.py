"""Serving the cockpit from a thread of the running program: on this computer, and over TLS on the local network if that is on."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from valhalla.cockpit import routes
from valhalla.cockpit.app import make_app
from valhalla.cockpit.figures import Figures
from valhalla.cockpit.previews import Previews
from valhalla.cockpit.security.sessions import Sessions
from valhalla.cockpit.state import Cockpit
from valhalla.program import serving, settings
from valhalla.program.errors import ValhallaError
from valhalla.program.later import later
from valhalla.service import links, network
from valhalla.service.whole import WholeProgram

if TYPE_CHECKING:
    from valhalla.cockpit import hub as of_hub
    from valhalla.cockpit import sites
    from valhalla.service.hub_run import HubRun, Site
else:  # where there is a hub
    of_hub = later("valhalla.cockpit.hub")
    sites = later("valhalla.cockpit.sites")

ADDRESS = "127.0.0.1"
SECOND_ADDRESS = "::1"
PORT = 8101
TRIED = 50
"""Ports looked at after the first one."""

TURN = 0.0005
"""Seconds after which a thread that works lets another one have the interpreter, instead of 5 ms: a page comes back to it from
each of its dozens of statements, and waits that long each time while a list is read in this process."""

START_SECONDS = 15.0
STOP_SECONDS = 1.0
"""How long a stop waits for answers that are on their way."""


class Server:
    """The cockpit's server. ``port`` None: 8101 or the next free one; 0: any free one. ``hub``: serves all of its workspaces, each
    under its own name; ``program`` is then the hub's own."""

    def __init__(
        self,
        program: WholeProgram,
        *,
        port: int | None = None,
        run_id: int | None = None,
        interval: int | None = None,
        read_only: bool | None = None,
        limits: serving.Limits = serving.DEFAULT,
        hub: HubRun | None = None,
    ) -> None:
        self._sockets = listen(port)
        database = program.database
        self._network = network.network(database, program.home) if network.wanted(database) else None
        if self._network is not None:
            try:
                self._sockets.append(network.listen(self._network.port))
            except ValhallaError:
                for each in self._sockets:
                    each.close()
                raise
        self.cockpit = self._made(
            Cockpit if hub is None else partial(of_hub.HubCockpit, hub=hub),
            program,
            network_names=() if self._network is None else self._network.names,
            network_port=0 if self._network is None else self._network.port,
            read_only=read_only,
            run_id=run_id,
            interval=interval,
        )
        self._sites = None if hub is None else sites.Sites(hub, self._of_site)
        self._limits = limits
        self._server: serving.Server | None = None
        self._second: serving.Server | None = None
        """Of the local network."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cockpit", daemon=True)
        self._error: BaseException | None = None
        self._ready = threading.Event()

    def _made(
        self,
        kind: Callable[..., Cockpit],
        program: WholeProgram,
        *,
        read_only: bool | None = None,
        **given: Any,
    ) -> Cockpit:
        """A cockpit of a program, at this server's port."""
        database = program.database
        forbidden = bool(settings.value(database, "cockpit.read_only")) if read_only is None else read_only
        return kind(
            program=program.all_kinds(),
            sessions=Sessions(lambda link: links.is_good(database, link)),
            figures=Figures(database),
            previews=Previews(database),
            name=links.name_of(database),
            port=self._sockets[0].getsockname()[1],
            read_only=forbidden or database.readonly,
            **given,
        )

    def _of_site(self, site: Site) -> Cockpit:
        """The cockpit of one of the hub's workspaces; what it keeps going ends with the workspace."""
        service = site.service
        made = self._made(Cockpit, site.program, run_id=service.run_id, interval=service.plan.interval)
        site.closing += [made.figures.close, made.previews.close]
        return made

    def url_of(self, host: str) -> str:
        """Where the pages of a workspace of the hub are."""
        return f"http://{host}:{self.cockpit.port}"

    @property
    def url(self) -> str:
        """Where its pages are, without a link's token."""
        return f"http://{self.cockpit.name}:{self.cockpit.port}"

    def link(self) -> str:
        """A fresh link that opens it."""
        return links.make(self.cockpit.database, self.url)

    def start(self) -> None:
        """Serve from now on. Raises :class:`ValhallaError` when that does not work."""
        if self._sites is not None and isinstance(self.cockpit, of_hub.HubCockpit):
            self.cockpit.hub.url = self.url_of
        _quiet()
        sys.setswitchinterval(TURN)
        self._thread.start()
        self._ready.wait(START_SECONDS)
        if self._error is not None or not self._ready.is_set():
            raise ValhallaError(f"the cockpit could not be started ({self._error or 'it took too long'})")

    def stop(self) -> None:
        """Serve no longer; returns within about a second."""
        self._stopped.set()
        for server in (self._server, self._second):
            if server is not None:
                server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive() and self._server is not None:
            self._server.force_exit = True
            self._thread.join(STOP_SECONDS / 2)
        self.cockpit.figures.close()
        self.cockpit.previews.close()
        for each in self._sockets:
            each.close()

    def _run(self) -> None:
        try:
            serving.keep_serving(self._serve_once, self._sockets, self._stopped, self._limits)
        except BaseException as error:
            self._error = error
            logging.getLogger("valhalla.cockpit").error("the cockpit ended: %s", error)
        finally:
            self._ready.set()

    def _serve_once(self, listeners: list[socket.socket]) -> None:
        # A fresh loop and app each time: after a failure nobody knows what the old ones are worth.
        app = self._app()
        self._server = self._serving(app, lifespan="on")
        if self._network is not None:
            # The same app: what it keeps going begins and ends with the server of this computer.
            found = self._network.identity
            self._second = self._serving(
                app, lifespan="off", ssl_certfile=found.certificate, ssl_keyfile=found.key
            )
        if self._stopped.is_set():
            return
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve_all(self._server, self._second, listeners))
        except Exception as error:
            for each in (self._server, self._second):
                if each is not None:
                    each.abandon()
            if self._ready.is_set():
                raise
            self._error = error  # what cannot be started once is not tried again

    def _app(self) -> ASGIApp:
        if self._sites is None:
            return make_app(self.cockpit)
        return sites.ByHost(make_app(self.cockpit, routes.hub_pages()), self._sites)

    def _serving(self, app: ASGIApp, **options: Any) -> serving.Server:
        return serving.Server(
            app,
            self._limits,
            ws=serving.websocket,  # called as the class would be
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
            loop="asyncio",
            log_config=None,
            timeout_graceful_shutdown=1,
            **options,
        )

    async def _serve_all(
        self, server: serving.Server, second: serving.Server | None, listeners: list[socket.socket]
    ) -> None:
        """Serve this computer and, where somebody turned that on, the local network, whose socket is the last."""
        if second is None:
            await self._serve(server, listeners)
            return
        beyond = asyncio.ensure_future(second.serve(sockets=listeners[-1:]))
        try:
            await self._serve(server, listeners[:-1])
        finally:
            second.should_exit = True
            await beyond

    async def _serve(self, server: serving.Server, listeners: list[socket.socket]) -> None:
        async def serve() -> None:
            try:
                await server.serve(sockets=listeners)
            except SystemExit:  # what the server does when the app cannot be started
                raise ValhallaError("the app did not start") from None

        running = asyncio.ensure_future(serve())
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        if server.started:
            self._ready.set()
        await running


def listen(port: int | None) -> list[socket.socket]:
    """Listening sockets on this computer only: 127.0.0.1, and the same port of ::1 where there is that, because browsers
    try it first under our name, and any other program that listened there would get our cookie.

    Raises :class:`ValhallaError` when the port, or every port, is taken.
    """
    any_port = [0] * TRIED  # one that is free on one address may be taken on the other
    wanted = [*range(PORT, PORT + TRIED), *any_port] if port is None else [port] if port else any_port
    both = _has_second_address()
    for number in wanted:
        try:
            first = _bound(socket.AF_INET, ADDRESS, number)
        except OSError:
            continue
        if not both:
            return [first]
        try:
            return [first, _bound(socket.AF_INET6, SECOND_ADDRESS, first.getsockname()[1])]
        except OSError:
            first.close()
    raise ValhallaError(f"port {port} is taken by another program; choose another --port, or leave it out")


def _has_second_address() -> bool:
    try:
        _bound(socket.AF_INET6, SECOND_ADDRESS, 0).close()
    except OSError:
        return False
    return True


def _bound(family: socket.AddressFamily, address: str, number: int) -> socket.socket:
    # With its protocol named: only then does asyncio switch off the delay of small answers on what it accepts.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":  # there, the other option would let two programs share one port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind((address, number))
        found.listen(256)
        found.setblocking(False)
    except OSError:
        found.close()
        raise
    return found


def _quiet() -> None:
    """The server's own log says nothing that ours does not, and would print onto the terminal."""
    for name in (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.access",
        "uvicorn.asgi",
        "websockets",
        "websockets.server",
    ):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL)
