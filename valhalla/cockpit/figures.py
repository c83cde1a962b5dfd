"""Figures that cost more than a page may: counted in the background, at most every so often, and shown with their age. Counting
yields to pages, as two seconds of it would slow each of them down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.waiting import give_way

if TYPE_CHECKING:
    from db import Database

log = logging.getLogger("valhalla.cockpit")

PATIENCE = 0.02
"""Seconds that a page waits for a figure nobody knows yet: enough where there are few leads."""
QUICK = 0.01
"""Seconds of work up to which a figure is counted at once when the file has changed, whatever its age."""


@dataclass
class Figure:
    """A figure and when it was counted (UTC microseconds)."""

    value: Any
    at: int
    of: Any
    """What the file said when it was counted: while that stays the same, so does the figure."""
    work: float = QUICK
    """Seconds of work that counting it took."""


class Figures:
    """The figures of one cockpit. Counted in one thread, one after the other, and only when somebody looks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: dict[str, Figure] = {}
        self._counting: dict[str, Future[None]] = {}
        self._mutex = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None

    def get(
        self, name: str, count: Callable[[Database], Any], *, of: Any, seconds: float = 60.0
    ) -> Figure | None:
        """The figure ``name`` as last counted; None while it is counted for the first time.

        ``of``: what it depends on, cheap to read. When that has changed and ``seconds`` have passed, it is counted again in
        the background, for the next who looks; one that is counted quickly, at once.
        """
        known = self._known.get(name)
        if known is not None:
            age = (self.database.clock() - known.at) / 1_000_000
            if known.of == of or (0 <= age < seconds and known.work >= QUICK):
                return known
        counting = self._begin(name, count, of)
        if counting is not None and (known is None or known.work < QUICK):
            try:
                counting.result(PATIENCE)
            except TookTooLong:
                pass
        return self._known.get(name)

    def close(self) -> None:
        """Count nothing more."""
        with self._mutex:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self, name: str, count: Callable[[Database], Any], of: Any) -> Future[None] | None:
        """The counting that was begun, or None when it is going on already: only who begins it waits."""
        with self._mutex:
            if name in self._counting:
                return None
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "cockpit-figures")
            future = self._counting[name] = self._thread.submit(self._count, name, count, of)
            return future

    def _count(self, name: str, count: Callable[[Database], Any], of: Any) -> None:
        try:
            at, began = self.database.clock(), time.thread_time()

            def stand_aside() -> None:
                if time.thread_time() - began >= QUICK:  # until then somebody waits for the figure
                    give_way()

            # What SQLite sorts may be all leads.
            with self.database.temporary_on_disk(), self.database.between_steps(stand_aside):
                value = count(self.database)
            self._known[name] = Figure(value, at, of, time.thread_time() - began)
        except Exception as error:
            log.warning("the figure %s could not be counted: %s", name, error)
        finally:
            with self._mutex:
                self._counting.pop(name, None)
