"""What one worker thread does: claim a few jobs, run them, acknowledge them, hand back what it could not begin."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import apsw

from db import DatabaseError
from db.clock import SECOND
from jobs import sql
from jobs.attempt import Delivery, explain
from jobs.batch import Batch, Running
from jobs.current import CurrentJob, _current
from jobs.errors import (
    Abandoned,
    BadRow,
    CanceledWhileRunning,
    LeaseLost,
    Stopped,
    Unacknowledged,
    UnknownHandler,
)
from jobs.state import CANCELED, DEAD, DONE
from jobs.storage import Claim

if TYPE_CHECKING:
    from jobs.kind import JobTask, Kind
    from jobs.queue import JobQueue

log = logging.getLogger("jobs")

GROUP = 64
"""Jobs that may share one acknowledgement, and the most that are claimed at once."""

SHARE = 0.020
"""Seconds of work that a batch, or a group, is meant to hold."""

_LONG_AGO = datetime(1970, 1, 1)
_NOTHING = -(2**63)


class Deliverer:
    """The work of one thread. Its public attributes are what the keeper looks at."""

    _connection: apsw.Connection
    """This thread's, asked for once per batch."""

    def __init__(
        self, queue: JobQueue, stopping: threading.Event, serves: frozenset[str] | None = None
    ) -> None:
        self.queue = queue
        self.database = queue.database
        self.storage = queue.storage
        self.stopping = stopping
        self.serves = serves
        self.batch = Batch()
        self.running: Running | None = None
        self.urgent = _NOTHING
        """The highest priority that was enqueued since the last claim."""
        self.on_begin: Callable[[int], object] | None = None
        """Called with each job's number before it runs; for tests."""
        self.abandoned = False
        """Its job was taken over while it hung: another thread has its place."""
        self._size = 1
        self._idle = True
        self._revoked = False

    # -- a batch -------------------------------------------------------------------------------------------

    def work(self) -> int:
        """Claim and deliver one batch. Returns how many jobs were begun; 0: nothing may run now."""
        self.urgent = _NOTHING
        self._connection = self.database.connection()
        claims = self._claim()
        if not claims:
            return 0
        began = time.monotonic()
        self.batch.put(claims)
        done = 0
        try:
            claim = self.batch.pop()
            while claim is not None:
                follower = None
                if claim.started or not self._groupable(claim):
                    follower = self._run_alone(claim)
                    done += 1
                else:
                    done += self._run_group(claim)
                if follower is None and self._must_yield():
                    break
                claim = follower or self.batch.pop()
        finally:
            self._hand_back(self.batch.take_all())
        self._adapt(len(claims), time.monotonic() - began)
        return done

    def _claim(self) -> list[Claim]:
        owner = self.queue.owner.id
        if self._idle and not self.storage.choose(self._size, owner, self.serves):
            return []  # not worth a write transaction
        with self.database.write():
            claims = self.storage.claim(self._size, owner, self.queue.lease, self.serves)
            self._idle = not claims
            if claims:
                self._revoked = self.storage.anything_revoked()
                if not self._groupable(claims[0]):
                    self._start(claims[0])
        return claims

    def _adapt(self, claimed: int, seconds: float) -> None:
        """Aim at batches that hold about :data:`SHARE` seconds of work."""
        if seconds > SHARE:
            self._size = max(1, self._size // 2)
        elif claimed >= self._size:
            self._size = min(GROUP, self._size * 2)

    def _must_yield(self) -> bool:
        """Whether what has not begun should go back: something more urgent came, or the worker stops."""
        if self.stopping.is_set() or self.abandoned:
            return True
        if self.urgent == _NOTHING or not len(self.batch):
            return False
        head = self.batch.peek()
        return head is not None and head.priority < self.urgent

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

    def _start(self, claim: Claim) -> None:
        """Count the try, before the work. Call inside a write transaction."""
        now = self.database.clock()
        self.database.sql(sql.START, (now, claim.id, claim.claims))
        if self.database.changes() != 1:
            raise LeaseLost(claim.id, "it was taken over by another worker before it began")
        self.database.sql(
            sql.EVENT, (claim.id, now, "started", claim.claims, self.queue.owner.id, None, None)
        )
        claim.started = True

    def _run_alone(self, claim: Claim) -> Claim | None:
        """Run one job. Returns the next one when its start was committed together with this one's end."""
        queue = self.queue
        try:
            if not claim.started:
                with self.database.write():
                    self._start(claim)
            kind, task = self._materialise(claim)
        except LeaseLost as lost:
            queue.report("lease lost", claim, str(lost))
            return None
        except (BadRow, UnknownHandler) as error:
            self._bury(claim, error)
            return None
        delivery = self._delivery(claim, kind, task, in_group=False)
        job = CurrentJob(delivery, claim, task.timeout, self.stopping)
        self.running = Running(job, claim, kind, self.database.clock() + queue.lease)
        token = _current.set(job)
        follower: Claim | None = None
        try:
            try:
                self._execute(claim, task)
                follower = self._end_alone(delivery)
            except Abandoned:
                raise
            except Exception as error:  # in the bookkeeping or the commit: the job has failed
                delivery.rollback()
                delivery.fail(error)
                follower = self._end_alone(delivery)
        except Abandoned as ending:
            delivery.rollback()
            self._abandon(delivery, ending)
        except (
            DatabaseError,
            apsw.Error,
        ) as error:  # not even the failure can be written: the lease will tell
            delivery.rollback()
            self._abandon(delivery, Unacknowledged(claim.id, f"its end could not be written: {error}"))
        finally:
            _current.reset(token)
            self.running = None
            task.delivery = None
        return follower

    def _end_alone(self, delivery: Delivery) -> Claim | None:
        """Acknowledge and, in the same transaction, begin the next job of the batch."""
        delivery.begin()
        now, connection = self.database.clock(), self._connection
        ended: tuple[Any, ...] = ()
        if delivery.ends_well and delivery.kind.keep:
            state, claim = DONE, delivery.claim
            connection.execute(sql.FINISH, (DONE, now, delivery.result, None, claim.id, claim.claims))
            if connection.changes() != 1:
                raise LeaseLost(claim.id, "it was taken over by another worker before it ended")
            ended = (claim.id, now, DONE, claim.claims, delivery.worker, delivery.lost_result, None)
        else:
            state = delivery.write_end(now, None)
        follower = None
        if not self._must_yield():
            follower = self.batch.pop(self._ungroupable)
        if follower is not None:
            connection.execute(sql.START, (now, follower.id, follower.claims))
            if connection.changes() == 1:
                begun = (follower.id, now, "started", follower.claims, delivery.worker, None, None)
                connection.execute(sql.EVENT_PAIR if ended else sql.EVENT, (*ended, *begun))
                ended = ()
            else:
                follower = None
        if ended:
            connection.execute(sql.EVENT, ended)
        try:
            delivery.commit()
        except BaseException:
            if follower is not None:
                self.batch.put_first(follower)
            raise
        if follower is not None:
            follower.started = True
        self.queue.settled(delivery, state)
        return follower

    def _abandon(self, delivery: Delivery, ending: Abandoned) -> None:
        """The job ends without an outcome of its own: back to the queue, canceled, or somebody else's already."""
        claim = delivery.claim
        if isinstance(ending, LeaseLost):
            self.queue.report("lease lost", claim, ending.reason)
            return
        try:
            with self.database.write():
                if isinstance(ending, CanceledWhileRunning):
                    delivery.state, delivery.error = CANCELED, ending
                    delivery.retry_due = None
                    state = delivery.write_end(self.database.clock(), None)
                else:
                    self.database.sql(sql.RELEASE, (claim.id, claim.claims))
                    if self.database.changes() != 1:
                        raise LeaseLost(claim.id, "it was taken over by another worker")
                    self.storage.event(claim.id, "released", claim.claims, self.queue.owner.id, ending.reason)
                    state = ""
                    self.database.after_commit(self.storage.bell.ring)
        except (LeaseLost, DatabaseError, apsw.Error) as error:
            self.queue.report("lease lost", claim, f"{ending.reason}; {explain(error)}")
            return
        if state:
            self.queue.settled(delivery, state)
        elif not isinstance(ending, Stopped):
            self.queue.report("released", claim, ending.reason)

    # -- jobs that share an acknowledgement ----------------------------------------------------------------

    def _run_group(self, first: Claim) -> int:
        """Run ``first`` and as many of the next as fit, in one transaction that acknowledges them all."""
        durable = self.queue.kinds[first.name].durable
        members: list[Claim] = []
        endings: list[tuple[Delivery, str]] = []
        try:
            with self.database.write(durable=durable):
                deadline = time.monotonic() + SHARE
                claim: Claim | None = first
                while claim is not None:
                    members.append(claim)
                    self._run_member(claim, endings)
                    claim = (
                        None if self._group_is_full(len(members), deadline) else self._next_member(durable)
                    )
                self._end_group(endings)
        except LeaseLost:  # somebody has one of them: the others one by one
            for claim in members:
                claim.suspect = 1
                self.batch.put([claim])
            return 0
        except (DatabaseError, apsw.Error, Unacknowledged) as error:
            log.warning(
                "%d jobs could not be acknowledged and go back, to run one by one: %s", len(members), error
            )
            with self.database.write():
                self.database.many(sql.HAND_BACK_SUSPECT, [(claim.id, claim.claims) for claim in members])
            raise
        for delivery, state in endings:
            self.queue.settled(delivery, state)
        return len(members)

    def _next_member(self, durable: bool) -> Claim | None:
        return self.batch.pop(
            lambda claim: self._groupable(claim) and self.queue.kinds[claim.name].durable == durable
        )

    def _group_is_full(self, members: int, deadline: float) -> bool:
        if members >= GROUP or self._must_yield():
            return True
        late = time.monotonic() - deadline
        return late >= 0 or (late > -0.75 * SHARE and self.database.contended())

    def _run_member(self, claim: Claim, endings: list[tuple[Delivery, str]]) -> None:
        connection = self._connection
        began = self.database.clock()
        try:
            kind, task = self._materialise(claim)
        except (BadRow, UnknownHandler) as error:
            endings.append((self._buried(claim, error, began), DEAD))
            return
        delivery = self._delivery(claim, kind, task, in_group=True)
        connection.execute("SAVEPOINT job")
        token = _current.set(CurrentJob(delivery, claim, task.timeout, self.stopping))
        try:
            self._execute(claim, task)
        except Unacknowledged:
            raise
        except (Abandoned, Exception) as error:
            if not connection.in_transaction:
                raise Unacknowledged(claim.id, f"its transaction was rolled back: {error}") from error
            delivery.rollback_to_savepoint()
            if isinstance(error, CanceledWhileRunning):
                delivery.state, delivery.error = CANCELED, error
            elif isinstance(error, Abandoned):
                connection.execute("RELEASE job")
                self.storage.hand_back([claim])
                return
            else:
                delivery.fail(error)
        finally:
            _current.reset(token)
            task.delivery = None
        connection.execute("RELEASE job")
        if delivery.ends_well and kind.keep:
            endings.append((delivery, DONE))  # written for all of them at once
        else:
            endings.append((delivery, delivery.write_end(self.database.clock(), began)))

    def _end_group(self, endings: list[tuple[Delivery, str]]) -> None:
        """Acknowledge all that are done in two calls; the count of changed rows is the fence."""
        good = [delivery for delivery, state in endings if state == DONE and delivery.kind.keep]
        if not good:
            return
        connection, now, worker = self._connection, self.database.clock(), self.queue.owner.id
        before = connection.total_changes()
        connection.executemany(
            sql.FINISH_IN_GROUP,
            [(DONE, now, now, each.result, None, each.claim.id, each.claim.claims) for each in good],
        )
        if connection.total_changes() - before != len(good):
            raise LeaseLost(good[0].claim.id, "or one of its group was taken over by another worker")
        connection.executemany(
            sql.EVENT,
            [(each.claim.id, now, DONE, each.claim.claims, worker, each.lost_result, None) for each in good],
        )

    # -- rows into tasks -----------------------------------------------------------------------------------

    def _materialise(self, claim: Claim) -> tuple[Kind, JobTask]:
        """The task that a row describes. Raises :class:`BadRow` or :class:`UnknownHandler`."""
        try:
            task = self.queue.task_of(claim)
        except (BadRow, UnknownHandler):
            raise
        except Exception as error:  # whatever somebody wrote into the row, the worker goes on
            raise BadRow(f"its row cannot be read: {explain(error)}") from None
        return task.kind, task

    def _delivery(self, claim: Claim, kind: Kind, task: JobTask, *, in_group: bool) -> Delivery:
        queue = self.queue
        delivery = Delivery(claim, kind, self.database, queue.owner.id, queue.lease, in_group, self._revoked)
        delivery.retries_left = task.retries
        if in_group:
            delivery.mark = self.database.callbacks()
        task.delivery = delivery
        return delivery

    def _execute(self, claim: Claim, task: JobTask) -> None:
        """Let Huey run the task: revocation, expiry, hooks, the handler, what follows it."""
        if self.on_begin is not None:
            self.on_begin(claim.id)
        if claim.cancel:
            raise CanceledWhileRunning(claim.id, "it was canceled by the operator")
        self.queue.execute(task, self._timestamp(claim))

    def _timestamp(self, claim: Claim) -> datetime:
        """What Huey compares expiry and revocation with; the time is asked for only where it matters."""
        if claim.expires is None and not self._revoked:
            return _LONG_AGO
        return datetime.fromtimestamp(self.database.clock() / SECOND, UTC).replace(tzinfo=None)

    def _buried(self, claim: Claim, error: Exception, began: int | None) -> Delivery:
        """A row that cannot be run, into the dead letters. Call inside a write transaction."""
        kind = self.queue.kinds.get(claim.name) or self.queue.nameless
        delivery = Delivery(claim, kind, self.database, self.queue.owner.id, self.queue.lease, False, False)
        delivery.error = error
        error.__traceback__ = None  # what is wrong is in the row, not in the code that read it
        delivery.write_end(self.database.clock(), began)
        return delivery

    def _bury(self, claim: Claim, error: Exception) -> None:
        try:
            with self.database.write():
                delivery = self._buried(claim, error, None)
        except LeaseLost as lost:
            self.queue.report("lease lost", claim, str(lost))
            return
        self.queue.settled(delivery, DEAD)
