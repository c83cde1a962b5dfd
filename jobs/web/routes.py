"""The queue: what waits, runs and has failed, and what a person does about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Form, Path, Query, Request
from starlette.responses import Response

from jobs import by_hand
from jobs.admin import (
    cancel_job,
    cancel_jobs,
    pause_queue,
    queue_loads,
    resume_queue,
    retry_job,
    retry_jobs,
)
from jobs.errors import CannotBeAsked
from jobs.web import figures, schedule, showing
from jobs.web.host import Here, host_of
from jobs.web.views import Views


def _page(request: Request, template: str, title: str, /, **shown: Any) -> Response:
    return host_of(request).page(request, template, title, **shown)


router = Views("jobs", _page)

MOST = 200
"""Jobs of one click."""

State = Literal["waiting", "scheduled", "running", "done", "dead", "canceled", "expired"]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Back = Annotated[str, Form(max_length=2_000)]
Chosen = Annotated[list[int] | None, Form(max_length=MOST)]
Given = Annotated[str, Form(max_length=100_000, description="JSON: an object by parameter, or a list")]
Priority = Annotated[int | None, Form(ge=-(2**31), lt=2**31)]
Delay = Annotated[float | None, Form(ge=0, le=by_hand.LONGEST, description="seconds from now")]


@router.view("/jobs", "/api/jobs", "jobs.html", "Jobs", summary="Jobs, the newest first")
def show(
    here: Here,
    state: State | None = None,
    queue: Annotated[str | None, Query(max_length=200)] = None,
    name: Annotated[str | None, Query(max_length=200, description="the kind of job")] = None,
    text: Annotated[str | None, Query(max_length=200, description="in name, arguments, key or error")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="the job after which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = showing.PAGE,
) -> dict[str, Any]:
    """Jobs with the queues they are in; ``next`` goes into ``before``. Counts end at 1,000."""
    return showing.gather(
        here.queue,
        here.titles,
        state=state,
        of_queue=queue,
        name=name,
        text=text.strip() or None if text else None,
        before=before,
        limit=limit,
    )


@router.view(
    "/jobs/schedule",
    "/api/jobs/schedule",
    "jobs_schedule.html",
    "Schedule",
    summary="Periodic jobs: when they run, how the last runs went",
)
def show_schedule(here: Here) -> dict[str, Any]:
    """Each periodic job with its next slot and its newest runs. Slots that went by while nothing worked are counted as missed."""
    return {"periodic": schedule.gather(here.queue, here.titles)}


@router.post("/jobs/schedule/run")
def run_now(
    request: Request, here: Here, name: Annotated[str, Form(max_length=200)], back: Back = ""
) -> Response:
    """Run a periodic job now."""
    if name not in {each.name for each in here.queue.periodic}:
        raise CannotBeAsked(f"there is no periodic job {name!r}")
    number = int(here.queue.run_now(name))
    title = showing.title_of(name, here.titles)
    to = back or f"{_root(request)}/jobs/schedule"
    return here.done(
        request, to, f"{title} runs as job {number}.", undo=f"{_root(request)}/jobs/{number}/cancel"
    )


@router.view(
    "/jobs/figures",
    "/api/jobs/figures",
    "jobs_figures.html",
    "Figures",
    summary="Throughput, failures and latency over time",
    more=lambda request, here, found: {"draw": figures},
)
def show_figures(here: Here, span: figures.Span = "hour") -> dict[str, Any]:
    """How many jobs ended, failed and were tried again, how long they waited and ran, by equal parts of the time."""
    return figures.gather(here.queue.database, span)


@router.view(
    "/jobs/new",
    "/api/jobs/kinds",
    "jobs_new.html",
    "New job",
    summary="Kinds of jobs that may be made by hand",
)
def show_kinds(
    here: Here, name: Annotated[str | None, Query(max_length=200, description="one kind")] = None
) -> dict[str, Any]:
    """Each with its parameters: ``arguments`` is an example of what ``POST /jobs/new`` takes."""
    return {"kinds": by_hand.kinds(here.queue), "name": name}


@router.post("/jobs/new")
def make(
    request: Request,
    here: Here,
    name: Annotated[str, Form(min_length=1, max_length=200)],
    arguments: Given = "",
    priority: Priority = None,
    delay: Delay = None,
) -> Response:
    """Make a job by hand, of a kind that allows it."""
    number = int(by_hand.make(here.queue, name, arguments, priority=priority, delay=delay, actor=here.actor))
    here_is = f"{_root(request)}/jobs/{number}"
    return here.done(request, here_is, f"Job {number} is made.", undo=f"{here_is}/cancel")


@router.post("/jobs/{number}/edit")
def edit(
    request: Request,
    here: Here,
    number: Number,
    arguments: Given = "",
    priority: Priority = None,
    delay: Delay = None,
    back: Back = "",
) -> Response:
    """Change a job that has not begun, of a kind that allows it."""
    by_hand.edit(here.queue, number, arguments, priority=priority, delay=delay, actor=here.actor)
    return here.done(request, back or f"{_root(request)}/jobs/{number}", f"Job {number} is changed.")


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
    return showing.one(here.queue, number, here.titles) | {"results": here.results}


@router.post("/jobs/retry")
def retry_chosen(
    request: Request,
    here: Here,
    job: Chosen = None,
    back: Back = "",
) -> Response:
    """Try the chosen jobs again."""
    numbers = _some(job)
    retry_jobs(here.queue.database, numbers, actor=here.actor)
    return here.done(request, back or _home(request), f"{_jobs(numbers)} will be tried again.")


@router.post("/jobs/cancel")
def cancel_chosen(
    request: Request,
    here: Here,
    job: Chosen = None,
    back: Back = "",
) -> Response:
    """Cancel the chosen jobs."""
    numbers = _some(job)
    running = cancel_jobs(here.queue.database, numbers, actor=here.actor).count("running")
    ends = f" {running} of them at the next chunk." if running else ""
    return here.done(request, back or _home(request), f"{_jobs(numbers)} canceled.{ends}")


@router.post("/jobs/{number}/retry")
def retry(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Put a job that has ended back into the queue, as ``valhalla jobs retry`` does."""
    retry_job(here.queue.database, number, actor=here.actor)
    return here.done(
        request,
        back or _home(request),
        f"Job {number} will be tried again.",
        undo=f"{_root(request)}/jobs/{number}/cancel",
    )


@router.post("/jobs/{number}/cancel")
def cancel(request: Request, here: Here, number: Number, back: Back = "") -> Response:
    """Cancel a job, as ``valhalla jobs cancel`` does."""
    if cancel_job(here.queue.database, number, actor=here.actor) == "running":
        return here.done(
            request, back or _home(request), f"Job {number} ends at its next chunk.", kind="info"
        )
    return here.done(
        request,
        back or _home(request),
        f"Job {number} is canceled.",
        undo=f"{_root(request)}/jobs/{number}/retry",
    )


@router.post("/jobs/pause")
def pause(
    request: Request,
    here: Here,
    queue: Annotated[str, Form(min_length=1, max_length=100)],
    reason: Annotated[str, Form(max_length=200)] = "",
    back: Back = "",
) -> Response:
    """Begin no more jobs of a queue; what runs goes on."""
    _known(here, queue)
    pause_queue(here.queue.database, queue, reason=reason.strip() or None, actor=here.actor)
    undo = f"{_root(request)}/jobs/resume?{urlencode({'of': queue})}"
    return here.done(
        request,
        back or _home(request),
        f"Queue {queue} is paused; what runs goes on.",
        kind="warn",
        undo=undo,
    )


@router.post("/jobs/resume")
def resume(
    request: Request,
    here: Here,
    queue: Annotated[str, Form(max_length=100)] = "",
    of: Annotated[str, Query(max_length=100)] = "",
    back: Back = "",
) -> Response:
    """Begin jobs of a queue again."""
    _known(here, queue or of)
    resume_queue(here.queue.database, queue or of, actor=here.actor)
    return here.done(request, back or _home(request), f"Queue {queue or of} goes on.")


def _known(here: Here, queue: str) -> None:
    known = [each.name for each in queue_loads(here.queue.database, showing.known_queues(here.queue))]
    if queue not in known:
        raise CannotBeAsked(f"there is no queue {queue!r}; there are {', '.join(known)}")


def _some(numbers: list[int] | None) -> list[int]:
    if not numbers or not all(0 < number < 2**63 for number in numbers):
        raise CannotBeAsked("choose at least one job")
    return list(dict.fromkeys(numbers))


def _jobs(numbers: list[int]) -> str:
    return "1 job" if len(numbers) == 1 else f"{len(numbers)} jobs"


def _root(request: Request) -> str:
    """What stands before the addresses of these pages: where they are mounted."""
    return str(request.scope.get("root_path", ""))


def _home(request: Request) -> str:
    return f"{_root(request)}/jobs"
