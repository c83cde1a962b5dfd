"""Checks that somebody asks for on a page, and those that a run makes by itself: jobs whose results the pages show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from db import Database
from db.clock import iso
from jobs import JobId, JobQueue, current_job
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.later import later
from valhalla.program.settings import effective
from valhalla.safety.workflow import Report, Workflow

if TYPE_CHECKING:
    from valhalla.safety import blocks, readiness, risk, validation
else:
    blocks = later("valhalla.safety.blocks")
    readiness = later("valhalla.safety.readiness")
    risk = later("valhalla.safety.risk")
    validation = later("valhalla.safety.validation")

CHECKS_JOB = "safety.checks"
VALIDATE_JOB = "safety.validate"
RISK_JOB = "safety.risk"
PRODUCTION_JOB = "safety.production"
JOBS = (CHECKS_JOB, VALIDATE_JOB, RISK_JOB, PRODUCTION_JOB)
CHECKS_SECONDS = 600
"""How often a run checks itself: the whole audit chain is among the checks."""
CHECKS_DELAY = 3
"""Seconds after its start at which it does so for the first time: the operator's first page comes before."""


class Checking:
    """The job kinds. ``queue_name``: the queue on which they wait."""

    def __init__(self, database: Database, queue: JobQueue, home: Home, queue_name: str) -> None:
        self.database = database
        self.queue = queue
        self.home = home
        self.workflow: Callable[[Report], Workflow] | None = None
        """The production workflow inside of this run; None: nothing runs here."""
        handlers = {
            CHECKS_JOB: self._checks,
            VALIDATE_JOB: self._validate,
            RISK_JOB: self._risk,
            PRODUCTION_JOB: self._production,
        }
        self._kinds = {
            name: queue.task(name=name, queue=queue_name, concurrency=1)(handler)
            for name, handler in handlers.items()
        }

    def ask(self, name: str) -> JobId:
        """Have ``name`` (one of :data:`JOBS`) done; the one that waits or runs already is not asked for twice."""
        if name == PRODUCTION_JOB and self.workflow is None:
            raise ValhallaError("nothing runs on this home; start it with: valhalla production")
        job_id: JobId = self.queue.enqueue(self._kinds[name].s(), unique=f"cycle:{name}")
        return job_id

    def _checks(self) -> dict[str, Any]:
        """GO or NO-GO, and the thirty blocks."""
        made = [vars(check) for check in readiness.checks(self.database, self.home)]
        return {
            "at": iso(self.database.clock()),
            "ready": bool(made) and all(check["ok"] for check in made),
            "checks": made,
            "blocks": blocks.board(self.database),
        }

    def _validate(self) -> dict[str, Any]:
        """What ``valhalla validate`` does."""
        values = effective(self.database)
        report = validation.validate(self.database, self.home, values)
        if values["json_export"]:
            validation.save(report, self.home.logs)
        return report

    def _risk(self) -> dict[str, Any]:
        """What ``valhalla risk`` does."""
        values = effective(self.database)
        report = risk.assess(self.database, self.home, values)
        if values["json_export"]:
            risk.save(report, self.home.logs)
        return report

    def _production(self) -> dict[str, Any]:
        """What ``valhalla production`` does, inside of this run; the progress has the gates that were passed."""
        job = current_job()
        if job is None or self.workflow is None:
            raise RuntimeError("the workflow runs as a job of a run")
        steps: list[dict[str, Any]] = []

        def on_step(step: dict[str, Any]) -> None:
            steps.append(step)
            job.progress({"steps": steps})

        flow = self.workflow(on_step)
        return {"ok": flow.ok, "steps": flow.steps, "at": iso(self.database.clock())}
