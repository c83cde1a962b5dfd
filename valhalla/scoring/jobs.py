"""Re-evaluation as a job: at low priority, one at a time, and many causes make one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from db import Database
from jobs import JobId, JobQueue, current_job
from valhalla.scoring.reevaluate import Hooks, reevaluate

Made = TypeVar("Made")

JOB = "stages.reevaluate"
QUEUE = "background"
"""The queue of everything that can wait; only ``run`` and commands that say so work on it."""

PRIORITY = -10
SOON = 20.0
"""Seconds that an outcome waits for others before leads are decided again."""


class Reevaluating:
    """The job kind. ``then`` is called in the job after leads were decided again."""

    def __init__(
        self, database: Database, queue: JobQueue, then: Callable[[], object] = lambda: None
    ) -> None:
        self.database = database
        self.queue = queue
        self._then = then
        declare = queue.task(name=JOB, queue=QUEUE, priority=PRIORITY, concurrency=1, retries=3)
        self._handler = declare(self._run)

    def ask(self, *, delay: float | None = None) -> JobId:
        """Put a re-evaluation into the queue, or return the one that waits already. Call it in the transaction
        that changed something, so that neither happens without the other."""
        job_id: JobId = self.queue.enqueue(self._handler.s(), unique=JOB, scope="waiting", delay=delay)
        return job_id

    def after(
        self, change: Callable[[Database], Made], *, when: Callable[[Made], bool] = lambda made: True
    ) -> tuple[Made, JobId | None]:
        """Make a change and ask for the re-evaluation that it calls for, as one durable transaction.

        ``when``: whether what was made calls for one. Returns what was made and the job, if there is one.
        """
        with self.database.write(durable=True):
            made = change(self.database)
            return made, self.ask() if when(made) else None

    def _run(self) -> dict[str, Any]:
        job = current_job()
        if job is None:
            raise RuntimeError("a re-evaluation runs in a worker")
        done = reevaluate(self.database, Hooks(job.fence, job.check))
        self._then()
        return done.to_json()
