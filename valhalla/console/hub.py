"""The clients of a board. Each has the latest frame waiting for it, never a line of frames: one that does not read keeps
nobody waiting and costs one frame of memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from starlette.websockets import WebSocket

from valhalla.console.conversation import converse


class Seat:
    """One client."""

    def __init__(self) -> None:
        self._frame: str | None = None
        self._replies: asyncio.Queue[str] = asyncio.Queue(maxsize=4)
        self._ready = asyncio.Event()

    def put(self, frame: str) -> None:
        """Put the frame in the place of one that was not sent yet."""
        self._frame = frame
        self._ready.set()

    async def reply(self, text: str) -> None:
        """Have an answer sent, all of them in order; waits while the client does not take those before."""
        await self._replies.put(text)
        self._ready.set()

    async def next(self) -> str:
        """What is to be sent next: answers before the frame."""
        while True:
            if not self._replies.empty():
                return self._replies.get_nowait()
            if self._frame is not None:
                frame, self._frame = self._frame, None
                return frame
            self._ready.clear()
            await self._ready.wait()


class Hub:
    """All clients of one board."""

    def __init__(self) -> None:
        self._seats: set[Seat] = set()
        self._somebody = asyncio.Event()

    def begin(self) -> None:
        """Be ready for the event loop that runs now: waiting is bound to one."""
        self._somebody = asyncio.Event()
        if self._seats:
            self._somebody.set()

    def __len__(self) -> int:
        return len(self._seats)

    @contextmanager
    def seat(self) -> Iterator[Seat]:
        """A place for a client, for as long as it is connected."""
        seat = Seat()
        self._seats.add(seat)
        self._somebody.set()
        try:
            yield seat
        finally:
            self._seats.discard(seat)
            if not self._seats:
                self._somebody.clear()

    async def somebody(self) -> None:
        """Wait until there is a client."""
        await self._somebody.wait()

    def publish(self, frame: str) -> None:
        """Give the frame to everybody."""
        for seat in self._seats:
            seat.put(frame)


# -- One WebSocket client: what is newest is sent, what has been overtaken is not, and who does not read holds up nobody

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
