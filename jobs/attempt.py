"""One attempt at one job: the transaction in which it ends, and its outcome.

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
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from db import DatabaseError
from db.clock import SECOND
from jobs import sql
from jobs.engine import Change, Claim, Engine, Row
from jobs.errors import (
    Abandoned,
    BadResult,
    CanceledWhileRunning,
    DoNotRetry,
    FailedApart,
    HandlerExited,
    LeaseLost,
    PayloadError,
    Snooze,
    TransactionLeft,
    Unacknowledged,
)
from jobs.huey import signals as S
from jobs.serializer import to_json
from jobs.state import CANCELED, DEAD, DONE, EXPIRED, SCHEDULED, WAITING

if TYPE_CHECKING:
    from jobs.kind import JobTask, Kind

ENDS_BY_SIGNAL = {S.SIGNAL_REVOKED: CANCELED, S.SIGNAL_CANCELED: CANCELED, S.SIGNAL_EXPIRED: EXPIRED}

log = logging.getLogger("jobs")

NOT_RUN = (Generator, Coroutine, AsyncGenerator)
"""What a function returns whose body has not run yet: it would never run."""

MAX_ERROR, MAX_DETAIL = 500, 8_000
"""Characters of an error's message in the row, and of its traceback in the event, that are kept."""


class Attempt:
    """One try at a claimed job. Its start and its end are written here and nowhere else.

    A job that runs alone has its start committed before the handler runs. A member of a group has ``began`` instead: its
    start is written together with its end, by the transaction that the group shares.
    """

    __slots__ = (
        "bare",
        "began",
        "claim",
        "database",
        "engine",
        "error",
        "kind",
        "lease",
        "mark",
        "may_be_revoked",
        "result",
        "retries_left",
        "retry_due",
        "retry_failures",
        "seal",
        "signals",
        "started",
        "state",
        "transaction",
        "worker",
    )

    def __init__(
        self, claim: Claim, kind: Kind, engine: Engine, worker: int, lease: int, may_be_revoked: bool
    ) -> None:
        self.claim = claim
        self.kind = kind
        self.engine = engine
        self.database = engine.store
        self.worker = worker
        self.lease = lease
        self.may_be_revoked = may_be_revoked
        self.seal: Callable[[str], str] | None = None
        """Encrypts the result, where the queue has a key."""
        self.started = False
        """Whether its start has been committed."""
        self.bare = False
        """The transaction that ends it has nothing to write but that end, so it may share the transaction of others. (Not if its
        handler opens one.)"""
        self.began: int | None = None
        self.mark = 0
        self.transaction: AbstractContextManager[Any] | None = None
        self.error: BaseException | None = None
        self.result: str | None = None
        self.state: str | None = None
        self.retry_due: int | None = None
        self.retry_failures: int | None = None
        self.retries_left = kind.retry.retries
        self.signals: list[tuple[str, JobTask, tuple[Any, ...]]] = []

    # -- around the handler --------------------------------------------------------------------------------

    def run(self, body: Callable[[JobTask], Any], task: JobTask) -> Any:
        """Call the handler. Afterwards the transaction is open in which Huey's bookkeeping and the end belong."""
        try:
            if self.began is None and self.kind.atomic:
                self._open()
            value = body(task)
            if not self.engine.stands_at(0 if self.began is None and self.transaction is None else 1):
                raise TransactionLeft(self._left())
            if value is not None:
                self._returned(value)
        except self.engine.cut as error:
            self._undo(reopen=False)
            raise Unacknowledged(self.claim.id, f"its try was cut short: {error}") from error
        except Exception as error:
            self._failed(error, task)
            raise
        except Abandoned as error:
            self.error = error
            self._undo(reopen=False)
            raise
        except BaseException as error:
            message = f"{self._explained(error)}; a handler ends its job by returning or with an exception"
            failure = HandlerExited(message).with_traceback(error.__traceback__)
            self._failed(failure, task)
            raise failure from None
        if self.began is None and self.transaction is None and not self.bare:
            self._open()
        return value

    def _returned(self, value: Any) -> None:
        """Keep the result as JSON. Raises :class:`BadResult` when the handler has not run at all, or its result is no JSON."""
        if isinstance(value, NOT_RUN):
            if not isinstance(value, AsyncGenerator):
                value.close()
            raise BadResult(
                f"{self.claim.name} returned a {type(value).__name__}, whose body has not run; a handler does its work itself"
            )
        if self.kind.keep and self.kind.keep_result:
            try:
                result = to_json(value, f"the result of {self.claim.name}")
            except PayloadError as error:
                raise BadResult(f"{error}; return JSON, or declare the kind with keep_result=False") from None
            most = self.kind.max_result
            if most is not None and len(result) > most:
                raise BadResult(
                    f"the result of {self.claim.name} has {len(result):,} characters and may have {most:,}; "
                    "keep it elsewhere and return where it is"
                )
            self.result = self.seal(result) if self.seal is not None else result

    def _failed(self, error: Exception, task: JobTask) -> None:
        self.error = error
        self.result = None
        if isinstance(error, DoNotRetry):
            task.retries = 0
        self._undo()

    def _left(self) -> str:
        if self.engine.left_open():
            what = "left a transaction open; what stood in it is rolled back"
        else:
            what = "ended the transaction that ends its job"
        return f"{self.claim.name} {what}; a handler writes inside of 'with database.write():'"

    def begin(self) -> None:
        """Open the transaction that ends with the acknowledgement; nothing when it is open."""
        if self.began is not None or self.transaction is not None:
            return
        if self.database.in_write():
            raise RuntimeError("the transaction that ends a job cannot begin inside another one")
        self._open()

    def _open(self) -> None:
        transaction = self.database.write(durable=self.kind.durable)
        try:
            transaction.__enter__()
        except DatabaseError as error:
            raise Unacknowledged(self.claim.id, f"its end could not be written: {error}") from error
        self.transaction = transaction

    def _undo(self, reopen: bool = True) -> None:
        """Roll back what the handler did in the ending transaction, and open a new one for the bookkeeping."""
        if self.began is not None:
            self.rollback_to_savepoint()
            return
        self.rollback()
        if reopen and not self.bare:
            self.begin()

    def rollback_to_savepoint(self) -> None:
        """Undo what a member of a group did, together with what it wanted to do after the commit."""
        if not self.engine.return_to(
            1
        ):  # the whole group was rolled back, by SQLite itself when the disk is full
            raise Unacknowledged(
                self.claim.id, f"its transaction was rolled back: {self.error}"
            ) from self.error
        self.engine.undo_part(self.mark)

    def rollback(self) -> None:
        """Leave the open transaction, if any, and those that the handler left open, without committing."""
        self.transaction = None
        self.engine.return_to(0)

    def commit(self) -> None:
        """Commit the open transaction."""
        transaction, self.transaction = self.transaction, None
        if transaction is None:
            return
        try:
            transaction.__exit__(None, None, None)
        except BaseException:
            claim = self.claim
            if not self.engine.has_ended(claim.id, claim.claims):
                raise  # not committed
            log.exception("job %d ended, but what was to follow its commit failed", claim.id)
        if self.database.in_write():
            raise TransactionLeft(f"a hook of {self.claim.name} left a transaction open; it is rolled back")

    # -- what Huey and the worker report -------------------------------------------------------------------

    def note(self, signal: str, task: JobTask, args: tuple[Any, ...], keep: bool) -> None:
        """A Huey signal about this job. With ``keep`` it is sent to receivers once the end is committed."""
        state = ENDS_BY_SIGNAL.get(signal)
        if state is not None:
            self.state = state
        if keep:
            self.signals.append((signal, task, args))

    def retry_at(self, failures: int, due: int | None) -> None:
        """The job is to be tried again at ``due`` (UTC microseconds; None: after the delay of its kind)."""
        self.retry_failures = failures
        if due is None:
            due = self.database.clock() + int(self.kind.retry.delay(failures) * SECOND)
        self.retry_due = due

    def raised(self, error: BaseException) -> None:
        """``error`` replaces the outcome so far: it came after the handler, or Huey does not know what to do with it."""
        self.error = error
        self.state = self.retry_due = self.result = None
        self.signals.clear()
        may_retry = not isinstance(error, DoNotRetry | Abandoned)
        if may_retry and self.claim.failures < self.kind.retry.retries:
            self.retry_at(self.claim.failures + 1, None)

    # -- its start and its end -----------------------------------------------------------------------------

    def start(self, changes: list[Change], now: int) -> None:
        """Count the try, before the work."""
        number, token = self.claim.id, self.claim.claims
        event = (number, now, "started", token, self.worker, None, None)
        changes.append((sql.START, (now, number, token), event))

    def end(self, changes: list[Change], now: int) -> str | None:
        """End the job as it turned out. Returns its new state; None: it has no outcome, and is tried again as if it had not begun."""
        if self.error is None and self.state is None and self.retry_due is None:
            return self.succeed(changes, now)
        if self.retry_due is None and (self.state is not None or isinstance(self.error, Abandoned)):
            return self.abandon(changes, now)
        return self.fail(changes, now)

    def succeed(self, changes: list[Change], now: int) -> str:
        """The handler returned: done, or deleted where the kind keeps nothing."""
        claim = self.claim
        if self.kind.keep:
            self._finish(changes, DONE, now, claim.failures, self.result, None, None)
        else:
            changes.append((sql.FINISH_AND_FORGET, (claim.id, claim.claims), None))
        return DONE

    def fail(self, changes: list[Change], now: int) -> str:
        """It raised: back to the queue if it is to be tried again, else dead."""
        mask = self.engine.mask
        claim, reason = self.claim, mask(self._explained(self.error))
        detail = None if isinstance(self.error, Snooze) else trace(self.error, mask)
        if self.retry_due is None:
            self._finish(changes, DEAD, now, claim.failures + 1, None, reason, reason, detail)
            return DEAD
        state = SCHEDULED if self.retry_due > now else WAITING
        row = (
            state, self.retry_due, self.retry_failures, reason, self.began is not None, self.began, claim.id, claim.claims,
        )  # fmt: skip
        changes.append((sql.RETRY, row, self._event(now, "retry", reason, detail)))
        return state

    def abandon(self, changes: list[Change], now: int) -> str | None:
        """It was canceled or has expired; or its worker gives it up (None), and it goes back to the queue."""
        claim, error = self.claim, self.error
        if not isinstance(error, Abandoned) or isinstance(error, CanceledWhileRunning):
            state = self.state or CANCELED
            reason = self.engine.mask(self._explained(error)) if error is not None else None
            self._finish(changes, state, now, claim.failures, None, reason, reason)
            return state
        if isinstance(error, LeaseLost):
            return None  # the row is another worker's
        if self.began is None:
            event = self._event(now, "released", error.reason, None)
            changes.append((sql.RELEASE, (claim.id, claim.claims), event))
        else:
            changes.append((sql.HAND_BACK, (claim.id, claim.claims), None))
        return None

    def _finish(
        self,
        changes: list[Change],
        state: str,
        now: int,
        failures: int,
        result: str | None,
        error: str | None,
        reason: str | None,
        detail: str | None = None,
    ) -> None:
        number, token = self.claim.id, self.claim.claims
        event = (number, now, state, token, self.worker, reason, detail)
        if self.began is None:
            row: Row = (state, now, failures, result, error, number, token)
            changes.append((sql.FINISH, row, event))
        else:
            row = (state, self.began, now, failures, result, error, number, token)
            changes.append((sql.FINISH_IN_GROUP, row, event))

    def _explained(self, error: BaseException | None) -> str:
        return explain(error, self.engine.errors)

    def _event(self, now: int, event: str, reason: str | None, detail: str | None) -> Row:
        return (self.claim.id, now, event, self.claim.claims, self.worker, reason, detail)


def explain(error: BaseException | None, clear: tuple[type[Exception], ...] = ()) -> str:
    """An error in one line. ``clear``: errors whose words say it all."""
    text = " ".join(str(error).split())
    if (
        isinstance(
            error,
            (
                *clear,
                DatabaseError,
                DoNotRetry,
                Snooze,
                HandlerExited,
                FailedApart,
                TransactionLeft,
                Abandoned,
            ),
        )
        and text
    ):
        return text[:MAX_ERROR]
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:MAX_ERROR]


def trace(error: BaseException | None, mask: Callable[[str], str] = str) -> str | None:
    """Where an error came from, for the job's history: the end of its traceback. ``mask``: for what the errors say."""
    if error is None or error.__traceback__ is None:
        return None
    lines = "".join(traceback.format_exception(error)).splitlines(keepends=True)
    return "".join(line if line.startswith("  ") else mask(line) for line in lines)[-MAX_DETAIL:]
