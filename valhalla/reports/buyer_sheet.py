"""The sheet that goes to buyers: the house, its numbers, the price, and whom to call.

It is put together from a list of what belongs on it, never by leaving things out of the worksheet: nothing about the seller, the
script or the spread can come onto it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from db import Database
from valhalla.leads import deals, facts
from valhalla.leads.view import Viewer
from valhalla.program import settings, templates
from valhalla.program.errors import NotFound
from valhalla.program.moments import clock_text
from valhalla.program.wording import money
from valhalla.scoring.stages.packet import buyer_price, figures, rounded

if TYPE_CHECKING:
    from jinja2 import Environment

TITLE = "Assignment of contract"

HOUSE = ("property_type", "beds", "baths", "sqft", "lot", "year_built", "condition", "occupancy")
"""What is said of the house, by the names of :data:`valhalla.leads.facts.LABELS`."""


def gather(database: Database, lead_id: int) -> dict[str, Any]:
    """What the sheet says: money in cents, what is not known is None. Raises :class:`NotFound` when there is no such lead.

    The price is the buyer's price of the deal, else what the policy leaves a buyer: the most to offer and your fee.
    """
    viewer = Viewer.now(database)
    record = viewer.record(lead_id)
    known = facts.facts(record.lead, record.details, ())
    values = settings.effective(database)
    try:
        deal: deals.Deal | None = deals.deal_of(database, lead_id)
    except NotFound:
        deal = None
    lead, context = record.lead, viewer.context(record.lead)
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    price = deal.buyer_price if deal is not None else None
    if price is None:
        most = buyer_price(found, segment)
        price = None if most is None else rounded(most)
    zone = values["timezone"]
    closing = deal.closing_at if deal is not None else None
    return {
        "title": TITLE,
        "lead": lead_id,
        "address": known["address"],
        "unit": known["unit"],
        "city": known["city"],
        "state": known["state"],
        "zip": known["zip"],
        "place": lead.location,
        "house": {name: known[name] for name in HOUSE},
        "arv_cents": found.arv,
        "repairs_cents": found.repairs,
        "repairs_assumed": found.repairs is not None and lead.repairs is None,
        "price_cents": price if price is not None and price > 0 else None,
        "closing": None if closing is None else clock_text(closing, zone, "%Y-%m-%d"),
        "contact": {name: values[f"my.{name}"] for name in ("name", "phone", "company")},
        "date": clock_text(database.clock(), zone, "%Y-%m-%d"),
    }


def heading(sheet: Mapping[str, Any]) -> str:
    """The address, in one line."""
    unit = f" {sheet['unit']}" if sheet["unit"] else ""
    place = sheet["place"]
    if not sheet["address"]:
        return str(place or "Address on request")
    street = f"{sheet['address']}{unit}"
    return f"{street}, {place}" if place and place not in street else street


def rows(sheet: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines of the house; what nobody knows is left out."""
    found = []
    for name, value in sheet["house"].items():
        if value is not None and value != "":
            label = facts.LABELS[name][0]
            text = f"{value:,}" if name == "sqft" else facts.in_words(name, value)
            found.append((label[:1].upper() + label[1:], str(text)))
    return found


def numbers(sheet: Mapping[str, Any]) -> list[tuple[str, str]]:
    """ARV, repairs, price and closing; what is not known says so."""
    repairs = "Repairs, estimated" if sheet["repairs_assumed"] else "Repairs"
    found = [
        ("After-repair value (ARV)", _money(sheet["arv_cents"])),
        (repairs, _money(sheet["repairs_cents"])),
        ("Your price", _money(sheet["price_cents"])),
    ]
    if sheet["closing"]:
        found.append(("Closing", sheet["closing"]))
    return found


def contact(sheet: Mapping[str, Any]) -> str:
    """Whom to call."""
    known = [sheet["contact"][name] for name in ("name", "company", "phone") if sheet["contact"][name]]
    return " · ".join(known)


def lines(sheet: Mapping[str, Any]) -> list[str]:
    """The sheet as plain text, line by line."""
    wide = 28
    found = [sheet["title"], heading(sheet), ""]
    found += [f"  {name:<{wide}}{value}" for name, value in (*rows(sheet), *numbers(sheet))]
    found += ["", contact(sheet) or "Say who you are: valhalla config set my.name NAME (and my.phone)"]
    return found


def page(sheet: Mapping[str, Any]) -> str:
    """The sheet as one HTML page: nothing is loaded from anywhere, and it prints on one sheet."""
    return (
        _environment()
        .get_template("sheet.html")
        .render(
            sheet=sheet,
            heading=heading(sheet),
            rows=rows(sheet),
            numbers=numbers(sheet),
            contact=contact(sheet),
        )
    )


def _money(amount: int | None) -> str:
    return "on request" if amount is None else money(amount)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return templates.environment("valhalla.reports", "templates/buyer_sheet")
