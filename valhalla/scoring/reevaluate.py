"""A re-evaluation: batch by batch, each a short transaction, so that imports hardly notice it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from db import Database, audit, pacing
from db.pacing import Pace
from valhalla.scoring import shares, sql
from valhalla.scoring import store as stages
from valhalla.scoring.affected import all_are, differs
from valhalla.scoring.relearn import relearn
from valhalla.scoring.stages import Context, StoredLead, redecide

BATCH = 2_000
"""Leads that are read and decided at a time."""

SMALLEST = 100
"""So many while somebody else waits to write."""


@dataclass
class Progress:
    """How far a re-evaluation is."""

    leads: int = 0
    """Looked at."""
    of: int = 0
    """To look at in all."""
    decided: int = 0
    """Decided again."""

    def to_json(self) -> dict[str, int]:
        """As the job shows it."""
        return {"leads": self.leads, "of": self.of, "decided": self.decided}


@dataclass(frozen=True)
class Hooks:
    """What the job that runs it wants to know and to decide."""

    fence: Callable[[dict[str, int]], object] = lambda progress: None
    """Called first in each write transaction; raises when the job is no longer this worker's."""
    between: Callable[[], object] = lambda: None
    """Called after each batch; may raise to end here. What was decided stays, the next run goes on behind it."""


@dataclass
class _Old:
    context: Context
    whole: bool
    segments: dict[tuple[str, str | None, str | None], bool] = field(default_factory=dict)


def reevaluate(database: Database, hooks: Hooks = Hooks()) -> Progress:
    """Decide again on every lead that what is known now concerns. Safe to stop at any time and to run twice."""
    return _Run(database, hooks).run()


class _Run:
    def __init__(self, database: Database, hooks: Hooks) -> None:
        self.database = database
        self.hooks = hooks
        self.progress = Progress()
        shares.refresh(database)
        self.context = relearn(database, stages.load(database, database.clock()))
        self.old: dict[tuple[int, int], _Old] = {}
        self.pace = Pace(BATCH, SMALLEST, pacing.BRIEFLY)

    def run(self) -> Progress:
        self._find()
        if not any(old.whole or any(old.segments.values()) for old in self.old.values()):
            return self.progress
        after = 0
        while True:
            generation = self.database.value(sql.GENERATION)
            leads = self._read(after)
            if not leads:
                break
            decided = self._decide(leads)
            if decided:
                self._store(after, leads, decided, generation)
            after = leads[-1].id
            self.progress.leads += len(leads)
            self.hooks.between()
        return self.progress

    def _find(self) -> None:
        """Which groups of leads are concerned."""
        now = self.context.now
        for version, snapshot_id, _ in self.database.sql(sql.DECISION_GROUPS):
            if (version, snapshot_id) == (self.context.policy_version, self.context.snapshot_id):
                continue
            before = stages.at(self.database, version, snapshot_id, now)
            old = self.old[version, snapshot_id] = _Old(before, all_are(before, self.context))
            for source, market, state, count in self.database.sql(sql.DECIDED_PLACES, (version, snapshot_id)):
                self.progress.of += count
                place = (source, market, state)
                old.segments[place] = old.whole or differs(
                    before.segment(*place), self.context.segment(*place)
                )

    def _read(self, after: int) -> list[StoredLead]:
        known = (self.context.policy_version, self.context.snapshot_id)
        rows = self.database.sql(sql.REDECIDE_BATCH, (after, *known, self.pace.rows))
        return [StoredLead.from_row(row) for row in rows]

    def _decide(self, leads: list[StoredLead]) -> list[tuple[Any, ...]]:
        return [(*redecide(lead, self.context), lead.id) for lead in leads if self._concerned(lead)]

    def _concerned(self, lead: StoredLead) -> bool:
        old = self.old.get((lead.decision.policy_version, lead.decision.snapshot_id))
        if old is None:  # decided meanwhile, by something newer than this run
            return False
        return old.segments.get((lead.source, lead.market, lead.state), True)

    def _store(
        self, after: int, leads: list[StoredLead], decided: list[tuple[Any, ...]], generation: int
    ) -> None:
        database = self.database
        with self.pace.write(database):
            self.hooks.fence(self.progress.to_json())
            if database.value(sql.GENERATION) != generation:  # a lead may say something else by now
                again = self._read(after)
                decided = self._decide([lead for lead in again if lead.id <= leads[-1].id])
            database.many(sql.REDECIDE, decided)
            audit.append(
                database,
                "lead.reevaluate",
                f"leads:{after + 1}-{leads[-1].id}",
                {
                    "decided": len(decided),
                    "policy": self.context.policy_version,
                    "snapshot": self.context.snapshot_id,
                },
            )
        self.progress.decided += len(decided)
