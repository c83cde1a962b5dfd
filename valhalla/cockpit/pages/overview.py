"""The first look: is all well, who do I call."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from valhalla.cockpit.gather import overview
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import page
from valhalla.cockpit.state import Here

ENTRY = Entry("Overview", "/", "overview", first=True)

router = APIRouter(include_in_schema=False)


@router.get("/")
def show(request: Request, here: Here) -> Response:
    """The overview."""
    return page(request, "overview.html", "Overview", **overview.gather(here))
