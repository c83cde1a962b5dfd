"""A job as the database records it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WAITING, SCHEDULED, RUNNING = "waiting", "scheduled", "running"
DONE, DEAD, CANCELED, EXPIRED = "done", "dead", "canceled", "expired"

ENDED = frozenset({DONE, DEAD, CANCELED, EXPIRED})
"""States that a job leaves only by hand."""

STATES = (WAITING, SCHEDULED, RUNNING, DONE, DEAD, CANCELED, EXPIRED)


@dataclass(frozen=True, slots=True)
class JobState:
    """One row of the queue. Times are UTC microseconds."""

    id: int
    queue: str
    name: str
    state: str
    priority: int
    tries: int
    """How often it was begun."""
    failures: int
    """How often it raised."""
    lost: int
    """How often its worker died while it ran, since it last came further than where it died before."""
    claims: int
    due: int | None
    expires: int | None
    unique_key: str | None
    tags: list[str]
    correlation_id: str
    parent_id: int | None
    owner: int | None
    lease: int | None
    created_at: int
    started_at: int | None
    finished_at: int | None
    progress: Any
    result: Any
    error: str | None
    payload: str
    cancel_asked: bool

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.state in ENDED

    def to_json(self) -> dict[str, Any]:
        """The shape of ``jobs list --json``."""
        return {
            "id": self.id,
            "name": self.name,
            "queue": self.queue,
            "state": self.state,
            "tries": self.tries,
            "priority": self.priority,
            "due": self.due,
            "error": self.error,
            "tags": self.tags,
            "correlation_id": self.correlation_id,
            "progress": self.progress,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
        }


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One change of a job's state."""

    id: int
    at: int
    event: str
    claim: int | None
    worker: int | None
    reason: str | None
    detail: str | None


def correlation(job_id: int, correlation_id: str | None) -> str:
    """The id that a cause shares with all its consequences; a job without a cause has one of its own."""
    return correlation_id or f"job-{job_id}"


def from_row(row: Sequence[Any]) -> JobState:
    """A :class:`JobState` of a row in the order of :data:`jobs.sql.COLUMNS`."""
    (
        id, queue, name, state, priority, tries, failures, lost, claims, due, expires, unique_key, tags,
        correlation_id, parent_id, owner, lease, created_at, started_at, finished_at, progress, result, error, payload,
        cancel,
    ) = row  # fmt: skip
    listed = _value(tags)
    return JobState(
        id, queue, name, state, priority, tries, failures, lost, claims, due, expires, unique_key,
        [str(tag) for tag in listed] if isinstance(listed, list) else [],
        correlation(id, correlation_id), parent_id, owner, lease, created_at, started_at, finished_at,
        _value(progress), _value(result), error, payload, bool(cancel),
    )  # fmt: skip


def _value(text: str | None) -> Any:
    """The value of a JSON column; the text itself if it is not JSON."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
