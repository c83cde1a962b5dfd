"""Counting what those who can be called have in common: once a day, and when the leads have become many more."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw

from db.waiting import give_way
from valhalla.scoring import sql
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Context, StoredLead
from valhalla.scoring.stages.explanation import codes_of
from valhalla.scoring.stages.learning import today
from valhalla.scoring.stages.shares import Shares, least_of

if TYPE_CHECKING:
    from db import Database

MOST = 1_000
"""So many leads are looked at, about a tenth of a second; of more it is a sample: a quarter is then right to within 1.4 points."""
LARGE = 8 * MOST
"""From so many leads on the sample is taken by number, without a look at every lead."""


class Counted(NamedTuple):
    """The shares in force, and the snapshot that holds them."""

    shares: Shares | None
    snapshot_id: int | None


def in_force(database: Database) -> Counted:
    """The shares that were counted last; none by formula 1, or while nobody has counted."""
    known = dict(database.sql(sql.KNOWLEDGE))
    if "shares" not in known or "shares_at" not in known:
        return Counted(None, None)
    return _read(known["shares"], known["shares_at"])


@lru_cache(maxsize=4)
def _read(shares: str, at: str) -> Counted:
    """They change once a day, and every page asks for them."""
    return Counted(Shares.from_json(json.loads(shares)), json.loads(at)["snapshot"])


def refresh(database: Database) -> bool:
    """Count if that is due, see :func:`valhalla.scoring.store.shares_due`. Whether it was done. Outside of a write transaction:
    it takes its time."""
    if not stages.shares_due(database):
        return False
    newest = int(database.value(sql.NEWEST_LEAD))
    context = stages.load(database, database.clock())
    stages.note_shares(database, count(database, context), newest)
    return True


def _callable(database: Database) -> tuple[list[tuple[Any, ...]], int]:
    """Leads that can be called, all of them or a sample, and how many there are (of a large file: about how many)."""
    newest = int(database.value(sql.NEWEST_LEAD))
    if newest <= LARGE:
        able = int(database.value(sql.COUNT_CALLABLE))
        return database.sql(sql.CALLABLE, (max(1, -(-able // MOST)),)), able
    some = array("q", range(1, newest + 1, newest // MOST))
    rows = database.sql(sql.CALLABLE_OF, (apsw.carray(some),))
    return rows, len(rows) * newest // len(some)


def count(database: Database, context: Context) -> Shares:
    """What the leads that can be called have in common, as of the time of ``context``."""
    rows, able = _callable(database)
    counted, found = 0, Counter[str]()
    scores = [0] * 101
    for row in rows:
        give_way()
        codes, score = codes_of(StoredLead.from_row(row), context, context.now)
        found.update(codes)
        scores[score] += 1
        counted += 1
    least = least_of(counted)
    kept = tuple(sorted((code, times) for code, times in found.items() if times >= least))
    return Shares(today(context.now), able, counted, kept, tuple(scores))
