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
from valhalla.program.errors import UsageError
from valhalla.team import sql
from valhalla.team.models import LeadHold

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


def draw(
    database: Database, viewer: Viewer, who: str, *, without: Iterable[int] = (), **filters: Any
) -> Drawn:
    """The next person for a caller, held for them: the same one again until an outcome is recorded or they are given back.

    A lead that another caller promised something to is theirs, and handed to nobody but them and managers. ``without``: leads
    that are passed over; ``filters``: the others of :func:`valhalla.leads.working.next_row`.
    """
    length = _length(database)
    held = _in_force(database)
    mine = next((each for each in held if each.who == who), None)
    if mine is not None and not _settled(database, mine):
        until = renew(database, who)
        if until is not None:
            return Drawn(_row_of(database, viewer, mine.drawn_id), until, None)
    others = {each.lead_id for each in held if each.who != who}
    newest = database.value(sql.NEWEST_OUTCOME)
    ends: list[int] = []

    def accept(row: Row) -> bool:
        end = _hold(database, who, row.record.lead.id, others, length, newest)
        if end is not None:
            ends.append(end)
        return end is not None

    passed = {*without, *promised_to_others(database, who), *others}
    found = next_row(database, viewer, without=passed, accept=accept, **filters)
    if found.row is None:
        release(database, who)
        return Drawn(None, None, found.opens)
    return Drawn(found.row, ends[0], None)


def take(database: Database, viewer: Viewer, who: str, lead_id: int) -> Drawn:
    """Hold the lead that a caller asked for. Raises :class:`UsageError` while somebody else is calling that person."""
    held = _in_force(database)
    mine = next((each for each in held if each.who == who), None)
    if mine is None or lead_id != mine.drawn_id or _settled(database, mine):
        others = {each.lead_id for each in held if each.who != who}
        if _hold(database, who, lead_id, others, _length(database)) is None:
            raise UsageError("somebody else in your team is calling this person now; take another one")
    until = renew(database, who)
    return Drawn(_row_of(database, viewer, lead_id), until, None)


def renew(database: Database, who: str) -> int | None:
    """Hold whom a caller holds for the whole time again, and until when; None: they hold nobody (any more)."""
    with database.write():
        now = database.clock()
        until = now + _length(database)
        longer = LeadHold.update(until=until).where(LeadHold.who == who, LeadHold.until > now)
        return until if longer.execute(database) else None


def of_others(database: Database, who: str) -> set[int]:
    """Leads that are held by others or that others promised something to: they are for somebody else now."""
    held = {each.lead_id for each in _in_force(database) if each.who != who}
    return held | promised_to_others(database, who)


def promised_to_others(database: Database, who: str) -> set[int]:
    """Leads that somebody else in the team promised something to; a promise is theirs and the managers'."""
    return {lead for (lead,) in database.sql(sql.PROMISED_TO_OTHERS, (who,))}


def _hold(
    database: Database, who: str, lead_id: int, others: set[int], length: int, newest: int | None = None
) -> int | None:
    """Hold a lead and the others of its owner; None: somebody else is calling that person or one of their numbers, or did so after
    the outcome ``newest``, with which the list was read."""
    theirs = {lead_id, *lookup.of_same_owner(database, lead_id)}
    numbers = lookup.phones_of(database, theirs)
    if theirs & others or numbers & lookup.phones_of(database, others):
        return None
    with database.write():
        now = database.clock()
        # What a caller who went away left behind goes with the next draw.
        database.run(sql.LET_GO, (now, who))
        # Another draw came first.
        came = {each.lead_id for each in _in_force(database)} - others
        if newest is not None:  # or came and went
            came |= {lead for (lead,) in database.sql(sql.OUTCOMES_AFTER, (newest,))}
        if theirs & came or numbers & lookup.phones_of(database, came):
            return None
        database.many(sql.HOLD, [(each, lead_id, who, now, now + length) for each in sorted(theirs)])
    return now + length


def release(database: Database, who: str) -> bool:
    """Give back whom a caller holds; whether there was anybody."""
    held = any(each.who == who for each in _in_force(database))
    if held:
        with database.write():
            LeadHold.delete().where(LeadHold.who == who).execute(database)
    return held


def _in_force(database: Database) -> list[Hold]:
    return [Hold._make(row) for row in database.sql(sql.IN_FORCE, (database.clock(),))]


def _length(database: Database) -> int:
    return int(settings.value(database, "team.hold_minutes")) * MINUTE


def _settled(database: Database, hold: Hold) -> bool:
    """Whether what the lead was drawn for has happened."""
    return bool(database.value(sql.SETTLED, (hold.drawn_id, hold.at)))


def _row_of(database: Database, viewer: Viewer, lead_id: int) -> Row:
    """The lead in its group of today; one that is in none any more stands with the new."""
    rows = today.walk(database, viewer, batch=AHEAD)
    found = next((row for row in rows if row.record.lead.id == lead_id), None)
    return found if found is not None else Row("new", viewer.record(lead_id))
