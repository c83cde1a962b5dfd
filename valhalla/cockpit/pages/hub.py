"""The pages of a hub: who to call over all workspaces, the week, search, and the way into each workspace's own pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import RedirectResponse, Response

from db import Database
from valhalla.cockpit.hub import HubHere
from valhalla.cockpit.views import Views
from valhalla.leads.today import HEADINGS
from valhalla.program.errors import NotFound, UsageError, ValhallaError
from valhalla.reports import week as report
from valhalla.service import links
from valhalla.service.reminding import LATE, became_due

ALL = 100
"""Rows of a group that somebody asks to see whole."""

router = Views("hub")

Name = Annotated[str, Path(max_length=40)]


@router.view("/", "/api/today", "hub_today.html", "Today", summary="Who to call today, over all workspaces")
def today(here: HubHere, only: Annotated[str | None, Query(max_length=20)] = None) -> dict[str, Any]:
    """The groups of Today with counts and first rows of all workspaces; each row has its ``workspace``."""
    if only is not None and only not in HEADINGS:
        raise UsageError(f"{only!r} is not a group of today; use {', '.join(HEADINGS)}")
    hub = here.hub.hub
    return hub.today(only=only) if only is None else hub.today(ALL, only)


@router.view(
    "/week",
    "/api/week",
    "hub_week.html",
    "This week",
    summary="What a week of calls came to, over all workspaces",
    more=lambda request, here, found: {"figures": report.FIGURES, "monday": found["from"]},
)
def week(here: HubHere, back: Annotated[int, Query(ge=0, le=520)] = 0) -> dict[str, Any]:
    """Dials, contacts, appointments, offers, contracts, closes and fees: together, and for each workspace."""
    return here.hub.hub.week(back)


@router.view("/leads", "/api/leads", "hub_leads.html", "Leads", summary="Search over all workspaces")
def leads(here: HubHere, q: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
    """Leads in which every word of ``q`` begins some word, best score first."""
    return here.hub.hub.search(q.strip())


@router.view(
    "/workspaces",
    "/api/workspaces",
    "hub_workspaces.html",
    "Workspaces",
    summary="The workspaces",
    name="workspaces",
)
def workspaces(here: HubHere) -> list[dict[str, Any]]:
    """Each with its leads, who may be called today, when a list was last read, and whether it is at work here."""
    rows, unread = here.hub.hub.table()
    why = here.hub.troubles
    found = [
        {**row, "working": row["workspace"] in here.hub.sites, "why": why.get(row["workspace"])}
        for row in rows
    ] + [{"workspace": each.workspace, "working": False, "why": each.why} for each in unread]
    return sorted(found, key=lambda row: str(row["workspace"]))


@router.json("/api/promises/due", summary="What became due in the last minutes, over all workspaces")
def due(here: HubHere) -> list[dict[str, Any]]:
    """The same of each workspace, with the ``page`` of its lead."""

    def ask(database: Database) -> list[dict[str, Any]]:
        now = database.clock()
        return [each.to_json(now) for each in became_due(database, now - LATE, now)]

    answers, _ = here.hub.hub.each(ask)
    return [
        {"workspace": each.name, "page": f"/w/{each.name}/leads/{row['lead']}", **row}
        for each, rows in answers
        for row in rows
    ]


@router.get("/w/{name}")
@router.get("/w/{name}/{rest:path}")
def enter(request: Request, here: HubHere, name: Name, rest: str = "") -> Response:
    """Into a workspace's own cockpit: its pages have a host of their own, which a fresh link opens."""
    site = here.hub.sites.get(name)
    if site is None or here.hub.url is None:
        if all(each.name != name for each in here.hub.hub.workspaces):
            raise NotFound(f"there is no workspace {name} in this hub")
        why = here.hub.troubles.get(name, "it is being started")
        raise ValhallaError(f"the workspace {name} does not run here now: {why}")
    query = "&" + request.url.query if request.url.query else ""
    link = links.make(site.program.database, here.hub.url(site.host))
    base, _, token = link.partition("/?")
    return RedirectResponse(f"{base}/{rest.lstrip('/')}?{token}{query}", 303)
