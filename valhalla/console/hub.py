"""The clients of a WebSocket address: what is newest is sent, what has been overtaken is not, and a client that does not read
delays nobody and costs a few messages of memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from starlette.websockets import WebSocket

from valhalla.console.conversation import converse

MOST = 120
"""Clients of one address at once; more are refused. Those of all three leave the server room for requests."""

PATIENCE = 30.0
"""Seconds that one message may wait to be taken. Then the connection is closed: the client may come back."""


class Outbox:
    """What one client is to be sent next: answers, then the last few of what must not be skipped, then the newest of each
    kind. ``kept``: how many of the second."""

    def __init__(self, kept: int = 8) -> None:
        self._replies: asyncio.Queue[str] = asyncio.Queue(maxsize=4)
        self._each: deque[str] = deque(maxlen=kept)
        self._newest: dict[str, str] = {}
        self._waiting = asyncio.Event()

    def put(self, kind: str, message: str) -> None:
        """Send ``message`` unless a newer one of its kind comes before."""
        self._newest[kind] = message
        self._waiting.set()

    def add(self, message: str) -> None:
        """Send ``message`` unless so many newer ones come before that it would be old."""
        self._each.append(message)
        self._waiting.set()

    async def reply(self, message: str) -> None:
        """Send an answer, all of them in order; waits while the client does not take those before."""
        await self._replies.put(message)
        self._waiting.set()

    async def take(self) -> str:
        """The next message, when there is one."""
        while True:
            if not self._replies.empty():
                return self._replies.get_nowait()
            if self._each:
                return self._each.popleft()
            if self._newest:
                return self._newest.pop(next(iter(self._newest)))
            self._waiting.clear()
            await self._waiting.wait()


Welcome = Callable[[Outbox], Awaitable[None]]
"""Fills the outbox of a client that has just come."""

Hear = Callable[[Outbox, str | None], Awaitable[None]]
"""Answers what a client says; None: it was not text."""


class Hub:
    """All clients of one address."""

    def __init__(self) -> None:
        self._outboxes: set[Outbox] = set()
        self._somebody = asyncio.Event()

    def begin(self) -> None:
        """Be ready for the event loop that runs now: waiting is bound to one."""
        self._somebody = asyncio.Event()
        if self._outboxes:
            self._somebody.set()

    def __len__(self) -> int:
        return len(self._outboxes)

    @contextmanager
    def outbox(self) -> Iterator[Outbox]:
        """The outbox of a client, for as long as it is connected."""
        outbox = Outbox()
        self._outboxes.add(outbox)
        self._somebody.set()
        try:
            yield outbox
        finally:
            self._outboxes.discard(outbox)
            if not self._outboxes:
                self._somebody.clear()

    async def somebody(self) -> None:
        """Wait until there is a client."""
        await self._somebody.wait()

    def publish(self, kind: str, message: str) -> None:
        """Send everybody ``message`` unless a newer one of its kind comes before."""
        for outbox in self._outboxes:
            outbox.put(kind, message)

    def announce(self, message: str) -> None:
        """Send everybody ``message``, which must not be skipped."""
        for outbox in self._outboxes:
            outbox.add(message)

    async def serve(self, socket: WebSocket, welcome: Welcome, hear: Hear | None = None) -> None:
        """Accept a client and serve it until it goes."""
        if len(self) >= MOST:
            await socket.close(1013)
            return
        await socket.accept()
        with self.outbox() as outbox:
            await welcome(outbox)
            await serve(socket, outbox, hear)


async def serve(socket: WebSocket, outbox: Outbox, hear: Hear | None = None) -> None:
    """Send an accepted client what comes into ``outbox``, until it goes or takes nothing for :data:`PATIENCE` seconds."""
    await converse(socket, _send(socket, outbox), _listen(socket, outbox, hear))


async def _send(socket: WebSocket, outbox: Outbox) -> None:
    while True:
        message = await outbox.take()
        async with asyncio.timeout(PATIENCE):
            await socket.send_text(message)


async def _listen(socket: WebSocket, outbox: Outbox, hear: Hear | None) -> None:
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        if hear is not None:
            await hear(outbox, message.get("text"))


def pack(message: dict[str, Any]) -> str:
    """A message as text."""
    return orjson.dumps(message, default=str).decode()
