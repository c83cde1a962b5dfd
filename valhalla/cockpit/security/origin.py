"""Whatever changes something must come from a page of this cockpit; so must every WebSocket.

Browsers say where a request comes from in Sec-Fetch-Site, which pages cannot forge; where it is missing, Origin decides.
A cookie alone proves nothing: it goes along with what other pages ask for.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.security.hosts import SECURE, hosts_of
from valhalla.cockpit.state import Cockpit

SAFE = ("GET", "HEAD", "OPTIONS")


def is_same_origin(headers: Headers, origins: frozenset[str]) -> bool:
    """Whether a request was made by one of our own pages, or by a program that says so itself."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get("origin") in origins


class SameOrigin:
    """Refuses unsafe methods and WebSockets from elsewhere."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.origins = frozenset(f"http://{host}" for host in hosts_of((cockpit.name,), cockpit.port))
        self.network = frozenset(
            f"https://{host}" for host in hosts_of(cockpit.network_names, cockpit.network_port)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._allows(scope):
            message = "This was asked for by another page or program; use the cockpit's own buttons."
            await refusal(scope, 403, "ORIGIN", message)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        if "token" in scope:  # no page can bring one
            return True
        if scope["type"] not in ("http", "websocket"):
            return True
        origins = self.network if scope["scheme"] in SECURE else self.origins
        if scope["type"] == "http":
            return scope["method"] in SAFE or is_same_origin(Headers(scope=scope), origins)
        if scope["type"] == "websocket":  # browsers always send Origin with one
            return Headers(scope=scope).get("origin") in origins
        return True
