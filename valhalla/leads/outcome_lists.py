"""Outcomes from a list, as a CRM or a dialer exports them: one line each, the lead by number, e-mail, or phone (and name)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from db import Database, audit
from valhalla.leads import dispositions, lookup, sql
from valhalla.leads.contacts import phone_key
from valhalla.leads.identity import email_key, phone_name_key
from valhalla.leads.outcomes import AMOUNT_OF, FROM_LIST, UNTIL_OF, Outcome, Recorder
from valhalla.leads.sheet import Line, Refused, Sheet
from valhalla.leads.standing import CONVERSATIONS, DIALS
from valhalla.leads.suppression import Entry
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import ahead, moment
from valhalla.program.wording import cents

COLUMNS = {
    "lead": ("lead", "lead id", "lead_id", "id", "external id", "vendor lead code"),
    "email": ("email", "e-mail", "mail", "email address"),
    "phone": (
        *(
            "phone",
            "phone number",
            "mobile",
            "number dialed",
            "dialed number",
            "phone dialed",
            "number called",
        ),
        *("called number", "phone number dialed", "number", "telephone", "to number", "to"),
    ),
    "name": ("name", "full name", "owner", "owner name", "contact name", "contact", "lead name"),
    "first": ("first name", "first", "owner first name", "contact first name"),
    "last": ("last name", "last", "owner last name", "contact last name"),
    "event": (
        *(
            "event",
            "outcome",
            "result",
            "status",
            "disposition",
            "call result",
            "call disposition",
            "call outcome",
        ),
        *(
            "last call result",
            "last dial result",
            "last disposition",
            "call status",
            "lead status",
            "status name",
        ),
    ),
    "at": (
        *("at", "date", "when", "time", "call date", "call time", "date time", "call date time", "called at"),
        *(
            "start time",
            "call start time",
            "call start",
            "last dialed at",
            "last call date",
            "last called",
            "timestamp",
        ),
    ),
    "clock": ("time of call", "time of day", "call time", "start time", "time"),
    "amount": ("amount", "fee"),
    "channel": ("channel", "how"),
    "reason": ("reason", "note", "notes", "comment", "comments", "call notes", "agent notes"),
    "until": (
        *(
            "until",
            "paused until",
            "follow up",
            "follow up date",
            "callback date",
            "call back date",
            "callback time",
        ),
        *("callback", "next call", "next call date", "appointment date", "appointment time"),
    ),
}
"""Fields and the headers under which they are found: of CRMs, and of the result files of dialers."""

BATCH = 500


@dataclass
class Imported:
    """What became of a file of outcomes; rows = recorded + known + refused."""

    rows: int = 0
    recorded: int = 0
    known: int = 0
    """Recorded before, word for word."""
    refused: list[Refused] = field(default_factory=list)


def record_list(database: Database, sheet: Sheet, *, zone: str | None, actor: str = "operator") -> Imported:
    """Record every line of a table with the columns :data:`COLUMNS`. Lines that make no sense are refused and named, the
    others are recorded; reading a file twice records nothing twice. Durable. Raises :class:`UsageError` where columns
    are missing."""
    result = Imported()
    if "event" not in sheet.fields or not {"lead", "email", "phone"} & sheet.fields:
        raise UsageError(
            f"{sheet.path} needs a column event (contacted, won, ...; a dialer calls it disposition) and one of lead, email, or phone with name"
        )
    rows = iter(sheet)
    while batch := list(islice(rows, BATCH)):
        with database.write(durable=True):
            recorder = Recorder(database, actor)
            before = result.recorded
            for line in batch:
                _one(database, recorder, line, zone, result)
            body = {
                "lines": [batch[0].number, batch[-1].number],
                "recorded": result.recorded - before,
            }
            audit.append(database, "outcome.import", "outcomes", body, actor=actor)
    return result


def _one(database: Database, recorder: Recorder, line: Line, zone: str | None, result: Imported) -> None:
    result.rows += 1
    if line.problem is not None:
        result.refused.append(Refused(line.number, line.problem))
        return
    try:
        with database.savepoint():
            recorded = recorder.record(_outcome(database, line.cells, zone))
    except (UsageError, NotFound) as error:
        result.refused.append(Refused(line.number, str(error)))
        return
    if recorded.new:
        result.recorded += 1
    else:
        result.known += 1


def _outcome(database: Database, cells: dict[str, str], zone: str | None) -> Outcome:
    now = database.clock()
    event = dispositions.event_of(cells.get("event", ""))
    at, amount, until = cells.get("at"), cells.get("amount"), cells.get("until")
    if not at:
        raise UsageError(
            "the date is missing"
        )  # without it, a file that is read twice could not be recognised
    clock = cells.get("clock", "")
    if clock and clock != at and ":" in clock and ":" not in at:
        at = f"{at} {clock}"
    if event == "sold" and amount:
        event = "won"  # as version 0.1 read it: we sold it
    happened = moment(at, now, zone, noon=True)
    ends = ahead(until, now, zone) if until and event in UNTIL_OF else None
    if ends is not None and ends <= happened and event != "paused":
        ends = None
    phone = phone_key(cells["phone"]) if cells.get("phone") else None
    by_phone = event in DIALS or event in CONVERSATIONS
    return Outcome(
        _lead_of(database, cells, phone),
        event,
        happened,
        cents(amount) if amount and event in AMOUNT_OF else None,
        cells.get("channel", "").lower() or None,
        cells.get("reason") or None,
        ends,
        f"+{phone}" if phone is not None and by_phone else None,
        origin=FROM_LIST,
    )


def _lead_of(database: Database, cells: dict[str, str], phone: int | None) -> int:
    if number := cells.get("lead"):
        if not number.isdigit():
            raise UsageError(f"{number!r} is not a lead number")
        return int(number)
    name = cells.get("name") or f"{cells.get('first', '')} {cells.get('last', '')}".strip()
    keys = []
    if email := cells.get("email", "").lower():
        keys.append(email_key(email))
    if phone is not None and name:
        keys.append(phone_name_key(phone, name))
    for key in keys:
        found = database.value(sql.LEAD_OF_KEY, (key,))
        if found is not None:
            return int(found)
    if phone is not None:
        return _lead_of_number(database, phone, name)
    facts = cells.get("email") or cells.get("phone") or name or "nobody"
    raise NotFound(f"no lead is known as {facts}")


def _lead_of_number(database: Database, phone: int, name: str) -> int:
    """The lead with this number, whichever of its numbers it is: of several owners the one of that name."""
    leads = [each.id for each in lookup.leads_of(database, [Entry("phone", str(phone))])]
    names = lookup.names(database, leads)
    words = set(name.casefold().split())
    fitting = [each for each in leads if words and words & set(names[each].casefold().split())] or leads
    if not fitting:
        raise NotFound(f"no lead is known as +{phone}")
    if len({names[each].casefold() for each in fitting}) > 1:
        raise UsageError(
            f"several people have the number +{phone}; add a column with their name or lead number"
        )
    return min(fitting)
