"""A cockpit that only shows: whatever would change something is refused before any route sees it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.security.origin import SAFE
from valhalla.cockpit.state import Cockpit

HARMLESS = ("/theme", "/sign-out", "/sign-in")
"""These change nothing but the browser's own session."""


class ReadOnly:
    """Refuses unsafe methods while the cockpit is read-only."""

    def __init__(self, app: ASGIApp, *, cockpit: Cockpit) -> None:
        self.app = app
        self.cockpit = cockpit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changes = scope["type"] == "http" and scope["method"] not in SAFE
        if changes and self.cockpit.read_only and scope["path"] not in HARMLESS:
            message = "This cockpit only shows; nothing can be changed through it."
            await refusal(scope, 403, "READ_ONLY", message)(scope, receive, send)
            return
        await self.app(scope, receive, send)
