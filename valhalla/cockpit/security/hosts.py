"""Only requests that name this computer are answered, so that a name of somebody else that leads here opens nothing."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal

NAMES = ("127.0.0.1", "localhost", "[::1]")


def hosts_of(port: int) -> frozenset[str]:
    """What the Host header may be, port included."""
    return frozenset(f"{name}:{port}" for name in NAMES) | (frozenset(NAMES) if port == 80 else frozenset())


class Hosts:
    """Refuses every request and WebSocket whose Host is not one of ours."""

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self.app = app
        self.allowed = hosts_of(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            given = Headers(scope=scope).getlist("host")
            if len(given) != 1 or given[0].lower() not in self.allowed:
                answer = refusal(
                    scope, 400, "HOST", "This cockpit answers only to addresses of this computer."
                )
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)
