"""The queue: jobs in an SQLite database that are neither lost nor done twice, behind the API of Huey.

See docs/jobs.md for what exactly is promised.
"""

from __future__ import annotations

import jobs.huey  # noqa: F401  # before anything that imports Huey
from jobs.current import CurrentJob, current_job
from jobs.errors import (
    Abandoned,
    CanceledWhileRunning,
    DoNotRetry,
    JobsError,
    LeaseLost,
    PayloadError,
    Stopped,
    TimeLimitExceeded,
    UnknownHandler,
    UnknownJob,
    WaitTimeout,
    WrongState,
)
from jobs.producer import JobId
from jobs.queue import JobQueue
from jobs.retry import Retry
from jobs.signals import JobSignal
from jobs.state import JobEvent, JobState

__all__ = [
    "Abandoned",
    "CanceledWhileRunning",
    "CurrentJob",
    "DoNotRetry",
    "JobEvent",
    "JobId",
    "JobQueue",
    "JobSignal",
    "JobState",
    "JobsError",
    "LeaseLost",
    "PayloadError",
    "Retry",
    "Stopped",
    "TimeLimitExceeded",
    "UnknownHandler",
    "UnknownJob",
    "WaitTimeout",
    "WrongState",
    "current_job",
]
