"""The call list: the first leads by today's score, exactly, without looking at all of them.

A score is a stored base plus freshness, which fades with time. The index ``lead_by_score`` holds the leads by base and,
within a base, by how fresh they are. Bases are visited from the best down; of each only the leads that can still
reach the list are read, and the visit ends when no fresher lead of a lower base could.

Only the policy is read beside the leads: what outcomes have taught is already in the stored bases.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import apsw

from db import Database
from db.clock import DAY
from valhalla.leads import sql
from valhalla.leads.view import Record, Viewer
from valhalla.stages.calling import CallingRules, wait_after
from valhalla.stages.ranking import Best, Candidate


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
    now = viewer.now
    of_base = sql.of_base(due_after(viewer.calling), market is not None, source is not None)
    base = database.value(sql.BEST_BASE)
    while base is not None:
        days = best.days_left(base)
        if days < 0:
            return
        oldest = now - (days + 1) * DAY
        parameters = {"base": base, "oldest": oldest, "now": now, "market": market, "source": source}
        for number, since, value in database.sql(of_base, parameters):
            yield Candidate(number, base, since, value)
        base = database.value(sql.NEXT_BASE, (base,))


def _some(database: Database, ids: list[int]) -> list[tuple[object, ...]]:
    return database.sql(sql.SOME, (apsw.carray(array("q", ids)),)) if ids else []
