"""One WebSocket client: what is newest is sent, what has been overtaken is not, and who does not read holds up nobody."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

PATIENCE = 20.0
"""Seconds that one message may wait to be taken before the client is given up."""

SAID = 1_000
"""Characters of a client's message that are read."""


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


async def send_all(socket: WebSocket, outbox: Outbox) -> None:
    """Send what comes into ``outbox`` until the client goes, or takes nothing for :data:`PATIENCE` seconds."""
    while True:
        message = await outbox.take()
        async with asyncio.timeout(PATIENCE):
            await socket.send_text(message)


async def converse(socket: WebSocket, outbox: Outbox, heard: Any = None) -> None:
    """Serve an accepted socket until it ends: send the outbox, hand each text to ``heard`` (an async function of it)."""
    sending = asyncio.ensure_future(send_all(socket, outbox))
    listening = asyncio.ensure_future(_listen(socket, heard))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)
        if socket.application_state == WebSocketState.CONNECTED and not listening.cancelled():
            try:
                async with asyncio.timeout(1):
                    await socket.close()
            except (RuntimeError, TimeoutError, WebSocketDisconnect):
                pass


async def _listen(socket: WebSocket, heard: Any) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if heard is not None:
            await heard("" if text is None else text[:SAID])


def pack(message: dict[str, Any]) -> str:
    """A message as text."""
    return orjson.dumps(message, default=str).decode()
