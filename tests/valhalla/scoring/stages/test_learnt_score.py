"""The learnt score: only with enough outcomes, and better only where it is."""

from __future__ import annotations

import math
import random

import pytest

from valhalla.scoring.stages.learnt_score import Learnt, Resolved, learn_score
from valhalla.scoring.stages.policy import DEFAULT_POLICY
from valhalla.scoring.stages.score import NAMES


def leads_of(count: int, weight_of_phone: float, weight_of_email: float) -> list[Resolved]:
    """Leads of which only phone and e-mail differ, by known log-odds per point."""
    chance = random.Random(3)
    found = []
    for i in range(count):
        points = [0] * len(NAMES)
        points[NAMES.index("phone")] = 1_000 * chance.randrange(2)
        points[NAMES.index("email")] = 500 * chance.randrange(2)
        logit = (
            -2
            + weight_of_phone * points[NAMES.index("phone")] / 100
            + weight_of_email * points[NAMES.index("email")] / 100
        )
        found.append(Resolved(tuple(points), i, chance.random() < 1 / (1 + math.exp(-logit))))
    return found


def test_too_few_outcomes_are_said() -> None:
    assert learn_score(leads_of(199, 0.3, 0), DEFAULT_POLICY) == (
        "A learnt score needs 200 resolved leads with 30 closes; there are 199 with "
        f"{sum(lead.closed for lead in leads_of(199, 0.3, 0))}."
    )


def test_it_finds_what_the_rules_have_wrong() -> None:
    learnt = learn_score(leads_of(4_000, 0.3, -0.3), DEFAULT_POLICY)
    assert isinstance(learnt, Learnt)
    weights = dict(zip(NAMES, learnt.weights, strict=True))
    assert weights["phone"] == pytest.approx(0.3, abs=0.05)
    assert weights["email"] == pytest.approx(-0.3, abs=0.06)
    assert weights["spread"] == 0
    assert learnt.better
    assert "better than the rules" in learnt.says


def test_it_is_no_better_where_the_rules_are_right() -> None:
    learnt = learn_score(leads_of(400, 0.15, 0.15), DEFAULT_POLICY)
    assert isinstance(learnt, Learnt)
    assert learnt.brier >= learnt.brier_of_rules
    assert not learnt.better
    assert "no better than the rules" in learnt.says


def test_its_lines_add_up_to_its_odds() -> None:
    learnt = learn_score(leads_of(2_000, 0.3, -0.3), DEFAULT_POLICY)
    assert isinstance(learnt, Learnt)
    points = [0] * len(NAMES)
    points[NAMES.index("phone")] = 1_000
    gained = sum(value for _, value in learnt.lines(points)) / 100
    odds = [p / (1 - p) for p in (learnt.probability([0] * len(NAMES)), learnt.probability(points))]
    assert 2 ** (gained / 20) == pytest.approx(odds[1] / odds[0], rel=1e-3)


def test_order_of_leads_does_not_matter() -> None:
    leads = leads_of(600, 0.2, 0.1)
    assert learn_score(leads, DEFAULT_POLICY) == learn_score(leads[::-1], DEFAULT_POLICY)
