"""The counts behind the charts."""

from __future__ import annotations

from typing import Any

from db import Database
from db.clock import DAY
from valhalla.leads.outcomes import undo
from valhalla.reports.chart_figures import bins_of, funnel_steps, rates_of, score_counts
from valhalla.scoring.experiment_results import rate_text, results
from valhalla.scoring.policies import change
from valhalla.scoring.stages.statistics import reliability


def test_the_funnel_counts_leads_not_calls(database: Database, people: Any, tell: Any) -> None:
    people(5)
    for _ in range(3):
        tell(1, "contacted", days_ago=_)
    tell(1, "won")
    tell(2, "appointment")
    mistake = tell(3, "won")
    undo(database, mistake.id)
    expected = [
        ("rows read", 5),
        ("accepted", 5),
        ("leads", 5),
        ("worked", 2),
        ("appointment", 2),
        ("contract", 1),
        ("won", 1),
    ]
    assert funnel_steps(database) == expected
    assert [count for _, count in funnel_steps(database, database.clock() + DAY)] == [0] * 7


def test_scores_are_counted_in_tens_of_open_leads(database: Database, people: Any, tell: Any) -> None:
    people(5)
    tell(1, "lost")
    counts = score_counts(database)
    score = database.value("SELECT score FROM lead WHERE id = 2")
    assert (sum(counts), counts[score // 10]) == (4, 4)


def test_rates_are_those_of_matured_leads_when_they_are_enough(
    database: Database, people: Any, tell: Any
) -> None:
    people(1)
    tell(1, "won")
    assert rates_of(results(database, "opener")) == []
    assert [rate_text(each) for each in results(database, "opener")["variants"]] == ["too few", "unknown"]
    change(database, "outcome.shown_from", 1, "one lead will do")
    (rate,) = rates_of(results(database, "opener"))
    assert (rate.successes, rate.of, rate.value) == (1, 1, 1.0)
    assert 0 < rate.low < 1


def test_bins_carry_their_interval() -> None:
    (found,) = bins_of(tuple(reliability([0.5, 0.5], [0, 1], 1)))
    assert (found.predicted, found.happened, found.size) == (0.5, 0.5, 2)
    assert found.low < 0.5 < found.high
