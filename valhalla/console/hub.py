"""The clients of a board. Each has the latest frame waiting for it, never a line of frames: one that does not read keeps
nobody waiting and costs one frame of memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


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
