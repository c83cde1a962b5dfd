"""Which job runs in this thread. A module of its own, so that code which only asks that does not load the queue."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.current import CurrentJob

CURRENT_JOB: ContextVar[CurrentJob | None] = ContextVar("valhalla_current_job", default=None)


def current_job() -> CurrentJob | None:
    """The job that runs here; None outside of jobs."""
    return CURRENT_JOB.get()
