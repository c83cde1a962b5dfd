"""Events of jobs for alerts and logs, each with its correlation id."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.attempt import explain
from jobs.state import SCHEDULED, WAITING, correlation

if TYPE_CHECKING:
    from jobs.attempt import Attempt

log = logging.getLogger("jobs")


EVENTS = (
    "done", "retry", "dead", "canceled", "expired", "lease lost", "released", "rescued", "overdue", "no space", "missed",
)  # fmt: skip
"""The events that subscribers receive."""


@dataclass(frozen=True, slots=True)
class JobSignal:
    """Something that happened to a job, after it was committed."""

    event: str
    """done, retry, dead, canceled, expired; lease lost, released, rescued, overdue; no space (its end waits
    for space on the disk); missed (a cycle's slots)."""
    job_id: int
    name: str
    queue: str
    correlation_id: str
    """Shared by a job, its cause and its consequences."""
    parent_id: int | None
    reason: str | None = None

    @property
    def severity(self) -> str:
        """info, warning or error, as alerts and logs use it."""
        if self.event in ("dead", "overdue"):
            return "error"
        return "info" if self.event in ("done", "canceled", "released") else "warning"


class Signals:
    """Subscribers. An exception in one is logged and does not affect the others."""

    def __init__(self) -> None:
        self._receivers: list[Callable[[JobSignal], object]] = []

    def __bool__(self) -> bool:
        return bool(self._receivers)

    def subscribe(self, receiver: Callable[[JobSignal], object]) -> Callable[[], None]:
        """Call ``receiver`` with every signal, in the thread where it happens. Returns a function that unsubscribes it."""
        self._receivers = [*self._receivers, receiver]

        def end() -> None:
            self._receivers = [each for each in self._receivers if each is not receiver]

        return end

    def send(
        self,
        event: str,
        job_id: int,
        name: str,
        queue: str,
        correlation_id: str | None,
        parent_id: int | None,
        reason: str | None = None,
    ) -> None:
        """Send an event to all receivers, and write it to the log if it is a warning or an error."""
        signal = JobSignal(event, job_id, name, queue, correlation(job_id, correlation_id), parent_id, reason)
        if signal.severity != "info":
            log.warning("job %d (%s) %s: %s", job_id, name, event, reason)
        for receiver in self._receivers:
            try:
                receiver(signal)
            except BaseException:  # also one that would end the thread
                log.exception("a receiver of job signals failed")

    def settled(self, attempt: Attempt, state: str) -> None:
        """A job has ended, or goes back for another try."""
        claim = attempt.claim
        event = "retry" if state in (WAITING, SCHEDULED) else state
        reason = attempt.engine.mask(explain(attempt.error, attempt.engine.errors)) if attempt.error else None
        self.send(event, claim.id, claim.name, claim.queue, claim.correlation_id, claim.parent_id, reason)
