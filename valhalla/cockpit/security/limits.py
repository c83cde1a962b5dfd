"""How much a request may bring."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from valhalla.cockpit.rendering import refusal
from valhalla.cockpit.wording import size

BODY = 2**20
"""Bytes of a body, where a route does not need more."""

QUERY = 4_096
"""Bytes of path and query together."""

PARAMETERS = 64


class TooLarge(Exception):
    """More came than was announced or allowed."""


class Limits:
    """Refuses long addresses, many parameters and large bodies. ``bodies``: paths that may bring more, with how much."""

    def __init__(self, app: ASGIApp, *, bodies: Mapping[str, int]) -> None:
        self.app = app
        self.bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        query: bytes = scope["query_string"]
        if len(query) + len(scope.get("raw_path") or b"") > QUERY or query.count(b"&") >= PARAMETERS:
            await refusal(scope, 414, "ADDRESS_TOO_LONG", "The address is too long.")(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        allowed = self.bodies.get(scope["path"], BODY)

        async def refuse() -> None:
            says = f"That is more than the {size(allowed)} that are read here."
            await refusal(scope, 413, "TOO_LARGE", says)(scope, receive, send)

        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > allowed:
            await refuse()
            return
        came, begun, exceeded = 0, False, False

        async def counted() -> Message:
            nonlocal came, exceeded
            message = await receive()
            if message["type"] == "http.request":
                came += len(message.get("body", b""))
                if came > allowed:
                    exceeded = True
                    raise TooLarge
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            if exceeded and not begun:  # whatever the route made of it; the answer is ours
                return
            begun = True
            await send(message)

        try:
            await self.app(scope, counted, sending)
        except TooLarge:
            pass
        if exceeded and not begun:
            await refuse()
