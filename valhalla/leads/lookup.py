"""The leads that an address, a number or a domain is about.

The search index names those that may be, the leads themselves say whether they are. What it does not know yet, new leads and
those that were changed, is looked through.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import apsw

from valhalla.leads import search, sql
from valhalla.leads.details import Reach, reach
from valhalla.leads.suppression import Entry, sets_of
from valhalla.program.errors import NotFound

if TYPE_CHECKING:
    from db import Database

FEW = 100
"""Entries that are looked up in the index; more are looked for in one walk over all leads."""

MANY = 20_000
"""Leads that the words of one entry may name, and changes that the index may not know; where there are more, such as of a large
mail provider, a walk is shorter."""


class Contact(NamedTuple):
    """How a lead can be reached, and who and where it is; ``phone`` as the list wrote it, ``extras`` and the
    names of their columns as JSON."""

    email: str | None
    phone_key: int | None
    phone: str | None
    name: str | None
    address: str | None
    location: str | None
    extras: str | None
    columns: str | None
    details: str | None = None

    @property
    def reach(self) -> Reach:
        """Every address and number; a JSON value of the history may have its digits as text."""
        return reach(self.email, None if self.phone_key is None else int(self.phone_key), self.details)


class Found(NamedTuple):
    """A lead with what it is reached by, and what keeps it out already."""

    id: int
    reach: Reach
    suppressed: str | None


def names(database: Database, numbers: Iterable[int]) -> dict[int, str]:
    """The names of leads by their numbers; one that is gone is left out."""
    return dict(database.sql(sql.NAMES, (json.dumps(sorted(numbers)),)))


def leads_of(database: Database, entries: Sequence[Entry]) -> list[Found]:
    """The leads that any of the entries is about, each once."""
    sets = sets_of(entries)
    numbers, after = _named(database, entries)
    found = database.sql(sql.CONTACTS_OF, (apsw.carray(array("q", numbers)),)) if numbers else []
    leads = [_found(*row) for row in found]
    wanted = {
        "domains": bool(sets.domains),
        "emails": json.dumps(sorted(sets.emails)),
        "phones": json.dumps(sorted(sets.phones)),
    }
    while page := [_found(*row) for row in database.sql(sql.WALK_CONTACTS, {**wanted, "after": after})]:
        leads += page
        after = page[-1].id
    return list({lead.id: lead for lead in leads if sets.reason(lead.reach)}.values())


def _found(
    number: int, email: str | None, phone: int | None, more: str | None, suppressed: str | None
) -> Found:
    return Found(number, reach(email, phone, more), suppressed)


def _named(database: Database, entries: Sequence[Entry]) -> tuple[list[int], int]:
    """Leads that the index names for the entries, and those that were changed since it looked; and up to which number it
    knows the leads: 0 where it is of no help."""
    if len(entries) > FEW:
        return [], 0
    seen, changed = search.indexed(database)
    parts = [database.sql(sql.LEADS_CHANGED, (changed, MANY))]
    for kind, value in entries:
        if kind == "phone":
            parts.append(database.sql(sql.LEADS_OF_PHONE, (int(value), MANY)))
        # Other letters may be cut into words differently by the index.
        elif value.isascii() and (words := search.whole_words(value)) is not None:
            parts.append(database.sql(sql.LEADS_OF_WORDS, (words, MANY)))
        else:
            return [], 0
    if any(len(part) == MANY for part in parts):
        return [], 0
    return sorted({number for part in parts for (number,) in part}), seen


def existing(database: Database, lead_ids: Sequence[int]) -> set[int]:
    """Those of the numbers that are leads."""
    return {number for (number,) in database.sql(sql.EXISTING_LEADS, (json.dumps(lead_ids),))}


def check_exists(database: Database, lead_id: int) -> None:
    """Raise :class:`NotFound` unless there is a lead with this number."""
    if database.value(sql.LEAD_EXISTS, (lead_id,)) is None:
        raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")


def of_imports(database: Database, import_ids: Sequence[int]) -> set[int]:
    """The leads that these imports were the first to bring."""
    return {number for (number,) in database.sql(sql.LEADS_OF_IMPORTS, (json.dumps(import_ids),))}


def suppressed(database: Database, lead_ids: Sequence[int]) -> list[int]:
    """Those of the leads that must not be contacted, by number."""
    return [number for (number,) in database.sql(sql.SUPPRESSED_LEADS, (json.dumps(lead_ids),))]


def contact(database: Database, lead_id: int) -> Contact | None:
    """How a lead can be reached; None when there is no such lead."""
    row = database.one(sql.CONTACT, (lead_id,))
    return None if row is None else Contact(*row)


def reach_of(database: Database, lead_id: int) -> Reach:
    """Every address and number of a lead that is known to be there."""
    found = contact(database, lead_id)
    return Reach((), ()) if found is None else found.reach


def phones_of(database: Database, lead_ids: Collection[int]) -> set[int]:
    """Every number of some leads."""
    rows = database.sql(sql.PHONES_OF, (apsw.carray(array("q", lead_ids)),)) if lead_ids else ()
    return {number for key, details in rows for number in reach(None, key, details).phones}


def of_same_owner(database: Database, lead_id: int) -> list[int]:
    """The leads of the owner of this one, itself among them; none of a lead that is known by its person."""
    return [number for (number,) in database.sql(sql.OF_SAME_OWNER, (lead_id,))]


def contacts(database: Database, lead_id: int) -> list[Contact]:
    """How a lead can be reached now and could be before; empty when there is no such lead."""
    now = contact(database, lead_id)
    if now is None:
        return []
    earlier = [Contact(*row) for row in database.sql(sql.EARLIER_CONTACTS, (lead_id,))]
    # A change of something else says nothing of the number.
    return [now, *(each for each in earlier if any(each))]
