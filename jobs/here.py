"""Which job runs in this thread. Apart from what a job can do, because whoever only asks loads nothing of the queue."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.current import CurrentJob

CURRENT_JOB: ContextVar[CurrentJob | None] = ContextVar("valhalla_current_job", default=None)


def current_job() -> CurrentJob | None:
    """The job that runs here; None outside of jobs."""
    return CURRENT_JOB.get()
