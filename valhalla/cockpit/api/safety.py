"""Safety as JSON."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from valhalla.cockpit.gather import safety
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/safety", tags=["safety"])


@router.get("", summary="GO or NO-GO, blocks, limits, heartbeat, risk, validation, production")
def show(here: Here) -> Response:
    """Checks and blocks as of when they were last made (each has its time; null: never), the rest as of now."""
    return Answer(safety.gather(here))
