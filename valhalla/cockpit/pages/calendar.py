"""The calendar: what was promised, by day, what becomes of it, and a file for other calendars."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Form, Path, Query, Request
from starlette.responses import Response

from valhalla.cockpit.gather import calendar as gather
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.leads import icalendar, promises, when
from valhalla.service.reminding import LATE, became_due
from valhalla.team.belonging import check_promise, only_of

router = Views("calendar")

Number = Annotated[int, Path(ge=1, lt=2**63)]
Back = Annotated[str, Form(max_length=2_000)]

MEDIA = "text/calendar; charset=utf-8"


@router.view("/calendar", "/api/calendar", "calendar.html", "Calendar", summary="What was promised, by day")
def show(
    here: Here, begin: Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")] = None
) -> dict[str, Any]:
    """Call-backs, appointments, tasks and the dates of deals of fourteen days; before them what is late."""
    return gather.gather(here.database, begin, by=only_of(here.member))


@router.json("/api/promises/due", summary="What became due in the last minutes")
def due(here: Here) -> list[dict[str, Any]]:
    """Open promises that became due in the last ten minutes, for a notification; none with the setting ``notifications`` off."""
    now = here.database.clock()
    return [each.to_json(now) for each in became_due(here.database, now - LATE, now, by=only_of(here.member))]


@router.get("/calendar.ics", include_in_schema=False)
def download(here: Here) -> Response:
    """The open promises for another calendar, as ``valhalla calendar`` writes them."""
    headers = {"content-disposition": 'attachment; filename="valhalla.ics"'}
    return Response(icalendar.calendar(here.database), media_type=MEDIA, headers=headers)


@router.post("/calendar/{number:int}/end")
def end(
    request: Request,
    here: Here,
    number: Number,
    state: Annotated[Literal["kept", "missed", "dropped"], Form()],
    back: Back = "/calendar",
) -> Response:
    """A promise was kept or missed, or is dropped."""
    check_promise(here.database, here.member, number)
    promises.done(here.database, number, state, actor=here.actor)
    return done(request, back, f"{state.capitalize()}.", undo=f"/calendar/{number}/reopen")


@router.post("/calendar/{number:int}/reopen")
def reopen(request: Request, here: Here, number: Number, back: Back = "/calendar") -> Response:
    """Undo that."""
    check_promise(here.database, here.member, number)
    promises.reopen(here.database, number, actor=here.actor)
    return done(request, back, "It is open again.")


@router.post("/calendar/{number:int}/confirm")
def confirm(request: Request, here: Here, number: Number, back: Back = "/calendar") -> Response:
    """The other side confirmed it."""
    check_promise(here.database, here.member, number)
    promises.confirm(here.database, number, actor=here.actor)
    return done(request, back, "Confirmed.")


@router.post("/calendar/{number:int}/move")
def move(
    request: Request,
    here: Here,
    number: Number,
    at: Annotated[str, Form(max_length=100)],
    back: Back = "/calendar",
) -> Response:
    """Another time."""
    check_promise(here.database, here.member, number)
    meant = when.meant(here.database, promises.find(here.database, number).lead_id, at)
    promises.move(here.database, number, meant.at, actor=here.actor)
    return done(request, back, f"Moved to {meant.says}.")
