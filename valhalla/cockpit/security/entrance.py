"""The door: a link's token becomes a cookie, and without the cookie nothing but health and style is shown.

In a team there is a second cookie, of a member who signed in; from the network there is no other way in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db import Database, DatabaseError
from valhalla.cockpit.rendering import refusal, wants_json
from valhalla.cockpit.security.hosts import DOORS, SECURE, is_public
from valhalla.cockpit.security.origin import SAFE
from valhalla.cockpit.security.sessions import IDLE, Session
from valhalla.cockpit.state import Cockpit
from valhalla.service import links
from valhalla.team import members, signing_in

AGAIN = "Get a fresh link by starting Valhalla again, or with: valhalla cockpit --open"


Found = TypeVar("Found")

log = logging.getLogger("valhalla.cockpit")


class Entrance:
    """Lets in who has a session (or came in by a token). Puts it into ``scope["session"]``."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.cockpit = cockpit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_public(scope["path"]) or "token" in scope:
            await self.app(scope, receive, send)
            return
        if scope["path"] in DOORS:
            await self.app(scope, receive, send)
            return
        cookies, secure = HTTPConnection(scope).cookies, scope["scheme"] in SECURE
        session = await self._member(scope, cookies.get(self.cockpit.member_cookie(scope["scheme"])))
        if session is None and not secure:  # links are for this computer
            session = await self._session(cookies.get(self.cockpit.cookie))
        if scope["type"] == "http" and not secure and b"token=" in scope["query_string"]:
            answer = await self._follow(scope, session)
        elif session is None:
            answer = await self._signed_out(scope)
        else:
            answer = None
        if answer is None:
            scope["session"] = session
            await self.app(scope, receive, send)
        else:
            await answer(scope, receive, send)

    async def _member(self, scope: Scope, cookie: str | None) -> Session | None:
        if cookie is None:
            return None
        member = await run_in_threadpool(signing_in.present, self.cockpit.database, cookie)
        if member is None:
            return None
        scope["member"] = member
        return self.cockpit.sessions.of_member(cookie)

    async def _signed_out(self, scope: Scope) -> Response:
        if await run_in_threadpool(members.enabled, self.cockpit.database):
            if scope["type"] == "http" and scope["method"] in SAFE and not wants_json(scope):
                return RedirectResponse(DOORS[0], 303)
            return refusal(scope, 401, "SIGNED_OUT", "You are not signed in, or were for too long ago.")
        return refusal(scope, 401, "SIGNED_OUT", f"You are not signed in, or were for too long ago. {AGAIN}")

    async def _session(self, cookie: str | None) -> Session | None:
        sessions = self.cockpit.sessions
        session = sessions.present(cookie)
        if session is not None and sessions.come_in(session):
            await run_in_threadpool(self._note, links.spend, session.link)
        elif session is None and (link := sessions.late(cookie)) is not None:
            await run_in_threadpool(self._note, links.used_again, link)
        return session

    async def _follow(self, scope: Scope, session: Session | None) -> Response | None:
        """The answer to a request with a link's token; None: there is none in it, and who asks is signed in."""
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = next((value for name, value in pairs if name == "token"), None)
        if token is None:
            return None if session else refusal(scope, 401, "SIGNED_OUT", f"You are not signed in. {AGAIN}")
        if scope["method"] not in ("GET", "HEAD"):
            return refusal(scope, 400, "TOKEN", "A link is opened, not posted.")
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        # The path begins with one slash, so that it is never read as the name of another server.
        to = "/" + scope["path"].lstrip("/\\") + (f"?{rest}" if rest else "")
        answer = RedirectResponse(to, 303)
        link = links.link_of(token)
        if session is not None:
            if await run_in_threadpool(links.is_good, self.cockpit.database, link):
                self.cockpit.sessions.spend(link)
                await run_in_threadpool(self._note, links.spend, link)
            return answer
        value = await run_in_threadpool(self.cockpit.sessions.exchange, link)
        if value is None:
            return await self._refused(scope, link)
        answer.set_cookie(
            self.cockpit.cookie, value, max_age=int(IDLE), path="/", httponly=True, samesite="lax"
        )
        return answer

    async def _refused(self, scope: Scope, link: str) -> Response:
        if await run_in_threadpool(self._note, links.used_again, link):
            message = (
                "This link was used in another browser already. If that was not you, stop Valhalla and start it again: "
                "that signs everybody out."
            )
            return refusal(scope, 403, "LINK_USED", f"{message} {AGAIN}")
        return refusal(
            scope, 403, "LINK_EXPIRED", f"This link is over a minute old, or was never one. {AGAIN}"
        )

    def _note(self, note: Callable[[Database, str], Found], link: str) -> Found | None:
        """Write about a link. A file that cannot be written now keeps nobody out: the link lapses in a minute."""
        try:
            return note(self.cockpit.database, link)
        except DatabaseError as error:
            log.error("the use of a link could not be noted: %s", error)
            return None
