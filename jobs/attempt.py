"""One attempt at one job: the transaction in which it ends, and what became of it.

    claim      BEGIN  task: waiting -> running, owner, lease, claims + 1                          COMMIT
    start      BEGIN  task: started_at, tries + 1                                                 COMMIT   (not in groups)
    work       the handler; transactions of its own begin with CurrentJob.fence()
    end        BEGIN  effects since begin() | next pipeline step | result | task: -> done         COMMIT

A crash before the last COMMIT undoes everything in that line; after it, everything in it is kept. The last statement
carries the fencing token, so a worker whose claim was taken over cannot commit.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import apsw

from db import DatabaseError
from db.clock import SECOND
from jobs import sql
from jobs.errors import Abandoned, DoNotRetry, LeaseLost, Unacknowledged
from jobs.huey import signals as S
from jobs.state import CANCELED, DEAD, DONE, EXPIRED, SCHEDULED, WAITING

if TYPE_CHECKING:
    from db.connection import _Write
    from jobs.kind import JobTask, Kind
    from jobs.storage import Claim

_ENDS_BY_SIGNAL = {S.SIGNAL_REVOKED: CANCELED, S.SIGNAL_CANCELED: CANCELED, S.SIGNAL_EXPIRED: EXPIRED}

log = logging.getLogger("jobs")

MAX_ERROR, MAX_DETAIL = 500, 8_000
"""Characters of an error's message in the row, and of its traceback in the event, that are kept."""


class Delivery:
    """What the handler's thread knows about the job it has."""

    __slots__ = (
        "claim",
        "database",
        "error",
        "in_group",
        "kind",
        "lease",
        "lost_result",
        "mark",
        "may_be_revoked",
        "result",
        "retries_left",
        "retry_due",
        "retry_failures",
        "signals",
        "state",
        "transaction",
        "worker",
    )

    def __init__(
        self,
        claim: Claim,
        kind: Kind,
        database: Any,
        worker: int,
        lease: int,
        in_group: bool,
        may_be_revoked: bool,
    ) -> None:
        self.claim = claim
        self.kind = kind
        self.database = database
        self.worker = worker
        self.lease = lease
        self.in_group = in_group
        self.may_be_revoked = may_be_revoked
        self.mark = 0
        self.transaction: _Write | None = None
        self.error: BaseException | None = None
        self.result: str | None = None
        self.lost_result: str | None = None
        self.state: str | None = None
        self.retry_due: int | None = None
        self.retry_failures: int | None = None
        self.retries_left = kind.retry.retries
        self.signals: list[tuple[str, JobTask, tuple[Any, ...]]] = []

    # -- around the handler --------------------------------------------------------------------------------

    def run(self, body: Callable[[JobTask], Any], task: JobTask) -> Any:
        """Call the handler. Afterwards the transaction is open in which Huey's bookkeeping and the end belong."""
        try:
            if self.kind.atomic:
                self.begin()
            value = body(task)
        except Exception as error:
            self.error = error
            if isinstance(error, DoNotRetry):
                task.retries = 0
            self._undo()
            raise
        except BaseException as error:
            self.error = error
            self._undo(reopen=False)
            raise
        self.begin()
        return value

    def begin(self) -> None:
        """Open the transaction that ends with the acknowledgement; nothing when it is open."""
        if self.in_group or self.transaction is not None:
            return
        if self.database.in_write():
            raise RuntimeError("the transaction that ends a job cannot begin inside another one")
        transaction = self.database.write(durable=self.kind.durable)
        try:
            transaction.__enter__()
        except DatabaseError as error:
            raise Unacknowledged(self.claim.id, f"its end could not be written: {error}") from error
        self.transaction = transaction

    def _undo(self, reopen: bool = True) -> None:
        """Roll back what the handler did in the ending transaction, and open a new one for the bookkeeping."""
        if self.in_group:
            connection = self.database.connection()
            if (
                not connection.in_transaction
            ):  # SQLite itself has rolled the whole group back, as on a full disk
                raise Unacknowledged(
                    self.claim.id, f"its transaction was rolled back: {self.error}"
                ) from self.error
            self.rollback_to_savepoint()
            return
        self.rollback()
        if reopen:
            self.begin()

    def rollback_to_savepoint(self) -> None:
        """Undo what a member of a group did, together with what it wanted to do after the commit."""
        self.database.connection().execute("ROLLBACK TO job")
        self.database.drop_callbacks(self.mark)

    def rollback(self) -> None:
        """Leave the open transaction, if any, without committing."""
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            transaction.__exit__(Abandoned, None, None)

    def commit(self) -> None:
        """Commit the open transaction."""
        transaction, self.transaction = self.transaction, None
        if transaction is None:
            return
        try:
            transaction.__exit__(None, None, None)
        except Exception:
            claim = self.claim
            if self.database.one(sql.IS_MINE, (claim.id, claim.claims)) is not None:
                raise  # not committed
            log.exception("job %d ended, but what was to follow its commit failed", claim.id)

    # -- what Huey reports ---------------------------------------------------------------------------------

    def note(self, signal: str, task: JobTask, args: tuple[Any, ...], keep: bool) -> None:
        """A Huey signal about this job. With ``keep`` it is sent to receivers once the end is committed."""
        state = _ENDS_BY_SIGNAL.get(signal)
        if state is not None:
            self.state = state
        if keep:
            self.signals.append((signal, task, args))

    def again(self, failures: int, due: int | None) -> None:
        """The job is to be tried again at ``due`` (UTC microseconds), or as late as its kind says."""
        self.retry_failures = failures
        if due is None:
            due = self.database.clock() + int(self.kind.retry.delay(failures) * SECOND)
        self.retry_due = due

    def fail(self, error: BaseException) -> None:
        """An error after the handler, in the bookkeeping of its end: the job has failed like by any other error."""
        self.error = error
        self.state = self.retry_due = self.result = None
        self.signals.clear()
        if self.claim.failures < self.kind.retry.retries and not isinstance(error, DoNotRetry):
            self.again(self.claim.failures + 1, None)

    # -- the end -------------------------------------------------------------------------------------------

    @property
    def ends_well(self) -> bool:
        """Whether the job is done: no error, no retry, not canceled."""
        return self.error is None and self.state is None and self.retry_due is None

    def write_end(self, now: int, began: int | None) -> str:
        """Acknowledge, with the fencing token. ``began`` is given where no start was committed. Returns the new state.

        Raises :class:`LeaseLost` when the row is no longer this worker's; the caller rolls back.
        """
        claim, database = self.claim, self.database
        token = (claim.id, claim.claims)
        reason: str | None
        if self.retry_due is not None:
            state = SCHEDULED if self.retry_due > now else WAITING
            reason = explain(self.error)
            database.sql(
                sql.RETRY,
                (state, self.retry_due, self.retry_failures, reason, began is not None, began, *token),
            )
            event, detail = "retry", trace(self.error)
        elif self.state is not None:
            state = event = self.state
            reason, detail = explain(self.error) if self.error else None, None
            self._finish(state, now, began, None, reason, token)
        elif self.error is not None:
            state = event = DEAD
            reason, detail = explain(self.error), trace(self.error)
            failed = (claim.failures + 1,)
            self._finish(state, now, began, None, reason, token)
            database.sql(sql.SET_FAILURES, (*failed, claim.id))
        elif self.kind.keep:
            state = event = DONE
            reason, detail = self.lost_result, None
            self._finish(state, now, began, self.result, None, token)
        else:
            database.sql(sql.FINISH_AND_FORGET, token)
            self._must_have_changed()
            return DONE
        if event == "retry":
            self._must_have_changed()
        database.sql(sql.EVENT, (claim.id, now, event, claim.claims, self.worker, reason, detail))
        return state

    def _finish(
        self,
        state: str,
        now: int,
        began: int | None,
        result: str | None,
        error: str | None,
        token: tuple[int, int],
    ) -> None:
        if began is None:
            self.database.sql(sql.FINISH, (state, now, result, error, *token))
        else:
            self.database.sql(sql.FINISH_IN_GROUP, (state, began, now, result, error, *token))
        self._must_have_changed()

    def _must_have_changed(self) -> None:
        if self.database.changes() != 1:
            raise LeaseLost(self.claim.id, "it was taken over by another worker before it ended")


def explain(error: BaseException | None) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, apsw.Error | DatabaseError | DoNotRetry | Abandoned) and text:
        return text[:MAX_ERROR]
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:MAX_ERROR]


def trace(error: BaseException | None) -> str | None:
    """Where an error came from, for the job's history: the end of its traceback."""
    if error is None or error.__traceback__ is None:
        return None
    return "".join(traceback.format_exception(error))[-MAX_DETAIL:]
