"""Promises as an iCalendar file (RFC 5545), which any calendar imports: one event each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from db.clock import MINUTE, to_datetime
from valhalla.leads import promises, sql
from valhalla.leads.promises import Listed

if TYPE_CHECKING:
    from db import Database

LENGTH = {"callback": 15 * MINUTE, "appointment": 60 * MINUTE, "task": 15 * MINUTE}
"""How long each kind stands in the calendar."""

ALARM = 10
"""Minutes before the event at which a calendar reminds of it."""

MOST = 5_000

_SAYS = {"callback": "Call back", "appointment": "Appointment with", "task": "To do:"}
_FOLD = 75
"""Octets of a line."""


class Place(NamedTuple):
    """Where a lead's property is, and its number."""

    address: str | None
    phone: str | None


def calendar(database: Database) -> str:
    """The open promises, of people who may be contacted."""
    found = [each for each in promises.listed(database, limit=MOST) if each.suppressed is None]
    return text(found, places(database, {each.promise.lead_id for each in found}), database.clock())


def places(database: Database, leads: Iterable[int]) -> dict[int, Place]:
    """The address and number of leads, by their numbers."""
    rows = database.sql(sql.CALENDAR_PLACES, (json.dumps(sorted(leads)),))
    return {
        number: Place(", ".join(part for part in (address, location) if part) or None, phone)
        for number, address, location, phone in rows
    }


def text(found: Iterable[Listed], places: Mapping[int, Place], now: int) -> str:
    """The file; times are UTC."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Valhalla//Calendar//EN", "CALSCALE:GREGORIAN"]
    lines.append("X-WR-CALNAME:Valhalla")
    for each in found:
        promise = each.promise
        place = places.get(promise.lead_id, Place(None, None))
        where = promise.place or (place.address if promise.kind == "appointment" else None)
        says = [promise.note, place.phone, f"Lead {promise.lead_id}"]
        lines += [
            "BEGIN:VEVENT",
            f"UID:promise-{promise.id}-{promise.made_at}@valhalla",
            f"DTSTAMP:{_utc(now)}",
            f"DTSTART:{_utc(promise.at)}",
            f"DTEND:{_utc(promise.at + LENGTH[promise.kind])}",
            f"SUMMARY:{_escaped(f'{_SAYS[promise.kind]} {each.name}')}",
            *([f"LOCATION:{_escaped(where)}"] if where else []),
            "DESCRIPTION:" + _escaped("\n".join(part for part in says if part)),
            f"STATUS:{'CONFIRMED' if promise.confirmed_at is not None else 'TENTATIVE'}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_escaped(each.name)}",
            f"TRIGGER:-PT{ALARM}M",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(at: int) -> str:
    return to_datetime(at).strftime("%Y%m%dT%H%M%SZ")


def _escaped(value: str) -> str:
    for old, new in (
        ("\\", "\\\\"),
        (";", "\\;"),
        (",", "\\,"),
        ("\r\n", "\\n"),
        ("\n", "\\n"),
        ("\r", "\\n"),
    ):
        value = value.replace(old, new)
    return "".join(letter for letter in value if letter >= " ")


def _folded(line: str) -> str:
    """No line has more than 75 octets; a letter is never cut in two."""
    parts, part, size = [], "", 0
    for letter in line:
        octets = len(letter.encode("utf-8", "replace"))
        if size + octets > _FOLD:
            parts.append(part)
            part, size = " ", 1
        part += letter
        size += octets
    return "\r\n".join([*parts, part])
