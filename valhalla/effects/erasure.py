"""The right to erasure: a person disappears from the file; what is left cannot name them, and only keeps them away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import audit
from db.instance import running
from valhalla.effects import register
from valhalla.leads import lookup, remove, suppression
from valhalla.leads.suppression import Entry
from valhalla.program.errors import NotFound

if TYPE_CHECKING:
    from db import Database

MERGED = "SELECT merged_id FROM lead_merge WHERE kept_id = ? UNION SELECT kept_id FROM lead_merge WHERE merged_id = ?"
CONTACTS = "SELECT id, email, phone_key, phone, name FROM lead WHERE id = ?"
DROP_MERGES = "DELETE FROM lead_merge WHERE kept_id = ?1 OR merged_id = ?1"
REJECTS = "SELECT id FROM reject WHERE raw LIKE ?1 ESCAPE '~' OR value LIKE ?1 ESCAPE '~'"
BLANK_REJECT = "UPDATE reject SET raw = NULL, value = NULL, message = 'The person asked to be forgotten', state = 'ignored' WHERE id = ?"
# Until its parts are merged a full-text index keeps the words of what was deleted.
FORGET_WORDS = "INSERT INTO lead_search (lead_search) VALUES ('optimize')"
UNCLEANED = """
SELECT coalesce(max(seq) FILTER (WHERE action = 'lead.forget'), 0) > coalesce(max(seq) FILTER (WHERE action = 'file.compact'), 0)
FROM audit WHERE action IN ('lead.forget', 'file.compact')
"""
FILES = "SELECT path FROM file ORDER BY id"
MOVE_LEADS = "UPDATE lead_generation SET value = value + 1 WHERE id = 1"

LARGE = 256 << 20
"""Bytes of the file above which another process is not made to wait while it is written anew."""

SEARCHED = 256 << 20
"""Bytes of a list that are searched for the person."""


def who(database: Database, entry: Entry) -> list[int]:
    """The leads with an address or number. Raises :class:`NotFound` when nobody has it."""
    rows = lookup.leads_of(database, [entry])
    if not rows:
        raise NotFound("nobody with this address or number is in the file")
    return [row[0] for row in rows]


def forget(database: Database, lead_ids: list[int], actor: str = "operator") -> dict[str, Any]:
    """Erase the people behind leads, with history, outcomes, effects, refused rows and index entries; audited and durable.

    What stays is a salted digest of their addresses and numbers, by which a row about them is recognised and left out.
    Returns what was erased and which files outside still hold them.
    """
    salt = database.sql(suppression.READ_STATE)[0][1]
    database.sql("PRAGMA secure_delete = 1")
    try:
        with database.references_unchecked(), database.write(durable=True):  # see valhalla.intake.undo
            people = _people(database, lead_ids)
            if not people:
                raise NotFound(f"there is no lead {lead_ids[0]}; see: valhalla leads list")
            entries = _entries(people)
            now = database.clock()
            for kind, value in entries:
                known = suppression.digest(salt, kind, value)
                database.sql(suppression.ADD, (kind, None, known, "forgotten", None, now, actor))
                database.sql(suppression.FORGET, (kind, known))
            database.sql(suppression.MOVE)
            rejects = _rejects(database, people)
            database.many(BLANK_REJECT, [(number,) for number in rejects])
            for number in people:
                database.sql(DROP_MERGES, (number,))
            register.blank(database, sorted(people))
            remove.remove_leads(database, sorted(people))
            database.sql(FORGET_WORDS)
            database.sql(MOVE_LEADS)
            audit.append(
                database,
                "lead.forget",
                "lead",
                {"leads": sorted(people), "rejects": len(rejects)},
                actor=actor,
            )
    finally:
        database.sql("PRAGMA secure_delete = 0")
    cleaned = clean(database, actor)
    _remove_packets(database, sorted(people))
    return {
        "leads": sorted(people),
        "rejects": len(rejects),
        "still_in": ([] if cleaned or database.path is None else [str(database.path)])
        + _files(database, [text for person in people.values() for text in _texts(person)]),
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
    return bool(database.value(UNCLEANED))


def _people(database: Database, lead_ids: list[int]) -> dict[int, tuple[Any, ...]]:
    people: dict[int, tuple[Any, ...]] = {}
    queue = list(lead_ids)
    while queue:
        number = queue.pop()
        row = database.one(CONTACTS, (number,))
        if row is not None and number not in people:
            people[number] = row
            queue += [other for (other,) in database.sql(MERGED, (number, number))]
    return people


def _entries(people: dict[int, tuple[Any, ...]]) -> list[Entry]:
    entries = [Entry("email", row[1]) for row in people.values() if row[1]]
    return entries + [Entry("phone", str(row[2])) for row in people.values() if row[2] is not None]


def _texts(person: tuple[Any, ...]) -> list[str]:
    return [text for text in (person[1], person[3]) if text and len(text) >= 7]


def _rejects(database: Database, people: dict[int, tuple[Any, ...]]) -> list[int]:
    found: set[int] = set()
    for person in people.values():
        for text in _texts(person):
            pattern = "%" + text.replace("~", "~~").replace("%", "~%").replace("_", "~_") + "%"
            found.update(row[0] for row in database.sql(REJECTS, (pattern,)))
    return sorted(found)


def _files(database: Database, texts: list[str]) -> list[str]:
    """Lists and older copies of the file that still hold the person; they are the operator's to deal with."""
    needles = [text.lower().encode() for text in texts]
    paths = [Path(row[0]) for row in database.sql(FILES)]
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
        content = path.read_bytes().lower()
    except OSError:
        return False
    return any(needle in content for needle in needles)
