"""An HTTP server that idle, half-sent and unread connections cannot starve.

Uvicorn alone lets a request head take for ever and counts nothing that has not sent one: 512 idle connections end a loop
on Windows, where ``select`` holds no more, and a few thousand use up a process's descriptors elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h11

from db.hiding import postponed
from valhalla.program.later import later

if TYPE_CHECKING:
    from uvicorn.protocols.websockets import websockets_sansio_impl
else:  # most programs that ask, and the first page, open no WebSocket
    websockets_sansio_impl = later("uvicorn.protocols.websockets.websockets_sansio_impl")

with postponed(
    "uvicorn.main", "Server", "main", "run"
):  # uvicorn's own command line, and what restarts it when a file changes
    from uvicorn.config import Config
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.server import Server as UvicornServer

log = logging.getLogger(__name__)

TURNS = 6
"""A turn of the loop accepts this part of the connections that are held: a new one is read two turns later, and is not to be
dropped for others before."""

QUEUED = 256
"""Connections that the system keeps until they are accepted."""

STABLE_SECONDS = 60.0
"""A server that ran this long before it failed is restarted after the first pause again."""

SPENT = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True)
class Limits:
    """What all clients together may hold. The defaults leave room below the 512 sockets of ``select`` on Windows."""

    connections: int = 400
    head: float = 10.0
    """Seconds from the first byte of a request (or from connecting) to the end of its head."""
    body: float = 60.0
    """Seconds without a byte of a body, or without the client reading a byte of its answer."""
    restart: float = 1.0
    """Seconds before a server that failed is started again; doubled each time, up to 30."""


DEFAULT = Limits()


class Connection(H11Protocol):
    """One connection, and since when its client keeps the server waiting."""

    limits = DEFAULT

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for it: the connection whose client has been silent longest goes."""
        self.heard = time.monotonic()
        self.head_began: float | None = self.heard
        self.unread_since: float | None = None
        self.answered_at: float | None = None
        super().connection_made(transport)
        if len(self.connections) <= self.limits.connections:
            return
        waiting = [each for each in self._others() if each.is_waiting()]
        if waiting:
            min(waiting, key=lambda each: each.heard).drop()
        else:
            transport.write(SPENT)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Read on, and note since when a head is under way."""
        self.heard = time.monotonic()
        super().data_received(data)
        if self.conn.our_state is not h11.DONE:
            self.answered_at = None
        if self.conn.their_state is not h11.IDLE:
            self.head_began = None
        elif self.head_began is None:
            self.head_began = self.heard

    def on_response_complete(self) -> None:
        """Note when a request was answered."""
        self.answered_at = time.monotonic()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read."""
        self.unread_since = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        self.unread_since = None
        super().resume_writing()

    def is_waiting(self) -> bool:
        """Whether only the client can move this connection on; False while its request is worked on."""
        if self.unread_since is not None or self.transport.is_closing():
            return True
        if self.conn.our_state not in (h11.SEND_RESPONSE, h11.SEND_BODY):
            return True
        return self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused

    def is_overdue(self, now: float) -> bool:
        """Whether the client has had its time."""
        if self.unread_since is not None:
            return now - self.unread_since > self.limits.body
        if self.transport.is_closing():  # the rest of an answer that is not fetched
            return now - self.heard > self.limits.body
        if self.conn.their_state is h11.SEND_BODY:
            if self.answered_at is not None:  # without reading it all: the rest may be endless
                return now - self.answered_at > self.limits.head
            return not self.flow.read_paused and now - self.heard > self.limits.body
        return self.head_began is not None and now - self.head_began > self.limits.head

    def drop(self) -> None:
        """End it now; what it held is free at once."""
        self.connections.discard(self)
        self.transport.abort()

    def _others(self) -> list[Connection]:
        return [each for each in self.connections if isinstance(each, Connection) and each is not self]


def websocket(*arguments: Any, **options: Any) -> asyncio.Protocol:
    """What speaks with a client that has asked for a WebSocket."""
    return websockets_sansio_impl.WebSocketsSansIOProtocol(*arguments, **options)


class Server(UvicornServer):
    """Serves ``app`` within ``limits``; ``options`` are those of :class:`uvicorn.Config`."""

    def __init__(self, app: Any, limits: Limits, **options: Any) -> None:
        self.limits = limits
        protocol = type("LimitedConnection", (Connection,), {"limits": limits})
        super().__init__(
            Config(
                app,
                http=protocol,
                backlog=max(1, limits.connections // TURNS),
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=30,
                h11_max_incomplete_event_size=32 * 1024,
                **options,
            )
        )
        self._every = max(1, round(min(1.0, limits.head / 4, limits.body / 4) * 10))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; the loop has made the system's queue as short as what it accepts in a turn."""
        await super().startup(sockets)
        for each in sockets or []:
            each.listen(QUEUED)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second, by uvicorn; once a second, end what is overdue."""
        if counter % self._every == 0:
            now = time.monotonic()
            for each in list(self.server_state.connections):
                if isinstance(each, Connection) and each.is_overdue(now):
                    each.drop()
        return await super().on_tick(counter)

    def abandon(self) -> None:
        """Hang up on everybody, after the loop has failed: their clients would wait for ever."""
        for each in self.server_state.connections:
            with contextlib.suppress(OSError, AttributeError):
                each.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def keep_serving(
    serve: Callable[[list[socket.socket]], None],
    listeners: list[socket.socket],
    stopped: threading.Event,
    limits: Limits,
) -> None:
    """Call ``serve`` with copies of ``listeners`` until it returns or ``stopped`` is set; after an error, again.

    The originals stay open meanwhile, so that no other program gets the port.
    """
    pause, began = limits.restart, 0.0
    while not stopped.is_set():
        began = time.monotonic()
        try:
            with contextlib.ExitStack() as stack:
                copies = [stack.enter_context(contextlib.closing(each.dup())) for each in listeners]
                for each in copies:
                    each.setblocking(False)
                serve(copies)
            return
        except Exception as error:
            if time.monotonic() - began > STABLE_SECONDS:
                pause = limits.restart
            log.error(
                "the server failed and starts again in %g s: %s: %s", pause, type(error).__name__, error
            )
            stopped.wait(pause)
            pause = min(2 * pause, 30.0)


def run(
    make_app: Callable[[], Any], listener: socket.socket, limits: Limits = DEFAULT, **options: Any
) -> None:
    """Serve from this thread until the process is stopped; ``make_app`` is called again after a failure."""

    def serve(copies: list[socket.socket]) -> None:
        server = Server(make_app(), limits, **options)
        try:
            server.run(sockets=copies)
        except Exception:
            server.abandon()
            raise

    keep_serving(serve, [listener], threading.Event(), limits)
