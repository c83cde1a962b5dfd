"""Whether it lives and whether it can work: for programs that watch programs. Nothing here is about a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from db import DatabaseError
from jobs.web.views import Route
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here
from valhalla.safety.preflight import check_space
from valhalla.sandbox.heartbeat import seen_from_outside

router = APIRouter(tags=["health"], route_class=Route)


@router.get("/healthz", summary="The process answers")
def healthz() -> Response:
    """200 as long as the process answers requests."""
    return Answer({"ok": True})


@router.get("/readyz", summary="It can do its work", responses={503: {"description": "It cannot now"}})
def readyz(here: Here) -> Response:
    """200 when the file can be read, its disk has space, and the run's heartbeat is fresh, else 503 with the checks that failed."""
    checks: dict[str, Any] = {"file": False, "disk": check_space(here.home).ok, "heartbeat": None}
    try:
        beat = seen_from_outside(here.database)
        checks["file"] = True
        if here.run_id is not None:
            checks["heartbeat"] = bool(beat and beat["is_healthy"])
    except DatabaseError:
        pass
    ready = all(each is not False for each in checks.values())
    return Answer({"ready": ready, "checks": checks}, 200 if ready else 503)
