"""What waits for a person's word: possible duplicates, changes that lists ask for, effects; and what was decided lately."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from db import Database
from db.clock import iso
from valhalla.cockpit.gather import effects
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.intake import offers, unfolding
from valhalla.leads import merge, review
from valhalla.leads.buyers import shown
from valhalla.leads.merge import Compared
from valhalla.leads.view import Record, Viewer
from valhalla.reports import overview

PAIRS = 10
CHANGES = 25
OFFERS = 25
DRAFTS = 5
HOUSES = 20
LATELY = 10

MONEY = ("value", "arv", "repairs")
DATES = ("list_date",)
TITLES = {"value": "asking", "arv": "ARV", "phone_key": "phone as dialed", "list_date": "listed"}

COMPARED = (
    *("name", "email", "phone", "value", "location", "address", "source", "arv", "repairs", "condition"),
    *("beds", "list_date"),
)
"""What two leads are compared by, in the order of the page."""


def gather(
    database: Database,
    *,
    pairs_after: int = 0,
    changes_after: int = 0,
    offers_after: int = 0,
    houses: bool = False,
) -> dict[str, Any]:
    """A page of each kind of decision, with how many wait (counting ends at 1,000).

    ``next_pairs`` and the like go into ``pairs_after``; None: that was the last page. ``houses``: also which leads of version 0.1
    stand for several houses, which takes a look at all of them.
    """
    with database.view():
        waits = overview.waiting(database)
        found = merge.possible(database, PAIRS + 1, pairs_after)
        offered = offers.waiting(database, OFFERS + 1, offers_after)
        asked = review.waiting(database, CHANGES + 1, changes_after)
        return {
            "counts": {
                "duplicates": waits.duplicates,
                "changes": waits.changes,
                "effects": waits.drafts,
                "offers": waits.offers,
                "houses": waits.houses,
            },
            "duplicates": _pairs(database, found[:PAIRS]),
            "next_pairs": found[PAIRS - 1]["id"] if len(found) > PAIRS else None,
            "changes": [_change(each) for each in asked[:CHANGES]],
            "by_import": [
                {**each, "file": PurePath(each["file"]).name} for each in review.by_import(database)
            ],
            "next_changes": asked[CHANGES - 1]["id"] if len(asked) > CHANGES else None,
            "offers": [{**each, "buyer": shown(each["buyer"])} for each in offered[:OFFERS]],
            "next_offers": offered[OFFERS - 1]["id"] if len(offered) > OFFERS else None,
            "effects": effects.waiting(database, DRAFTS),
            "houses": {
                "to_check": unfolding.to_check(database),
                "found": unfolding.preview(database, HOUSES) if houses else None,
                "unsure": unfolding.unsure(database, HOUSES),
                "runs": [each for each in unfolding.runs(database) if each["leads"]],
            },
            "merges": [{**each._asdict(), "at": iso(each.at)} for each in merge.recent(database, LATELY)],
        }


def _pairs(database: Database, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not found:
        return []
    numbers = [lead["id"] for pair in found for lead in pair["leads"]]
    viewer = viewer_of(database)
    records = {record.lead.id: record for record in viewer.some(numbers)}
    more = merge.compared(database, numbers)
    shown = []
    for pair in found:
        leads = [_lead(viewer, records[lead["id"]], more[lead["id"]]) for lead in pair["leads"]]
        shown.append(
            {
                "id": pair["id"],
                "why": pair["why"],
                "phone": pair["phone"],
                "found_at": iso(pair["found_at"]),
                "leads": leads,
                "rows": _rows(leads),
                "suggested": _suggested(leads),
            }
        )
    return shown


def _lead(viewer: Viewer, record: Record, more: Compared) -> dict[str, Any]:
    shown = {
        **viewer.entry(record),
        **more._asdict(),
        **{name: _shown(name, getattr(more, name)) for name in ("arv", "repairs", "list_date")},
        "created_at": iso(more.created_at),
        "file": PurePath(more.path).name if more.path else None,
    }
    del shown["path"]
    return shown


def _rows(leads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The two side by side: fields that either knows, then the further columns of their lists."""
    one, other = leads
    rows = [
        _row(TITLES.get(name, name), one[name], other[name], "money" if name in MONEY else "text")
        for name in COMPARED
        if one[name] is not None or other[name] is not None
    ]
    extras = dict.fromkeys([*one["extra"], *other["extra"]])
    for name in extras:
        left, right = one["extra"].get(name) or None, other["extra"].get(name) or None
        if left is not None or right is not None:
            rows.append(_row(name, left, right, "text"))
    return rows


def _row(title: str, left: Any, right: Any, kind: str) -> dict[str, Any]:
    return {"title": title, "values": [left, right], "kind": kind, "same": left == right}


def _suggested(leads: list[dict[str, Any]]) -> int:
    """Whom to keep: with whom more was done, then who was known first. The other one's knowledge is kept either way."""
    best = max(
        leads, key=lambda lead: (lead["outcomes"], lead["status"] != "new", lead["lists"], -lead["id"])
    )
    return int(best["id"])


def _change(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found["id"],
        "lead": found["lead"],
        "name": found["name"],
        "file": PurePath(found["file"]).name,
        "line": found["line"],
        "new_owner": found["new_owner"],
        "at": iso(found["at"]),
        "changes": [
            {
                "title": TITLES.get(name, name.replace("_", " ")),
                "kind": "money" if name in MONEY else "text",
                "before": _shown(name, before),
                "after": _shown(name, after),
            }
            for name, (before, after) in found["changes"].items()
            if name not in HIDDEN
        ],
    }


HIDDEN = ("phone_key", "extras", "details", "warnings")
"""Columns that say in another form what others say, or that no person reads."""


def _shown(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column in MONEY:
        return value / 100
    return iso(value)[:10] if column in DATES else value
