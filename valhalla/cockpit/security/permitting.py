"""Refuses a member of the team what their role may not, before any route sees it; the table is in :mod:`roles`."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.security.roles import may

MINE = "This is for others in your team; ask the owner or a manager."


def route_of(routes: Iterable[BaseRoute], scope: Scope) -> str | None:
    """The path, as it is declared, of the route that will answer; None: none will."""
    for route in routes:
        match, found = route.matches(scope)
        if match is Match.FULL:
            return str(getattr(found.get("route", route), "path", ""))
    return None


class Roles:
    """Refuses a member what their role may not. Who came in by a link of this computer is its operator, and no member."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        member = scope.get("member")
        if member is not None:
            method = scope["method"] if scope["type"] == "http" else "GET"
            route = route_of(scope["app"].router.routes, scope)
            if route is not None and not may(member.role, method, route):
                await refusal(scope, 403, "ROLE", MINE)(scope, receive, send)
                return
        await self.app(scope, receive, send)
