"""Lists for others: a dialer, a mail house, a skip tracer, a spreadsheet. Each has who belongs on it and the columns that such a
program or firm reads; who is left out is counted by reason, so that no list is cut silently."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from db import Database, audit
from db.clock import iso
from valhalla.leads import details, facts, filters, scrubbing, source_pauses, sql
from valhalla.leads.export import Sheet, write_csv, write_workbook
from valhalla.leads.owners import Owner, owners_of
from valhalla.leads.view import Record, Viewer
from valhalla.program.errors import InputError, UsageError
from valhalla.program.files import whole

log = logging.getLogger("valhalla.leads")

_DO_NOT, _OVER = "do not contact", "won, lost or dead"
_KEPT_OUT = f"WHEN suppressed IS NOT NULL THEN '{_DO_NOT}' WHEN status IN ('won', 'lost', 'dead', 'opted_out') THEN '{_OVER}'"
_RETURNED = "id IN (SELECT lead_id FROM outcome WHERE event = 'mail_returned' AND undone_at IS NULL)"
_NO_PLACE = "address IS NULL AND details ->> '$.mailing.address' IS NULL"


class Kind(NamedTuple):
    """One kind of list."""

    name: str
    title: str
    """As a button says it."""
    without: str
    """SQL: the cases of a CASE that say why a lead is left out; none of them: it is on the list."""
    ending: str = ".csv"


KINDS: Mapping[str, Kind] = {
    each.name: each
    for each in (
        Kind(
            "dialer",
            "For a dialer",
            f"{_KEPT_OUT} WHEN coalesce(hold_until, 0) > :now THEN 'asked to wait'"
            " WHEN source IN (SELECT value FROM json_each(:paused)) THEN 'source paused'"
            " WHEN phone_key IS NULL THEN 'no number to dial'",
        ),
        Kind(
            "mail",
            "For a mail house",
            f"{_KEPT_OUT} WHEN coalesce(hold_until, 0) > :now THEN 'asked to wait'"
            " WHEN source IN (SELECT value FROM json_each(:paused)) THEN 'source paused'"
            f" WHEN {_RETURNED} THEN 'mail came back' WHEN {_NO_PLACE} THEN 'no address'",
        ),
        Kind(
            "skiptrace",
            "For skip tracing",
            f"{_KEPT_OUT} WHEN phone_key IS NOT NULL THEN 'with a number' WHEN {_NO_PLACE} THEN 'no address'",
        ),
        Kind("excel", "For Excel", "WHEN 0 THEN ''", ".xlsx"),
    )
}
"""By name."""


class Chosen(NamedTuple):
    """Which leads are asked for; None: all."""

    market: str | None = None
    source: str | None = None
    status: str | None = None
    leads: Sequence[int] | None = None
    """Their numbers, such as of a saved filter."""


EVERYBODY = Chosen()

_PART = 1_000
"""Leads that one statement reads."""


def of_filter(database: Database, which: str) -> Chosen:
    """The leads of a saved filter, by its name or number, all of them. Raises :class:`valhalla.program.errors.NotFound`."""
    found = filters.find(database, which)
    return Chosen(leads=filters.numbers(database, found.where, limit=2**62))


class Counts(NamedTuple):
    """How many leads are on a list, and why others are not."""

    leads: int
    left_out: dict[str, int]

    @property
    def asked(self) -> int:
        """All that were asked for."""
        return self.leads + sum(self.left_out.values())


class Written(NamedTuple):
    """A list that was written."""

    leads: int
    left_out: dict[str, int]
    dnc_checked: str | None
    """The day of the last check against the do-not-call registry; None: never."""


def kind_named(name: str) -> Kind:
    """The kind of this name. Raises :class:`UsageError`."""
    found = KINDS.get(name.strip().lower())
    if found is None:
        raise UsageError(f"there is no list for {name!r}; use {', '.join(KINDS)}")
    return found


def counts(database: Database, kind: Kind, chosen: Chosen = EVERYBODY) -> Counts:
    """Count a list without writing it: a walk over the leads."""
    rows = dict(database.sql(sql.count_for(kind.without), _given(database, chosen)))
    return Counts(rows.pop(None, 0), {why: rows[why] for why in sorted(rows)})


def checked(database: Database) -> str | None:
    """The day of the last check against the do-not-call registry."""
    at = scrubbing.last(database).get("national")
    return None if at is None else iso(at)[:10]


def write(
    database: Database,
    kind: Kind,
    path: Path,
    chosen: Chosen = EVERYBODY,
    *,
    audited: bool = True,
    actor: str = "operator",
) -> Written:
    """Write a list to a file: a workbook where it is called ``.xlsx``, else a CSV. Logged and ``audited`` (a copy that is only read
    cannot be). Raises :class:`InputError`."""
    day = checked(database)
    with database.view():
        found = counts(database, kind, chosen)
        viewer = Viewer.now(database)
        columns, cells = _SHAPES[kind.name](viewer, day)
        rows = map(cells, records(viewer, kind, chosen))
        try:
            with whole(path) as part:
                if path.suffix.lower() == ".xlsx":
                    leads = write_workbook(part, columns, rows)
                else:
                    with open(part, "w", encoding="utf-8", newline="") as file:
                        leads = write_csv(file, columns, rows)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}") from None
    if audited:
        with database.write():
            body = {"for": kind.name, "leads": leads, "left_out": found.left_out}
            audit.append(database, "leads.export", f"list:{kind.name}", body, actor=actor)
    log.info("a list for %s was written: %d leads", kind.name, leads)
    return Written(leads, found.left_out, day)


def records(viewer: Viewer, kind: Kind, chosen: Chosen) -> Iterator[Record]:
    """The leads of a list, by number."""
    if chosen.leads is not None:  # in parts, so that no statement reads all the numbers again
        ordered = sorted(chosen.leads)
        for start in range(0, len(ordered), _PART):
            yield from _pages(viewer, kind, chosen._replace(leads=ordered[start : start + _PART]))
        return
    yield from _pages(viewer, kind, chosen)


def _pages(viewer: Viewer, kind: Kind, chosen: Chosen) -> Iterator[Record]:
    given = {**_given(viewer.database, chosen), "after": 0, "limit": _PART}
    while page := viewer.records(viewer.database.sql(sql.page_for(kind.without), given)):
        yield from page
        given["after"] = page[-1].lead.id


def _given(database: Database, chosen: Chosen) -> dict[str, Any]:
    return {
        "market": chosen.market,
        "source": chosen.source,
        "status": chosen.status,
        "kept_out": None,
        "leads": None if chosen.leads is None else json.dumps(list(chosen.leads)),
        "now": database.clock(),
        "paused": json.dumps(list(source_pauses.in_force(database))),
    }


# -- the columns of each ---------------------------------------------------------------------------

_Cells = Callable[[Record], list[object]]
_PROPERTY = ("Property Address", "Property City", "Property State", "Property Zip")
_MAILING = ("Mailing Address", "Mailing City", "Mailing State", "Mailing Zip")


def _dialer(viewer: Viewer, day: str | None) -> tuple[list[str], _Cells]:
    most = max(1, viewer.database.sql(sql.MOST_CONTACTS)[0][0])
    columns = ["First Name", "Last Name"]
    columns += [name for n in range(1, most + 1) for name in (f"Phone {n}", f"Phone {n} Type")]
    columns += ["Address", "City", "State", "Zip", "Lead", "DNC Checked"]

    def cells(record: Record) -> list[object]:
        known = facts.facts(record.lead, record.details, ())
        pairs = [cell for pair in numbers(record) for cell in pair]
        return [
            *names(record.lead.name),
            *pairs,
            *([None] * (2 * most - len(pairs))),
            *_place(known),
            *(record.lead.id, day or "never"),
        ]

    return columns, cells


def _mail(viewer: Viewer, day: str | None) -> tuple[list[str], _Cells]:
    columns = ["First Name", "Last Name", *_MAILING, *_PROPERTY, "Lead"]

    def cells(record: Record) -> list[object]:
        known = facts.facts(record.lead, record.details, ())
        mailing = known["mailing"]
        property_ = _place(known)
        # Where no list names another one, the owner gets mail at the property.
        where = [mailing[part] for part in ("address", "city", "state", "zip")]
        return [
            *names(record.lead.name),
            *(where if mailing["address"] else property_),
            *property_,
            record.lead.id,
        ]

    return columns, cells


def _skiptrace(viewer: Viewer, day: str | None) -> tuple[list[str], _Cells]:
    columns = ["First Name", "Last Name", *_PROPERTY, *_MAILING, "APN", "Lead"]

    def cells(record: Record) -> list[object]:
        known = facts.facts(record.lead, record.details, ())
        mailing = known["mailing"]
        return [
            *names(record.lead.name),
            *_place(known),
            *(mailing[part] for part in ("address", "city", "state", "zip")),
            *(known["apn"], record.lead.id),
        ]

    return columns, cells


def _excel(viewer: Viewer, day: str | None) -> tuple[list[str], _Cells]:
    sheet = Sheet(viewer)
    return sheet.columns, sheet.cells


_SHAPES: Mapping[str, Callable[[Viewer, str | None], tuple[list[str], _Cells]]] = {
    "dialer": _dialer,
    "mail": _mail,
    "skiptrace": _skiptrace,
    "excel": _excel,
}


def numbers(record: Record) -> list[tuple[str, str]]:
    """The numbers of a lead that may be dialed, each with its type, the one to call first."""
    known = record.details
    lead = record.lead
    first = [] if lead.phone_key is None else [(f"+{lead.phone_key}", _type_of(known, lead.phone_key))]
    rest = [
        (f"+{each['key']}", each.get("type") or "")
        for each in known.get("phones", ())
        if each.get("key") not in (None, lead.phone_key) and not details.dead(each, known)
    ]
    return list(dict.fromkeys([*first, *rest]))


def _type_of(known: Mapping[str, Any], key: int) -> str:
    return next((each.get("type") or "" for each in known.get("phones", ()) if each.get("key") == key), "")


@lru_cache(maxsize=10_000)
def names(text: str) -> tuple[str, str]:
    """First and last name of whom to speak with; a company, and a name whose parts cannot be distinguished, is a last name."""
    natural = (
        not text.isupper() and "," not in text and len(text.split()) == 2
    )  # first name first, as people write it
    contact = owners_of(text, last_first=False if natural else None).contact
    if contact is not None and not contact.given and not contact.company and len(contact.words) == 2:
        contact = owners_of(text, last_first=False).contact  # either may be the first name: as it is written
    if contact is None or contact.company or not contact.given:
        return "", contact.name if contact is not None else text
    return contact.given, _last(contact)


def _last(owner: Owner) -> str:
    """The surname as written: the words at the end that make the last of ``owner.words``."""
    parts = owner.name.split()
    if owner.generation and parts[-1].strip(".").upper() == owner.generation:
        parts.pop()
    wanted, found = owner.words[-1] if owner.words else "", ""
    for at in range(len(parts) - 1, 0, -1):
        found = "".join(letter for letter in parts[at].upper() if letter.isalnum()) + found
        if len(found) >= len("".join(letter for letter in wanted if letter.isalnum())):
            return " ".join(parts[at:])
    return " ".join(parts[1:])


def _place(known: Mapping[str, Any]) -> list[object]:
    unit = f" {known['unit']}" if known["unit"] and known["address"] else ""
    return [
        f"{known['address']}{unit}" if known["address"] else None,
        *(known[part] for part in ("city", "state", "zip")),
    ]


def words(left_out: Mapping[str, int]) -> str:
    """Who was left out, in words: "3 do not contact, 1 no number to dial"."""
    return ", ".join(f"{count:,} {why}" for why, count in left_out.items())
