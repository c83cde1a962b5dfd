"""All leads: search, filters, page after page."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from valhalla.cockpit.gather import facets, leads
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import page
from valhalla.cockpit.state import Here

ENTRY = Entry("Leads", "/leads", "leads", first=True)

router = APIRouter(include_in_schema=False)

Filter = Annotated[str | None, Query(max_length=200)]


def wanted(
    q: Annotated[str, Query(max_length=200)] = "",
    market: Filter = None,
    source: Filter = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    kept_out: Annotated[
        bool | None, Query(description="only leads that must not be contacted, or only others")
    ] = None,
    order: Annotated[str, Query(max_length=10)] = "newest",
    after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> leads.Wanted:
    """What an address asks to see; an empty field of the form is no filter."""
    return leads.Wanted(q.strip(), market or None, source or None, status or None, kept_out, order, after)


Wanted = Annotated[leads.Wanted, Depends(wanted)]


@router.get("/leads")
def show(request: Request, here: Here, asked: Wanted) -> Response:
    """A page of leads."""
    told = leads.gather(here.database, asked)
    asked = replace(asked, order=told["wanted"]["order"])
    following = None if told["next"] is None else address(replace(asked, after=told["next"]))
    return page(
        request,
        "leads.html",
        "Leads",
        **told,
        q=asked.q,
        following=following,
        beginning=address(replace(asked, after=None)) if asked.after is not None else None,
        facets=facets.gather(here),
        statuses=leads.STATUSES,
        order_titles=leads.ORDERS,
        **sorting(asked, told["orders"]),
    )


HEADS = {
    "number": ("newest", "oldest"),
    "name": ("name",),
    "price": ("dearest", "cheapest"),
    "score": ("best",),
}
"""Columns of the table, and the orders that a click on each goes through."""


def sorting(asked: leads.Wanted, offered: list[str]) -> dict[str, Any]:
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


def address(asked: leads.Wanted) -> str:
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
