"""The door: a link's token becomes a cookie, and without the cookie nothing but health and style is shown."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.security.sessions import IDLE
from valhalla.cockpit.state import Cockpit

PUBLIC = ("/healthz", "/readyz", "/metrics", "/favicon.ico")
"""Answered without a session; nothing in them is about a person."""

PUBLIC_FOLDER = "/static/"

AGAIN = "Get a fresh link by starting Valhalla again, or with: valhalla cockpit --open"


class Entrance:
    """Lets in who has a session (or came in by a token). Puts it into ``scope["session"]``."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.cockpit = cockpit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_public(scope["path"]) or "token" in scope:
            await self.app(scope, receive, send)
            return
        cookies = HTTPConnection(scope).cookies
        session = self.cockpit.sessions.present(cookies.get(self.cockpit.cookie))
        if scope["type"] == "http" and b"token=" in scope["query_string"]:
            answer: Response | None = await self._exchange(scope, signed_in=session is not None)
        elif session is None:
            answer = refusal(
                scope, 401, "SIGNED_OUT", f"You are not signed in, or were for too long ago. {AGAIN}"
            )
        else:
            answer = None
        if answer is None:
            scope["session"] = session
            await self.app(scope, receive, send)
        else:
            await answer(scope, receive, send)

    async def _exchange(self, scope: Scope, *, signed_in: bool) -> Response | None:
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = next((value for name, value in pairs if name == "token"), None)
        if token is None:
            return None if signed_in else refusal(scope, 401, "SIGNED_OUT", f"You are not signed in. {AGAIN}")
        if scope["method"] not in ("GET", "HEAD"):
            return refusal(scope, 400, "TOKEN", "A link is opened, not posted.")
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        # The path begins with one slash, so that it is never read as the name of another server.
        to = "/" + scope["path"].lstrip("/\\") + (f"?{rest}" if rest else "")
        answer = RedirectResponse(to, 303)
        if signed_in:
            return answer
        value = await run_in_threadpool(self.cockpit.sessions.exchange, token)
        if value is None:
            return refusal(
                scope, 403, "LINK_EXPIRED", f"This link has been used or is over a minute old. {AGAIN}"
            )
        answer.set_cookie(
            self.cockpit.cookie, value, max_age=int(IDLE), path="/", httponly=True, samesite="lax"
        )
        return answer


def is_public(path: str) -> bool:
    """Whether ``path`` is answered without a session."""
    return path in PUBLIC or path.startswith(PUBLIC_FOLDER)
