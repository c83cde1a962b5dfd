"""Serves the workspaces of a hub on its port, each under the name that its pages have to themselves.

Nothing of a workspace's cockpit knows that it is one of several: addresses, cookies and links are those of its own host, so no
page of one workspace reaches another, and a browser signs in to each by a link that the hub makes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.app import make_app
from valhalla.cockpit.security.hosts import SECURE

if TYPE_CHECKING:
    from fastapi import FastAPI

    from valhalla.cockpit.state import Cockpit
    from valhalla.service.hub_run import HubRun, Site


class Sites:
    """The apps of the workspaces at work, each made when it is first asked for."""

    def __init__(self, hub: HubRun, cockpit_of: Callable[[Site], Cockpit]) -> None:
        self._hub = hub
        self._cockpit_of = cockpit_of
        self._apps: dict[str, tuple[Site, asyncio.Task[FastAPI]]] = {}
        self._keeping: list[tuple[asyncio.Task[None], asyncio.Event]] = []

    def of_host(self, host: str) -> Site | None:
        """The workspace whose pages have this name."""
        return next((each for each in list(self._hub.sites.values()) if each.host == host), None)

    async def app(self, site: Site) -> FastAPI:
        """The app of a workspace; what it keeps going has begun."""
        known = self._apps.get(site.name)
        if known is None or known[0] is not site:
            known = self._apps[site.name] = (site, asyncio.create_task(self._begin(site)))
        return await asyncio.shield(known[1])

    async def _begin(self, site: Site) -> FastAPI:
        app = await run_in_threadpool(lambda: make_app(self._cockpit_of(site)))
        begun, ending = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        async def keep() -> None:
            async with app.router.lifespan_context(app):
                begun.set()
                await ending.wait()

        def end() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(ending.set)

        task = asyncio.create_task(keep())
        site.closing.append(end)
        self._keeping.append((task, ending))
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        if not begun.is_set():
            waiting.cancel()
            task.result()
        return app

    async def end(self) -> None:
        """End what they keep going."""
        for _, ending in self._keeping:
            ending.set()
        await asyncio.gather(*(task for task, _ in self._keeping), return_exceptions=True)
        self._apps.clear()
        self._keeping.clear()


class ByHost:
    """Passes a request to the workspace whose name it is for, every other one to the hub."""

    def __init__(self, hub: ASGIApp, sites: Sites) -> None:
        self._hub = hub
        self._sites = sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            try:
                await self._hub(scope, receive, send)
            finally:
                await self._sites.end()
            return
        site = None
        if scope["type"] in ("http", "websocket") and scope["scheme"] not in SECURE:
            site = self._sites.of_host(Headers(scope=scope).get("host", "").lower().rpartition(":")[0])
        await (self._hub if site is None else await self._sites.app(site))(scope, receive, send)
