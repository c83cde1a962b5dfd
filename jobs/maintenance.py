"""What a worker does between jobs: leases, rescue, due jobs, periodic jobs, news from other processes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from db.clock import SECOND
from jobs import sql
from jobs.batch import Running
from jobs.complaint import Complaint
from jobs.core import Core, Duty
from jobs.holding import release
from jobs.periodic import PeriodicJobs
from jobs.rescue import rescue_dead, rescue_stale, sweep_workers
from jobs.worker_thread import SHARE, WorkerThread

log = logging.getLogger("jobs")

TICK = 0.025
"""Seconds between two checks of the database's version: how long news from another process may take."""

BUSY_TICKS = 4
"""Of so many of these checks one is made while every thread has a job: nobody could take another, and the check costs them time."""

RELEASE = 0.1
"""Seconds between two checks whether a held job may begin, while there are any and the database changes."""

BEAT = 5.0
"""Seconds between two signs of life in the worker's row."""

HEALTH = 10.0
"""Seconds between two checks for threads of this worker that died, and for workers that left no job behind."""

CHECK = 1.0
"""Seconds between two checks for dead workers and stale leases; a quarter of the lease when that is shorter."""

LONG_PAUSE = 5.0
"""Seconds without a tick after which the machine is taken to have slept."""


class Crew(Protocol):
    """The threads of one worker."""

    workers: int

    @property
    def threads(self) -> Sequence[WorkerThread]:
        """What each thread does."""

    def check_worker_health(self) -> bool:
        """Replace threads that died."""

    def replace(self, hung: WorkerThread) -> None:
        """Give the place of a thread whose job was taken over to a new one."""


class Maintenance:
    """Called every :data:`TICK` seconds by one thread of a worker. A duty that fails is logged and stops no other."""

    def __init__(self, queue: Core, periodic: PeriodicJobs, crew: Crew) -> None:
        self._queue = queue
        self._database = queue.database
        self._engine = queue.engine
        self._periodic = periodic
        self._crew = crew
        self._complaint = Complaint("the queue's maintenance could not use the database: %s")
        self._version: int | None = None
        self._skipped = 0
        self._released_at: int | None = None
        self._next_due: int | None = 0
        self._last_tick = time.monotonic()
        self._last_wall = 0
        self._no_rescue_before = 0.0
        check = min(CHECK, queue.lease / SECOND / 4)
        self._leases = [
            Duty(check, self._extend_leases),
            Duty(check, self._watch_cancels),
            Duty(check, self._promote),
            Duty(check, lambda: rescue_dead(queue)),
            Duty(check, self._rescue_stale),
        ]
        self._duties = [
            *self._leases,
            Duty(RELEASE, self._release_held),
            Duty(CHECK, queue.engine.look),
            Duty(BEAT, lambda: queue.owner.beat(crew.workers)),
            Duty(HEALTH, crew.check_worker_health),
            Duty(HEALTH, lambda: sweep_workers(queue)),
        ]
        self._next = dict.fromkeys(self._leases, 0.0)
        self._soonest = 0.0
        """When the first of the duties is due."""
        self._more = 0

    def begin(self) -> None:
        """Before the threads start: settle what earlier workers left behind."""
        sweep_workers(self._queue)
        rescue_stale(self._queue)
        self._queue.storage.find_lanes()
        self._periodic.begin()

    def tick(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        self._notice_pause(now)
        self._do(self._check_version)
        self._do(self._periodic.fire)
        self._do(self._hand_back_unstarted)
        if now >= self._soonest or len(self._queue.maintenance) != self._more:
            self._do_duties(now)
        self._last_tick = now

    def _do_duties(self, now: float) -> None:
        duties = (*self._duties, *self._queue.maintenance)
        self._more = len(self._queue.maintenance)
        for duty in duties:
            due = self._next.setdefault(duty, now + duty.seconds)
            if now >= due:
                self._next[duty] = now + duty.seconds
                self._do(duty.run)
        self._soonest = min(self._next[duty] for duty in duties)

    def _do(self, run: Callable[[], object]) -> None:
        try:
            run()
        except self._engine.errors as error:
            self._complaint.log(error)
        except BaseException:  # whatever a duty raises must not end the thread that extends leases
            log.exception("a maintenance duty of the queue failed")
        if not self._engine.return_to(0):
            log.error("a maintenance duty of the queue left a transaction open; it was rolled back")

    def _notice_pause(self, now: float) -> None:
        """After the machine has slept every lease looks stale: give the other workers time to renew theirs before any is rescued."""
        wall = self._database.clock()
        pause = max(now - self._last_tick, (wall - self._last_wall) / SECOND if self._last_wall else 0.0)
        if pause > LONG_PAUSE:
            self._no_rescue_before = now + 2 * CHECK + TICK
            self._next.update(dict.fromkeys(self._leases, now))
            self._soonest = now
        self._last_wall = wall

    def _check_version(self) -> None:
        """If the database has changed, here or in another process, check for work and for due jobs."""
        if self._skipped < BUSY_TICKS - 1 and all(thread.is_busy for thread in self._crew.threads):
            self._skipped += 1
            version = self._version
        else:
            self._skipped = 0
            version = self._engine.news()
        if version != self._version:
            self._version = version
            self._next_due = self._database.value(sql.NEXT_DUE)
            found = self._queue.storage.find_lanes()
            if found:
                self._offer(found)
        if self._next_due is not None and self._next_due <= self._database.clock():
            self._promote()

    def _offer(self, lanes: set[tuple[str, str]]) -> None:
        """Ring for waiting jobs, and raise the urgency that threads with a batch compare theirs with."""
        self._queue.storage.bell.ring(len(lanes) * 4)
        if any(len(thread.batch) for thread in self._crew.threads):
            heads = [self._database.one(sql.HEAD_OF_LANE, lane) for lane in lanes]
            top = max((head[0] for head in heads if head is not None), default=None)
            if top is not None:
                for thread in self._crew.threads:
                    thread.batch.urgent = max(thread.batch.urgent, top)

    def _promote(self) -> None:
        self._queue.storage.promote(self._database.clock())
        self._next_due = self._database.value(sql.NEXT_DUE)

    def _release_held(self) -> None:
        if self._version != self._released_at:
            self._released_at = self._version
            release(self._queue)

    def _hand_back_unstarted(self) -> None:
        """Hand back the rest of a batch whose first job turned out long, so that it need not wait."""
        for thread in self._crew.threads:
            running = thread.running
            if running is not None and len(thread.batch) and time.monotonic() - running.since > SHARE:
                claims = thread.batch.take_all()
                if claims:
                    with self._database.write():
                        self._queue.storage.hand_back(claims)
                        self._database.after_commit(self._queue.storage.bell.ring_all)

    def _busy(self) -> list[tuple[WorkerThread, Running]]:
        pairs = [(thread, thread.running) for thread in self._crew.threads]
        return [(thread, running) for thread, running in pairs if running is not None]

    def _extend_leases(self) -> None:
        """Renew the leases of running jobs, except of those that have run longer than their kind may."""
        now, lease = self._database.clock(), self._queue.lease
        renew: list[Running] = []
        for _, running in self._busy():
            limit = running.job.time_limit
            if limit is not None and running.job.overdue:
                self._report_overdue(running, limit)
            elif running.lease_until - now < lease * 2 // 3 or running.lease_until - now > lease:
                renew.append(running)
        if renew:
            with self._database.write():
                self._database.many(
                    sql.EXTEND_LEASE, [(now + lease, each.claim.id, each.claim.claims) for each in renew]
                )
            for each in renew:
                each.lease_until = now + lease

    def _report_overdue(self, running: Running, limit: float) -> None:
        if running.alerted:
            return
        running.alerted = True
        reason = f"has run longer than its {limit:g} s; its lease is no longer extended"
        with self._database.write():
            self._queue.storage.event(
                running.claim.id, "overdue", running.claim.claims, self._queue.owner.id, reason
            )
        self._queue.report("overdue", running.claim, reason)

    def _watch_cancels(self) -> None:
        """Pass an operator's request to cancel to the handlers, which notice it at their next check()."""
        for _, running in self._busy():
            row = self._database.one(sql.IS_MINE, (running.claim.id, running.claim.claims))
            if row is not None and row[0]:
                running.job.cancel_asked = True

    def _rescue_stale(self) -> None:
        if time.monotonic() < self._no_rescue_before:
            return
        for job_id, claims in rescue_stale(self._queue):
            for thread, running in self._busy():
                if running.claim.id == job_id and running.claim.claims == claims:
                    self._crew.replace(thread)
