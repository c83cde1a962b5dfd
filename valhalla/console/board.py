"""A board: its state, its clients, and the task that brings them together."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from valhalla.console.hub import Hub, pack

log = logging.getLogger(__name__)

FRAME = "frame"
"""The kind of a board's messages: only the newest is sent."""

SHORTEST, LONGEST = 2.0, 2.8
"""Seconds between two frames, by chance in between, so that boards do not ask in step."""

IDLE = 30.0
"""Seconds without a client after which the source may let go of what it holds open."""


class State(Protocol):
    """What a board needs of a state."""

    async def update_metrics(self) -> dict[str, Any]: ...


SOONEST = 0.5
"""Seconds between two frames at least, however often the source says that something has changed."""


async def _nothing() -> None:
    return None


async def _never(patience: float) -> bool:
    await asyncio.sleep(patience)
    return False


class Board:
    """``rest`` is awaited once nobody has watched for :data:`IDLE` seconds; ``change`` waits so many seconds at most for the source
    to say that something has changed."""

    def __init__(
        self,
        name: str,
        state: State,
        *,
        rest: Callable[[], Awaitable[None]] = _nothing,
        prepare: Callable[[], Awaitable[None]] = _nothing,
        change: Callable[[float], Awaitable[bool]] = _never,
    ) -> None:
        self.name = name
        self.state = state
        self.hub = Hub()
        self._rest = rest
        self._prepare = prepare
        self._change = change
        self._running: asyncio.Task[str] | None = None
        self._following: asyncio.Task[str] | None = None

    async def fresh(self) -> str:
        """A frame, as JSON, from a question that begins after this call. All who ask while another question is on its way
        share the next one, so that a crowd of clients costs two questions and not one each."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._ask())
            return await asyncio.shield(self._running)
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._after(self._running))
        return await asyncio.shield(self._following)

    def begin(self) -> asyncio.Task[None]:
        """Start :meth:`run` on the event loop that runs now; whatever is left of an earlier one is forgotten."""
        self._running = self._following = None
        self.hub.begin()
        return asyncio.create_task(self.run(), name=f"console: {self.name}")

    async def run(self) -> None:
        """Send everybody a frame each 2 to 3 seconds while there is anybody, and sooner when the source says that something has
        changed. Ends by being cancelled."""
        spent = 0.0
        while True:
            if not len(self.hub):
                try:
                    async with asyncio.timeout(IDLE):
                        await self.hub.somebody()
                except TimeoutError:
                    await self._rest()
                    await self.hub.somebody()
            # A newcomer has a frame already: the next one is due after a pause.
            pause = max(random.uniform(SHORTEST, LONGEST) - spent, 0.1)
            await asyncio.sleep(min(SOONEST, pause))
            await self._change(max(pause - SOONEST, 0.0))
            if len(self.hub):
                began = time.monotonic()
                self.hub.publish(FRAME, await self.fresh())
                spent = time.monotonic() - began

    async def stop(self) -> None:
        """Cancel questions on their way, and wait for that."""
        tasks = [task for task in (self._running, self._following) if task and not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _after(self, before: asyncio.Task[str]) -> str:
        await asyncio.wait([before])
        self._running = asyncio.current_task()
        self._following = None
        return await self._ask()

    async def _ask(self) -> str:
        await self._prepare()
        frame = await self.state.update_metrics()
        return pack(frame)
