"""Who to call now, why, and what came of it in one click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query, Request
from starlette.responses import Response

from valhalla.cockpit.gather import calls, facets
from valhalla.cockpit.pages.leads import asked_market
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads.call_list import top
from valhalla.leads.export import saved_by_hand
from valhalla.leads.view import Record, Viewer

router = Views("leads")

Filter = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=calls.MOST)]


def _around(request: Request, here: Cockpit, facts: dict[str, Any]) -> dict[str, Any]:
    further, limit = None, facts["limit"]
    if facts["more"] and limit < calls.MOST:
        chosen = {
            "market": facts["market"],
            "source": facts["source"],
            "limit": min(calls.MOST, limit + calls.STEP),
        }
        further = "/calls?" + urlencode({name: value for name, value in chosen.items() if value})
    return {"further": further, "facets": facets.gather(here)}


@router.view("/calls", "/api/calls", "calls.html", "Call list", summary="Who to call now", more=_around)
def show(
    here: Here, market: Filter = None, source: Filter = None, limit: Limit = calls.STEP
) -> dict[str, Any]:
    """The first leads of the call list, best first, each with its score, three reasons and next action."""
    return calls.gather(here.database, limit, market=asked_market(here, market), source=source or None)


@router.post("/calls/export")
def export(
    request: Request,
    here: Here,
    market: Annotated[str, Form(max_length=200)] = "",
    source: Annotated[str, Form(max_length=200)] = "",
    limit: Annotated[int, Form(ge=1, le=calls.MOST)] = 100,
) -> Response:
    """The call list as a CSV."""
    with here.database.view():
        viewer = calls.viewer_of(here.database)
        records = top(here.database, viewer, limit, market=market or None, source=source or None)
    return saved(here, viewer, records, "call list")


def saved(here: Cockpit, viewer: Viewer, records: Sequence[Record], what: str) -> Response:
    """Leads as a CSV: saved by hand, so it is not an effect."""
    headers = {"content-disposition": f'attachment; filename="{what.replace(" ", "-")}.csv"'}
    content = saved_by_hand(here.database, viewer, records, what, actor=here.actor)
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
