"""Predictions are judged by what came after them, and only by leads that had time for it."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla.scoring.calibration import calibration, predictions
from valhalla.scoring.policies import change
from valhalla.scoring.reevaluate import reevaluate
from valhalla.scoring.stages.policy import DEFAULT_POLICY


def test_only_leads_with_a_result_or_with_time_for_one_count(
    database: Database, people: Any, tell: Any, clock: Any
) -> None:
    change(database, "outcome.shown_from", 1, "few leads will do")
    people(6)
    tell(1, "won")  # nothing was predicted before it
    reevaluate(database)
    p = database.value("SELECT p_close FROM lead WHERE id = 2")
    clock.advance(1)
    tell(2, "won")
    tell(3, "lost")
    tell(4, "contacted")
    tell(5, "opted_out")
    found = predictions(database, DEFAULT_POLICY)
    assert [(each.p, each.closed) for each in found] == [(p, True), (p, False), (p, False)]
    assert all(each.decided_at < each.resolved_at for each in found)
    clock.advance(90)
    assert len(predictions(database, DEFAULT_POLICY)) == 4, (
        "a lead that was worked for ninety days counts as not closed"
    )


def test_what_was_predicted_first_is_judged_not_what_is_known_later(
    database: Database, people: Any, tell: Any, clock: Any
) -> None:
    change(database, "outcome.shown_from", 1, "few leads will do")
    people(5)
    tell(1, "won")
    reevaluate(database)
    first = database.value("SELECT p_close FROM lead WHERE id = 2")
    clock.advance(1)
    tell(2, "contacted")
    for lead in (3, 4, 5):
        tell(lead, "won")
    reevaluate(database)
    clock.advance(1)
    tell(2, "won")
    assert database.value("SELECT p_close FROM lead WHERE id = 2") > first
    assert first in [each.p for each in predictions(database, DEFAULT_POLICY)]


def test_too_few_say_so(database: Database, people: Any, tell: Any) -> None:
    people(1)
    tell(1, "won")
    assert calibration(database, DEFAULT_POLICY).says == "Not enough outcomes yet: 0 of 30."
