"""Who to call now, why, and what came of it in one click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from valhalla.cockpit.gather import calls, facets
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import page
from valhalla.cockpit.state import Cockpit, Here
from valhalla.leads.export import saved_by_hand

ENTRY = Entry("Call list", "/calls", "calls", first=True)

router = APIRouter(include_in_schema=False)

Filter = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=calls.MOST)]


@router.get("/calls")
def show(
    request: Request, here: Here, market: Filter = None, source: Filter = None, limit: Limit = calls.STEP
) -> Response:
    """The call list."""
    told = calls.gather(here.database, limit, market=market or None, source=source or None)
    further = None
    if told["more"] and limit < calls.MOST:
        chosen = {"market": market, "source": source, "limit": min(calls.MOST, limit + calls.STEP)}
        further = "/calls?" + urlencode({name: value for name, value in chosen.items() if value})
    return page(request, "calls.html", "Call list", **told, further=further, facets=facets.gather(here))


@router.post("/calls/export")
def export(
    request: Request,
    here: Here,
    market: Annotated[str, Form(max_length=200)] = "",
    source: Annotated[str, Form(max_length=200)] = "",
    limit: Annotated[int, Form(ge=1, le=calls.MOST)] = 100,
) -> Response:
    """The call list as a CSV."""
    told = calls.gather(here.database, limit, market=market or None, source=source or None)["calls"]
    return saved(here, told, "call list")


def saved(here: Cockpit, entries: Sequence[Mapping[str, Any]], what: str) -> Response:
    """Leads as a CSV: saved by hand, so it is no effect."""
    headers = {"content-disposition": f'attachment; filename="{what.replace(" ", "-")}.csv"'}
    content = saved_by_hand(here.database, entries, what)
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
