"""Checking the numbers of leads against lists of numbers that must not be called: the national registry, litigators, one's own.

A number in the registry is flagged, and another number of the lead is called, or none. A litigator is put on do-not-contact as a person,
with all numbers and addresses. One's own list is the do-not-contact list. Each check is a row of table ``scrub``, and every
export carries the day of the last one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from db import audit
from valhalla.leads import details, do_not_contact, lookup, redecide, sql, suppression
from valhalla.leads.generation import touched
from valhalla.leads.suppression import Entry

if TYPE_CHECKING:
    from db import Database

Kind = Literal["national", "litigator", "own"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_BLOCK = 5_000


@dataclass(frozen=True)
class Scrubbed:
    """What a check found."""

    scrub: int
    kind: Kind
    numbers: int
    """Different entries of the list."""
    added: int
    """Of those the ones that were not known."""
    matched: int
    """Leads that one of them is about."""
    at: int


def scrub(
    database: Database,
    kind: Kind,
    entries: Sequence[Entry],
    *,
    path: str | None = None,
    reason: str | None = None,
    actor: str = "operator",
) -> Scrubbed:
    """Check every lead against a list, and keep the list for those that come later. Audited and durable."""
    entries = list(dict.fromkeys(entries))
    if kind == "national":
        entries = [each for each in entries if each.kind == "phone"]
    with database.write(durable=True):
        if kind == "own":
            added, matched = do_not_contact.add(database, entries, origin="list", reason=reason, actor=actor)
        elif kind == "litigator":
            added, matched = _litigators(database, entries, reason, actor)
        else:
            added, matched = _registry(database, entries, reason, actor)
        now = database.clock()
        row = (kind, path, len(entries), matched, now, actor)
        ((number,),) = database.sql(sql.ADD_SCRUB, row)
        counts = {"kind": kind, "numbers": len(entries), "added": added, "leads": matched}
        audit.append(database, "scrub", f"scrub:{number}", counts, actor=actor)
    return Scrubbed(number, kind, len(entries), added, matched, now)


def _litigators(
    database: Database, entries: Sequence[Entry], reason: str | None, actor: str
) -> tuple[int, int]:
    """Keep them out by every number and address that leads know of them."""
    owners: set[int] = set()
    for found in lookup.leads_of(database, entries):
        owners.update(lookup.of_same_owner(database, found.id) or [found.id])
    known = [
        entry
        for number in sorted(owners)
        for entry in suppression.contacts(lookup.reach_of(database, number))
    ]
    why = reason or "litigator"
    everything = list(dict.fromkeys([*entries, *known]))
    added, _ = do_not_contact.add(database, everything, origin="litigator", reason=why, actor=actor)
    return added, len(owners)


def _registry(
    database: Database, entries: Sequence[Entry], reason: str | None, actor: str
) -> tuple[int, int]:
    now, salt = database.clock(), suppression.salt(database)
    before = database.value(sql.COUNT_SUPPRESSIONS)
    rows = (
        (kind, value, suppression.digest(salt, kind, value), "national", reason, now, actor)
        for kind, value in entries
    )
    database.many(sql.ADD_SUPPRESSION, list(rows))
    added = database.value(sql.COUNT_SUPPRESSIONS) - before
    database.sql(sql.MOVE_SUPPRESSION)
    numbers = {int(value) for _, value in entries}
    leads = [found.id for found in lookup.leads_of(database, entries)]
    _flag(database, leads, numbers)
    return added, len(leads)


def apply(database: Database, lead_ids: Iterable[int]) -> int:
    """Flag again what the registry says of these leads, whose numbers were put back; inside the caller's transaction. How many changed."""
    registry = suppression.load(database).registry
    return _flag(database, list(lead_ids), registry) if registry else 0


def _flag(database: Database, lead_ids: Sequence[int], registry: set[int] | frozenset[int]) -> int:
    changed: list[int] = []
    for start in range(0, len(lead_ids), _BLOCK):
        part = json.dumps(lead_ids[start : start + _BLOCK])
        for number, phone, key, text in database.sql(sql.NUMBERS_OF, (part,)):
            found = details.registered(text, phone, key, registry)
            if found[0] != text:
                put, own, digits = found
                database.sql(sql.PUT_NUMBERS, (own, digits, put, number))
                changed.append(number)
    redecide.decide_again(database, changed)
    if changed:
        touched(database)
    return len(changed)


def last(database: Database) -> dict[str, int]:
    """When the leads were last checked against each kind of list (UTC microseconds); a kind that never was is left out."""
    return dict(database.sql(sql.LAST_SCRUBS))


def listed(database: Database, limit: int) -> list[dict[str, Any]]:
    """The checks, the newest first."""
    names = ("id", "kind", "path", "numbers", "matched", "at", "by")
    return [dict(zip(names, row, strict=True)) for row in database.sql(sql.SCRUBS, (limit,))]
