"""A score learnt from outcomes, shown next to the rules until it has proven to be better.

The features are the contributions of stage 6, so its explanation has the same lines. A logistic regression gives each line a
weight; 20 points double the odds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from valhalla.program.wording import several
from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.learnt import MILLION, LearntScore
from valhalla.scoring.stages.score import NAMES

DOUBLE = 20
"""Points that double the odds."""
HOLD_BACK = 0.25
"""The latest part of the leads, on which rules and learnt score are compared."""


class Resolved(NamedTuple):
    """A lead with a result: its contributions (hundredths of a point, as in :data:`NAMES`), when, and whether it closed."""

    points: tuple[int, ...]
    resolved_at: int
    closed: bool


class Learnt(NamedTuple):
    """A learnt score and how it compares with the rules on leads that neither has seen."""

    intercept: float
    weights: tuple[float, ...]
    """Log-odds per point, by :data:`NAMES`."""
    brier: float
    brier_of_rules: float
    better: bool
    says: str

    def probability(self, points: Sequence[int]) -> float:
        """The probability to close for contributions in hundredths of a point."""
        return statistics.sigmoid(
            self.intercept + math.fsum(w * x / 100 for w, x in zip(self.weights, points, strict=True))
        )

    def lines(self, points: Sequence[int]) -> list[tuple[str, int]]:
        """The same contributions in learnt points (hundredths), 20 points to double the odds."""
        scale = 100 * DOUBLE / math.log(2)
        return [
            (name, round(scale * w * x / 100)) for name, w, x in zip(NAMES, self.weights, points, strict=True)
        ]


def rounded(learnt: Learnt, leads: Sequence[Resolved], as_of: int, formula: int = 1) -> LearntScore:
    """What a snapshot keeps of a learnt score and the leads it was learnt from, whose contributions are those of ``formula``."""
    scale = MILLION * DOUBLE / math.log(2)
    weights = tuple(round(scale * weight) for weight in learnt.weights)
    unanchored = LearntScore(as_of, len(leads), 0, 0, weights, 0, 0, learnt.better, learnt.says, formula)
    rules = sum(sum(lead.points) for lead in leads)
    own = sum(sum(unanchored.points(lead.points)) for lead in leads)
    return unanchored._replace(
        closes=sum(lead.closed for lead in leads),
        anchor=(rules - own) // len(leads),
        brier=round(learnt.brier * MILLION),
        brier_of_rules=round(learnt.brier_of_rules * MILLION),
    )


def learn_score(leads: Sequence[Resolved], policy: Mapping[str, Any], penalty: float = 1.0) -> Learnt | str:
    """Learn from leads with a result; a sentence instead when there are too few.

    The older three quarters teach both the learnt score and the rate by which the rules' sum turns into a probability; the latest quarter
    judges them by Brier's score.
    """
    settings = policy["score"]
    closes = sum(lead.closed for lead in leads)
    need, need_closes = settings["learn_from_resolved"], settings["learn_from_positives"]
    if len(leads) < need or closes < need_closes:
        return (
            f"A learnt score needs {several(need, 'resolved lead')} with {several(need_closes, 'close')}; "
            f"there are {len(leads):,} with {closes:,}."
        )
    in_time = sorted(leads, key=lambda lead: (lead.resolved_at, lead.points, lead.closed))
    cut = len(in_time) - math.ceil(len(in_time) * HOLD_BACK)
    past, later = in_time[:cut], in_time[cut:]
    happened = [int(lead.closed) for lead in past]
    intercept, *weights = statistics.logistic(
        [[x / 100 for x in lead.points] for lead in past], happened, penalty
    )
    base, slope = statistics.logistic([[sum(lead.points) / 100] for lead in past], happened, penalty)
    truth = [int(lead.closed) for lead in later]
    rules = statistics.brier(
        [statistics.sigmoid(base + slope * sum(lead.points) / 100) for lead in later], truth
    )
    learnt = Learnt(intercept, tuple(weights), 0.0, rules, False, "")
    own = statistics.brier([learnt.probability(lead.points) for lead in later], truth)
    better = own < rules
    verdict = "better than" if better else "no better than"
    says = f"On the latest {several(len(later), 'lead')} the learnt score is {verdict} the rules (Brier {own:.4f} against {rules:.4f})."
    return learnt._replace(brier=own, better=better, says=says)
