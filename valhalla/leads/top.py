"""The call list: the first leads by today's score, exactly, without looking at all of them.

A score is a stored base plus freshness, which fades with time. The index ``lead_by_score`` holds the leads by base and,
within a base, by how fresh they are. Bases are visited from the best down; of each only the leads that can still
reach the list are read, and the visit ends when no fresher lead of a lower base could.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import apsw

from db import Database
from db.clock import DAY
from valhalla.leads import sql
from valhalla.leads.view import Record, Viewer
from valhalla.stages import context as stages
from valhalla.stages.compiled import Context
from valhalla.stages.ranking import Best, Candidate


def top(
    database: Database, viewer: Viewer, limit: int, *, market: str | None = None, source: str | None = None
) -> list[Record]:
    """The first ``limit`` leads that may be called, best first: by score, then expected value, then number."""
    now = viewer.now
    context: Context = stages.load(database, now) if not database.readonly else _stored_context(database, now)
    best = Best(limit, now, context.score)
    for candidate in _candidates(database, best, now, market, source):
        best.offer(candidate)
    ids = [ranked.id for ranked in best.ranked()]
    found = {record.lead.id: record for record in viewer.records(_some(database, ids))}
    return [found[number] for number in ids]


def _candidates(
    database: Database, best: Best, now: int, market: str | None, source: str | None
) -> Iterator[Candidate]:
    base = database.value(sql.BEST_BASE)
    while base is not None:
        days = best.days_left(base)
        if days < 0:
            return
        oldest = now - (days + 1) * DAY
        parameters = {"base": base, "oldest": oldest, "now": now, "market": market, "source": source}
        for number, since, value in database.sql(sql.OF_BASE, parameters):
            yield Candidate(number, base, since, value)
        base = database.value(sql.NEXT_BASE, (base,))


def _some(database: Database, ids: list[int]) -> list[tuple[object, ...]]:
    return database.sql(sql.SOME, (apsw.carray(array("q", ids)),)) if ids else []


def _stored_context(database: Database, now: int) -> Context:
    """Of a file that is only read: the context of its newest snapshot."""
    version, _ = stages.latest_policy(database)
    return stages.at(database, version, database.value("SELECT max(id) FROM model_snapshot"), now)
