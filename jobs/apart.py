"""A job whose handler runs in another process, while the worker that claimed it here waits for what comes of it.

What is handed over is the claim: the other process fences its transactions and tells its progress by it, as would be done here. The
row stays this worker's, which keeps its lease and writes its end.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from jobs.attempt import Attempt, explain, trace
from jobs.current import CurrentJob
from jobs.engine import Claim
from jobs.errors import (
    CanceledWhileRunning,
    DoNotRetry,
    FailedApart,
    JobsError,
    LeaseLost,
    Snooze,
    Stopped,
    TimeLimitExceeded,
)
from jobs.here import CURRENT_JOB
from jobs.huey_hooks import HueyHooks
from jobs.rescue import rescue_one
from jobs.serializer import to_json

_ENDINGS = {"stopped": Stopped, "canceled": CanceledWhileRunning, "lost": LeaseLost}
_FAILURES: dict[str, type[Exception]] = {
    "late": TimeLimitExceeded,
    "final": DoNotRetry,
    "failed": FailedApart,
}


class _Apart(CurrentJob):
    def begin(self) -> None:
        """Refused: the transaction that ends the job is the worker's."""
        raise JobsError(f"{self.name} runs apart from its worker, and cannot write together with its end")


def ticket_for(job: CurrentJob) -> str:
    """What another process needs to run the handler of ``job``, as a line of text for :func:`run_ticket`."""
    attempt = job.attempt
    if attempt.kind.atomic:
        raise JobsError(f"{job.name} is atomic: its handler runs in the transaction that ends it")
    return json.dumps([attempt.claim.row(), attempt.worker, attempt.lease, job.time_limit])


def run_ticket(queue: HueyHooks, ticket: str, stopping: threading.Event) -> str:
    """Run the handler that ``ticket`` is for, in a process that is not its worker; returns a report of how it ended, as a line of
    text for :func:`accept_report`. ``stopping``: ends the job at its next :meth:`jobs.CurrentJob.check`."""
    row, worker, lease, time_limit = json.loads(ticket)
    claim = Claim(row)
    kind = queue.kinds.get(claim.name, queue.nameless)
    job = _Apart(Attempt(claim, kind, queue.engine, worker, lease, False), time_limit, stopping)
    token = CURRENT_JOB.set(job)
    try:
        return to_json(["done", queue.task_of(claim).execute(), None], f"the result of {claim.name}")
    except (Stopped, CanceledWhileRunning, LeaseLost) as ending:
        how = next(word for word, each in _ENDINGS.items() if isinstance(ending, each))
        return json.dumps([how, ending.reason, None])
    except Snooze as snooze:
        return json.dumps(["snoozed", snooze.delay, None])
    except Exception as error:
        failures = {TimeLimitExceeded: "late", DoNotRetry: "final"}
        how = next((word for each, word in failures.items() if isinstance(error, each)), "failed")
        errors = queue.engine.errors
        return json.dumps([how, explain(error, errors), trace(error, queue.engine.mask)])
    finally:
        CURRENT_JOB.reset(token)


def accept_report(queue: HueyHooks, job: CurrentJob, report: str) -> Any:
    """What the handler of ``job`` returned in another process, by its ``report``; raises what it raised there.

    An empty report is that of a process that died: the job is freed as if its worker had, and :class:`LeaseLost` is raised.
    """
    if not report:
        why = "the process that did it died"
        rescue_one(queue, job.id, job.claims, why)
        raise LeaseLost(job.id, why)
    how, found, detail = json.loads(report)
    if how == "done":
        return found
    if how == "snoozed":
        raise Snooze(found)
    if how in _ENDINGS:
        raise _ENDINGS[how](job.id, found)
    error = _FAILURES[how](found)
    if detail:
        error.add_note(detail)
    raise error
