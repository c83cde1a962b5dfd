"""Errors of jobs and of the queue. Users see the sentence; handlers raise or catch the class."""

from __future__ import annotations

from typing import Any

from jobs.huey import RetryTask, TaskTimeout

LONGEST = 10 * 366 * 86_400
"""Seconds; beyond this is a mistake."""


class JobsError(Exception):
    """Something about a job or the queue is not possible."""


class PayloadError(JobsError):
    """A job's arguments cannot be kept as JSON."""


class BadRow(JobsError):
    """A job's row cannot be run as it stands."""


class UnknownJob(JobsError):
    """There is no job with this number."""


class UnknownHandler(JobsError):
    """No handler has this name."""


class WrongState(JobsError):
    """The job is not in a state that allows this."""


class CannotBeAsked(JobsError):
    """What a person asked for does not make sense as it was asked."""


class WaitTimeout(JobsError):
    """The job did not end in the given time."""


class DoNotRetry(Exception):
    """Raised by a handler: the job has failed and is not tried again, even if retries are left."""


class Snooze(RetryTask):  # type: ignore[misc]
    """Raised by a handler: the job is to begin again after ``seconds``, which is no failure and uses up no retry.

    What it wrote in the transaction that ends it is undone.
    """

    def __init__(self, seconds: float) -> None:
        if not 0 <= seconds <= LONGEST:
            raise ValueError(f"a job snoozes for 0 to {LONGEST:,} seconds, not {seconds!r}")
        super().__init__(f"snoozed for {seconds:g} s", delay=seconds)


class BadResult(DoNotRetry):
    """A handler returned what cannot be its result; another try would return it again."""


class HandlerExited(JobsError):
    """A handler raised what ends a thread or a program, such as ``SystemExit``. It ends the job alone, as a failure."""


class FailedApart(JobsError):
    """A handler that ran in another process raised an error there; this one has its words, and its traceback as a note."""


class TransactionLeft(JobsError):
    """A handler left a transaction open, or ended the one that ends its job. What was open is rolled back."""


class TimeLimitExceeded(TaskTimeout):  # type: ignore[misc]
    """The job ran longer than its kind may."""


class Abandoned(BaseException):
    """The job ends here without an outcome of its own.

    Not an :class:`Exception`, so that a handler's ``except Exception`` does not treat it as a failure of its work.
    """

    def __init__(self, job_id: int, reason: str, *details: Any) -> None:
        super().__init__(reason, *details)
        self.job_id = job_id
        self.reason = reason

    def __str__(self) -> str:
        return f"job {self.job_id}: {self.reason}"


class LeaseLost(Abandoned):
    """The job was given to another worker. What this worker did since its last commit is rolled back."""


class Stopped(Abandoned):
    """The worker is stopping: the job goes back to the queue and is continued by the next worker."""


class CanceledWhileRunning(Abandoned):
    """An operator canceled the job while it ran."""


class Unacknowledged(Abandoned):
    """The transaction that was to end the job could not be committed; the job will be run again."""
