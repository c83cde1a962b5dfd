"""Trend and forecast, worked out by hand or against the plain definition."""

from __future__ import annotations

import statistics
from random import Random

import pytest

from valhalla.console.trends import HOUR_MS, forecast, trend

STEP = 300_000
START = 1_767_813_000_000 // HOUR_MS * HOUR_MS


def points(*values: float, step: int = STEP) -> list[tuple[int, float]]:
    return [(START + place * step, value) for place, value in enumerate(values)]


def test_a_straight_line_rises_by_its_slope() -> None:
    found = trend(points(*[10 + 0.5 * hour for hour in range(14)], step=HOUR_MS))
    assert (found["says"], found["per_hour"], found["n"]) == ("rising", 0.5, 14)
    assert found["low"] == found["high"] == 0.5
    falling = trend(points(*[50 - hour for hour in range(14)], step=HOUR_MS))
    assert (falling["says"], falling["per_hour"]) == ("falling", -1.0)


def test_noise_is_steady_and_one_strange_hour_moves_it_little() -> None:
    random = Random(3)
    noise = [points(*[random.gauss(100, 5) for _ in range(24)], step=HOUR_MS) for _ in range(400)]
    steady = sum(trend(each)["says"] == "steady" for each in noise)
    assert 0.93 <= steady / 400 <= 0.97  # what a 95 % interval promises
    rising = [100 + 2 * hour + random.gauss(0, 1) for hour in range(24)]
    rising[12] = 10_000
    assert trend(points(*rising, step=HOUR_MS))["per_hour"] == pytest.approx(2.0, abs=0.3)


def test_nothing_is_said_of_a_few_hours() -> None:
    assert trend(points(*range(11), step=HOUR_MS)) == {
        "says": None, "per_hour": None, "low": None, "high": None, "n": 11, "needs": 1,
    }  # fmt: skip
    few = forecast(points(*range(20)), STEP)
    assert (few["value"], few["error"], few["needs"]) == (None, None, 4)
    assert forecast([], STEP)["needs"] == 12


def test_the_error_is_what_the_forecast_would_have_been_wrong_by() -> None:
    random = Random(5)
    values = [50 + random.gauss(0, 8) for _ in range(100)]
    found = forecast(points(*values), STEP)
    assert found["method"] == "mean of the last hour"
    said = [statistics.fmean(values[max(0, at - 11) : at + 1]) for at in range(88)]
    wrong = [abs(each - values[at + 12]) for at, each in enumerate(said)]
    assert (found["n"], found["value"]) == (88, round(statistics.fmean(values[-12:]), 4))
    assert found["error"] == round(statistics.fmean(wrong), 4) < found["as_now_error"]
    assert sum(each <= found["within"] + 1e-4 for each in wrong) == 80
    assert found["at"] == START + 100 * STEP + HOUR_MS


@pytest.mark.parametrize(
    ("values", "method", "value", "error"),
    [
        ([7.0] * 40, "as now", 7.0, 0.0),
        ([float(place) for place in range(100)], "along the line of the last six hours", 111.0, 0.0),
        ([float((place % 288) // 12 % 5) for place in range(600)], "as at that hour yesterday", None, 0.0),
    ],
)
def test_the_way_that_would_have_been_best_is_taken(
    values: list[float], method: str, value: float | None, error: float
) -> None:
    found = forecast(points(*values), STEP)
    assert (found["method"], found["error"]) == (method, error)
    assert value is None or found["value"] == value


def test_a_share_never_leaves_its_bounds_and_gaps_are_no_zeros() -> None:
    assert forecast(points(*[80 + 0.3 * place for place in range(66)]), STEP, top=100.0)["value"] == 100.0
    gap = points(*[60.0] * 80)
    found = forecast(gap[:20] + gap[50:], STEP)
    assert (found["value"], found["error"]) == (60.0, 0.0)
