"""Outcomes from a CSV, as a CRM exports them: one line each, the lead by number, e-mail, or phone and name."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from db import Database, audit
from valhalla.leads import sql
from valhalla.leads.contacts import phone_key
from valhalla.leads.identity import email_key, phone_name_key
from valhalla.leads.outcomes import FROM_LIST, Outcome, Recorder
from valhalla.leads.sheet import Line, Refused, Sheet
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.moments import ahead, moment
from valhalla.program.wording import cents

COLUMNS = {
    "lead": ("lead", "lead id", "lead_id", "id"),
    "email": ("email", "e-mail", "mail"),
    "phone": ("phone", "phone number", "mobile"),
    "name": ("name", "full name", "owner"),
    "event": ("event", "outcome", "result", "status", "disposition"),
    "at": ("at", "date", "when", "time"),
    "amount": ("amount", "fee"),
    "channel": ("channel", "how"),
    "reason": ("reason", "note", "notes", "comment"),
    "until": ("until", "paused until", "follow up"),
}
"""Fields and the headers under which they are found."""

WORDS = {"closed": "won", "sold": "won", "dnc": "opted_out", "opt out": "opted_out", "opted out": "opted_out",
         "do not call": "opted_out", "appointment set": "appointment", "under contract": "contract"}  # fmt: skip
"""Other words for the events."""

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
            f"{sheet.path} needs a column event (contacted, won, ...) and one of lead, email, or phone with name"
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
    word = cells.get("event", "").strip().lower()
    event = WORDS.get(word.replace("_", " "), word.replace(" ", "_"))
    at, amount, until = cells.get("at"), cells.get("amount"), cells.get("until")
    if not at:
        raise UsageError(
            "the date is missing"
        )  # without it, a file that is read twice could not be recognised
    return Outcome(
        _lead_of(database, cells),
        event,
        moment(at, now, zone, noon=True),
        cents(amount) if amount and event == "won" else None,
        cells.get("channel", "").lower() or None,
        cells.get("reason") or None,
        ahead(until, now, zone) if until and event == "paused" else None,
        origin=FROM_LIST,
    )


def _lead_of(database: Database, cells: dict[str, str]) -> int:
    if number := cells.get("lead"):
        if not number.isdigit():
            raise UsageError(f"{number!r} is no lead number")
        return int(number)
    keys = []
    if email := cells.get("email", "").lower():
        keys.append(email_key(email))
    phone = phone_key(cells["phone"]) if cells.get("phone") else None
    if phone is not None and cells.get("name"):
        keys.append(phone_name_key(phone, cells["name"]))
    for key in keys:
        found = database.value(sql.LEAD_OF_KEY, (key,))
        if found is not None:
            return int(found)
    told = cells.get("email") or cells.get("phone") or cells.get("name") or "nobody"
    raise NotFound(f"no lead is known as {told}")
