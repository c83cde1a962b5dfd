"""A re-evaluation: batch by batch, each a short transaction, so that imports hardly notice it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from db import Database, audit, pacing
from db.pacing import Pace
from db.sealing import Rewrite, Witness
from db.waiting import in_steps
from valhalla.scoring import shares, sql
from valhalla.scoring import store as stages
from valhalla.scoring.affected import all_are, differs
from valhalla.scoring.relearn import relearn
from valhalla.scoring.stages import Context
from valhalla.scoring.stages.lead import STORED, Decision
from valhalla.scoring.stages.pipeline import redecide_columns

BATCH = 2_000
"""Leads that are read and decided at a time."""

SMALLEST = 100
"""So many while somebody else waits to write."""

STEP = 500
"""Leads that are decided between two looks at whether somebody waits for a page."""

_PLACE = slice(STORED.index("source"), STORED.index("state") + 1)
_FIRST, _BEHIND = STORED.index("variant_id"), len(STORED)
_DECIDED_BY = slice(STORED.index("policy_version"), STORED.index("snapshot_id") + 1)

_Row = tuple[Any, ...]
"""The columns of a lead, :data:`STORED` first: the key, then source, market and state next to each other, the decision last."""


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
        self.concerned: dict[tuple[int, int], dict[tuple[str, str | None, str | None], bool]] = {}
        """By what decided on leads, and their segment, whether they are to be decided on again."""
        self.rewrite = Rewrite(database, "lead", STORED, Decision._fields)
        self.statement = sql.REDECIDE_BATCH.format(", ".join(self.rewrite.columns))
        self.pace = Pace(BATCH, SMALLEST, pacing.BRIEFLY)

    def run(self) -> Progress:
        self._find()
        if not any(any(places.values()) for places in self.concerned.values()):
            return self.progress
        known = (self.context.policy_version, self.context.snapshot_id)
        self.progress.of = self.database.value(sql.NOT_DECIDED_BY, known)
        # What a decision refers to is in the context, and nothing of that is ever deleted.
        with self.database.references_unchecked():
            after = 0
            while True:
                state = self._state()
                rows = self._read(after)
                if not rows:
                    break
                decided = self._decide(rows)
                if decided[0]:
                    self._store(after, rows, decided, state)
                after = rows[-1][0]
                self.progress.leads += len(rows)
                self.hooks.between()
        return self.progress

    def _find(self) -> None:
        """Which leads are concerned."""
        context = self.context
        known = (context.policy_version, context.snapshot_id)
        before: dict[tuple[int, int], tuple[Context, bool]] = {}
        for version, snapshot_id, *place in self.database.sql(sql.DECIDED_PLACES, known):
            if (version, snapshot_id) not in before:
                old = stages.at(self.database, version, snapshot_id, context.now)
                before[version, snapshot_id] = old, all_are(old, context)
            old, whole = before[version, snapshot_id]
            self.concerned.setdefault((version, snapshot_id), {})[tuple(place)] = whole or differs(
                old.segment(*place), context.segment(*place)
            )

    def _read(self, after: int) -> list[_Row]:
        known = (self.context.policy_version, self.context.snapshot_id)
        return self.database.sql(self.statement, (after, *known, self.pace.rows))

    def _state(self) -> tuple[int, int]:
        """As long as this is as it was, nobody has written."""
        return self.database.version(), self.database.value(sql.GENERATION)

    def _decide(self, rows: list[_Row]) -> tuple[list[_Row], list[Witness]]:
        """Those that are concerned, with what is decided on them now, and their witnesses."""
        context, concerned = self.context, self.concerned
        decided: list[_Row] = []
        for part in in_steps(rows, STEP):
            for row in part:
                places = concerned.get(row[_DECIDED_BY])
                if places is None:  # decided meanwhile, by something newer than this run
                    continue
                if places.get(row[_PLACE], True):
                    decided.append(row[:_FIRST] + redecide_columns(row, context) + row[_BEHIND:])
        return decided, self.rewrite.hashes(decided)

    def _store(
        self, after: int, rows: list[_Row], decided: tuple[list[_Row], list[Witness]], state: tuple[int, int]
    ) -> None:
        database = self.database
        with self.pace.write(database):
            self.hooks.fence(self.progress.to_json())
            if self._state() != state:
                again = [row for row in self._read(after) if row[0] <= rows[-1][0]]
                if again != rows:  # a lead says something else by now
                    decided = self._decide(again)
            audit.append(
                database,
                "lead.reevaluate",
                f"leads:{after + 1}-{rows[-1][0]}",
                {
                    "decided": len(decided[0]),
                    "policy": self.context.policy_version,
                    "snapshot": self.context.snapshot_id,
                },
            )
            self.rewrite.update(*decided)
        self.progress.decided += len(decided[0])
