"""The queue: jobs in an SQLite database that are neither lost nor done twice, behind the API of Huey.

Everything an application needs is exported here, and loaded when it is first asked for. docs/jobs.md says exactly what
is promised.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.admin import (
        ForgottenJobs,
        QueueCounts,
        QueueLoad,
        QueueState,
        cancel_job,
        cancel_jobs,
        count_by_state,
        count_jobs,
        count_up_to,
        find_jobs,
        forget_jobs,
        job_history,
        list_queues,
        newest_jobs,
        newest_of_each_kind,
        pause_queue,
        prune_jobs,
        queue_loads,
        resume_queue,
        retry_job,
        retry_jobs,
        running_jobs,
        show_job,
        wait_until_empty,
        worker_processes,
    )
    from jobs.apart import accept_report, run_ticket, ticket_for
    from jobs.core import Cipher, Duty
    from jobs.current import CurrentJob
    from jobs.engine import Engine
    from jobs.errors import (
        Abandoned,
        CanceledWhileRunning,
        CannotBeAsked,
        DoNotRetry,
        JobsError,
        LeaseLost,
        PayloadError,
        Snooze,
        Stopped,
        TimeLimitExceeded,
        UnknownHandler,
        UnknownJob,
        WaitTimeout,
        WrongState,
    )
    from jobs.fencing import (
        Lease,
        drop_lease,
        fence_writes,
        keep_lease,
        lease_of,
        note_applied,
        taking_over,
    )
    from jobs.here import current_job
    from jobs.kind import JobWrapper
    from jobs.liveness import WorkerRegistration, worker_is_dead
    from jobs.notify import Bell
    from jobs.operating import Jobs
    from jobs.periodic import PeriodicJob
    from jobs.poller import Poller
    from jobs.postgres import PostgresEngine
    from jobs.postgres_links import call_function, postgres_driver
    from jobs.proving import Proof, Violation, prove
    from jobs.queue import JobQueue, Queue
    from jobs.retry import Retry
    from jobs.schema import SCHEMA
    from jobs.sealing import check_sealed_events, count_unsealed_events, seal_anew, seal_events
    from jobs.signals import JobSignal
    from jobs.state import ENDED, JobEvent, JobState
    from jobs.waiting import JobId
    from jobs.worker import JobWorker

_MODULES = {
    "admin": "ForgottenJobs QueueCounts QueueLoad QueueState cancel_job cancel_jobs count_by_state count_jobs "
    "count_up_to find_jobs forget_jobs job_history list_queues newest_jobs newest_of_each_kind pause_queue "
    "prune_jobs queue_loads resume_queue retry_job retry_jobs running_jobs show_job wait_until_empty worker_processes",
    "apart": "accept_report run_ticket ticket_for",
    "core": "Cipher Duty",
    "engine": "Engine",
    "current": "CurrentJob",
    "errors": "Abandoned CanceledWhileRunning CannotBeAsked DoNotRetry JobsError LeaseLost PayloadError Snooze Stopped TimeLimitExceeded "
    "UnknownHandler UnknownJob WaitTimeout WrongState",
    "fencing": "Lease drop_lease fence_writes keep_lease lease_of note_applied taking_over",
    "here": "current_job",
    "kind": "JobWrapper",
    "liveness": "WorkerRegistration worker_is_dead",
    "notify": "Bell",
    "operating": "Jobs",
    "periodic": "PeriodicJob",
    "poller": "Poller",
    "postgres": "PostgresEngine",
    "postgres_links": "call_function postgres_driver",
    "proving": "Proof Violation prove",
    "queue": "JobQueue Queue",
    "retry": "Retry",
    "schema": "SCHEMA",
    "sealing": "check_sealed_events count_unsealed_events seal_anew seal_events",
    "signals": "JobSignal",
    "state": "ENDED JobEvent JobState",
    "waiting": "JobId",
    "worker": "JobWorker",
}
_HOME = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}

__all__ = [
    "ENDED",
    "SCHEMA",
    "Abandoned",
    "Bell",
    "CanceledWhileRunning",
    "CannotBeAsked",
    "Cipher",
    "CurrentJob",
    "DoNotRetry",
    "Duty",
    "Engine",
    "ForgottenJobs",
    "JobEvent",
    "JobId",
    "JobQueue",
    "JobSignal",
    "JobState",
    "JobWorker",
    "JobWrapper",
    "Jobs",
    "JobsError",
    "Lease",
    "LeaseLost",
    "PayloadError",
    "PeriodicJob",
    "Poller",
    "PostgresEngine",
    "Proof",
    "Queue",
    "QueueCounts",
    "QueueLoad",
    "QueueState",
    "Retry",
    "Snooze",
    "Stopped",
    "TimeLimitExceeded",
    "UnknownHandler",
    "UnknownJob",
    "Violation",
    "WaitTimeout",
    "WorkerRegistration",
    "WrongState",
    "accept_report",
    "call_function",
    "cancel_job",
    "cancel_jobs",
    "check_sealed_events",
    "count_by_state",
    "count_jobs",
    "count_unsealed_events",
    "count_up_to",
    "current_job",
    "drop_lease",
    "fence_writes",
    "find_jobs",
    "forget_jobs",
    "job_history",
    "keep_lease",
    "lease_of",
    "list_queues",
    "newest_jobs",
    "newest_of_each_kind",
    "note_applied",
    "pause_queue",
    "postgres_driver",
    "prove",
    "prune_jobs",
    "queue_loads",
    "resume_queue",
    "retry_job",
    "retry_jobs",
    "run_ticket",
    "running_jobs",
    "seal_anew",
    "seal_events",
    "show_job",
    "taking_over",
    "ticket_for",
    "wait_until_empty",
    "worker_is_dead",
    "worker_processes",
]


def __getattr__(name: str) -> Any:
    """An exported name, when it is first asked for: most commands need only some, and Huey takes 30 ms to load."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
