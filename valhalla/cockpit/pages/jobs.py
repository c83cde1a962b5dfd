"""The queue: what waits, runs and has failed, and what a person does about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Form, Path, Query, Request
from starlette.responses import Response

from jobs import cancel_job, cancel_jobs, pause_queue, queue_loads, resume_queue, retry_job, retry_jobs
from valhalla.cockpit.gather import jobs
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.program.errors import UsageError

ENTRIES = (Entry("Jobs", "/jobs", "jobs", badge="dead"),)

router = Views("jobs")

State = Literal["waiting", "scheduled", "running", "done", "dead", "canceled", "expired"]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Back = Annotated[str, Form(max_length=2_000)]
MOST = 200
"""Jobs of one click."""


@router.view("/jobs", "/api/jobs", "jobs.html", "Jobs", summary="Jobs, the newest first")
def show(
    here: Here,
    state: State | None = None,
    queue: Annotated[str | None, Query(max_length=200)] = None,
    name: Annotated[str | None, Query(max_length=200, description="the kind of job")] = None,
    text: Annotated[str | None, Query(max_length=200, description="in name, arguments, key or error")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="the job after which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = jobs.PAGE,
) -> dict[str, Any]:
    """Jobs with the queues they are in; ``next`` goes into ``before``. Counts end at 1,000."""
    return jobs.gather(
        here.database,
        here.queue,
        state=state,
        of_queue=queue,
        name=name,
        text=text.strip() or None if text else None,
        before=before,
        limit=limit,
    )


@router.view(
    "/jobs/{number}",
    "/api/jobs/{number}",
    "job.html",
    lambda found: f"Job {found['id']}",
    summary="One job",
    name="job",
)
def one(here: Here, number: Number) -> dict[str, Any]:
    """Its arguments and result, every attempt, every event, and what the same cause led to."""
    return jobs.one(here.database, number)


@router.post("/jobs/retry")
def retry_chosen(
    request: Request,
    here: Here,
    job: Annotated[list[int] | None, Form(max_length=MOST)] = None,
    back: Back = "/jobs",
) -> Response:
    """Try the chosen jobs again."""
    numbers = _some(job)
    retry_jobs(here.database, numbers, actor=here.actor)
    return done(request, back, f"{_jobs(numbers)} will be tried again.")


@router.post("/jobs/cancel")
def cancel_chosen(
    request: Request,
    here: Here,
    job: Annotated[list[int] | None, Form(max_length=MOST)] = None,
    back: Back = "/jobs",
) -> Response:
    """Cancel the chosen jobs."""
    numbers = _some(job)
    running = cancel_jobs(here.database, numbers, actor=here.actor).count("running")
    ends = f" {running} of them at the next chunk." if running else ""
    return done(request, back, f"{_jobs(numbers)} canceled.{ends}")


@router.post("/jobs/{number}/retry")
def retry(request: Request, here: Here, number: Number, back: Back = "/jobs") -> Response:
    """Put a job that has ended back into the queue, as ``valhalla jobs retry`` does."""
    retry_job(here.database, number, actor=here.actor)
    return done(request, back, f"Job {number} will be tried again.", undo=f"/jobs/{number}/cancel")


@router.post("/jobs/{number}/cancel")
def cancel(request: Request, here: Here, number: Number, back: Back = "/jobs") -> Response:
    """Cancel a job, as ``valhalla jobs cancel`` does."""
    if cancel_job(here.database, number, actor=here.actor) == "running":
        return done(request, back, f"Job {number} ends at its next chunk.", kind="info")
    return done(request, back, f"Job {number} is canceled.", undo=f"/jobs/{number}/retry")


@router.post("/jobs/pause")
def pause(
    request: Request,
    here: Here,
    queue: Annotated[str, Form(min_length=1, max_length=100)],
    reason: Annotated[str, Form(max_length=200)] = "",
    back: Back = "/jobs",
) -> Response:
    """Begin no more jobs of a queue; what runs goes on."""
    _known(here, queue)
    pause_queue(here.database, queue, reason=reason.strip() or None, actor=here.actor)
    undo = f"/jobs/resume?{urlencode({'of': queue})}"
    return done(request, back, f"Queue {queue} is paused; what runs goes on.", kind="warn", undo=undo)


@router.post("/jobs/resume")
def resume(
    request: Request,
    here: Here,
    queue: Annotated[str, Form(max_length=100)] = "",
    of: Annotated[str, Query(max_length=100)] = "",
    back: Back = "/jobs",
) -> Response:
    """Begin jobs of a queue again."""
    _known(here, queue or of)
    resume_queue(here.database, queue or of, actor=here.actor)
    return done(request, back, f"Queue {queue or of} goes on.")


def _known(here: Here, queue: str) -> None:
    known = [each.name for each in queue_loads(here.database, jobs.known_queues(here.queue))]
    if queue not in known:
        raise UsageError(f"there is no queue {queue!r}; there are {', '.join(known)}")


def _some(numbers: list[int] | None) -> list[int]:
    if not numbers or not all(0 < number < 2**63 for number in numbers):
        raise UsageError("choose at least one job")
    return list(dict.fromkeys(numbers))


def _jobs(numbers: list[int]) -> str:
    return "1 job" if len(numbers) == 1 else f"{len(numbers)} jobs"
