"""The job that runs in this thread, as its handler sees it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from jobs import sql
from jobs.errors import CanceledWhileRunning, LeaseLost, Snooze, Stopped, TimeLimitExceeded
from jobs.serializer import to_json
from jobs.state import correlation

if TYPE_CHECKING:
    from jobs.attempt import Attempt


class CurrentJob:
    """One attempt at one job. ``(id, claims)`` is its fencing token: the worker that takes the job over raises ``claims``."""

    def __init__(self, attempt: Attempt, time_limit: float | None, stopping: threading.Event) -> None:
        self.attempt = attempt
        """For the queue itself."""
        self._claim = claim = attempt.claim
        self._began = time.monotonic()
        self.time_limit = time_limit
        self.stopping = stopping
        """Set when the worker stops: a long job ends at its next chunk (:meth:`check` does it)."""
        self.cancel_asked = bool(claim.cancel)

    @property
    def id(self) -> int:
        """The job's number."""
        return self._claim.id

    @property
    def name(self) -> str:
        """The name of its handler."""
        return self._claim.name

    @property
    def payload(self) -> str:
        """What the job was enqueued with, JSON as the database keeps it."""
        return self._claim.payload

    @property
    def claims(self) -> int:
        """How often the job has been handed out, this time included."""
        return self._claim.claims

    @property
    def tries(self) -> int:
        """Which try this is, from 1."""
        return self._claim.tries + 1

    @property
    def due(self) -> int | None:
        """When it was to run, UTC microseconds: the slot of a cycle, the time of a delayed job; None: at once."""
        return self._claim.due

    @property
    def correlation_id(self) -> str:
        """The id that this job shares with its cause and its consequences."""
        return correlation(self._claim.id, self._claim.correlation_id)

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began

    @property
    def overdue(self) -> bool:
        """Whether it has run longer than its kind may."""
        return self.time_limit is not None and self.seconds >= self.time_limit

    def begin(self) -> None:
        """Open the transaction that ends with this job's acknowledgement.

        Everything the handler writes from here on is committed together with the job's end, or not at all. (In a kind
        that is ``atomic`` this is so from the first line.)
        """
        self.attempt.begin()

    def fence(self, progress: Any = None) -> None:
        """First statement of every transaction of a long job: continues only while the job is still this worker's.

        ``progress``: any JSON value that says how far it has come, shown to operators. A job that dies with its worker three
        times at the same progress is a dead letter, so one that is told no progress has not come further. Raises :class:`LeaseLost` if the job was taken over; leave
        the transaction with it, so that nothing of it is committed.
        """
        if not self.attempt.database.in_write():
            raise RuntimeError("fence() belongs inside database.write(), as its first statement")
        lease = 0 if self.overdue else self.attempt.database.clock() + self.attempt.lease
        shown = None if progress is None else to_json(progress, f"the progress of job {self.id}")
        rows = self.attempt.database.sql(sql.FENCE, (lease, shown, self.id, self.claims))
        if not rows:
            raise LeaseLost(self.id, "it was taken over by another worker")
        self.cancel_asked = bool(rows[0][0])

    def progress(self, value: Any) -> None:
        """Show ``value`` (JSON) to operators as what the job is doing; a fenced transaction of its own, or a part of the open one."""
        with self.attempt.database.write():
            self.fence(value)

    def snooze(self, seconds: float) -> NoReturn:
        """End this try here and begin again after ``seconds``: no failure. Raises :class:`jobs.Snooze`."""
        raise Snooze(seconds)

    def check(self) -> None:
        """Call between chunks, outside of transactions: ends the job here when it has to end.

        Raises :class:`Stopped` (the worker stops; the job goes back to the queue and is continued later),
        :class:`CanceledWhileRunning`, or :class:`TimeLimitExceeded` (a failure, tried again as its kind says).
        """
        if self.stopping.is_set():
            raise Stopped(self.id, "its worker is stopping")
        if self.cancel_asked:
            raise CanceledWhileRunning(self.id, "it was canceled by the operator")
        if self.overdue:
            raise TimeLimitExceeded(f"ran {self.seconds:.1f} s, its limit is {self.time_limit:g} s")
