"""Jobs that come back: every so many seconds, or when a cron expression says so.

Time is cut into slots. Whoever moves the cycle's ``last_at`` in the file from one slot to the next has that slot, and
enqueues the job in the same transaction: one process, once, also across restarts. Slots are computed, never added up,
so nothing drifts. A slot whose time went by unseen is counted as missed; one that comes while its job still waits or
runs is counted as overrun; neither is made up for. A clock that was set back is noticed and the cycle goes on from there.
"""

from __future__ import annotations

import datetime
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db import audit
from db.clock import DAY, MINUTE, SECOND
from jobs import sql
from jobs.cron import Cron
from jobs.producer import periodic_key

if TYPE_CHECKING:
    from jobs.queue import JobQueue

log = logging.getLogger("jobs")

BACKWARDS = 2 * SECOND
"""A last slot further ahead than this means that the clock was set back, not that another process was quicker."""

MAX_LATE = 5 * MINUTE
"""A cron slot that is noticed later than this has been missed: seven o'clock is not at three in the afternoon."""

MAX_COUNTED = 31 * DAY
"""Missed cron slots are counted over at most this long."""


@dataclass(frozen=True)
class PeriodicJob:
    """When one handler comes back."""

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
    def each(cls, name: str, seconds: int, *, at_start: bool = False, delay: int = 0) -> PeriodicJob:
        """Every ``seconds``, a whole number and at least 1; ``at_start``: the first time ``delay`` seconds after the start."""
        if isinstance(seconds, bool) or seconds != int(seconds) or seconds < 1:
            raise ValueError(f"a cycle takes a whole number of seconds, at least 1, not {seconds!r}")
        return cls(
            name,
            f"every {int(seconds)} s",
            every=int(seconds) * SECOND,
            at_start=at_start,
            delay=delay * SECOND,
        )

    @classmethod
    def cron(cls, name: str, expression: str, zone: datetime.tzinfo | None) -> PeriodicJob:
        """When ``expression`` says so on the clock of ``zone`` (None: this machine's)."""
        return cls(name, f"cron {expression}", when=Cron.parse(expression), zone=zone)

    def slot(self, now: int, after: int) -> int | None:
        """The newest slot that begins after ``after`` and not later than ``now``; None: there is none."""
        if self.when is None:
            newest = now - (now - self.anchor) % self.every
            return newest if newest > after else None
        at = now - now % MINUTE
        while at > max(after, now - MAX_COUNTED):
            if self._meant(at):
                return at
            at -= MINUTE
        return None

    def between(self, after: int, slot: int) -> int:
        """How many slots begin after ``after`` and before ``slot``."""
        if self.when is None:
            return max(0, (slot - 1 - self.anchor) // self.every - (after - self.anchor) // self.every)
        first = max(after, slot - MAX_COUNTED)
        at = first - first % MINUTE + MINUTE
        return sum(1 for each in range(at, slot, MINUTE) if self._meant(each))

    def _meant(self, at: int) -> bool:
        """Whether cron means the minute ``at``. A clock reading that comes twice (end of summer time) counts once."""
        assert self.when is not None
        here = datetime.datetime.fromtimestamp(at / SECOND, datetime.UTC).astimezone(self.zone)
        if not self.when.matches(here):
            return False
        if here.fold:
            return False
        earlier = datetime.datetime.fromtimestamp(at / SECOND - 3600, datetime.UTC).astimezone(self.zone)
        return earlier.replace(tzinfo=None) != here.replace(tzinfo=None)


class PeriodicJobs:
    """The cycles of a queue, and the keeper's question whether one is due."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._mutex = threading.Lock()
        self._cycles: dict[str, PeriodicJob] = {}
        self._next_look: dict[str, int] = {}

    def add(self, cycle: PeriodicJob) -> None:
        """Another cycle; one that was declared under the same name is replaced."""
        with self._mutex:
            self._cycles[cycle.name] = cycle
            self._next_look.pop(cycle.name, None)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(list(self._cycles.values()))

    def begin(self) -> None:
        """A worker starts: cycles that count from the start have their first slot now."""
        queue, now = self._queue, self._queue.database.clock()
        for cycle in self:
            if cycle.at_start:
                self.add(replace(cycle, anchor=now + cycle.delay))
                last = now if cycle.delay else now - 1  # a slot that begins now is still to come
                with queue.database.write():
                    queue.database.sql(sql.NEW_CYCLE, (queue.name, cycle.name, cycle.spec, last))

    def fire(self) -> None:
        """Enqueue what is due."""
        now = self._queue.database.clock()
        for cycle in self:
            look = self._next_look.get(cycle.name, 0)
            if look <= now or look > now + (cycle.every or MINUTE) + BACKWARDS:
                self._fire(cycle, now)

    def _fire(self, cycle: PeriodicJob, now: int) -> None:
        queue, database = self._queue, self._queue.database
        key = (queue.name, cycle.name)
        row = database.one(sql.CYCLE, key)
        if row is None or row[0] != cycle.spec:
            self._introduce(cycle, now)
            row = (cycle.spec, database.one(sql.CYCLE, key)[1])  # type: ignore[index]
        last = row[1]
        if last > now + BACKWARDS:
            with database.write():
                database.sql(sql.SET_BACK, (now - 1 if cycle.every else now - now % MINUTE, *key, last))
                audit.append(database, "clock.back", f"cycle:{cycle.name}", {"from": last, "to": now})
            log.warning(
                "the clock was set back by %d s; %s goes on from now", (last - now) // SECOND, cycle.name
            )
            return
        slot = cycle.slot(now, last)
        if slot is not None:
            self._take(cycle, slot, last, now)
        step = cycle.every or MINUTE
        anchor = cycle.anchor if cycle.every else 0
        self._next_look[cycle.name] = now - (now - anchor) % step + step

    def _introduce(self, cycle: PeriodicJob, now: int) -> None:
        """A cycle the file does not know, or knows otherwise: it may begin in the slot that is running (cron: the next)."""
        last = now - now % MINUTE if cycle.when else now - (now - cycle.anchor) % cycle.every - 1
        with self._queue.database.write():
            self._queue.database.sql(sql.NEW_CYCLE, (self._queue.name, cycle.name, cycle.spec, last))

    def _take(self, cycle: PeriodicJob, slot: int, last: int, now: int) -> None:
        queue, database = self._queue, self._queue.database
        key = periodic_key(cycle.name)
        late = cycle.when is not None and now - slot > MAX_LATE
        missed = cycle.between(last, slot) + late
        job_id = holder = None
        with database.write():
            current = database.one(sql.CYCLE, (queue.name, cycle.name))
            if current is None or current[1] != last or cycle.name not in queue.kinds:
                return  # another process has it
            if not late:
                holder = database.value(sql.HOLDER_OF_KEY, (queue.kinds[cycle.name].queue, key))
                job_id = (
                    queue.enqueue(queue.job(cycle.name), unique=key, eta=slot) if holder is None else None
                )
            counts = (int(job_id is not None), missed, int(holder is not None))
            database.sql(sql.TAKE_SLOT, (slot, *counts, job_id, queue.name, cycle.name, last))
        if missed or holder is not None:
            why = f"{missed} slots went by" if missed else "the job of an earlier slot has not ended"
            queue.events.send("missed", holder or job_id or 0, cycle.name, queue.name, None, None, why)
