"""The right to erasure: a person disappears from the file; what is left cannot name them, and only keeps them away."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from jobs import ForgottenJobs, forget_jobs
from valhalla.effects import register, sql
from valhalla.intake import rejects
from valhalla.intake.forgotten import forget_names
from valhalla.leads import (
    buyers,
    do_not_contact,
    lookup,
    mentions,
    merge,
    numbers,
    remove,
    search,
    suppression,
)
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

LOGS = ("logs/valhalla.log", "logs/commands.log")
"""Those that are being written, below the home: while no other process runs, the lines about the person are left out."""

MADE = ("packets/*", "logs/digest-*", "logs/*.log.*")
"""What the program writes next to its file and can do without, below the home: removed where it is about the person."""

_OWN_NUMBER = re.compile(r"phone|mobile|cell|tel|fax|landline")
_ANOTHERS = re.compile(r"agent|broker|realtor|attorney|office|company|buyer")

LARGE = 256 << 20
"""Bytes of the file above which another process is not made to wait while it is written again."""


def who(database: Database, entry: Entry) -> list[int]:
    """The leads with an address or number. Raises :class:`NotFound` when nobody has it."""
    found = [number for number, *_ in lookup.leads_of(database, [entry])]
    if not found:
        raise NotFound("nobody with this address or number is in the file")
    return found


class Named(NamedTuple):
    """Somebody as the operator names them; without leads they may still be a buyer, or stand in refused rows, notes and mails."""

    leads: list[int]
    entry: Entry | None = None


def named(database: Database, text: str) -> Named:
    """Whom a person names by a lead's number, an e-mail address or a phone number. Raises :class:`UsageError`."""
    if text.isdigit() and len(text) < 7:
        return Named([int(text)])
    entry = suppression.entry(text)
    if entry.kind == "domain":
        raise UsageError("forget takes one person: an e-mail address, a phone number or a lead's number")
    return Named([number for number, *_ in lookup.leads_of(database, [entry])], entry)


def forget(
    database: Database, lead_ids: list[int], entry: Entry | None = None, *, actor: str = "operator"
) -> dict[str, Any]:
    """Erase the people behind leads, with history, outcomes, effects, refused rows, index entries, and what was written about them
    under other leads; audited and durable. ``entry``: an address or number of theirs, which may be all that is known.

    What stays are 20 bits of a salted digest of each address and number, by which a row that may be about them is held. What
    the program wrote next to its file is removed. Returns what was erased and which files still hold them: those are the
    operator's. Raises :class:`NotFound` when nothing is known of them.
    """
    database.sql(sql.ERASE_BYTES)
    jobs = ForgottenJobs(0, [])
    try:
        earlier, _ = _traces(database, _people(database, lead_ids), entry)
        if earlier:  # first: who is interrupted here still finds the leads
            jobs = forget_jobs(database, lambda text: earlier.in_text(text, by_name=True), actor)
        with database.references_unchecked(), database.write(durable=True):  # see valhalla.intake.undo
            people = _people(database, lead_ids)
            traces, bought = _traces(database, people, entry)
            if not (people or traces):
                raise NotFound(_nobody(lead_ids, entry))
            known = [path for (path,) in database.sql(sql.FILES)]
            entries = [
                entry
                for contacts in people.values()
                for each in contacts
                for entry in (*suppression.contacts(each.reach), *_entries_in_extras(each))
            ]
            if entry is not None:
                entries.append(entry)
            refused = rejects.forget(database, traces)
            mentioned = mentions.forget(database, traces)
            blanked = register.blank(database, sorted(people)) + register.blank_to(database, traces)
            listed = entry is not None and any(
                each.value is not None for each in do_not_contact.find(database, entry.value)
            )
            if not (people or bought or refused or mentioned.texts or blanked or jobs.removed or listed):
                raise NotFound(_nobody(lead_ids, entry))
            do_not_contact.forget(database, list(dict.fromkeys(entries)), actor)
            buyers.forget(database, bought)
            forget_names(database, traces)
            forgetting.forget(database, lambda text: traces.in_text(text, by_name=True))
            merge.forget(database, people)
            remove.remove_leads(database, sorted(people))
            numbers.forget(
                database,
                {phone for known in people.values() for each in known for phone in each.reach.phones}
                | ({int(entry.value)} if entry is not None and entry.kind == "phone" else set()),
            )
            search.forget_words(database)
            touched(database)
            counts = {
                "rejects": refused,
                "buyers": len(bought),
                "texts": mentioned.texts,
                "jobs": jobs.removed,
            }
            audit.append(database, "lead.forget", "lead", {"leads": sorted(people), **counts}, actor=actor)
    finally:
        database.sql(sql.KEEP_BYTES)
    cleaned = clean(database, actor)
    packets = [*sorted(people), *mentioned.packets]
    return {
        "leads": sorted(people),
        **counts,
        "running_jobs": jobs.running,
        "named_in": mentions.leads_naming(database, traces, people),
        "still_in": ([] if cleaned or database.path is None else [str(database.path)])
        + _files(database, packets, traces, known),
    }


def _nobody(lead_ids: list[int], entry: Entry | None) -> str:
    if entry is None:
        return f"there is no lead {lead_ids[0]}; see: valhalla leads list"
    return "nobody with this address or number is in the file"


def clean(database: Database, actor: str = "valhalla") -> bool:
    """Leave nothing of the erased in unused parts of the file either: pages keep pieces of rows that were changed or moved long
    ago. An entry says that it was done. False: it was not possible now; :func:`uncleaned` says so until it is."""
    if _would_hold_up_others(database) or not database.compact():
        return False
    with database.write(durable=True):
        audit.append(database, "file.compact", "file", {}, actor=actor)
    return True


def _would_hold_up_others(database: Database) -> bool:
    """Another process waits ten seconds to write; writing a large file again takes longer. The program that runs does it itself
    in the night, where its other parts wait as long as it takes."""
    if database.path is None or os.path.getsize(database.path) < LARGE:
        return False
    return _other_runs(database.path.parent)


def _other_runs(home: Path) -> bool:
    other = running(home)
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


def _traces(
    database: Database, people: dict[int, list[Contact]], entry: Entry | None
) -> tuple[Traces, list[int]]:
    """What is known of the people, and which buyers they are."""
    traces = Traces()
    for known in people.values():
        places = [each.address or each.location for each in known]
        for each in known:
            own = _own_extras(each)
            traces.add(
                name=each.name or known[0].name,
                emails=(*each.reach.emails, *(value for kind, value in own if kind == "email")),
                phones=(each.phone, *each.reach.phones, *(value for kind, value in own if kind == "phone")),
                places=places,  # of an earlier name, too: a history says only what changed
            )
    if entry is not None:
        kind, value = entry
        traces.add(emails=[value] if kind == "email" else (), phones=[value] if kind == "phone" else ())
    bought = buyers.matching(database, traces) if traces else []
    for _, buyer, email, phone in bought:
        traces.add(name=buyer, emails=(email,), phones=(phone,))
    return traces, [number for number, *_ in bought]


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
    """The same as entries; what is not an address or number is none."""
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
    """Remove what the program wrote about the people next to its file; returns the other files that still hold them, such as
    lists and older copies of the file, which are the operator's to deal with."""
    found = {Path(path) for path in known}
    ours: set[Path] = set()
    if database.path is not None:
        home = database.path.parent
        scratch.sweep(home)
        ours = {path for number in lead_ids for path in (home / "packets").glob(f"lead-{number}.*")}
        made = {path for pattern in MADE for path in home.glob(pattern)}
        own = set(home.glob(f"{database.path.name}*"))  # the file, and what SQLite keeps next to it
        if not _other_runs(home):
            for path in map(home.joinpath, LOGS):
                _leave_out_lines(path, traces)
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


def _leave_out_lines(path: Path, traces: Traces) -> None:
    """Write a log without the lines about the people, in its place: this process may have it open."""
    with contextlib.suppress(OSError):
        if not path.is_file() or not traces.in_file(path):
            return
        with open(path, "r+b") as log:
            kept = [line for line in log if not traces.in_text(line.decode("utf-8", "replace"), by_name=True)]
            log.seek(0)
            log.writelines(kept)
            log.truncate()


def _removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
