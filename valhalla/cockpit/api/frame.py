"""What stands around every page, as JSON."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from valhalla.cockpit import frame
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/state", tags=["overview"])


@router.get("", summary="What the program is doing")
def show(here: Here) -> Response:
    """Run, cycle, lock, counts of what waits for a person, home."""
    return Answer(frame.gather(here))
