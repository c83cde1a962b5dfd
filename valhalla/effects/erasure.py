"""The right to erasure: a person disappears from the file; what is left cannot name them, and only keeps them away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from db import audit
from valhalla.effects import register, sql
from valhalla.intake import rejects
from valhalla.leads import do_not_contact, lookup, merge, remove, search, suppression
from valhalla.leads.generation import touched
from valhalla.leads.lookup import Contact
from valhalla.leads.suppression import Entry
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.instance import running

if TYPE_CHECKING:
    from db import Database

LARGE = 256 << 20
"""Bytes of the file above which another process is not made to wait while it is written anew."""

SEARCHED = 256 << 20
"""Bytes of a list that are searched for the person."""

BLOCK = 1 << 20
"""Bytes of it that are in memory at a time."""


def who(database: Database, entry: Entry) -> list[int]:
    """The leads with an address or number. Raises :class:`NotFound` when nobody has it."""
    found = [number for number, *_ in lookup.leads_of(database, [entry])]
    if not found:
        raise NotFound("nobody with this address or number is in the file")
    return found


def leads_named(database: Database, text: str) -> list[int]:
    """The leads that a person names by a lead's number, an e-mail address or a phone number. Raises :class:`UsageError`,
    :class:`NotFound`."""
    if text.isdigit() and len(text) < 7:
        return [int(text)]
    entry = suppression.entry(text)
    if entry.kind == "domain":
        raise UsageError("forget takes one person: an e-mail address, a phone number or a lead's number")
    return who(database, entry)


def forget(database: Database, lead_ids: list[int], actor: str = "operator") -> dict[str, Any]:
    """Erase the people behind leads, with history, outcomes, effects, refused rows and index entries; audited and durable.

    What stays is a salted digest of their addresses and numbers, by which a row about them is recognised and left out.
    Returns what was erased and which files outside still hold them.
    """
    database.sql(sql.ERASE_BYTES)
    try:
        with database.references_unchecked(), database.write(durable=True):  # see valhalla.intake.undo
            people = _people(database, lead_ids)
            if not people:
                raise NotFound(f"there is no lead {lead_ids[0]}; see: valhalla leads list")
            texts = [text for person in people.values() for text in _texts(person)]
            entries = [
                entry
                for person in people.values()
                for entry in suppression.contacts(person.email, person.phone_key)
            ]
            do_not_contact.forget(database, entries, actor)
            refused = rejects.forget(database, texts)
            merge.forget(database, people)
            register.blank(database, sorted(people))
            remove.remove_leads(database, sorted(people))
            search.forget_words(database)
            touched(database)
            audit.append(
                database,
                "lead.forget",
                "lead",
                {"leads": sorted(people), "rejects": refused},
                actor=actor,
            )
    finally:
        database.sql(sql.KEEP_BYTES)
    cleaned = clean(database, actor)
    _remove_packets(database, sorted(people))
    return {
        "leads": sorted(people),
        "rejects": refused,
        "still_in": ([] if cleaned or database.path is None else [str(database.path)])
        + _files(database, texts),
    }


def clean(database: Database, actor: str = "valhalla") -> bool:
    """Leave nothing of the erased in unused parts of the file either: pages keep pieces of rows that were changed or moved long
    ago. An entry says that it was done. False: it was not possible now; :func:`uncleaned` says so until it is."""
    if _would_hold_up_others(database) or not database.compact():
        return False
    with database.write(durable=True):
        audit.append(database, "file.compact", "file", {}, actor=actor)
    return True


def _would_hold_up_others(database: Database) -> bool:
    """Another process waits ten seconds to write; writing a large file anew takes longer. The program that runs does it itself
    in the night, where its other parts wait as long as it takes."""
    if database.path is None or os.path.getsize(database.path) < LARGE:
        return False
    other = running(database.path.parent)
    return other is not None and other.pid != os.getpid()


def uncleaned(database: Database) -> bool:
    """Whether somebody was erased, and the program then stopped before the file was cleaned."""
    return bool(database.value(sql.UNCLEANED))


def _people(database: Database, lead_ids: list[int]) -> dict[int, Contact]:
    people: dict[int, Contact] = {}
    queue = list(lead_ids)
    while queue:
        number = queue.pop()
        person = lookup.contact(database, number)
        if person is not None and number not in people:
            people[number] = person
            queue += merge.partners(database, number)
    return people


def _texts(person: Contact) -> list[str]:
    return [text for text in (person.email, person.phone) if text and len(text) >= 7]


def _files(database: Database, texts: list[str]) -> list[str]:
    """Lists and older copies of the file that still hold the person; they are the operator's to deal with."""
    needles = [text.lower().encode() for text in texts]
    paths = [Path(path) for (path,) in database.sql(sql.FILES)]
    if database.path is not None:
        home = database.path.parent
        paths += [path for path in sorted(home.rglob("*.db")) if path != database.path]
        paths += sorted(home.glob("packets/*")) + sorted(home.glob("logs/digest-*"))
    return [str(path) for path in paths if needles and _holds(path, needles)]


def _remove_packets(database: Database, lead_ids: list[int]) -> None:
    """The pages and PDFs that were made of the erased leads; what cannot be removed is named with the other files."""
    if database.path is None:
        return
    for number in lead_ids:
        for path in (database.path.parent / "packets").glob(f"lead-{number}.*"):
            try:
                path.unlink()
            except OSError:
                pass


def _holds(path: Path, needles: list[bytes]) -> bool:
    try:
        if os.path.getsize(path) > SEARCHED:
            return True  # not looked into: better named than missed
        with open(path, "rb") as file:
            return _block_holds(file, needles)
    except OSError:
        return False


def _block_holds(file: BinaryIO, needles: list[bytes]) -> bool:
    """Whether one of ``needles`` (lower case) stands in what is left of the file, which is never in memory as a whole."""
    overlap = max(map(len, needles)) - 1
    seen = b""
    while block := file.read(BLOCK):
        seen += block.lower()
        if any(needle in seen for needle in needles):
            return True
        seen = seen[-overlap:] if overlap else b""
    return False
