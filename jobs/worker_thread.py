"""What one worker thread does: claim a few jobs, run them, write their ends, hand back what it could not begin."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from db.clock import SECOND
from jobs import sql
from jobs.attempt import Attempt, explain
from jobs.batch import LOWEST, Batch, Running
from jobs.current import CurrentJob
from jobs.engine import Change, Claim, Request, Taken
from jobs.errors import (
    Abandoned,
    BadRow,
    CanceledWhileRunning,
    LeaseLost,
    Stopped,
    Unacknowledged,
    UnknownHandler,
)
from jobs.here import CURRENT_JOB
from jobs.huey_hooks import HueyHooks
from jobs.kind import JobTask

log = logging.getLogger("jobs")

GROUP = 64
"""Jobs that may share one acknowledgement, and the most that are claimed at once."""

SHARE = 0.020
"""Seconds of work that a batch, or a group, is meant to hold."""

FULL_SECONDS = 1.0
"""Between two tries at writing a job's end on a full disk."""

_LONG_AGO = datetime(1970, 1, 1)


class WorkerThread:
    """The work of one thread. The maintenance thread reads its public attributes."""

    _worker: int
    """The number under which the batch was claimed."""

    def __init__(
        self, queue: HueyHooks, stopping: threading.Event, serves: frozenset[str] | None = None
    ) -> None:
        self.queue = queue
        self.engine = queue.engine
        self.database = queue.database
        self.storage = queue.storage
        self.stopping = stopping
        self.serves = serves
        self.batch = Batch()
        self.running: Running | None = None
        self.on_begin: Callable[[int], object] | None = None
        """Called with each job's number before it runs; for tests."""
        self.abandoned = False
        """Its job was taken over while it hung: another thread has its place."""
        self._on = False
        self._size = 1
        self._claimed = 0
        """How many the batch had when it was claimed."""
        self._since = 0.0
        """When its work began; monotonic seconds."""
        self._idle = True
        self._revoked = False
        self._lost: tuple[type[BaseException], ...] = (LeaseLost, *self.engine.errors)
        self._unwritten: tuple[type[BaseException], ...] = (Unacknowledged, *self.engine.errors)

    @property
    def is_busy(self) -> bool:
        """Whether it has a job to run."""
        return self.running is not None or len(self.batch) > 0

    # -- a batch -------------------------------------------------------------------------------------------

    def work(self, on: bool = False) -> int:
        """Claim a batch and run it. Returns how many jobs were begun; 0: nothing may run now.

        ``on``: go on with the next batch, which is claimed in the transaction that ends the last job of the one before, as
        long as that finds any.
        """
        self._on = on and self.engine.one_writer
        self.batch.urgent = LOWEST
        claims, started = self._claim()
        if not claims:
            return 0
        self._since = time.monotonic()
        self.batch.put(claims if started is None else claims[1:])
        done = 0
        try:
            attempt = started or self._next()
            while attempt is not None:
                if attempt.started or not self._groupable(attempt.claim):
                    ran, follower = 1, self._run_alone(attempt)
                else:
                    ran, follower = self._run_group(attempt)
                done += ran
                if follower is None and self._must_yield():
                    break
                attempt = follower or self._next()
        finally:
            self._hand_back(self.batch.take_all())
        self._adapt()
        return done

    def _claim(self) -> tuple[list[Claim], Attempt | None]:
        """Claim a batch; if its first job runs alone, start it in the same transaction."""
        self._roll_back_what_is_open()
        taken = self.engine.take(self._request(), self._idle)
        return list(taken.claims), self._received(taken)

    def _roll_back_what_is_open(self) -> None:
        if not self.engine.return_to(0):
            log.error("a receiver of signals left a transaction open; it was rolled back")

    def _request(self) -> Request:
        self._worker = self.queue.owner.id
        return Request(
            self.storage, self._size, self._worker, self.queue.lease, self.serves, self._ungroupable
        )

    def _request_more(self) -> Request | None:
        """For the next batch, when nothing is left of this one."""
        if not self._on or len(self.batch) or self._must_yield():
            return None
        self._adapt()
        self.batch.urgent = LOWEST
        return self._request()

    def _received(self, taken: Taken) -> Attempt | None:
        """Note what was claimed. Returns the attempt that its transaction has begun, if it has."""
        self._claimed = len(taken.claims)
        self._idle = not taken.claims
        self._revoked = taken.revoked
        if not taken.began:
            return None
        started = self._attempt(taken.claims[0])
        started.started = True
        return started

    def _go_on_with(self, taken: Taken) -> Attempt | None:
        """The next batch, which was claimed with the end of this one."""
        started = self._received(taken)
        self.batch.put(taken.claims if started is None else taken.claims[1:])
        return started

    def _attempt(self, claim: Claim) -> Attempt:
        queue = self.queue
        kind = queue.kinds.get(claim.name) or queue.nameless
        attempt = Attempt(claim, kind, self.engine, self._worker, queue.lease, self._revoked)
        if queue.cipher is not None:
            attempt.seal = queue.sealed
        return attempt

    def _next(self, wanted: Callable[[Claim], bool] | None = None) -> Attempt | None:
        claim = self.batch.pop(wanted)
        return None if claim is None else self._attempt(claim)

    def _adapt(self) -> None:
        """A batch is over: aim at batches that hold about :data:`SHARE` seconds of work."""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        claimed, self._claimed = self._claimed, 0
        if seconds > SHARE:
            self._size = max(1, self._size // 2)
        elif claimed >= self._size:
            self._size = min(GROUP, self._size * 2)

    def _must_yield(self) -> bool:
        """Whether what has not begun should go back: something more urgent came, or the worker stops."""
        batch = self.batch
        outranked = batch.urgent != LOWEST and batch.is_outranked()
        return outranked or self.abandoned or self.stopping.is_set()

    def _hand_back(self, claims: list[Claim]) -> None:
        if claims:
            with self.database.write():
                self.storage.hand_back(claims)
                self.database.after_commit(self.storage.bell.ring)

    def _groupable(self, claim: Claim) -> bool:
        """Whether its end may be shared: atomic, and not suspected of killing its worker."""
        kind = self.queue.kinds.get(claim.name)
        return kind is not None and kind.atomic and not claim.suspect

    def _ungroupable(self, claim: Claim) -> bool:
        return not self._groupable(claim)

    # -- one job by itself ---------------------------------------------------------------------------------

    def _start(self, attempt: Attempt) -> None:
        """Count the try, before the work. Call inside a write transaction."""
        changes: list[Change] = []
        attempt.start(changes, self.database.clock())
        if self.engine.change(changes):
            raise LeaseLost(attempt.claim.id, "another worker took it over before it began")
        attempt.started = True

    def _run_alone(self, attempt: Attempt) -> Attempt | None:
        """Run one job. Returns the next one when its start was committed together with this one's end."""
        queue, claim = self.queue, attempt.claim
        if not attempt.started:
            try:
                with self.database.write():
                    self._start(attempt)
            except LeaseLost as lost:
                queue.report("lease lost", claim, str(lost))
                return None
        task = self._task_of(attempt)
        job = CurrentJob(attempt, task.timeout if task is not None else None, self.stopping)
        self.running = Running(job, claim, self.database.clock() + queue.lease)
        token = CURRENT_JOB.set(job)
        follower: Attempt | None = None
        try:
            try:
                if task is not None:
                    attempt.bare = self._is_bare(attempt, task)
                    self._execute(claim, task)
                follower = self._end_alone(attempt)
            except Abandoned:
                raise
            except self.engine.cut as error:
                raise Unacknowledged(claim.id, f"its end was cut short: {error}") from error
            except BaseException as error:  # in a hook, the bookkeeping or the commit: the job has failed
                attempt.rollback()
                attempt.raised(error)
                follower = self._end_alone(attempt)
        except Abandoned as ending:
            attempt.rollback()
            self._abandon(attempt, ending)
        except self.engine.errors as error:  # not even the failure can be written: the lease will end it
            attempt.rollback()
            self._abandon(attempt, Unacknowledged(claim.id, f"its end could not be written: {error}"))
        finally:
            CURRENT_JOB.reset(token)
            self.running = None
            if task is not None:
                task.attempt = None
        return follower

    def _is_bare(self, attempt: Attempt, task: JobTask) -> bool:
        """Whether Huey has nothing to write when the task has run, and nobody else is called in that transaction."""
        nothing_follows = task.on_complete is None and task.on_error is None and task.chord_config is None
        return (
            nothing_follows
            and not attempt.kind.atomic
            and not attempt.may_be_revoked
            and not self.queue.has_post_hooks
        )

    def _end_alone(self, attempt: Attempt) -> Attempt | None:
        """End the job and, in the same transaction, start the next one of the batch, or of the next batch."""
        if attempt.transaction is None and not attempt.bare:
            attempt.begin()
        now = self.database.clock()
        changes: list[Change] = []
        state = attempt.end(changes, now)
        follower = None if self._must_yield() else self._next(self._ungroupable)
        request = None if follower is not None else self._request_more()
        lost: list[str] = []
        try:
            if follower is not None:
                follower.start(changes, now)
            taken = None
            if attempt.transaction is None:
                taken = self.engine.commit(changes, attempt.kind.durable, request)
            if taken is None:
                attempt.begin()
                lost = self.engine.change(changes)
                if lost and lost != [sql.START]:
                    raise LeaseLost(attempt.claim.id, "another worker took it over before it ended")
                if request is not None:
                    taken = self.engine.take(request)
                attempt.commit()
        except BaseException:
            if follower is not None:
                self.batch.put_first(follower.claim)
            raise
        if follower is not None:
            follower.started = not lost
        elif request is not None and taken is not None:
            follower = self._go_on_with(taken)
        if state is not None:
            self.queue.settled(attempt, state)
            self._roll_back_what_is_open()
        return None if lost else follower  # if lost, another worker has taken it over

    def _abandon(self, attempt: Attempt, ending: Abandoned) -> None:
        """The job ends without an outcome of its own: back to the queue, canceled, or another worker's already."""
        claim = attempt.claim
        changes: list[Change] = []
        if isinstance(ending, LeaseLost):
            self.queue.report("lease lost", claim, ending.reason)
            return
        attempt.raised(ending)
        waits = False
        while True:
            changes.clear()
            try:
                with self.database.write():
                    state = attempt.end(changes, self.database.clock())
                    if self.engine.change(changes):
                        raise LeaseLost(claim.id, "another worker took it over")
                    if state is None:
                        self.database.after_commit(self.storage.bell.ring)
                break
            except self._lost as error:
                # where the disk is full nothing can be done but to wait, and the job has its lease all the while
                if isinstance(error, self.engine.temporary) and not self.stopping.is_set():
                    if not waits and not isinstance(error, self.engine.cut):
                        self.queue.report("no space", claim, explain(error, self.engine.errors))
                    waits = True
                    self.stopping.wait(FULL_SECONDS)
                    continue
                self.queue.report(
                    "lease lost", claim, f"{ending.reason}; {explain(error, self.engine.errors)}"
                )
                return
        if state is not None:
            self.queue.settled(attempt, state)
        elif not isinstance(ending, Stopped):
            self.queue.report("released", claim, ending.reason)

    # -- jobs that share an acknowledgement ----------------------------------------------------------------

    def _run_group(self, first: Attempt) -> tuple[int, Attempt | None]:
        """Run ``first`` and as many of the next as fit, in one transaction that ends them all. Returns how many, and the job of the
        next batch that began in it."""
        durable = first.kind.durable
        members: list[Attempt] = []
        taken: Taken | None = None
        try:
            with self.database.write(durable=durable):
                self._since = time.monotonic()  # without the wait for the turn to write, which is no work
                deadline = self._since + SHARE
                attempt: Attempt | None = first
                while attempt is not None:
                    members.append(attempt)
                    self._run_member(attempt)
                    full = self._group_is_full(len(members), deadline)
                    attempt = None if full else self._next_member(durable)
                states = self._end_group(members)
                request = self._request_more()
                if request is not None:
                    taken = self.engine.take(request)
        except LeaseLost:  # another worker has one of them: the others one by one
            for member in members:
                member.claim.suspect = 1
                self.batch.put([member.claim])
            return 0, None
        except self._unwritten as error:
            log.warning(
                "%d jobs could not be acknowledged and go back, to run one by one: %s", len(members), error
            )
            with self.database.write():
                self.database.many(
                    sql.HAND_BACK_SUSPECT, [(each.claim.id, each.claim.claims) for each in members]
                )
            raise
        follower = None if taken is None else self._go_on_with(taken)
        for member, state in zip(members, states, strict=True):
            if state is not None:
                self.queue.settled(member, state)
        self._roll_back_what_is_open()
        return len(members), follower

    def _next_member(self, durable: bool) -> Attempt | None:
        return self._next(
            lambda claim: self._groupable(claim) and self.queue.kinds[claim.name].durable == durable
        )

    def _group_is_full(self, members: int, deadline: float) -> bool:
        if members >= GROUP or self._must_yield():
            return True
        late = time.monotonic() - deadline
        return late >= 0 or (late > -0.75 * SHARE and self.engine.contended())

    def _run_member(self, attempt: Attempt) -> None:
        """Run one job of a group in a savepoint."""
        attempt.began = self.database.clock()
        attempt.mark = self.engine.callbacks()
        task = self._task_of(attempt)
        if task is None:
            return
        self.engine.begin_part()
        token = CURRENT_JOB.set(CurrentJob(attempt, task.timeout, self.stopping))
        try:
            self._execute(attempt.claim, task)
        except Unacknowledged:
            raise
        except BaseException as error:
            attempt.raised(error)
            attempt.rollback_to_savepoint()
        finally:
            CURRENT_JOB.reset(token)
            task.attempt = None
        self.engine.end_part()

    def _end_group(self, members: list[Attempt]) -> list[str | None]:
        """End all jobs of a group; returns their states, as :meth:`Attempt.end` does."""
        if not self.engine.stands_at(1):
            self.engine.return_to(1)
            raise Unacknowledged(members[0].claim.id, "a hook left a transaction open")
        now = self.database.clock()
        changes: list[Change] = []
        states = [each.end(changes, now) for each in members]
        if self.engine.change(changes):
            raise LeaseLost(members[0].claim.id, "another worker took it, or another job of its group, over")
        return states

    # -- rows into tasks -----------------------------------------------------------------------------------

    def _task_of(self, attempt: Attempt) -> JobTask | None:
        """The task that the row describes; None: it describes none, and :attr:`Attempt.error` says why."""
        problem: Exception
        try:
            task = self.queue.task_of(attempt.claim)
        except (BadRow, UnknownHandler) as error:
            problem = error
        except Exception as error:  # whatever somebody wrote into the row, the worker goes on
            problem = BadRow(f"its row cannot be read: {explain(error, self.engine.errors)}")
        else:
            task.attempt = attempt
            attempt.retries_left = task.retries
            return task
        problem.__traceback__ = None  # what is wrong is in the row, not in the code that read it
        attempt.error = problem
        return None

    def _execute(self, claim: Claim, task: JobTask) -> None:
        """Let Huey run the task: revocation, expiry, hooks, the handler, what follows it."""
        if self.on_begin is not None:
            self.on_begin(claim.id)
        if claim.cancel:
            raise CanceledWhileRunning(claim.id, "it was canceled by the operator")
        timeless = claim.expires is None and not self._revoked
        self.queue.execute(task, _LONG_AGO if timeless else self._timestamp())

    def _timestamp(self) -> datetime:
        """What Huey compares expiry and revocation with; asked for only where it matters."""
        return datetime.fromtimestamp(self.database.clock() / SECOND, UTC).replace(tzinfo=None)
