"""The memory engine as it is: two SQLite files of another program, looked at in a thread of their own."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from valhalla.console.ark import Ark
from valhalla.console.errors import SourceError
from valhalla.console.moments import now_ms
from valhalla.console.reasoning import Reasoning
from valhalla.console.sqlite import LOCK_TIMEOUT, ForeignFile, Mark
from valhalla.console.vitals import Vitals

REASONING_DB, ARK_DB = "data/reasoning_logs.db", "data/ark.db"

LOGS, DELTAS, QUARANTINE_SHOWN = 10, 50, 20

_T = TypeVar("_T")


@dataclass(frozen=True)
class MemoryReading:
    """What one look at both files found; None (or empty) for what cannot be known."""

    ingestion_rate: float | None
    consolidation_rate: float | None
    dedup_rate: float | None
    quarantine_count: int | None
    trust_distribution: dict[str, int]
    confidence_deltas: list[float]
    logs: list[dict[str, Any]]
    as_of: int
    """When, UTC milliseconds."""
    notes: list[str]
    """What is missing from this, as sentences."""


class MemoryDataSource:
    """Reads sessions and stages from ``reasoning_db_path``, patterns, files and executions from ``ark_db_path``.

    Relative paths start at ``ARK_BASE_PATH`` when that is set. The event loop never waits for a file: each look happens
    in a thread, and a file that is locked costs at most ``lock_timeout`` seconds there.
    """

    def __init__(
        self,
        reasoning_db_path: str | os.PathLike[str] = REASONING_DB,
        ark_db_path: str | os.PathLike[str] = ARK_DB,
        *,
        lock_timeout: float = LOCK_TIMEOUT,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.reasoning_db_path = _based(reasoning_db_path)
        self.ark_db_path = _based(ark_db_path)
        self.reasons: dict[str, str | None] = {"reasoning": None, "ark": None}
        """What is wrong with each file, as of the last look."""
        self.vitals = {"reasoning": Vitals(), "ark": Vitals()}
        self._clock = clock
        self._reasoning = Reasoning(ForeignFile(self.reasoning_db_path, lock_timeout=lock_timeout))
        self._ark = Ark(ForeignFile(self.ark_db_path, lock_timeout=lock_timeout))
        # One thread: a connection is used by one look at a time, and a slow look delays looks, not the event loop.
        self._thread: ThreadPoolExecutor | None = None

    @property
    def connected(self) -> bool:
        """Whether a file is there to be read (it may still turn out to be locked or damaged)."""
        return self.reasoning_db_path.is_file() or self.ark_db_path.is_file()

    @property
    def _connected(self) -> bool:
        return self.connected

    async def get_consolidation_rates(self) -> dict[str, float | None]:
        """``ingestion_rate`` (sessions) and ``consolidation_rate`` (stages with a confidence of 0.7 or more) per second,
        over the last 60 s. None for both when the file cannot be read."""
        rates = await self._ask_reasoning(lambda part, mark: part.rates(mark, self._now()), None)
        return {"ingestion_rate": None, "consolidation_rate": None} if rates is None else {**rates}

    async def get_deduplication_efficiency(self) -> float | None:
        """(Σ usage_count - distinct snippets) / Σ usage_count in %; None when that cannot be known."""
        return await self._ask_ark(lambda part, mark: part.deduplication(mark), None)

    async def get_quarantine_count(self) -> int | None:
        """Executions that failed, timed out, were killed or refused, or have violations; None when not known."""
        return await self._ask_ark(lambda part, mark: part.quarantine_count(mark), None)

    async def get_trust_distribution(self) -> dict[str, int]:
        """Indexed files by trust tier; empty when that cannot be known."""
        return await self._ask_ark(lambda part, mark: part.trust(mark), {})

    async def get_confidence_deltas(self, count: int = DELTAS) -> list[float]:
        """The newest ``count`` differences of consecutive stages within a session, oldest first; fewer when there are
        fewer."""
        return await self._ask_reasoning(lambda part, mark: part.deltas(mark, count), [])

    async def get_recent_logs(self, limit: int = LOGS) -> list[dict[str, Any]]:
        """The newest sessions, newest first: ``timestamp`` (UTC milliseconds), ``message``, ``type``, ``severity``."""
        return await self._ask_reasoning(lambda part, mark: part.logs(mark, limit), [])

    async def get_history(self) -> list[dict[str, float]]:
        """Both rates over the last ten minutes in steps of ten seconds, oldest first; empty when not known."""
        return await self._ask_reasoning(lambda part, mark: part.history(self._now()), [])

    async def get_quarantine(self, limit: int = QUARANTINE_SHOWN) -> list[dict[str, Any]]:
        """The executions in quarantine: ``execution_id``, ``status`` and the ``violations`` held against each."""
        return await self._ask_ark(lambda part, mark: part.quarantine(limit), [])

    async def read(self) -> MemoryReading:
        """Everything for one frame. Raises :class:`SourceError` with the reasons when neither file can be read."""
        return await self._in_thread(self._read)

    async def health(self) -> dict[str, Any]:
        """Whether each file can be read right now, and why not."""
        await self._in_thread(self._look)
        return {
            name: {
                "path": str(path),
                "connected": self.reasons[name] is None,
                "reason": self.reasons[name],
                **self.vitals[name].to_json(),
            }
            for name, path in (("reasoning", self.reasoning_db_path), ("ark", self.ark_db_path))
        }

    async def rest(self) -> None:
        """Close both files until the next look, so that nobody else is held up while nobody watches."""
        await self._in_thread(self._close)

    async def close(self) -> None:
        """Close both files and end the thread."""
        if self._thread is not None:
            await self.rest()
            self._thread.shutdown(wait=False)
            self._thread = None

    # In the thread

    def _read(self) -> MemoryReading:
        notes: list[str] = []
        rates: dict[str, float] = {}
        deltas: list[float] = []
        logs: list[dict[str, Any]] = []
        trust: dict[str, int] = {}
        dedup: float | None = None
        quarantined: int | None = None
        readable = 0
        began = time.monotonic()
        try:
            mark = self._begin("reasoning", self._reasoning.file)
            rates = self._reasoning.rates(mark, self._now())
            deltas, logs = self._reasoning.deltas(mark, DELTAS), self._reasoning.logs(mark, LOGS)
            readable += 1
            self.vitals["reasoning"].answered(self._clock(), time.monotonic() - began)
        except SourceError as error:
            rates, deltas, logs = {}, [], []
            self._failed("reasoning", error, notes)
        began = time.monotonic()
        try:
            mark = self._begin("ark", self._ark.file)
            dedup, trust = self._ark.deduplication(mark), self._ark.trust(mark)
            quarantined = self._ark.quarantine_count(mark)
            readable += 1
            self.vitals["ark"].answered(self._clock(), time.monotonic() - began)
        except SourceError as error:
            dedup, trust, quarantined = None, {}, None
            self._failed("ark", error, notes)
        if not readable:
            raise SourceError("; ".join(notes))
        for name, part in (("reasoning", self._reasoning), ("ark", self._ark)):
            if self.reasons[name] is None and part.file.empty:
                notes.append(f"{part.file.path} is empty")
        return MemoryReading(
            ingestion_rate=rates.get("ingestion_rate"),
            consolidation_rate=rates.get("consolidation_rate"),
            dedup_rate=dedup,
            quarantine_count=quarantined,
            trust_distribution=trust,
            confidence_deltas=deltas,
            logs=logs,
            as_of=self._clock(),
            notes=notes,
        )

    def _look(self) -> None:
        for name, part in (("reasoning", self._reasoning), ("ark", self._ark)):
            began = time.monotonic()
            try:
                self._begin(name, part.file)
            except SourceError as error:
                self._failed(name, error, [])
            else:
                self.vitals[name].answered(self._clock(), time.monotonic() - began)

    def _begin(self, name: str, file: ForeignFile) -> Mark:
        mark = file.begin()
        self.reasons[name] = None
        return mark

    def _failed(self, name: str, error: SourceError, notes: list[str]) -> None:
        self.reasons[name] = str(error)
        self.vitals[name].failed(self._clock())
        notes.append(str(error))

    def _close(self) -> None:
        self._reasoning.file.close()
        self._ark.file.close()

    def _now(self) -> float:
        return self._clock() / 1000

    # To the thread

    async def _ask_reasoning(self, work: Callable[[Reasoning, Mark], _T], otherwise: _T) -> _T:
        return await self._asked("reasoning", self._reasoning, work, otherwise)

    async def _ask_ark(self, work: Callable[[Ark, Mark], _T], otherwise: _T) -> _T:
        return await self._asked("ark", self._ark, work, otherwise)

    async def _asked(self, name: str, part: Any, work: Callable[[Any, Mark], _T], otherwise: _T) -> _T:
        def asked() -> _T:
            try:
                return work(part, self._begin(name, part.file))
            except SourceError as error:
                self.reasons[name] = str(error)
                return otherwise

        return await self._in_thread(asked)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory-source")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _based(path: str | os.PathLike[str]) -> Path:
    """``path``, from ``ARK_BASE_PATH`` on when that is set and the path is relative."""
    base = os.environ.get("ARK_BASE_PATH")
    return Path(base, path) if base else Path(path)
