"""Which names the cockpit answers to: its own for people, this computer's for programs, nobody else's.

A name of somebody else that leads here (DNS rebinding) opens nothing. Under 127.0.0.1 there are no pages: a browser sends
a cookie of 127.0.0.1 to whatever listens there, on any port, so none is ever set or read there.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.state import Cockpit

ANYBODYS = ("127.0.0.1", "localhost", "[::1]")
"""Names that every program on this computer shares."""

PUBLIC = ("/healthz", "/readyz", "/metrics", "/favicon.ico")
"""Answered under each of our names and without a session; nothing in them is about a person."""

PUBLIC_FOLDER = "/static/"

DOORS = ("/sign-in", "/invitation")
"""How a member of a team comes in: answered without a session, but not under the names that every program shares."""

SECURE = ("https", "wss")
"""Schemes of what comes from the network: there is nothing else beyond this computer."""

MOVED = """This cockpit has an address of its own, which no other program on this computer shares. \
Get a link to it with: valhalla cockpit --open"""
PROGRAMS = "Programs need a token here. Make one with: valhalla token add NAME --scope read"


def hosts_of(names: tuple[str, ...], port: int) -> frozenset[str]:
    """What the Host header may be for ``names``, port included."""
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def is_public(path: str) -> bool:
    """Whether ``path`` is answered without a session."""
    return path in PUBLIC or path.startswith(PUBLIC_FOLDER)


class Hosts:
    """Refuses every request and WebSocket whose Host is not one of ours."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.allowed = hosts_of((cockpit.name, *ANYBODYS), cockpit.port)
        self.network = hosts_of(cockpit.network_names, cockpit.network_port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            given = Headers(scope=scope).getlist("host")
            allowed = self.network if scope["scheme"] in SECURE else self.allowed
            if len(given) != 1 or given[0].lower() not in allowed:
                answer = refusal(
                    scope, 400, "HOST", "This cockpit answers only to addresses of this computer."
                )
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class OwnName:
    """Under a name that every program shares, lets in tokens and what is public, and shows everybody else the way."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.own = hosts_of((cockpit.name,), cockpit.port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._opens(scope):
            await self.app(scope, receive, send)
        elif scope["path"].startswith(("/api/", "/ws/")):
            await refusal(scope, 401, "TOKEN", PROGRAMS, {"www-authenticate": "Bearer"})(scope, receive, send)
        else:
            await refusal(scope, 421, "MOVED", MOVED)(scope, receive, send)

    def _opens(self, scope: Scope) -> bool:
        return (
            "token" in scope
            or scope["scheme"] in SECURE
            or is_public(scope["path"])
            or Headers(scope=scope)["host"].lower() in self.own
        )
