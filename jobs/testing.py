"""For tests of code that uses the queue: jobs run in the test's own thread, on a real file in memory, by a clock that the test moves.

with Bench() as bench:
    handlers = build(bench.queue)
    bench.queue.enqueue(handlers.welcome.s("Ann"), delay=3600)
    assert bench.run() == []
    bench.advance(3600)
    (job,) = bench.run()
    assert job.state == "done"
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

from db import Database
from db.clock import SECOND
from jobs.holding import release
from jobs.queue import JobQueue
from jobs.rescue import rescue_dead, rescue_stale
from jobs.state import JobState
from jobs.worker_thread import WorkerThread

NOON = 1_767_268_800 * SECOND
"""2026-01-01 12:00 UTC, where a fake clock begins."""


class FakeClock:
    """A clock that stands still until it is moved; for :attr:`db.Database.clock`."""

    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def __call__(self) -> int:
        """The time it shows, UTC microseconds."""
        return self.at

    def advance(self, seconds: float) -> int:
        """Move it (backwards too) and return the new time."""
        self.at += int(seconds * SECOND)
        return self.at


class Bench:
    """A queue without threads. ``database``: instead of a private one in memory; or an engine."""

    def __init__(self, database: Any = None, *, max_lost: int = 3) -> None:
        self._own = database is None
        self.database = Database.memory() if database is None else database
        self.clock = FakeClock()
        self.database.clock = self.clock
        self.queue = JobQueue(self.database, max_lost=max_lost)
        self.stopping = threading.Event()
        """What jobs see as :attr:`jobs.CurrentJob.stopping`."""
        self._began = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the queue, and the file if it is the bench's own."""
        self.queue.close()
        if self._own:
            self.database.close_all()

    def run(self, limit: int = 10_000) -> list[JobState]:
        """Run what may run now, until nothing waits (or ``limit`` jobs have run); returns the jobs as they stand then, in order."""
        thread = WorkerThread(self.queue, self.stopping)
        ran: list[int] = []
        thread.on_begin = ran.append
        self.tick()
        while len(ran) < limit and not self.stopping.is_set() and thread.work():
            self.tick()
        seen = dict.fromkeys(ran)
        return [self.queue.state(job_id) for job_id in seen if self.queue.exists(job_id)]

    def tick(self) -> None:
        """What a worker's maintenance does: move due jobs, start periodic ones, rescue jobs of dead workers."""
        if not self._began:
            self._began = True
            self.queue.periodic.begin()
        self.queue.storage.find_lanes()
        self.queue.storage.promote(self.clock())
        self.queue.periodic.fire()
        release(self.queue)
        rescue_dead(self.queue)
        rescue_stale(self.queue)

    def advance(self, seconds: float, *, run: bool = False) -> list[JobState]:
        """Move the clock. With ``run`` second by second, running what comes due on the way; returns that."""
        if not run:
            self.clock.advance(seconds)
            return []
        ran: list[JobState] = []
        whole, rest = divmod(seconds, 1)
        for step in [1.0] * int(whole) + ([rest] if rest else []):
            self.clock.advance(step)
            ran += self.run()
        return ran
