"""Copies and verifications that somebody asks for on a page: jobs, so that nobody waits for them, with their progress."""

from __future__ import annotations

import time
from typing import Any

from db import Database
from jobs import JobId, JobQueue, current_job
from valhalla.audit import copies, verifying
from valhalla.program.home import Home

COPY_JOB = "audit.make"
VERIFY_JOB = "audit.verify"
EACH = 0.5
"""Seconds between two notes of the progress."""

PROBLEMS = 50
"""Problems that the result of a verification names; all are counted."""


class Asked:
    """The job kinds. ``queue_name``: the queue on which they wait."""

    def __init__(self, database: Database, queue: JobQueue, home: Home, queue_name: str) -> None:
        self.database = database
        self.queue = queue
        self.home = home
        # One at a time: each reads the whole file.
        self._copying = queue.task(name=COPY_JOB, queue=queue_name, concurrency=1)(self._copy)
        self._verifying = queue.task(name=VERIFY_JOB, queue=queue_name, concurrency=1)(self._verify)

    def copy(self, *, redact: bool = False) -> JobId:
        """Have a copy made in the home's audit folder; the one that waits already is not asked for twice."""
        job_id: JobId = self.queue.enqueue(self._copying.s(redact), unique=f"{COPY_JOB}:{redact}")
        return job_id

    def verify(self, name: str | None = None) -> JobId:
        """Have the home's file verified, or a copy in its audit folder. Raises :class:`valhalla.program.errors.NotFound`."""
        if name is not None:
            copies.find(self.home, name)
        job_id: JobId = self.queue.enqueue(self._verifying.s(name), unique=f"{VERIFY_JOB}:{name or ''}")
        return job_id

    def _copy(self, redact: bool) -> dict[str, Any]:
        """The job: its result says what the copy's manifest says, and its name."""
        job = current_job()
        if job is None:
            raise RuntimeError("a copy that was asked for is made by a job")
        target, reported = copies.default_target(self.home, self.database.clock(), redacted=redact), 0.0

        def progress(done: int, total: int) -> None:
            nonlocal reported
            if done == total or time.monotonic() - reported >= EACH:
                reported = time.monotonic()
                job.progress({"done": done, "of": total, "step": "copying" if done < total else "checking"})
                job.check()

        manifest = copies.make(self.database, self.home, target, redact=redact, progress=progress)
        return {
            "name": target.name,
            **{key: manifest[key] for key in ("bytes", "entries", "head", "sha256", "redacted")},
        }

    def _verify(self, name: str | None) -> dict[str, Any]:
        """The job: its result is the verdict."""
        if name is None:
            verdict = verifying.home_file(self.database, self.home.audit)
        else:
            verdict = verifying.copy_of_file(copies.find(self.home, name), home=self.home)
        shown = verdict.to_json()
        return {"name": name, **shown, "problems": shown["problems"][:PROBLEMS]}
