"""Working through today's list: who is next, what to know about them, and how far the day is.

A lead that is shown is the next one in the order of :mod:`valhalla.leads.today` who may be called at this moment: due, and
within calling hours where they are. Promises come first as soon as their time has come.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import DAY, HOUR, iso
from valhalla.leads import contact_rules, notes, numbers, promises, sql, tags, today, when
from valhalla.leads.outcome_history import outcomes_of
from valhalla.leads.speech import spoken
from valhalla.leads.standing import CONVERSATIONS, DIALS
from valhalla.program import settings
from valhalla.program.moments import local_day
from valhalla.scoring.scripts import find_script
from valhalla.scoring.stages.calling import HOLD

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads.today import Row
    from valhalla.leads.view import Record, Viewer
    from valhalla.scoring.stages import StoredLead

AHEAD = 500
"""New leads, and retries, that are looked at for one who may be called now."""

UPCOMING = 5
"""Leads shown as coming next."""

SOON = 8 * DAY
"""How far ahead call-backs are looked at to say when calling may go on."""

LATER = 20
"""Promises that are looked at for that, the earliest."""

UNDOABLE = 10
"""Outcomes that can be undone one after the other."""

KEYS = {
    "1": "no_answer",
    "2": "voicemail",
    "3": "wrong_number",
    "4": "callback",
    "5": "interested",
    "6": "appointment",
    "7": "not_interested",
    "9": "opted_out",
}
"""One key for each outcome."""

LABELS = {
    "no_answer": "No answer",
    "voicemail": "Left a voicemail",
    "wrong_number": "Wrong number",
    "callback": "Call back at …",
    "interested": "Talked, interested",
    "appointment": "Appointment at …",
    "not_interested": "Not interested",
    "opted_out": "Never call again",
}
"""What stands next to the key."""

TIMED = ("callback", "appointment")
"""Outcomes that need a time."""


class Next(NamedTuple):
    """Who is next, or when calling may go on."""

    row: Row | None
    opens: int | None
    """UTC microseconds, when nobody may be called now but somebody later; None: nobody is left today."""


class Hours(NamedTuple):
    """When a lead may be called, in UTC microseconds."""

    zone: str
    opens: int
    """Now, or when their calling hours begin."""
    closes: int | None
    """When they end; None: never."""


def next_row(
    database: Database,
    viewer: Viewer,
    *,
    without: Container[int] = (),
    only: str | None = None,
    market: str | None = None,
    source: str | None = None,
    among: Sequence[int] | None = None,
    accept: Callable[[Row], bool] | None = None,
) -> Next:
    """The first who may be called now. ``without``: leads that were skipped, by number; ``only``: one group of today; ``among``:
    of these leads, in their order; ``accept``: asked for each that may be called, until it says yes."""
    rows, opens = ready(
        database,
        viewer,
        1,
        without=without,
        only=only,
        market=market,
        source=source,
        among=among,
        accept=accept,
    )
    return Next(rows[0] if rows else None, opens)


def first_of(viewer: Viewer, groups: Sequence[today.Group], without: Container[int] = ()) -> Row | None:
    """The same as :func:`next_row` where the rows of these groups show it: of today as a whole, in its order. None: ask that."""
    for group in groups:
        for row in group.rows:
            due = due_at(viewer, row) if row.record.lead.id not in without else None
            if due is not None and due <= viewer.at:
                return row
        if len(group.rows) < group.total or group.more:
            return None
    return None


def next_after(
    database: Database,
    viewer: Viewer,
    row: Row,
    *,
    without: Set[int] = frozenset(),
    only: str | None = None,
    market: str | None = None,
    among: Sequence[int] | None = None,
) -> Row | None:
    """Who follows this one, worked out while the call goes on: somebody else with other numbers, whatever comes of the call."""
    lead = row.record.lead
    theirs = {each.key for each in numbers.of_lead(database, lead.id)}

    def stranger(other: Row) -> bool:
        if lead.person is not None and other.record.lead.person == lead.person:
            return False
        return theirs.isdisjoint(each.key for each in numbers.of_lead(database, other.record.lead.id))

    passed = {lead.id, *without}
    return next_row(
        database, viewer, without=passed, only=only, market=market, among=among, accept=stranger
    ).row


def still_next(database: Database, viewer: Viewer, row: Row, since: int) -> bool:
    """Whether the one who was worked out at ``since`` is to be shown now: may be called, and no promise came due meanwhile."""
    due = due_at(viewer, row)
    return (
        due is not None
        and due <= viewer.at
        and not promises.listed(database, since=since, until=viewer.at, limit=1)
    )


def ready(
    database: Database,
    viewer: Viewer,
    count: int,
    *,
    without: Container[int] = (),
    only: str | None = None,
    market: str | None = None,
    source: str | None = None,
    among: Sequence[int] | None = None,
    accept: Callable[[Row], bool] | None = None,
) -> tuple[list[Row], int | None]:
    """The first ``count`` who may be called now, as :func:`next_row` chooses them; and, when there are none, when the first of the
    others may be (UTC microseconds; None: nobody is left today)."""
    found: list[Row] = []
    opens: list[int] = []
    rows = (
        today.walk(database, viewer, market=market, source=source, only=only, batch=AHEAD)
        if among is None
        else _among(viewer, among)
    )
    for row in rows:
        if row.record.lead.id in without:
            continue
        due = due_at(viewer, row)
        if due is None:
            continue
        if due > viewer.at:
            opens.append(due)
            continue
        if accept is not None and not accept(row):
            continue
        found.append(row)
        if len(found) == count:
            break
    if not found and among is None and only in (None, "promised"):
        opens += _promised_later(database, viewer, market, source)
    return found, None if found else min(opens, default=None)


def _promised_later(
    database: Database, viewer: Viewer, market: str | None, source: str | None
) -> Iterator[int]:
    """When the call-backs of the next days may be made: they are not on today's list, but calling goes on with them."""
    for each in promises.listed(database, since=viewer.at, until=viewer.at + SOON, limit=LATER):
        if each.suppressed is None and each.promise.kind == "callback":
            record = viewer.record(each.promise.lead_id)
            if market in (None, record.lead.market) and source in (None, record.lead.source):
                due = due_at(viewer, today.Row("promised", record, promise=each))
                if due is not None:
                    yield due


def _among(viewer: Viewer, among: Sequence[int]) -> Iterator[Row]:
    for at in range(0, len(among), today.COUNTED):
        for record in viewer.some(among[at : at + today.COUNTED]):
            if record.lead.suppressed is None:
                yield today.Row("new" if record.lead.last_contact is None else "retries", record)


def due_at(viewer: Viewer, row: Row) -> int | None:
    """When this row may be called: now or later, in UTC microseconds; None: not by working through the list."""
    lead = row.record.lead
    if row.group == "appointments" or (lead.phone_key is None and lead.email is None):
        return None
    rules, at = viewer.calling, viewer.at
    if row.promise is not None:
        promise = row.promise.promise
        if promise.kind == "task":
            return None
        at = max(at, promise.at)
    else:
        action = viewer.action(row.record)
        if action.action == HOLD:
            return action.due
        if action.channel not in ("call", "text"):
            return at
    # The number whose turn it is may be of another place than the lead's own.
    may = contact_rules.may_call(viewer.database, lead.id, rules, at)
    return at if may.ok else may.opens


def hours(viewer: Viewer, record: Record) -> Hours:
    """The calling hours of a lead now."""
    found = contact_rules.hours_of(record.lead, record.details, viewer.calling, viewer.at)
    return Hours(found.zone, viewer.at if found.opens is None else found.opens, found.until)


def card(database: Database, viewer: Viewer, row: Row) -> dict[str, Any]:
    """What a caller has to know of a lead: who, which number, why, what to say, what was said before."""
    lead, entry = row.record.lead, row.to_json(viewer)
    may, open_hours = (
        contact_rules.may_call(database, lead.id, viewer.calling, viewer.at),
        hours(viewer, row.record),
    )
    dial = may.dial or numbers.next_number(database, lead.id)
    known = viewer.facts(row.record)
    past = [each.to_json() for each in outcomes_of(database, lead.id)]
    return {
        "lead": entry,
        "number": None
        if dial is None
        else {**dial.number.to_json(), "which": dial.which, "of": dial.of, "key": dial.number.key},
        "hours": {
            "zone": open_hours.zone or None,
            "now": iso(viewer.at),
            "opens": iso(open_hours.opens),
            "closes": None if open_hours.closes is None else iso(open_hours.closes),
            "open": open_hours.opens <= viewer.at,
        },
        "known": known,
        "tags": tags.of_lead(database, lead.id),
        "notes": [each.to_json() for each in notes.of_lead(database, lead.id)],
        "outcomes": [each for each in past if each["undone_at"] is None],
        "script": script(database, lead, viewer.values["my.name"]),
        "others": known["person"]["other_leads"],
    }


def script(database: Database, lead: StoredLead, caller: str | None) -> dict[str, Any] | None:
    """The script that was drawn for the lead, as it is said; None: none was."""
    if lead.decision.script_id is None:
        return None
    found = find_script(database, str(lead.decision.script_id))
    return {"name": found.name, "version": found.version, "text": spoken(found.body, lead, caller)}


def day(
    database: Database, values: Mapping[str, Any] | None = None, *, who: str | None = None
) -> dict[str, Any]:
    """How far today is: dials, conversations and appointments since midnight, and the goal; ``who``: of what they recorded."""
    values = settings.effective(database) if values is None else values
    now = database.clock()
    since = local_day(now, values["timezone"])
    counts: dict[str, int] = dict(database.sql(sql.OUTCOMES_SINCE, (since, who)))
    talked = sum(counts.get(event, 0) for event in CONVERSATIONS)
    tried = sum(counts.get(event, 0) for event in DIALS)
    return {
        "dials": tried + talked - counts.get("inbound", 0) + counts.get("opted_out", 0),
        "talked": talked,
        "appointments": counts.get("appointment", 0),
        "goal": values["goal.dials"] or None,
    }


def week(
    database: Database, values: Mapping[str, Any] | None = None, *, who: str | None = None
) -> list[dict[str, Any]]:
    """Appointments and call-backs of the coming seven days, by time; ``who``: those that they made."""
    values = settings.effective(database) if values is None else values
    now = database.clock()
    end = local_day(local_day(now, values["timezone"]) + 7 * DAY + 2 * HOUR, values["timezone"])
    found = promises.listed(database, since=now, until=end, limit=20, by=who)
    return [each.to_json(now) for each in found if each.suppressed is None]


def recorded_today(database: Database, actor: str, values: Mapping[str, Any] | None = None) -> list[int]:
    """The last outcomes that this person recorded today and that stand, the newest first: what can be undone."""
    values = settings.effective(database) if values is None else values
    since = local_day(database.clock(), values["timezone"])
    return [number for (number,) in database.sql(sql.RECORDED_SINCE, (since, actor, UNDOABLE))]


def meant(database: Database, lead: StoredLead, typed: str) -> dict[str, str]:
    """The time that a person means: ``at`` to be stored (ISO 8601), and ``says``, how it reads where the lead is and, where that
    differs, here. Raises :class:`UsageError`."""
    found = when.meant(database, lead.id, typed)
    promises.check_time(found.at, database.clock())
    return {"at": iso(found.at), "says": found.says}
