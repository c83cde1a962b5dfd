"""Who is calling whom: a person who was handed to one caller is not handed to another.

A hold covers the lead that was drawn and every other lead of its owner; nobody else is handed a lead with one of their numbers.
It ends with an outcome, when it is given back, or by itself after some minutes, so that a caller who went away holds nobody up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import MINUTE
from valhalla.leads import lookup, today
from valhalla.leads.today import Row
from valhalla.leads.working import AHEAD, next_row
from valhalla.program import settings
from valhalla.team import sql

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads.view import Viewer


class Hold(NamedTuple):
    """One lead that somebody holds; times in UTC microseconds."""

    lead_id: int
    drawn_id: int
    """The lead that was drawn; this one is held because of it."""
    who: str
    at: int
    until: int


class Drawn(NamedTuple):
    """Who is handed out and until when; or when calling may go on, None: nobody is left today."""

    row: Row | None
    until: int | None
    opens: int | None


def draw(database: Database, viewer: Viewer, who: str, **filters: Any) -> Drawn:
    """The next person for a caller, held for them: the same one again until an outcome is recorded or they are given back.

    ``filters``: those of :func:`valhalla.leads.working.next_row`.
    """
    length = settings.value(database, "team.hold_minutes") * MINUTE
    passed: set[int] = set()
    while True:
        held = _in_force(database)
        mine = next((each for each in held if each.who == who), None)
        if mine is not None and not _settled(database, mine):
            until = database.clock() + length
            with database.write():
                database.sql(sql.RENEW, (until, who))
            return Drawn(_row_of(database, viewer, mine.drawn_id), until, None)
        others = {each.lead_id for each in held if each.who != who}
        found = next_row(database, viewer, without=passed | others, **filters)
        if found.row is None:
            release(database, who)
            return Drawn(None, None, found.opens)
        lead_id = found.row.record.lead.id
        theirs = {lead_id, *lookup.of_same_owner(database, lead_id)}
        if theirs & others or _numbers(database, theirs) & _numbers(database, others):
            passed.add(lead_id)
            continue
        with database.write():
            now = database.clock()
            database.sql(sql.EXPIRE, (now,))
            database.sql(sql.RELEASE, (who,))
            if {each.lead_id for each in _in_force(database)} == others:
                until = now + length
                database.many(sql.HOLD, [(each, lead_id, who, now, until) for each in sorted(theirs)])
                return Drawn(found.row, until, None)
        # Somebody drew or gave back meanwhile: look again.


def release(database: Database, who: str) -> bool:
    """Give back whom a caller holds; whether there was anybody."""
    held = any(each.who == who for each in _in_force(database))
    if held:
        with database.write():
            database.sql(sql.RELEASE, (who,))
    return held


def _in_force(database: Database) -> list[Hold]:
    return [Hold._make(row) for row in database.sql(sql.HOLDS, (database.clock(),))]


def _settled(database: Database, hold: Hold) -> bool:
    return database.one(sql.SETTLED, (hold.drawn_id, hold.at)) is not None


def _row_of(database: Database, viewer: Viewer, lead_id: int) -> Row:
    """The lead in its group of today; one that is in none any more stands with the new."""
    rows = today.walk(database, viewer, batch=AHEAD)
    found = next((row for row in rows if row.record.lead.id == lead_id), None)
    return found if found is not None else Row("new", viewer.record(lead_id))


def _numbers(database: Database, lead_ids: Iterable[int]) -> set[int]:
    return {number for each in lead_ids for number in lookup.reach_of(database, each).phones}
