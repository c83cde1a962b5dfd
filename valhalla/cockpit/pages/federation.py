"""The federation board."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from valhalla.cockpit.gather import boards
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import page
from valhalla.cockpit.state import Here

ENTRY = Entry(
    "Federation",
    "/federation",
    "federation",
    group="Console",
    shown=lambda frame: bool(frame["boards"]["federation"]),
)

router = APIRouter(include_in_schema=False)


@router.get("/federation")
def show(request: Request, here: Here) -> Response:
    """The board as it is now; its script keeps it so."""
    return page(request, "federation.html", "Federation", board=boards.federation(here))
