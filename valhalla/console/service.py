"""The console as one thing that is started and stopped: sources, states, boards and their tasks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from valhalla.console import configuration
from valhalla.console.board import Board
from valhalla.console.configuration import Configuration
from valhalla.console.federation import FederationDataSource
from valhalla.console.memory import ARK_DB, REASONING_DB, MemoryDataSource
from valhalla.console.states import FederationState, MemoryState
from valhalla.console.vitals import Vitals

log = logging.getLogger(__name__)

_T = TypeVar("_T")

REMEMBER_EVERY = 60.0
"""Seconds between two figures that are kept of a board in use."""

READ_EVERY = 5.0
"""Seconds after which settings are read again while somebody watches."""


def _from_environment() -> Configuration:
    return configuration.read(None)


class Console:
    """Sources and boards. ``configure`` says what is in force; it is called in a thread, so it may read the file. ``remember`` keeps the
    figures of a frame with real data, by the board's name, and is called in that thread, too.

    Used from one event loop at a time. ``async with console:`` starts everything and stops it in good order; what is
    started twice runs once.
    """

    def __init__(
        self,
        configure: Callable[[], Configuration] = _from_environment,
        remember: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        self.federation_source: FederationDataSource | None = None
        self.memory_source: MemoryDataSource | None = None
        self.federation_state = FederationState(lambda: self.federation_source, fallback=self._fallback)
        self.memory_state = MemoryState(lambda: self.memory_source, fallback=self._fallback)
        self.federation = Board(
            "federation",
            self.federation_state,
            rest=self._rest_federation,
            prepare=self._refresh,
            change=self._change,
        )
        self.memory = Board("memory", self.memory_state, rest=self._rest, prepare=self._refresh)
        self._configure = configure
        self._remember = remember
        self._remembering: asyncio.Task[None] | None = None
        self._configuration: Configuration | None = None
        self._read_at = 0.0
        self._redis_url: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._opening: asyncio.Task[None] | None = None
        self._reader: ThreadPoolExecutor | None = None

    def begin_remembering(self) -> None:
        """Keep the figures of boards in use from now on, whether somebody watches or not."""
        if self._remember is not None and self._remembering is None:
            self._remembering = asyncio.create_task(self._remember_always(), name="console: history")

    async def remember_now(self) -> list[str]:
        """Keep the figures of the boards in use that show real data; returns which."""
        remember = self._remember
        if remember is None:
            return []
        wanted = await self._in_force()
        boards = [
            (self.federation, self.federation_state, wanted.federation_in_use),
            (self.memory, self.memory_state, wanted.memory_in_use),
        ]
        kept = []
        for board, state, in_use in boards:
            if not in_use:
                continue
            await self.ensure()
            await board.fresh()
            frame = state.frame
            if frame["source"]["mode"] == "production":
                await self._in_reader(lambda name=board.name, frame=frame: remember(name, frame))  # type: ignore[misc]
                kept.append(board.name)
        return kept

    async def _remember_always(self) -> None:
        while True:
            await asyncio.sleep(REMEMBER_EVERY)
            try:
                await self.remember_now()
            except Exception:
                log.exception("console: the boards' figures could not be kept this time")

    async def ensure(self) -> None:
        """Start everything unless it runs already: for servers that reach for sources only once somebody looks."""
        if self._tasks:
            return
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open(), name="console: start")
        await asyncio.shield(self._opening)  # anyone who asked may go; the others still wait for it

    async def _open(self) -> None:
        await self.open_sources()
        self.start_tasks()

    async def open_sources(self, redis_url: str | None = None) -> None:
        """Make the sources and reach for Redis; one that is down is tried again in the background. ``redis_url`` stands
        above environment and settings."""
        self._redis_url = redis_url
        await self._use(await self._in_force(), again=True)

    async def close_sources(self) -> None:
        """Close the sources."""
        federation, self.federation_source = self.federation_source, None
        memory, self.memory_source = self.memory_source, None
        self._configuration = None
        if federation:
            await federation.disconnect()
        if memory:
            await memory.close()
        reader, self._reader = self._reader, None
        if reader:
            reader.shutdown(wait=False)

    def start_tasks(self) -> None:
        """Begin to send frames to anyone who is connected."""
        if not self._tasks:
            self._tasks = [board.begin() for board in (self.federation, self.memory)]

    async def stop_tasks(self) -> None:
        """Cancel the tasks and wait until they have ended."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for board in (self.federation, self.memory):
            await board.stop()
        for outcome in ended:
            if isinstance(outcome, Exception):
                log.error("console: a task had failed", exc_info=outcome)

    async def __aenter__(self) -> Self:
        await self.ensure()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        starting = [task for task in (self._remembering, self._opening) if task]
        self._remembering = self._opening = None
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        await self.stop_tasks()
        await self.close_sources()

    async def health(self) -> dict[str, Any]:
        """Each source as it is right now, and what its board shows."""
        await self._refresh()
        federation, memory = self.federation_source, self.memory_source
        found = {
            "federation": {
                "available": False,
                "mode": self.federation_state.frame["source"]["mode"],
                "clients": len(self.federation.hub),
                **(await federation.health() if federation else {}),
            },
            "memory": {
                "available": False,
                "mode": self.memory_state.frame["source"]["mode"],
                "clients": len(self.memory.hub),
                **(await memory.health() if memory else {}),
            },
            "fallback": self._fallback(),
        }
        for name, parts in (("federation", ("redis", "service")), ("memory", ("reasoning", "ark"))):
            entry = found[name]
            assert isinstance(entry, dict)
            entry["available"] = any((entry.get(part) or {}).get("connected") for part in parts)
        return found

    def vitals(self) -> list[tuple[str, str, Vitals]]:
        """Board, source, and how that has answered so far; nothing is asked. Empty before the sources are made."""
        federation, memory = self.federation_source, self.memory_source
        found: list[tuple[str, str, Vitals]] = []
        if federation:
            found.append(("federation", "redis", federation.redis_vitals))
            if federation.federation_url:
                found.append(("federation", "service", federation.service_vitals))
        if memory:
            found += [("memory", name, each) for name, each in memory.vitals.items()]
        return found

    def _fallback(self) -> bool:
        return self._configuration.fallback if self._configuration else True

    async def _refresh(self) -> None:
        """Follow settings that were changed since they were read."""
        if self._configuration is None or time.monotonic() - self._read_at < READ_EVERY:
            return
        self._read_at = time.monotonic()
        try:
            wanted = await self._in_force()
        except Exception:
            log.exception("console: the settings cannot be read; those read before stay in force")
            return
        await self._use(wanted)

    async def _in_force(self) -> Configuration:
        return await self._in_reader(self._configure)

    async def _in_reader(self, work: Callable[[], _T]) -> _T:
        # Always the same thread: a connection to the file belongs to the thread that made it.
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, "console-settings")
        return await asyncio.get_running_loop().run_in_executor(self._reader, work)

    async def _use(self, wanted: Configuration, *, again: bool = False) -> None:
        before, self._configuration = self._configuration, wanted
        self._read_at = time.monotonic()
        redis_url = self._redis_url or wanted.redis_url
        if (
            again
            or before is None
            or (before.redis_url, before.federation_url) != (wanted.redis_url, wanted.federation_url)
        ):
            old = self.federation_source
            made = FederationDataSource(redis_url, federation_url=wanted.federation_url or "")
            self.federation_source = made
            if old:
                await old.disconnect()
            await made.connect()
        if again or before is None or before.base_path != wanted.base_path:
            former = self.memory_source
            base = wanted.base_path
            self.memory_source = (
                MemoryDataSource(base / REASONING_DB, base / ARK_DB) if base else MemoryDataSource()
            )
            if former:
                await former.close()

    async def _change(self, patience: float) -> bool:
        source = self.federation_source
        if source is None:
            await asyncio.sleep(patience)
            return False
        return await source.change(patience)

    async def _rest_federation(self) -> None:
        if self.federation_source:
            await self.federation_source.rest()

    async def _rest(self) -> None:
        if self.memory_source:
            await self.memory_source.rest()
