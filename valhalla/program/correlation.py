"""The id that ties together a cycle, its jobs, their effects, alerts, log lines and audit entries."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import jobs

_current: ContextVar[str | None] = ContextVar("valhalla_correlation", default=None)


def new() -> str:
    """A fresh id: 16 hexadecimal digits."""
    return uuid.uuid4().hex[:16]


def current() -> str | None:
    """The id of this thread or task: the one that was set here, else the one of the job that runs here, else None."""
    own = _current.get()
    if own is not None:
        return own
    job = jobs.current_job()
    return job.correlation_id if job is not None else None


def set_current(correlation_id: str | None) -> None:
    """Use ``correlation_id`` from here on in this thread or task, and in no other."""
    _current.set(correlation_id)


@contextmanager
def using(correlation_id: str | None) -> Iterator[str]:
    """Inside the block ``correlation_id`` (None: the current one, else a fresh one) is the current id."""
    chosen = correlation_id or current() or new()
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)
