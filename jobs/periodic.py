"""Periodic jobs: every so many seconds, or by a cron expression.

Time is divided into slots. The process that advances a job's ``last_at`` in the database from one slot to the next has
that slot, and enqueues the job in the same transaction: one process, once, also across restarts. Slots are computed,
never added up, so nothing drifts. A slot that passed while no worker ran is counted as missed; one that comes while its
job still waits or runs is counted as overrun; neither is made up for. If the clock was set back, slots continue from there.
"""

from __future__ import annotations

import datetime
import logging
import threading
from dataclasses import dataclass, replace

from db.clock import DAY, MINUTE, SECOND
from jobs import sql
from jobs.cron import Cron
from jobs.producer import Producer, periodic_key

log = logging.getLogger("jobs")

BACKWARDS = 2 * SECOND
"""A last slot further ahead than this means that the clock was set back, not that another process was faster."""

MAX_LATE = 5 * MINUTE
"""A cron slot that is noticed later than this has been missed: a job for seven o'clock does not run at three in the afternoon."""

MAX_COUNTED = 1_000
"""Missed cron slots are counted to this."""

LONGEST = 100 * 366 * DAY // SECOND
"""Seconds; beyond this is a mistake."""

SHORTEST = 0.1
"""Seconds between two runs of a periodic job, at least."""


@dataclass(frozen=True)
class PeriodicJob:
    """When one handler runs."""

    name: str
    spec: str
    every: int = 0
    """Microseconds; 0: by cron."""
    anchor: int = 0
    """UTC microseconds at which a slot begins."""
    at_start: bool = False
    """Whether slots count from when a worker starts: the first begins ``delay`` microseconds after that."""
    delay: int = 0
    when: Cron | None = None
    zone: datetime.tzinfo | None = None

    @classmethod
    def each(cls, name: str, seconds: float, *, at_start: bool = False, delay: int = 0) -> PeriodicJob:
        """Every ``seconds``, at least :data:`SHORTEST`; ``at_start``: the first time ``delay`` seconds after the start."""
        if isinstance(seconds, bool) or not SHORTEST <= seconds <= LONGEST:
            raise ValueError(f"a periodic job takes a number of seconds from {SHORTEST} on, not {seconds!r}")
        shown = int(seconds) if seconds == int(seconds) else seconds
        every = round(seconds * SECOND)
        return cls(name, f"every {shown} s", every=every, at_start=at_start, delay=delay * SECOND)

    @classmethod
    def cron(cls, name: str, expression: str, zone: datetime.tzinfo | None) -> PeriodicJob:
        """By ``expression`` on the clock of ``zone`` (None: this machine's)."""
        return cls(name, f"cron {expression}", when=Cron.parse(expression), zone=zone)

    def slot(self, now: int, after: int) -> int | None:
        """The newest slot that begins after ``after`` and not later than ``now``; None: there is none."""
        if self.when is None:
            newest = now - (now - self.anchor) % self.every
            return newest if newest > after else None
        first = self.when.after(after, self.zone)
        if first is None or first > now:
            return None
        span = DAY
        while True:  # the newest is near, or the slots are far apart
            latest: int | None = None
            found = self.when.after(max(after, now - span), self.zone)
            while found is not None and found <= now:
                latest, found = found, self.when.after(found, self.zone)
            if latest is not None:
                return latest
            span *= 2

    def between(self, after: int, slot: int) -> int:
        """How many slots begin after ``after`` and before ``slot``; by cron :data:`MAX_COUNTED` at most."""
        if self.when is None:
            return max(0, (slot - 1 - self.anchor) // self.every - (after - self.anchor) // self.every)
        count, found = 0, self.when.after(after, self.zone)
        while found is not None and found < slot and count < MAX_COUNTED:
            count, found = count + 1, self.when.after(found, self.zone)
        return count

    def next(self, now: int) -> int | None:
        """When the first slot after ``now`` begins; None: never."""
        if self.when is None:
            return now - (now - self.anchor) % self.every + self.every
        return self.when.after(now, self.zone)


class PeriodicJobs:
    """The periodic jobs of a queue; enqueues those that are due."""

    def __init__(self, queue: Producer) -> None:
        self._queue = queue
        self._mutex = threading.Lock()
        self._jobs: dict[str, PeriodicJob] = {}
        self._next_check: dict[str, int | None] = {}
        """When each job has to be looked at again; None: never."""
        self._now = 0

    def add(self, job: PeriodicJob) -> None:
        """Add a periodic job, or replace the one of the same name."""
        with self._mutex:
            self._jobs[job.name] = job
            self._next_check.pop(job.name, None)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(list(self._jobs.values()))

    def begin(self) -> None:
        """A worker starts: jobs whose slots count from the start have their first slot now."""
        queue, now = self._queue, self._queue.database.clock()
        for job in self:
            if job.at_start:
                self.add(replace(job, anchor=now + job.delay))
                last = now if job.delay else now - 1  # a slot that begins now is still to come
                with queue.database.write():
                    queue.database.sql(sql.NEW_CYCLE, (queue.name, job.name, job.spec, last))

    def fire(self) -> None:
        """Enqueue what is due."""
        now = self._queue.database.clock()
        if now < self._now:  # the clock was set back: look at all of them
            self._next_check.clear()
        self._now = now
        for job in self:
            due = self._next_check.get(job.name, 0)
            if due is not None and due <= now:
                self._fire(job, now)

    def _fire(self, job: PeriodicJob, now: int) -> None:
        queue, database = self._queue, self._queue.database
        key = (queue.name, job.name)
        row = database.one(sql.CYCLE, key)
        if row is None or row[0] != job.spec:
            self._introduce(job, now)
            row = (job.spec, database.one(sql.CYCLE, key)[1])  # type: ignore[index]
        last = row[1]
        if last > now + BACKWARDS:
            with database.write():
                database.sql(sql.SET_BACK, (now - 1 if job.every else now - now % MINUTE, *key, last))
                queue.engine.witness("clock.back", f"cycle:{job.name}", {"from": last, "to": now})
            log.warning(
                "the clock was set back by %d s; %s continues from now", (last - now) // SECOND, job.name
            )
            return
        slot = job.slot(now, last)
        if slot is not None:
            self._take(job, slot, last, now)
        self._next_check[job.name] = job.next(now)

    def _introduce(self, job: PeriodicJob, now: int) -> None:
        """Record a job that is new or was changed: it may run in the current slot (cron: from the next one on)."""
        last = now - now % MINUTE if job.when else now - (now - job.anchor) % job.every - 1
        with self._queue.database.write():
            self._queue.database.sql(sql.NEW_CYCLE, (self._queue.name, job.name, job.spec, last))

    def _take(self, job: PeriodicJob, slot: int, last: int, now: int) -> None:
        queue, database = self._queue, self._queue.database
        key = periodic_key(job.name)
        late = job.when is not None and now - slot > MAX_LATE
        missed = job.between(last, slot) + late
        job_id = holder = None
        with database.write():
            current = database.one(sql.CYCLE, (queue.name, job.name))
            if current is None or current[1] != last or job.name not in queue.kinds:
                return  # another process has it
            if not late:
                holder = database.value(sql.HOLDER_OF_KEY, (queue.kinds[job.name].queue, key))
                job_id = queue.enqueue(queue.job(job.name), unique=key, eta=slot) if holder is None else None
            counts = (int(job_id is not None), missed, int(holder is not None))
            database.sql(sql.TAKE_SLOT, (slot, *counts, job_id, queue.name, job.name, last))
        if missed or holder is not None:
            why = f"{missed} slots went by" if missed else "the job of an earlier slot has not ended"
            queue.events.send("missed", holder or job_id or 0, job.name, queue.name, None, None, why)
