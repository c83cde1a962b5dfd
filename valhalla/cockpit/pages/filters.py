"""Saved filters: a choice of leads in words, with a live count; worked, exported, tagged."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path, Request
from starlette.responses import Response

from db import Database
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.pages.calls import saved
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads import facets, filters, tags

router = Views("leads")

Number = Annotated[int, Path(ge=1, lt=2**63)]
Short = Annotated[str, Form(max_length=300)]


@router.view("/filters", "/api/filters", "filters.html", "Filters", summary="Saved filters with live counts")
def show(here: Here) -> dict[str, Any]:
    """Each with what it chooses by and how many leads that is; null while it is counted for the first time."""
    return {
        "filters": [each.to_json(_count(here, each)) for each in filters.all_filters(here.database)],
        "known": filters.KNOWN,
    }


@router.post("/filters")
def save(request: Request, here: Here, name: Short, text: Short) -> Response:
    """Save one, or change the one of this name."""
    made = filters.save(here.database, name, text, actor=here.actor)
    return done(request, "/filters", f"Filter {made.name} is saved.")


@router.post("/filters/{number}/remove")
def remove(request: Request, here: Here, number: Number) -> Response:
    """Remove one; its leads stay as they are."""
    gone = filters.remove(here.database, str(number), actor=here.actor)
    return done(request, "/filters", f"Filter {gone.name} is removed.")


@router.post("/filters/{number}/tag")
def tag(request: Request, here: Here, number: Number, text: Short) -> Response:
    """Tag all its leads."""
    found = filters.find(here.database, str(number))
    leads = filters.numbers(here.database, found.where)
    tags.put(here.database, leads, text.split(","), actor=here.actor)
    return done(request, "/filters", f"{len(leads):,} leads are tagged.")


@router.post("/filters/{number}/export")
def export(here: Here, number: Number) -> Response:
    """Its leads as a CSV."""
    with here.database.view():
        found = filters.find(here.database, str(number))
        viewer = viewer_of(here.database)
        records = viewer.some(filters.numbers(here.database, found.where))
    return saved(here, viewer, records, found.name)


def _count(here: Cockpit, found: filters.Filter) -> int | None:
    def count(database: Database) -> int:
        return filters.count(database, found.where)

    figure = here.figures.get(f"filter {found.id}", count, of=facets.version(here.database), seconds=20)
    return None if figure is None else int(figure.value)
