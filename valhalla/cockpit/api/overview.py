"""The overview as JSON."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from valhalla.cockpit.gather import overview
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/overview", tags=["overview"])


@router.get("", summary="What the overview shows")
def show(here: Here) -> Response:
    """Tiles, the first of the call list, funnel, quality, running work, open alerts."""
    return Answer(overview.gather(here))
