"""The right to erasure: a person disappears from the file; what is left cannot name them, and only keeps them away."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import audit
from jobs import forget_jobs
from valhalla.effects import register, sql
from valhalla.intake import rejects
from valhalla.intake.forgotten import forget_names
from valhalla.leads import do_not_contact, lookup, merge, numbers, remove, search, suppression
from valhalla.leads.generation import touched
from valhalla.leads.lookup import Contact
from valhalla.leads.suppression import Entry, Kind
from valhalla.leads.traces import Traces
from valhalla.program import scratch
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.instance import running
from valhalla.sandbox import forgetting

if TYPE_CHECKING:
    from db import Database

MADE = ("packets/*", "logs/digest-*", "logs/*.log.*")
"""What the program writes beside its file and can do without, below the home: removed where it tells of the person."""

_OWN_NUMBER = re.compile(r"phone|mobile|cell|tel|fax|landline")
_ANOTHERS = re.compile(r"agent|broker|realtor|attorney|office|company|buyer")

LARGE = 256 << 20
"""Bytes of the file above which another process is not made to wait while it is written anew."""


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

    What stays are 20 bits of a salted digest of each address and number, by which a row that may be about them is held. What
    the program wrote beside its file is removed. Returns what was erased and which files still hold them: those are the
    operator's.
    """
    database.sql(sql.ERASE_BYTES)
    try:
        earlier = _traces(_people(database, lead_ids))
        if earlier:  # first: who is interrupted here still finds the leads
            forget_jobs(database, lambda text: earlier.in_text(text, by_name=True))
        with database.references_unchecked(), database.write(durable=True):  # see valhalla.intake.undo
            people = _people(database, lead_ids)
            if not people:
                raise NotFound(f"there is no lead {lead_ids[0]}; see: valhalla leads list")
            traces = _traces(people)
            known = [path for (path,) in database.sql(sql.FILES)]
            entries = [
                entry
                for contacts in people.values()
                for each in contacts
                for entry in (*suppression.contacts(each.reach), *_entries_in_extras(each))
            ]
            do_not_contact.forget(database, list(dict.fromkeys(entries)), actor)
            refused = rejects.forget(database, traces)
            forget_names(database, traces)
            forgetting.forget(database, traces.in_text)
            merge.forget(database, people)
            register.blank(database, sorted(people))
            register.blank_to(database, traces)
            remove.remove_leads(database, sorted(people))
            numbers.forget(
                database,
                {phone for known in people.values() for each in known for phone in each.reach.phones},
            )
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
    return {
        "leads": sorted(people),
        "rejects": refused,
        "still_in": ([] if cleaned or database.path is None else [str(database.path)])
        + _files(database, sorted(people), traces, known),
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


def _people(database: Database, lead_ids: list[int]) -> dict[int, list[Contact]]:
    people: dict[int, list[Contact]] = {}
    queue = list(lead_ids)
    while queue:
        number = queue.pop()
        known = lookup.contacts(database, number)
        if known and number not in people:
            people[number] = known
            queue += merge.partners(database, number)
            queue += lookup.of_same_owner(database, number)
    return people


def _traces(people: dict[int, list[Contact]]) -> Traces:
    traces = Traces()
    for known in people.values():
        name = known[0].name
        for each in known:
            traces.add(
                name=each.name or name,
                email=each.email,
                phones=(each.phone, each.phone_key),
                places=(each.address or each.location,),
            )
            for email in each.reach.emails:
                traces.add(name=None, email=email, phones=(), places=())
            traces.add(name=None, email=None, phones=each.reach.phones, places=())
            for kind, value in _own_extras(each):
                if kind == "email":
                    traces.add(name=None, email=value, phones=(), places=())
                else:
                    traces.add(name=None, email=None, phones=(value,), places=())
    return traces


def _own_extras(contact: Contact) -> list[tuple[Kind, str]]:
    """The addresses and numbers of the person in the other columns of a list, as they are written there."""
    found: list[tuple[Kind, str]] = []
    for column, value in _extras(contact):
        if "mail" in column and "@" in value:
            found.append(("email", value))
        elif _OWN_NUMBER.search(column):
            found.append(("phone", value))
    return found


def _entries_in_extras(contact: Contact) -> list[Entry]:
    """The same as entries; what is no address or number is none."""
    entries = []
    for kind, value in _own_extras(contact):
        with contextlib.suppress(UsageError):
            entries.append(suppression.entry(value, kind))
    return entries


def _extras(contact: Contact) -> list[tuple[str, str]]:
    """The other columns of a list, but those about somebody who sells for the person."""
    if not contact.extras or not contact.columns:
        return []
    # Names and values as the viewer of leads joins them.
    pairs = zip(json.loads(contact.columns), json.loads(contact.extras), strict=False)
    return [
        (str(column).casefold(), str(value))
        for column, value in pairs
        if not _ANOTHERS.search(str(column).casefold())
    ]


def _files(database: Database, lead_ids: list[int], traces: Traces, known: list[str]) -> list[str]:
    """Remove what the program wrote about the people beside its file; returns the other files that still hold them, such as
    lists and older copies of the file, which are the operator's to deal with."""
    found = {Path(path) for path in known}
    ours: set[Path] = set()
    if database.path is not None:
        home = database.path.parent
        scratch.sweep(home)
        ours = {path for number in lead_ids for path in (home / "packets").glob(f"lead-{number}.*")}
        made = {path for pattern in MADE for path in home.glob(pattern)}
        own = set(home.glob(f"{database.path.name}*"))  # the file, and what SQLite keeps beside it
        found |= {path for path in home.rglob("*") if path.is_file()} - made - own - ours
        ours |= {path for path in made if traces.in_file(path)}
    left = [path for path in ours if not _removed(path)]
    return sorted(
        {str(path) for path in left}
        | {
            str(path)
            for path in found
            if path.is_file() and (traces.in_text(path.name, by_name=True) or traces.in_file(path))
        }
    )


def _removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
