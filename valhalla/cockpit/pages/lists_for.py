"""Lists for a dialer, a mail house, a skip tracer and Excel: how many are on each, who is left out, and the download."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import Form, Path, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from db import Database
from valhalla.cockpit.pages.leads import asked_market
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads import call_list_index, facets, lists_for
from valhalla.leads.lists_for import Chosen
from valhalla.program import settings
from valhalla.program.moments import clock_text
from valhalla.program.scratch import scratch_folder

router = Views("leads")

Filter = Annotated[str | None, Query(max_length=200)]
Field = Annotated[str, Form(max_length=200)]

FEW = 20_000
"""Leads that are counted while a page waits."""

MEDIA = {".csv": "text/csv; charset=utf-8"}
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.view(
    "/leads/lists",
    "/api/leads/lists",
    "lists_for.html",
    "Export lists",
    summary="Lists for a dialer, a mail house, skip tracing and Excel",
)
def show(
    here: Here,
    market: Filter = None,
    source: Filter = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    filter: Filter = None,
) -> dict[str, Any]:
    """How many leads are on each list, and how many are left out for which reason; null while it is counted."""
    chosen = _chosen(here, market, source, status, filter)
    database = here.database
    found = []
    for kind in lists_for.KINDS.values():
        counts = _counts(here, kind, chosen)
        found.append(
            {
                "kind": kind.name,
                "title": kind.title,
                "leads": None if counts is None else counts.leads,
                "left_out": None if counts is None else counts.left_out,
            }
        )
    return {
        "lists": found,
        "market": chosen.market,
        "source": chosen.source,
        "status": chosen.status,
        "filter": filter,
        "dnc_checked": lists_for.checked(database),
    }


def _chosen(
    here: Cockpit, market: str | None, source: str | None, status: str | None, filter: str | None
) -> Chosen:
    """``filter``: the name or number of a saved one."""
    chosen = lists_for.of_filter(here.database, filter) if filter else lists_for.EVERYBODY
    return chosen._replace(
        market=asked_market(here, market or None), source=source or None, status=status or None
    )


def _counts(here: Cockpit, kind: lists_for.Kind, chosen: Chosen) -> lists_for.Counts | None:
    """At once where there are few leads; of many as last counted, which is some seconds ago."""
    database = here.database
    if call_list_index.newest_lead(database) <= FEW or (
        chosen.leads is not None and len(chosen.leads) <= FEW
    ):
        return lists_for.counts(database, kind, chosen)

    def count(database: Database) -> lists_for.Counts:
        return lists_for.counts(database, kind, chosen)

    version = facets.version(database)
    figure = here.figures.get(f"list:{kind.name}:{hash(str(chosen))}", count, of=version, seconds=10)
    return None if figure is None else figure.value


@router.post("/leads/lists/{kind}")
def take(
    request: Request,
    here: Here,
    kind: Annotated[str, Path(max_length=20)],
    market: Field = "",
    source: Field = "",
    status: Field = "",
    filter: Field = "",
) -> Response:
    """Write one and send it: everybody who is on it, never a part."""
    found = lists_for.kind_named(kind)
    chosen = _chosen(here, market, source, status, filter)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder(here.database.path))
        path = folder / f"list{found.ending}"
        lists_for.write(here.database, found, path, chosen, actor=here.actor)
        sent = stack.pop_all()
    media = MEDIA.get(found.ending, WORKBOOK)
    return FileResponse(
        path, media_type=media, filename=_name(here, found), background=BackgroundTask(sent.close)
    )


def _name(here: Cockpit, kind: lists_for.Kind) -> str:
    database = here.database
    day = clock_text(database.clock(), settings.value(database, "timezone"), "%Y-%m-%d")
    return f"leads-{kind.name}-{day}{kind.ending}"
