"""The leads that an address, a number or a domain is about.

The search index names those that may be, the leads themselves say whether they are. What it does not know yet, new leads and
those that were changed, is looked through.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import apsw

from valhalla.leads import search
from valhalla.leads.suppression import Entry, sets_of

if TYPE_CHECKING:
    from db import Database

FEW = 100
"""Entries that are looked up in the index; more are looked for in one walk over all leads."""

MANY = 20_000
"""Leads that the words of one entry may name, and changes that the index may not know; where there are more, such as of a large
mail provider, a walk is shorter."""

OF_PHONE = "SELECT lead_id FROM lead_phone WHERE phone_key = ? LIMIT ?"
OF_WORDS = "SELECT rowid FROM lead_search WHERE lead_search MATCH ? LIMIT ?"
CHANGED = "SELECT lead_id FROM lead_history WHERE id > ? LIMIT ?"
SOME = "SELECT id, email, phone_key, suppressed FROM lead WHERE id IN (SELECT value FROM carray(?))"
# All of a domain's leads can only be told by reading every address.
WALK = """
SELECT id, email, phone_key, suppressed FROM lead WHERE id > :after
  AND (:domains OR email IN (SELECT value FROM json_each(:emails)) OR phone_key IN (SELECT value FROM json_each(:phones)))
ORDER BY id LIMIT 20000
"""

EXISTING = "SELECT id FROM lead WHERE id IN (SELECT value FROM json_each(?))"
OF_IMPORTS = "SELECT id FROM lead WHERE import_id IN (SELECT value FROM json_each(?))"
SUPPRESSED = (
    "SELECT id FROM lead WHERE suppressed IS NOT NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY id"
)

CONTACT = "SELECT email, phone_key, phone FROM lead WHERE id = ?"


class Contact(NamedTuple):
    """How a lead can be reached; ``phone`` as the list wrote it."""

    email: str | None
    phone_key: int | None
    phone: str | None


Found = tuple[int, str | None, int | None, str | None]
"""Number, email, phone and what keeps the lead out already."""


def leads_of(database: Database, entries: Sequence[Entry]) -> list[Found]:
    """The leads that any of the entries is about, each once."""
    sets = sets_of(entries)
    numbers, after = _named(database, entries)
    rows = database.sql(SOME, (apsw.carray(array("q", numbers)),)) if numbers else []
    wanted = {
        "domains": bool(sets.domains),
        "emails": json.dumps(sorted(sets.emails)),
        "phones": json.dumps(sorted(sets.phones)),
    }
    while page := database.sql(WALK, {**wanted, "after": after}):
        rows += page
        after = page[-1][0]
    found = {row[0]: row for row in rows if sets.reason(row[1], row[2])}
    return list(found.values())


def _named(database: Database, entries: Sequence[Entry]) -> tuple[list[int], int]:
    """Leads that the index names for the entries, and those that were changed since it looked; and up to which number it
    knows the leads: 0 where it is of no help."""
    if len(entries) > FEW:
        return [], 0
    seen, changed = database.sql(search.STATE)[0]
    parts = [database.sql(CHANGED, (changed, MANY))]
    for kind, value in entries:
        if kind == "phone":
            parts.append(database.sql(OF_PHONE, (int(value), MANY)))
        # Other letters may be cut into words differently by the index.
        elif value.isascii() and (words := search.whole_words(value)) is not None:
            parts.append(database.sql(OF_WORDS, (words, MANY)))
        else:
            return [], 0
    if any(len(part) == MANY for part in parts):
        return [], 0
    return sorted({number for part in parts for (number,) in part}), seen


def existing(database: Database, lead_ids: Sequence[int]) -> set[int]:
    """Those of the numbers that are leads."""
    return {number for (number,) in database.sql(EXISTING, (json.dumps(lead_ids),))}


def of_imports(database: Database, import_ids: Sequence[int]) -> set[int]:
    """The leads that these imports were the first to bring."""
    return {number for (number,) in database.sql(OF_IMPORTS, (json.dumps(import_ids),))}


def suppressed(database: Database, lead_ids: Sequence[int]) -> list[int]:
    """Those of the leads that must not be contacted, by number."""
    return [number for (number,) in database.sql(SUPPRESSED, (json.dumps(lead_ids),))]


def contact(database: Database, lead_id: int) -> Contact | None:
    """How a lead can be reached; None when there is no such lead."""
    row = database.one(CONTACT, (lead_id,))
    return None if row is None else Contact(*row)
