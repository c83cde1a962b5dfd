"""The app: routes, and around them the rules of who may ask for what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from db import waiting
from valhalla import __version__
from valhalla.cockpit import failures, routes
from valhalla.cockpit.live import Feed
from valhalla.cockpit.security.bearer import Bearer
from valhalla.cockpit.security.entrance import Entrance
from valhalla.cockpit.security.headers import SecureHeaders
from valhalla.cockpit.security.hosts import Hosts, OwnName
from valhalla.cockpit.security.limits import Limits
from valhalla.cockpit.security.origin import SameOrigin
from valhalla.cockpit.security.permitting import Roles
from valhalla.cockpit.security.readonly import ReadOnly
from valhalla.cockpit.state import Cockpit
from valhalla.cockpit.subjects import each_route
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.cockpit.pages import jobs
else:
    jobs = later("valhalla.cockpit.pages.jobs")

READERS = 4
"""Threads that read the file for pages: each has a connection of its own."""

ABOUT = """Everything the pages show, as JSON. Times are ISO 8601 in UTC, money is US dollars, shares are percent.
A refusal is `{"error": {"code", "message"}}`. Programs bring `Authorization: Bearer TOKEN` (`valhalla token add`), to
http://127.0.0.1 with the cockpit's port, and post under `/api/` what pages post: `/api/settings/dnc` for `/settings/dnc`."""


class App(FastAPI):
    """FastAPI whose routes are those of subjects, which are loaded when they are asked for."""

    @property
    def routes(self) -> list[BaseRoute]:
        """All of them, for the description of the JSON; this loads every subject."""
        return list(each_route(self.router.routes))


def make_app(cockpit: Cockpit, pages: routes.Pages | None = None) -> FastAPI:
    """The app of one cockpit. ``pages``: those of a workspace, where they are not named."""
    pages = pages or routes.workspace()
    app = App(
        title="Valhalla",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan(cockpit, pages),
        redirect_slashes=False,
        routes=[*pages.subjects],
    )
    app.state.cockpit = cockpit
    app.state.feed = Feed(cockpit.database, cockpit.frame, cockpit.news)
    app.state.entries = pages.entries
    app.state.job_pages = lambda request: jobs.host(request)
    failures.handle(app)
    app.mount("/static", Static(packages=[("valhalla.cockpit", "static")]), name="static")
    # The last one added is the outermost.
    app.add_middleware(ReadOnly, cockpit=cockpit)
    app.add_middleware(Roles)
    app.add_middleware(SameOrigin, cockpit=cockpit)
    app.add_middleware(Entrance, cockpit=cockpit)
    app.add_middleware(OwnName, cockpit=cockpit)
    app.add_middleware(Bearer, cockpit=cockpit)
    app.add_middleware(Limits, bodies=routes.LARGE_BODIES)
    app.add_middleware(Hosts, cockpit=cockpit)
    app.add_middleware(failures.Unforeseen)
    app.add_middleware(SecureHeaders)
    app.add_middleware(PagesFirst)
    return app


def _lifespan(
    cockpit: Cockpit, pages: routes.Pages
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = READERS
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(app.state.feed.running())
            if pages.kept is not None:
                await stack.enter_async_context(pages.kept(cockpit))
            yield

    return lifespan


class Static(StaticFiles):
    """Static files; one that is asked for by its content may be kept for a year."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                lasting = b"v=" in scope["query_string"]
                value = b"public, max-age=31536000, immutable" if lasting else b"no-cache"
                raw = message["headers"]
                assert isinstance(raw, list)
                if "cache-control" not in Headers(raw=raw):
                    raw.append((b"cache-control", value))
            await send(message)

        await super().__call__(scope, receive, sending)  # type: ignore[arg-type]


class PagesFirst:
    """Has long work of this process stand aside while somebody waits for a page, or for what a click changes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            with waiting.waited_for():
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)
