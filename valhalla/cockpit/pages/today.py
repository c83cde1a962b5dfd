"""The first look: who to call."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from valhalla.cockpit import frame
from valhalla.cockpit.gather import today as gathering
from valhalla.cockpit.pages.leads import asked_market, no_market
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads.today import HEADINGS
from valhalla.program.errors import UsageError

router = Views("today")

Filter = Annotated[str | None, Query(max_length=200)]


def _of_page(here: Cockpit, only: str | None, market: str | None, source: str | None) -> dict[str, Any]:
    if only is not None and only not in HEADINGS:
        raise UsageError(f"{only!r} is not a group of today; use {', '.join(HEADINGS)}")
    return gathering.gather(here, only=only, market=asked_market(here, market), source=source or None)


@router.view(
    "/",
    "/api/today",
    "today.html",
    "Today",
    summary="Who to call today, in groups",
    brief=_of_page,
    more=lambda request, here, facts: {"no_market": no_market(here, facts["market"])},
)
def show(
    here: Here,
    only: Annotated[str | None, Query(max_length=20)] = None,
    market: Filter = None,
    source: Filter = None,
) -> dict[str, Any]:
    """Promised, appointments, deals, warm, new, retries, each with its count and first rows; how far the day is; this week;
    what came in; what needs a person."""
    return _of_page(here, only, market, source) | {"needs": frame.waiting(here.database)}
