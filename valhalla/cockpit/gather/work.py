"""What *Work the list* shows: one lead, who comes next, and how far the day is."""

from __future__ import annotations

from itertools import islice
from typing import Any

from db import Database
from db.clock import iso
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit
from valhalla.leads import call_list_index, filters, today, working
from valhalla.leads.card_words import clock, in_words, micros
from valhalla.leads.today import HEADINGS, Row
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.team import holds
from valhalla.team.belonging import only_of
from valhalla.team.holds import Drawn, of_others
from valhalla.team.members import READ_ONLY

FILTER = "filter:"
"""Stands before the number of a saved filter that is worked."""


def gather(
    cockpit: Cockpit, *, lead_id: int | None = None, only: str | None = None, said: str | None = None
) -> dict[str, Any]:
    """The next lead (or the one with this number) with a one-time ``key``; ``lead`` is None when nobody may be called now.

    ``only``: one group of today, or ``filter:3`` for a saved filter. ``said``: what has just been recorded, for those who hear the page.
    """
    database, who = cockpit.database, only_of(cockpit.member)
    drawn = _drawn(cockpit, lead_id, only)
    with database.view():
        values = _values(cockpit)
        viewer = viewer_of(database, values)
        skipped = cockpit.calling.skipped(viewer.at)
        chosen, among = _chosen(database, only)
        group = only if chosen is None else None
        passed = skipped if drawn is None else skipped | of_others(database, cockpit.actor)
        rows, opens = working.ready(
            database, viewer, 1 + working.UPCOMING, without=passed, only=group, among=among
        )
        if drawn is not None:
            row, opens = drawn.row, drawn.opens
        else:
            row = (rows[0] if rows else None) if lead_id is None else _asked(cockpit, viewer, lead_id)
        card = None if row is None else working.card(database, viewer, row)
        after = [each for each in rows if row is None or each.record.lead.id != row.record.lead.id]
        shown: dict[str, Any] = {
            "key": None,
            "card": card,
            "only": only,
            "heading": chosen.name if chosen is not None else HEADINGS.get(only or ""),
            "said": said,
            "opens": None if opens is None else iso(opens),
            "day": working.day(database, values, who=who),
            "hold": None
            if drawn is None or drawn.until is None
            else {"until": iso(drawn.until), "by": cockpit.actor},
            "upcoming": [
                each.to_json(viewer, rank) for rank, each in enumerate(after[: working.UPCOMING], 1)
            ],
            "week": working.week(database, values, who=who),
            "skipped": len(skipped),
            "leads": row is not None or call_list_index.newest_lead(database) > 0,
            "can_undo": bool(working.recorded_today(database, cockpit.actor, values)),
            "caller": values["my.name"],
        }
        zone = values["timezone"]
    if card is not None and row is not None:
        shown["key"] = cockpit.calling.show(row.record.lead.id)
        shown["words"] = in_words(card, zone)
    if shown["opens"]:
        shown["opens_says"] = clock(micros(shown["opens"]), zone, "%a %I:%M %p")
    for each in shown["week"]:
        each["says"] = clock(micros(each["at"]), zone, "%a %I:%M %p")
    for each in shown["upcoming"]:
        each["heading"] = HEADINGS[each["group"]]
        if each["promise"]:
            each["promise"]["says"] = clock(micros(each["promise"]["at"]), zone, "%I:%M %p")
    return shown


def calls(cockpit: Cockpit) -> bool:
    """Whether the person who asks draws from the list as one of several callers."""
    member = cockpit.member
    return member is not None and member.role not in READ_ONLY and not cockpit.read_only


def _values(cockpit: Cockpit) -> dict[str, Any]:
    """The settings; a member says their own name."""
    values = settings.effective(cockpit.database)
    return values if cockpit.member is None else {**values, "my.name": cockpit.member.name}


def _chosen(database: Database, only: str | None) -> tuple[filters.Filter | None, list[int] | None]:
    """The saved filter that is worked, and its leads."""
    if not only or not only.startswith(FILTER):
        return None, None
    found = filters.find(database, only.removeprefix(FILTER))
    return found, filters.numbers(database, found.where)


def _drawn(cockpit: Cockpit, lead_id: int | None, only: str | None) -> Drawn | None:
    """Whom a member is handed, held for them; None: nobody is held, because there is one operator or somebody who only reads."""
    if not calls(cockpit):
        return None
    database = cockpit.database
    viewer = viewer_of(database, _values(cockpit))
    if lead_id is not None:
        return holds.take(database, viewer, cockpit.actor, lead_id)
    chosen, among = _chosen(database, only)
    skipped = cockpit.calling.skipped(viewer.at)
    group = only if chosen is None else None
    return holds.draw(database, viewer, cockpit.actor, without=skipped, only=group, among=among)


def _asked(cockpit: Cockpit, viewer: Viewer, lead_id: int) -> Row:
    """The row of a lead that a person asked for: as it stands in today, else as one of the list."""
    record = viewer.record(lead_id)
    for row in islice(today.walk(cockpit.database, viewer, batch=25), 200):
        if row.record.lead.id == lead_id:
            return row
    return Row("new" if record.lead.last_contact is None else "retries", record)
