"""A program's way in: ``Authorization: Bearer …`` with a token that ``valhalla token add`` made.

No page can send that header: to another origin a browser asks first, and is refused; with a WebSocket it sends none. So a
request that brings a good token needs no cookie, and where it comes from does not matter.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.security.hosts import SECURE
from valhalla.cockpit.security.origin import SAFE
from valhalla.cockpit.state import Cockpit
from valhalla.service import tokens

API = "/api/"
FOLDERS = (API, "/ws/")
"""What tokens are for. The pages are for people."""
FEED = "/calendar.ics"
"""The one address that takes its token as ``?token=``: a calendar that fetches it can send no header."""


class Bearer:
    """Lets in who has a token, as far as its scope goes. Puts it into ``scope["token"]``."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.cockpit = cockpit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = brought(scope)
        if given is None:
            await self.app(scope, receive, send)
            return
        found = await run_in_threadpool(tokens.find, self.cockpit.database, given)
        answer: Response | None = None
        if found is None:
            message = (
                "This token lets nobody in (any more). Make one with: valhalla token add NAME --scope read"
            )
            answer = refusal(scope, 401, "TOKEN", message, {"www-authenticate": "Bearer"})
        elif scope["type"] == "http" and scope["method"] not in SAFE:
            if found.scope != "write":
                message = f"The token {found.name} is for reading. Make one with: valhalla token add NAME --scope write"
                answer = refusal(scope, 403, "SCOPE", message)
            else:
                scope = as_page(scope)
        if answer is None:
            await self.app({**scope, "token": found}, receive, send)
        else:
            await answer(scope, receive, send)


def brought(scope: Scope) -> str | None:
    """The token that a request brings to a place where tokens are good, else None. They are for programs on this computer."""
    if scope.get("scheme") in SECURE:
        return None
    if scope["type"] == "http" and scope["path"] == FEED and scope["method"] in SAFE:
        pairs = parse_qsl(scope["query_string"].decode("latin-1"))
        return next((value for name, value in pairs if name == "token"), None)
    if scope["type"] not in ("http", "websocket") or not scope["path"].startswith(FOLDERS):
        return None
    kind, _, value = HTTPConnection(scope).headers.get("authorization", "").strip().partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def as_page(scope: Scope) -> Scope:
    """A change under ``/api/`` as what a page's button asks for, answered as JSON: ``/api/settings/dnc`` is ``/settings/dnc``."""
    path = scope["path"].removeprefix(API[:-1])
    made = {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogateescape")}
    made["headers"] = list(scope["headers"])
    MutableHeaders(scope=made)["accept"] = "application/json"
    return made
