"""The jobs of a queue as an operator's program sees them: ``queue.jobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import admin
from jobs.errors import UnknownJob, WrongState
from jobs.state import ENDED, JobEvent, JobState

if TYPE_CHECKING:
    from jobs.engine import Store

MANY = 1_000
"""Jobs that one transaction puts back."""


class Jobs:
    """Finds jobs, shows them, and changes what becomes of them."""

    def __init__(self, database: Store) -> None:
        self._database = database

    def find(self, **given: Any) -> list[JobState]:
        """Jobs, the newest first, by ``state``, ``queue``, ``name``, ``tag``, ``text``; see :func:`jobs.find_jobs`."""
        return admin.find_jobs(self._database, **given)

    def show(self, job_id: int) -> JobState:
        """One job as it is now. Raises ``UnknownJob``."""
        return admin.show_job(self._database, job_id)

    def history(self, job_id: int) -> list[JobEvent]:
        """Every change of its state, oldest first."""
        return admin.job_history(self._database, job_id)

    def retry(self, *job_ids: int, actor: str = "operator") -> list[str]:
        """Put jobs that have ended back into the queue, all of them or none. Raises ``UnknownJob``, ``WrongState``."""
        return admin.retry_jobs(self._database, job_ids, actor)

    def retry_all(self, state: str = "dead", actor: str = "operator", **given: Any) -> int:
        """Put back whatever :meth:`find` finds in ``state``, a thousand at a time; returns how many. What holds a key that
        another job has by now is left as it is."""
        if state not in ENDED:
            raise WrongState(f"only jobs that have ended can be put back, not those that are {state!r}")
        count, before = 0, None
        while found := self.find(state=state, before=before, limit=MANY, **given):
            before = found[-1].id
            with self._database.write(durable=True):
                for job in found:
                    count += self._put_back(job, actor)
        return count

    def _put_back(self, job: JobState, actor: str) -> bool:
        try:
            admin.retry_job(self._database, job.id, actor)
        except (UnknownJob, WrongState):
            return False
        return True

    def cancel(self, *job_ids: int, actor: str = "operator") -> list[str]:
        """Cancel jobs, all of them or none; one that runs ends at its next check. Raises ``UnknownJob``, ``WrongState``."""
        return admin.cancel_jobs(self._database, job_ids, actor)
