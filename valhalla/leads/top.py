"""The call list: the first leads by today's score, exactly, without looking at all of them.

A score is a stored base plus freshness, which fades with time. The index ``lead_by_score`` holds the better leads by
base and, within a base, by how fresh they are. Bases are visited from the best down; of each only the leads that can
still reach the list are read, and the visit ends when no fresher lead of a lower base could. Only where the indexed leads
do not fill the list are the others read as well; of one market or source, those that the search index finds.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import apsw

from db import Database
from db.clock import DAY
from valhalla.leads import search, sql
from valhalla.leads.view import Record, Viewer
from valhalla.stages.calling import CallingRules, wait_after
from valhalla.stages.ranking import Best, Candidate

_NO_BASE = 2**62
"""Above every base."""


def top(
    database: Database, viewer: Viewer, limit: int, *, market: str | None = None, source: str | None = None
) -> list[Record]:
    """The first ``limit`` leads that may be called, best first: by score, then expected value, then number.

    Left out are leads whose conversation is over or paused, whose next try is not due, who cannot be reached, or who
    must not be contacted. Leads for whom it is night stay in the list; their next action says so.
    """
    best = Best(limit, viewer.now, viewer.score)
    for candidate in _candidates(database, best, viewer, market, source):
        best.offer(candidate)
    ids = [ranked.id for ranked in best.ranked()]
    found = {record.lead.id: record for record in viewer.records(_some(database, ids))}
    return [found[number] for number in ids]


def due_after(rules: CallingRules) -> str:
    """SQL for how long after its last contact a lead is left alone, by the ladder."""
    steps = range(1, len(rules.ladder))
    cases = "".join(f" WHEN {contacts} THEN {wait_after(contacts, rules)}" for contacts in steps)
    after = f"CASE WHEN contacts <= 0 THEN 0 WHEN contacts >= {len(rules.ladder)} THEN {rules.after_ladder}"
    return f"({after} ELSE CASE contacts{cases} ELSE 0 END END)" if cases else f"({after} ELSE 0 END)"


def _candidates(
    database: Database, best: Best, viewer: Viewer, market: str | None, source: str | None
) -> Iterator[Candidate]:
    wait, now = due_after(viewer.calling), viewer.now
    filters = (wait, market is not None, source is not None)
    of_base, given = sql.chosen(sql.OF_BASE, *filters), {"now": now, "market": market, "source": source}
    base: int | None = _NO_BASE
    while (base := database.value(sql.NEXT_BASE, (base,))) is not None:
        days = best.days_left(base)
        if days < 0:
            return
        oldest = now - (days + 1) * DAY
        yield from map(Candidate._make, database.sql(of_base, {**given, "base": base, "oldest": oldest}))
    if best.days_left(sql.INDEXED - 1) >= 0:
        match = _words_of(database, market, source)
        below = sql.chosen(sql.BELOW if match is None else sql.BELOW_AMONG, *filters)
        given["match"] = match
        yield from map(Candidate._make, database.sql(below, {**given, "least": best.least_base()}))


def _words_of(database: Database, market: str | None, source: str | None) -> str | None:
    """What leads of a market or source are found by in the search index, if that knows every lead."""
    match = search.whole_words(f"{market or ''} {source or ''}")
    return match if match is not None and search.percent(database) == 100 else None


def _some(database: Database, ids: list[int]) -> list[tuple[object, ...]]:
    return database.sql(sql.SOME, (apsw.carray(array("q", ids)),)) if ids else []
