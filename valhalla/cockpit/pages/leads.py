"""All leads: search, filters, page after page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from valhalla.cockpit.gather import facets
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.leads import browse
from valhalla.leads.known_markets import market_named
from valhalla.leads.markets import market_of
from valhalla.leads.view import Record, Viewer
from valhalla.program.errors import UsageError

router = Views("leads")

Filter = Annotated[str | None, Query(max_length=200)]


async def wanted(
    q: Annotated[str, Query(max_length=200)] = "",
    market: Filter = None,
    source: Filter = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    kept_out: Annotated[
        bool | None, Query(description="only leads that must not be contacted, or only others")
    ] = None,
    order: Annotated[str, Query(max_length=10)] = "newest",
    after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> browse.Wanted:
    """What an address asks to see; an empty field of the form is not a filter."""
    return browse.Wanted(q.strip(), market or None, source or None, status or None, kept_out, order, after)


Wanted = Annotated[browse.Wanted, Depends(wanted)]


def asked_market(here: Cockpit, text: str | None) -> str | None:
    """The market that a person means; what they typed, when nobody is of it, which then shows nobody."""
    if text is None or market_of(None, None, text)[0] == text:
        return text  # as leads and the page's own links have it
    try:
        return market_named(here.database, text)
    except UsageError:
        return text


def no_market(here: Cockpit, text: str | None) -> str | None:
    """Why nobody is of a market, with the nearest one; None: somebody is."""
    try:
        market_named(here.database, text)
    except UsageError as error:
        says = str(error)
        return says[0].upper() + says[1:]
    return None


def _around(request: Request, here: Cockpit, facts: dict[str, Any]) -> dict[str, Any]:
    asked = browse.Wanted(**facts["wanted"])
    following = None if facts["next"] is None else address(replace(asked, after=facts["next"]))
    return {
        "q": asked.q,
        "no_market": None if facts["leads"] else no_market(here, asked.market),
        "following": following,
        "beginning": address(replace(asked, after=None)) if asked.after is not None else None,
        "facets": None if asked.q else facets.gather(here),  # what was found is not narrowed by them
        "statuses": browse.STATUSES,
        "order_titles": browse.ORDERS,
        **sorting(asked, facts["orders"]),
    }


def _lines(here: Cockpit, asked: browse.Wanted) -> dict[str, Any]:
    return _page(here, asked, Viewer.line)


def _page(
    here: Cockpit, asked: browse.Wanted, show: Callable[[Viewer, Record], dict[str, Any]]
) -> dict[str, Any]:
    asked = replace(asked, market=asked_market(here, asked.market))
    with here.database.view():
        viewer = viewer_of(here.database)
        found = browse.page(here.database, viewer, asked)
        entries = [{**show(viewer, each), "suppressed": each.lead.suppressed} for each in found.records]
    shown = {"leads": entries, **found._asdict(), "wanted": asdict(found.wanted)}
    del shown["records"]
    return shown


@router.view(
    "/leads",
    "/api/leads",
    "leads.html",
    "Leads",
    summary="A page of leads",
    more=_around,
    brief=_lines,
    responses={400: {"description": "No such state or order"}},
)
def show(here: Here, asked: Wanted) -> dict[str, Any]:
    """With ``q``: the best that are found. Without: 50 at a time; go on with ``after`` = the answer's ``next``."""
    return _page(here, asked, Viewer.entry)


@router.json("/api/leads/counts", summary="How many leads of which market, source and state")
def counts(here: Here) -> dict[str, Any] | None:
    """Counted in the background, at most once a minute; null before it has been counted for the first time."""
    return facets.gather(here)


HEADS = {
    "number": ("newest", "oldest"),
    "name": ("name",),
    "price": ("dearest", "cheapest"),
    "score": ("best",),
}
"""Columns of the table, and the orders that a click on each goes through."""


def sorting(asked: browse.Wanted, offered: list[str]) -> dict[str, Any]:
    """What the heads of the table show: the column that the leads are in the order of, and where a click on each leads."""
    order = asked.order
    heads = {head: [each for each in orders if each in offered] for head, orders in HEADS.items()}
    heads = {head: orders for head, orders in heads.items() if orders and not asked.q}

    def sort_address(head: str) -> str:
        orders = heads[head]
        at = orders.index(order) + 1 if order in orders else 0
        return address(replace(asked, order=orders[at % len(orders)], after=None))

    return {
        "heads": heads,
        "sorted": next((head for head, orders in heads.items() if order in orders), ""),
        "descending": order in ("newest", "best", "dearest"),
        "sort_address": sort_address,
    }


def address(asked: browse.Wanted) -> str:
    """The address that asks for it."""
    fields: dict[str, Any] = {
        "q": asked.q or None,
        "market": asked.market,
        "source": asked.source,
        "status": asked.status,
        "kept_out": None if asked.kept_out is None else str(asked.kept_out).lower(),
        "order": asked.order if asked.order != "newest" else None,
        "after": asked.after,
    }
    given = urlencode({name: value for name, value in fields.items() if value is not None})
    return f"/leads?{given}" if given else "/leads"
