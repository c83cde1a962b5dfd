"""The queue as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from valhalla.cockpit.gather import jobs
from valhalla.cockpit.pages.jobs import State
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("", summary="Jobs, the newest first")
def show(
    here: Here,
    state: State | None = None,
    queue: Annotated[str | None, Query(max_length=200)] = None,
    name: Annotated[str | None, Query(max_length=200, description="the kind of job")] = None,
    text: Annotated[str | None, Query(max_length=200, description="in name, arguments, key or error")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="the job after which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = jobs.PAGE,
) -> Response:
    """Jobs with the queues they are in; ``next`` goes into ``before``. Counts end at 1,000."""
    found = jobs.gather(
        here.database,
        here.queue,
        state=state,
        of_queue=queue,
        name=name,
        text=text,
        before=before,
        limit=limit,
    )
    return Answer(found)


@router.get("/{number}", summary="One job")
def one(here: Here, number: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    """Its arguments and result, every attempt, every event, and what the same cause led to."""
    return Answer(jobs.one(here.database, number))
