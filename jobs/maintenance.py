"""What must happen beside the jobs: leases, rescue, due jobs, cycles, news from other processes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import apsw

from db import DatabaseError
from db.clock import SECOND
from jobs import sql
from jobs.batch import Running
from jobs.rescue import rescue_dead, rescue_stale, sweep_workers
from jobs.sealing import seal_events
from jobs.storage import Claim
from jobs.worker_thread import SHARE, Deliverer

if TYPE_CHECKING:
    from jobs.queue import JobQueue
    from jobs.worker import JobWorker

log = logging.getLogger("jobs")

TICK = 0.025
"""Seconds between two looks at the file's version: how long news from another process may take."""

BEAT = 5.0
"""Seconds between two signs of life in the worker's row."""

SEAL = 60.0
"""Seconds between two audit entries that witness the job events since the last one."""

HEALTH = 10.0
"""Seconds between two looks for threads of this worker that died, and for workers that left no job behind."""

LOOK = 1.0
"""Seconds between two looks for dead workers and stale leases; a quarter of the lease when that is shorter."""


class Keeper:
    """Called each :data:`TICK` seconds by one thread of a worker. Every duty stands alone: one that fails stops no other."""

    def __init__(self, queue: JobQueue, worker: JobWorker) -> None:
        self._queue = queue
        self._database = queue.database
        self._worker = worker
        self._version: int | None = None
        self._look = min(LOOK, queue.lease / SECOND / 4)
        self._next_look = self._next_beat = 0.0
        self._next_health = time.monotonic() + HEALTH
        self._next_seal = time.monotonic() + SEAL
        self._next_due: int | None = 0
        self._last_tick = time.monotonic()
        self._last_wall = 0
        self._no_rescue_before = 0.0

    def begin(self) -> None:
        """Before the threads start: settle what earlier workers left behind."""
        sweep_workers(self._queue)
        rescue_stale(self._queue)
        self._queue.storage.find_lanes()
        self._queue.periodic.begin()

    def tick(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        self._notice_pause(now)
        self._duty(self._hear)
        self._duty(self._queue.periodic.fire)
        self._duty(self._hand_back_unstarted)
        if now >= self._next_look:
            self._next_look = now + self._look
            self._duty(self._extend_leases)
            self._duty(self._watch_cancels)
            self._duty(self._promote)
            if now >= self._no_rescue_before:
                self._duty(lambda: rescue_dead(self._queue))
                self._duty(self._rescue_stale)
        if now >= self._next_seal:
            self._next_seal = now + SEAL
            self._duty(lambda: seal_events(self._database))
        if now >= self._next_beat:
            self._next_beat = now + BEAT
            self._duty(lambda: self._queue.owner.beat(self._worker.workers))
        if now >= self._next_health:
            self._next_health = now + HEALTH
            self._duty(self._worker.check_worker_health)
            self._duty(lambda: sweep_workers(self._queue))
        self._last_tick = now

    def _duty(self, duty: Callable[[], object]) -> None:
        try:
            duty()
        except (DatabaseError, apsw.Error) as error:
            log.warning("the queue's keeper could not use the file: %s", error)
        except Exception:
            log.exception("a duty of the queue's keeper failed")

    def _notice_pause(self, now: float) -> None:
        """After a pause of the whole machine everybody's leases look stale: let the others renew theirs first."""
        wall = self._database.clock()
        pause = max(now - self._last_tick, (wall - self._last_wall) / SECOND if self._last_wall else 0.0)
        if pause > 5.0:
            self._no_rescue_before = now + 2 * LOOK + TICK
            self._next_look = now
        self._last_wall = wall

    def _hear(self) -> None:
        """Has anybody, here or in another process, changed the file? Then look for work, and for jobs that ended."""
        version = self._database.version()
        if version != self._version:
            self._version = version
            self._next_due = self._database.value(sql.NEXT_DUE)
            found = self._queue.storage.find_lanes()
            if found:
                self._offer(found)
        self._promote_due()

    def _offer(self, lanes: set[tuple[str, str]]) -> None:
        """Ring for what waits, and tell busy threads of something more urgent than what they hold."""
        self._queue.storage.bell.ring(len(lanes) * 4)
        if any(len(deliverer.batch) for deliverer in self._worker.deliverers):
            heads = [self._database.one(sql.HEAD_OF_LANE, lane) for lane in lanes]
            top = max((head[0] for head in heads if head is not None), default=None)
            if top is not None:
                for deliverer in self._worker.deliverers:
                    deliverer.urgent = max(deliverer.urgent, top)

    def _promote_due(self) -> None:
        if self._next_due is not None and self._next_due <= self._database.clock():
            self._promote()

    def _promote(self) -> None:
        self._queue.storage.promote(self._database.clock())
        self._next_due = self._database.value(sql.NEXT_DUE)

    def _hand_back_unstarted(self) -> None:
        """A batch whose first job turned out long: the others should not wait for it."""
        for deliverer in self._worker.deliverers:
            running = deliverer.running
            if running is not None and len(deliverer.batch) and time.monotonic() - running.since > SHARE:
                claims: list[Claim] = deliverer.batch.take_all()
                if claims:
                    with self._database.write():
                        self._queue.storage.hand_back(claims)
                        self._database.after_commit(self._queue.storage.bell.ring_all)

    def _busy(self) -> list[tuple[Deliverer, Running]]:
        pairs = [(deliverer, deliverer.running) for deliverer in self._worker.deliverers]
        return [(deliverer, running) for deliverer, running in pairs if running is not None]

    def _extend_leases(self) -> None:
        """Renew the leases of what runs, except what has run longer than its kind may."""
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
        """Pass an operator's wish to the handlers, which hear it at their next check()."""
        for _, running in self._busy():
            row = self._database.one(sql.IS_MINE, (running.claim.id, running.claim.claims))
            if row is not None and row[0]:
                running.job.cancel_asked = True

    def _rescue_stale(self) -> None:
        for job_id, claims in rescue_stale(self._queue):
            for deliverer, running in self._busy():
                if running.claim.id == job_id and running.claim.claims == claims:
                    self._worker.replace(deliverer)
