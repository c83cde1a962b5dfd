"""The digest as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from valhalla.cockpit.gather import digest
from valhalla.cockpit.pages.digests import Days
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/digest", tags=["overview"])

WAIT: dict[int | str, dict[str, Any]] = {202: {"description": "It is being put together; ask again"}}


@router.get("", summary="The day in two minutes", responses=WAIT)
def show(here: Here, days: Days = 1.0) -> Response:
    """What the last days brought, who to call, what needs attention. Null, with 202, while it is put together; nothing is written."""
    told = digest.gather(here, days)
    return Answer(told) if told is not None else Answer(None, 202, {"retry-after": "2"})
