"""Finding leads by words and phone numbers; the index behind it, and the possible duplicates found on the way.

The index is working data. A job fills it after imports, in small batches, so that no import waits for it; until it is
done a search says how much of the leads it has seen, and looks through a short rest by itself.
"""

from __future__ import annotations

import contextlib
import json
import re
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apsw

from db.courtesy import give_way, in_steps
from valhalla.leads.contacts import phone_key

if TYPE_CHECKING:
    from db import Database

BATCH = 2_000
SMALLEST = 50
"""Leads that are indexed at a time, and the least while somebody else waits to write."""

MOST_TEXT = 1 << 20
"""Characters of extra columns from which on fewer leads than :data:`BATCH` are taken at a time."""

STEP = 250
"""Leads whose words are added between two looks at whether somebody waits for a page."""

WORDS = 12
"""Words of a search that are read."""

SCANNED = 50_000
"""So many leads that are not indexed yet are looked through in a search."""

STATE = "SELECT lead_id, history_id FROM lead_index_state WHERE id = 1"
ADVANCE = "UPDATE lead_index_state SET lead_id = ?, history_id = ? WHERE id = 1"
NEWEST = "SELECT coalesce((SELECT max(id) FROM lead), 0), coalesce((SELECT max(id) FROM lead_history), 0)"
_TEXTS = "id, name, email, phone, phone_key, location, address, source, extras, market"
_EXTRAS = _TEXTS.split(", ").index("extras")
NEW = f"SELECT {_TEXTS} FROM lead WHERE id > ? ORDER BY id LIMIT ?"
SOME = f"SELECT {_TEXTS} FROM lead WHERE id IN (SELECT value FROM carray(?))"
CHANGED = "SELECT id, lead_id, before FROM lead_history WHERE id > ? ORDER BY id LIMIT ?"

ADD_TEXT = "INSERT INTO lead_search (rowid, text) VALUES (?, ?)"
DROP_TEXT = "DELETE FROM lead_search WHERE rowid = ?"
ADD_PHONE = "INSERT INTO lead_phone (phone_key, lead_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
DROP_PHONE = "DELETE FROM lead_phone WHERE phone_key = ? AND lead_id = ?"

SHARED = 25
"""A number that more leads have is an office's or a placeholder: it says nothing about who is who."""

# Each lead with a number is compared with the first lead that has it.
FIND_DUPLICATES = """
INSERT INTO duplicate (lead_id, other_id, phone_key, found_at)
SELECT first.id, l.id, l.phone_key, ?2
FROM carray(?1) AS k CROSS JOIN lead AS l ON l.id = k.value
CROSS JOIN lead AS first ON first.id = (SELECT min(p.lead_id) FROM lead_phone AS p WHERE p.phone_key = l.phone_key)
WHERE first.id < l.id AND (first.email IS NULL OR l.email IS NULL OR first.email <> l.email)
  AND coalesce(l.suppressed, '') NOT LIKE 'merged%' AND coalesce(first.suppressed, '') NOT LIKE 'merged%'
  AND (SELECT count(*) FROM (SELECT 1 FROM lead_phone AS p WHERE p.phone_key = l.phone_key LIMIT ?3)) < ?3
ON CONFLICT (lead_id, other_id) DO NOTHING
"""

RANKED = 1_000
"""So many of the leads that a search finds, the newest, are put in order of their score."""

SHORT = 2
"""Words of so few letters begin too many others; among many leads they are looked for as they stand."""

MANY = 100_000
"""Leads from which on that is so."""

# The newest ?3 that match, and of them the best ?2.
MATCH = """
SELECT l.id FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH ?1 ORDER BY rowid DESC LIMIT ?3) AS found
CROSS JOIN lead AS l ON l.id = found.id WHERE coalesce(l.suppressed, '') NOT LIKE 'merged%'
ORDER BY l.score DESC, l.id LIMIT ?2
"""
# Until its parts are merged a full-text index keeps the words of what was deleted.
FORGET_WORDS = "INSERT INTO lead_search (lead_search) VALUES ('optimize')"
AT_LEAST = "SELECT count(*) FROM (SELECT 1 FROM lead_search WHERE lead_search MATCH ?1 LIMIT ?2)"

_WORD = re.compile(r"[^\W_]+")
"""As the index cuts text into words: it has no phrases, so nothing may be looked for that it would cut again."""
_PHONE = re.compile(r"\+?[\d\s().-]{7,}")


@dataclass(frozen=True)
class Found:
    """What a search found. ``indexed``: percent of the leads that the index knows; the newest may be missing."""

    lead_ids: list[int]
    indexed: int
    more: bool = False
    """More than :data:`RANKED` leads match: the newest of them are ranked here."""


def index_some(database: Database, limit: int = BATCH) -> bool:
    """Index the next leads and changes; inside the caller's transaction. False: there was nothing left to do."""
    seen, changed = database.sql(STATE)[0]
    rows = _next(database, seen, limit)
    history = database.sql(CHANGED, (changed, limit)) if not rows else []
    if not rows and not history:
        return False
    if rows:
        _add(database, rows)
        database.sql(ADVANCE, (rows[-1][0], changed))
    else:
        for _, lead_id, before in history:
            old = json.loads(before).get("phone_key")
            if old is not None:
                database.sql(DROP_PHONE, (old, lead_id))
        known = array("q", sorted({lead_id for _, lead_id, _ in history if lead_id <= seen}))
        if known:
            database.many(DROP_TEXT, [(lead_id,) for lead_id in known])
            _add(database, database.sql(SOME, (apsw.carray(known),)))
        database.sql(ADVANCE, (seen, history[-1][0]))
    return True


def _next(database: Database, seen: int, limit: int) -> list[tuple[Any, ...]]:
    """The next leads that are not indexed yet."""
    rows, length = [], 0
    with contextlib.closing(database.each(NEW, (seen, limit))) as found:
        for row in found:
            rows.append(row)
            length += len(row[_EXTRAS] or "")
            if length >= MOST_TEXT:
                break
    return rows


def _add(database: Database, rows: list[tuple[Any, ...]]) -> None:
    for part in in_steps(rows, STEP):
        database.many(ADD_TEXT, [(row[0], _text(row)) for row in part])
    give_way()
    phones = sorted((row[4], row[0]) for row in rows if row[4] is not None)
    if phones:
        database.many(ADD_PHONE, phones)
        ids = array("q", [lead_id for _, lead_id in phones])
        database.sql(FIND_DUPLICATES, (apsw.carray(ids), database.clock(), SHARED + 1))


def _text(row: tuple[Any, ...]) -> str:
    number, name, email, phone, key, location, address, source, extras, market = row
    words = [name, email, phone, location, address, source, market, str(number)]
    if key is not None:
        words += [str(key), str(key)[-10:]]
    if extras is not None:
        words += json.loads(extras)
    return " ".join(word for word in words if word)


def behind(database: Database) -> int:
    """How many leads and changes are not indexed yet."""
    leads, changes = database.sql(NEWEST)[0]
    seen, changed = database.sql(STATE)[0]
    return int(max(leads - seen, 0) + max(changes - changed, 0))


def percent(database: Database) -> int:
    """How much of the leads and changes is indexed, in percent, rounded down."""
    total = sum(database.sql(NEWEST)[0])
    return int(100 * (total - behind(database)) / total) if total else 100


def forget_words(database: Database) -> None:
    """Leave nothing of deleted leads in the index; inside the caller's transaction."""
    database.sql(FORGET_WORDS)


def search(
    database: Database, query: str, limit: int, country: str = "US", *, scanned: int = SCANNED
) -> Found:
    """Leads in which every word of ``query`` begins some word (of name, contact, place, extra columns), best score first.

    A phone number is found however it is written. Bounded, whatever is asked for: a word that very many leads have is
    looked for as it stands, and so are words of one or two letters where there are very many leads. At most ``scanned``
    leads that are not indexed yet are looked through.
    """
    indexed = percent(database)
    words = [] if (number := _number(query, country)) is not None else _WORD.findall(query.casefold())[:WORDS]
    if number is not None:
        match = f'"{number}"'
        words = [str(number)]
    else:
        try:
            match = " AND ".join(_term(database, word) for word in words)
        except apsw.SQLError:  # letters of a few scripts, which the index cuts differently
            words = []
    if not words:
        return Found([], indexed)
    found = [row[0] for row in database.sql(MATCH, (match, limit, RANKED))]
    more = len(found) >= limit and database.value(AT_LEAST, (match, RANKED + 1)) > RANKED
    seen, newest = database.sql(STATE)[0][0], database.sql(NEWEST)[0][0]
    if len(found) < limit and 0 < newest - seen <= scanned:
        found += _scan(database, words, seen, limit - len(found))
    return Found(found, indexed, more)


def whole_words(text: str) -> str | None:
    """A match for leads that have every word of ``text`` somewhere; None: there is no word in it."""
    words = _WORD.findall(text.casefold())
    return " AND ".join(f'"{word}"' for word in words) if words else None


def _term(database: Database, word: str) -> str:
    """What a word is looked for as: the beginning of words, or, where that would be too many, a whole one."""
    exact = f'"{word}"'
    if len(word) <= SHORT and database.sql(NEWEST)[0][0] > MANY:
        return exact
    return exact if database.value(AT_LEAST, (exact, RANKED)) >= RANKED else f"{exact}*"


def _number(query: str, country: str) -> int | None:
    return phone_key(query, country) if _PHONE.fullmatch(query.strip()) else None


def _scan(database: Database, words: list[str], seen: int, limit: int) -> list[int]:
    hits: list[int] = []
    while len(hits) < limit and (rows := _next(database, seen, BATCH)):
        for row in rows:
            have = _WORD.findall(_text(row).casefold())
            if all(any(each.startswith(word) for each in have) for word in words):
                hits.append(row[0])
        seen = rows[-1][0]
    return hits[:limit]
