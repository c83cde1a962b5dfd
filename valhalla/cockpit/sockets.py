"""One WebSocket client: what is newest is sent, what has been overtaken is not, and who does not read holds up nobody."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import orjson
from starlette.websockets import WebSocket

from valhalla.console.conversation import converse

PATIENCE = 20.0
"""Seconds that one message may wait to be taken before the client is given up."""


class Outbox:
    """What one client is to be sent next: of each kind the newest, and the last few of what must not be skipped."""

    def __init__(self, kept: int = 8) -> None:
        self._newest: dict[str, str] = {}
        self._each: deque[str] = deque(maxlen=kept)
        self._waiting = asyncio.Event()

    def put(self, kind: str, message: str) -> None:
        """Send ``message`` unless a newer one of its kind comes before."""
        self._newest[kind] = message
        self._waiting.set()

    def add(self, message: str) -> None:
        """Send ``message`` unless so many newer ones come before that it would be old."""
        self._each.append(message)
        self._waiting.set()

    async def take(self) -> str:
        """The next message, when there is one."""
        while True:
            if self._each:
                return self._each.popleft()
            if self._newest:
                return self._newest.pop(next(iter(self._newest)))
            self._waiting.clear()
            await self._waiting.wait()


async def serve(socket: WebSocket, outbox: Outbox) -> None:
    """Send an accepted client what comes into ``outbox``, until it goes or takes nothing for :data:`PATIENCE` seconds. What
    it says is not listened to."""
    await converse(socket, _send(socket, outbox), _until_gone(socket))


async def _send(socket: WebSocket, outbox: Outbox) -> None:
    while True:
        message = await outbox.take()
        async with asyncio.timeout(PATIENCE):
            await socket.send_text(message)


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def pack(message: dict[str, Any]) -> str:
    """A message as text."""
    return orjson.dumps(message, default=str).decode()
