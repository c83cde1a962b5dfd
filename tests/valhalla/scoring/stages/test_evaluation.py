"""Calibration of stored predictions."""

from __future__ import annotations

import random

import pytest

from valhalla.scoring.stages.evaluation import Prediction, evaluate, top_fifth
from valhalla.scoring.stages.policy import DEFAULT_POLICY


def predictions(count: int, p: float, rate: float, seed: int = 1) -> list[Prediction]:
    chance = random.Random(seed)
    return [Prediction(round(p * 1e6), 1, 2, chance.random() < rate) for _ in range(count)]


def test_too_few_say_so() -> None:
    found = evaluate(predictions(29, 0.5, 0.5), DEFAULT_POLICY)
    assert found.says == "Not enough outcomes yet: 29 of 30."
    assert (found.brier, found.table, found.alarm) == (None, (), False)


def test_who_knew_the_outcome_does_not_count() -> None:
    late = [Prediction(10**6, 5, 5, True)] * 100
    assert evaluate([*late, *predictions(30, 0.1, 0.1)], DEFAULT_POLICY).resolved == 30


def test_by_hand() -> None:
    pairs = [Prediction(250_000, 1, 2, i % 4 == 0) for i in range(40)]
    found = evaluate(pairs, DEFAULT_POLICY)
    assert found.brier == pytest.approx(0.1875)
    assert found.skill == pytest.approx(0)
    assert (found.expected, found.closes, found.z) == (10, 10, 0)
    assert found.says == "Of 40 leads, 10.0 were expected to close and 10 did (z = +0.0)."


def test_an_alarm_needs_a_hundred_and_more_than_chance() -> None:
    assert evaluate(predictions(2_000, 0.10, 0.05), DEFAULT_POLICY).alarm
    assert not evaluate(predictions(2_000, 0.05, 0.05), DEFAULT_POLICY).alarm
    assert not evaluate(predictions(99, 0.9, 0.1), DEFAULT_POLICY).alarm


def test_top_fifth() -> None:
    p = [i / 10 for i in range(10)]
    assert top_fifth(p, [0] * 8 + [1, 1]) == 1
    assert top_fifth(p, [1, 1] + [0] * 8) == 0
    assert top_fifth([0.5] * 10, [1, 0] * 5) == pytest.approx(0.2), (
        "equal predictions catch no more than their share"
    )
    assert top_fifth(p, [0] * 10) is None
