"""The stack: lists by lists, and who is on several of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request

from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.intake import log
from valhalla.leads import stack as stacking

SHOWN = 50

router = Views("imports")

ListNumber = Annotated[int | None, Query(ge=1, lt=2**63)]


def _chosen(request: Request, here: Cockpit, report: dict[str, Any]) -> dict[str, Any]:
    return {"names": {each["id"]: each["name"] for each in (report["stack"] or {"lists": []})["lists"]}}


@router.view(
    "/imports/stack",
    "/api/stack",
    "stack.html",
    "The stack",
    summary="Who is on several lists",
    more=_chosen,
)
def show(
    here: Here,
    on: Annotated[int, Query(ge=2, le=stacking.MOST, description="on so many lists; 4: or more")] = 2,
    one: ListNumber = None,
    other: ListNumber = None,
) -> dict[str, Any]:
    """``stack``: how many leads are on two, three, four lists, and lists by lists; null while it is counted. ``leads``: who they
    are, those on most lists first."""
    figure = here.figures.get("stack", stacking.stack, of=tuple(log.known_so_far(here.database)), seconds=5.0)
    viewer = viewer_of(here.database)
    found = []
    for record in viewer.some(stacking.leads_on(here.database, SHOWN, on=on, one=one, other=other)):
        known = viewer.facts(record)
        found.append(
            {
                **viewer.entry(record),
                "address": record.lead.address,
                "on_lists": known["on_lists"],
                "signs": known["signs"],
            }
        )
    return {"stack": figure.value if figure else None, "leads": found, "on": on, "one": one, "other": other}
