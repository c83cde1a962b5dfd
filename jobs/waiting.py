"""Looking a job up, and waiting until it has ended."""

from __future__ import annotations

import time
from dataclasses import replace

from jobs import sql
from jobs.admin import job_history, show_job, wait_until_empty
from jobs.errors import WaitTimeout
from jobs.huey_hooks import HueyHooks
from jobs.state import ENDED, JobEvent, JobState, from_row

POLL = 0.025
"""Seconds between two checks for the end of a job that runs in another process."""


class Waiting(HueyHooks):
    """The part of the queue that answers what has become of a job."""

    def state(self, job_id: int) -> JobState:
        """A job as it is now. Raises ``UnknownJob``."""
        job = show_job(self.database, job_id)
        return job if self.cipher is None else replace(job, result=self.opened(job.result))

    def exists(self, job_id: int) -> bool:
        """Whether the database still has the job."""
        return self.database.value(sql.STATE_OF, (job_id,)) is not None

    def history(self, job_id: int) -> list[JobEvent]:
        """Every change of a job's state, oldest first."""
        return job_history(self.database, job_id)

    def killers(self, name: str) -> list[JobState]:
        """The jobs of a kind that are dead because their workers died while they ran, the newest first."""
        return [from_row(row) for row in self.database.sql(sql.KILLERS, (name, self.max_lost))]

    def drain(self, timeout: float | None = None) -> None:
        """Wait until the queue is empty. Raises :class:`WaitTimeout`."""
        wait_until_empty(self.database, timeout=timeout)

    def wait(self, job_id: int, timeout: float | None = None) -> JobState:
        """Wait until a job has ended and return its last state. Raises :class:`WaitTimeout` after ``timeout`` seconds.

        The end of a job in this process is noticed at once, in another process within about 25 ms.
        """
        if self.database.in_write():
            raise RuntimeError("a transaction must not wait for a job: the job could never be written")
        deadline = None if timeout is None else time.monotonic() + timeout
        event = self.endings.expect(job_id)
        try:
            seen = None
            while True:
                self.engine.require_in_place()  # else nobody can write the job's end any more
                version = self.engine.news()
                if version != seen or event.is_set():
                    event.clear()
                    seen = version
                    if self.database.value(sql.STATE_OF, (job_id,)) in (*ENDED, None):
                        return self.state(job_id)
                left = POLL if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise WaitTimeout(f"job {int(job_id)} has not ended after {timeout:g} s")
                event.wait(min(POLL, left))
        finally:
            self.endings.forget(job_id, event)


class JobId(int):
    """The number of an enqueued job. An ``int`` that can also look the job up."""

    queue: Waiting

    def state(self) -> JobState:
        """The job as it is now."""
        return self.queue.state(self)

    def wait(self, timeout: float | None = None) -> JobState:
        """See :meth:`JobQueue.wait`."""
        return self.queue.wait(self, timeout)
