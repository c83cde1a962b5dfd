"""Finding leads by words and phone numbers; the index behind it, and the possible duplicates found on the way.

The index is working data. A job fills it after imports, in small batches, so that no import waits for it; until it is
done a search says how much of the leads it has seen, and looks through a short rest by itself.
"""

from __future__ import annotations

import contextlib
import json
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import apsw

from db.waiting import give_way, in_steps
from valhalla.leads import details, sql
from valhalla.leads.contacts import phone_key
from valhalla.leads.details import reach
from valhalla.program.patterns import pattern

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


class Position(NamedTuple):
    """Numbers of the newest lead and of the newest change: what there is, or how far the index has come."""

    lead: int
    change: int


class Texts(NamedTuple):
    """What is searched of a lead, in the order of :data:`valhalla.leads.sql.TEXT_COLUMNS`."""

    id: int
    name: str
    email: str | None
    phone: str | None
    phone_key: int | None
    location: str | None
    address: str | None
    source: str
    extras: str | None
    details: str | None
    market: str | None
    tags: str | None
    notes: str | None
    """Notes on the lead, and those of its calls."""


SHARED = 25
"""A number that more leads have is an office's or a placeholder: it says nothing about who is who."""


RANKED = 1_000
"""So many of the leads that a search finds, the newest, are put in order of their score."""

SHORT = 2
"""Words of so few letters begin too many others; among many leads they are looked for as they stand."""

MANY = 100_000
"""Leads from which on that is so."""


_WORD = pattern(r"[^\W_]+")
"""As the index cuts text into words: it has no phrases, so nothing may be looked for that it would cut again."""
_PHONE = pattern(r"\+?[\d\s().-]{7,}")


@dataclass(frozen=True)
class Found:
    """What a search found. ``indexed``: percent of the leads that the index knows; the newest may be missing."""

    lead_ids: list[int]
    indexed: int
    more: bool = False
    """More than :data:`RANKED` leads match: the newest of them are ranked here."""


def index_words(database: Database, limit: int = BATCH) -> array[int] | None:
    """Index the words of the next leads and changes; inside the caller's transaction. Returns the numbers of indexed leads that have
    changed; None: there was nothing left to do."""
    seen, changed = indexed(database)
    rows = _next(database, seen, limit)
    history = database.sql(sql.CHANGES_TO_INDEX, (changed, limit)) if not rows else []
    known: array[int] = array("q")
    if rows:
        _add(database, rows)
        database.sql(sql.ADVANCE_INDEX, (rows[-1].id, changed))
    elif not history:
        return None
    else:
        for _, lead_id, before in history:
            old = json.loads(before)
            for number in reach(None, old.get("phone_key"), old.get("details")).phones:
                database.sql(sql.DROP_PHONE, (number, lead_id))
        known = array("q", sorted({lead_id for _, lead_id, _ in history if lead_id <= seen}))
        if known:
            database.many(sql.DROP_TEXT, [(lead_id,) for lead_id in known])
            _add(database, [Texts._make(row) for row in database.sql(sql.TEXTS_OF, (apsw.carray(known),))])
        *_, (changed, _, _) = history
        database.sql(sql.ADVANCE_INDEX, (seen, changed))
    return known


def _next(database: Database, seen: int, limit: int) -> list[Texts]:
    """The next leads that are not indexed yet."""
    rows, length = [], 0
    with contextlib.closing(database.each(sql.UNINDEXED, (seen, limit))) as found:
        for row in map(Texts._make, found):
            rows.append(row)
            length += len(row.extras or "") + len(row.details or "")
            if length >= MOST_TEXT:
                break
    return rows


def _add(database: Database, rows: list[Texts]) -> None:
    for part in in_steps(rows, STEP):
        database.many(sql.ADD_TEXT, [(row.id, _text(row)) for row in part])
    give_way()
    phones = sorted(
        (number, row.id) for row in rows for number in reach(None, row.phone_key, row.details).phones
    )
    if phones:
        database.many(sql.ADD_PHONE, phones)
        ids = array("q", sorted({lead_id for _, lead_id in phones}))
        database.sql(sql.FIND_DUPLICATES, (apsw.carray(ids), database.clock(), SHARED + 1))


def _text(row: Texts) -> str:
    number, name, email, phone, key, location, address, source, extras, more, market, tags, notes = row
    words = [name, email, phone, location, address, source, market, tags, notes, str(number)]
    if key is not None:
        words += [str(key), str(key)[-10:]]
    if extras is not None:
        words += json.loads(extras)
    if more is not None:
        words += details.words(details.decoded(more))
    return " ".join(word for word in words if word)


def index_again(database: Database, lead_id: int) -> None:
    """Put the words of a lead into the index again, if it knows the lead; inside the caller's transaction."""
    if lead_id <= indexed(database).lead:
        known = apsw.carray(array("q", [lead_id]))
        database.sql(sql.DROP_TEXT, (lead_id,))
        _add(database, [Texts._make(row) for row in database.sql(sql.TEXTS_OF, (known,))])


def texts_of(database: Database, lead_id: int) -> Texts | tuple[()]:
    """What is searched of a lead; nothing where there is none."""
    row = database.one(sql.TEXTS_OF, (apsw.carray(array("q", [lead_id])),))
    return () if row is None else Texts._make(row)


def indexed(database: Database) -> Position:
    """How far the index has come."""
    return Position._make(database.sql(sql.INDEX_STATE)[0])


def _newest(database: Database) -> Position:
    return Position._make(database.sql(sql.NEWEST)[0])


def behind(database: Database) -> int:
    """How many leads and changes are not indexed yet."""
    newest, here = _newest(database), indexed(database)
    return max(newest.lead - here.lead, 0) + max(newest.change - here.change, 0)


def percent(database: Database) -> int:
    """How much of the leads and changes is indexed, in percent, rounded down."""
    total = sum(_newest(database))
    return int(100 * (total - behind(database)) / total) if total else 100


def forget_words(database: Database) -> None:
    """Leave nothing of deleted leads in the index; inside the caller's transaction."""
    database.sql(sql.FORGET_WORDS)


def search(
    database: Database, query: str, limit: int, country: str = "US", *, scanned: int = SCANNED
) -> Found:
    """Leads in which every word of ``query`` begins some word (of name, contact, place, extra columns), best score first.

    A phone number is found however it is written. Bounded, whatever is asked for: a word that very many leads have is
    looked for as it stands, and so are words of one or two letters where there are very many leads. At most ``scanned``
    leads that are not indexed yet are looked through.
    """
    known = percent(database)
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
        return Found([], known)
    newest = array("q", [number for (number,) in database.sql(sql.MATCH, (match, RANKED + 1))])
    more = len(newest) > RANKED
    found = (
        [number for (number,) in database.sql(sql.BEST_OF, (apsw.carray(newest[:RANKED]), limit))]
        if newest
        else []
    )
    seen, last = indexed(database).lead, _newest(database).lead
    if len(found) < limit and 0 < last - seen <= scanned:
        found += _scan(database, words, seen, limit - len(found))
    return Found(found, known, more)


def same_number(database: Database, phone_key: int | None) -> int:
    """How many leads have this phone number, as far as the index knows, counted up to 1,000; at least the one that asks."""
    return max(1, database.value(sql.SAME_NUMBER, (phone_key,))) if phone_key is not None else 1


def whole_words(text: str) -> str | None:
    """A match for leads that have every word of ``text`` somewhere; None: there is no word in it."""
    words = _WORD.findall(text.casefold())
    return " AND ".join(f'"{word}"' for word in words) if words else None


def _term(database: Database, word: str) -> str:
    """What a word is looked for as: the beginning of words, or, where that would be too many, a whole one."""
    exact = f'"{word}"'
    if len(word) <= SHORT and _newest(database).lead > MANY:
        return exact
    return exact if database.value(sql.COUNT_MATCHES, (exact, RANKED)) >= RANKED else f"{exact}*"


def _number(query: str, country: str) -> int | None:
    return phone_key(query, country) if _PHONE.fullmatch(query.strip()) else None


def _scan(database: Database, words: list[str], seen: int, limit: int) -> list[int]:
    hits: list[int] = []
    while len(hits) < limit and (rows := _next(database, seen, BATCH)):
        for row in rows:
            have = _WORD.findall(_text(row).casefold())
            if all(any(each.startswith(word) for each in have) for word in words):
                hits.append(row.id)
        seen = rows[-1].id
    return hits[:limit]
