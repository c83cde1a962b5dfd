"""The call list as JSON."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from valhalla.cockpit.gather import calls
from valhalla.cockpit.pages.calls import Filter, Limit
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/calls", tags=["leads"])


@router.get("", summary="Who to call now")
def show(here: Here, market: Filter = None, source: Filter = None, limit: Limit = calls.STEP) -> Response:
    """The first leads of the call list, best first, each with its score, three reasons and next action."""
    return Answer(calls.gather(here.database, limit, market=market or None, source=source or None))
