"""What is stuck is told, escalates while nothing happens, and is quiet again when it moved on."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla.program import settings
from valhalla.safety import risk, stuck
from valhalla.sandbox.alerts import AlertSystem


def told(database: Database) -> dict[str, str]:
    stuck.raise_alerts(database, settings.effective(database))
    return {each.task: each.severity for each in AlertSystem(database=database).standing(stuck.TASK)}


def test_an_offer_without_an_answer_escalates_until_it_moves_on(
    database: Database, clock: Any, people: Any, tell: Any
) -> None:
    people(1)
    tell(1, "offer", amount=9_000_000)
    assert told(database) == {}
    seen = []
    for _ in range(16):
        clock.advance(1)
        seen += set(told(database).values()) - set(seen)
    assert seen == ["warning", "error", "critical"]
    assert list(told(database)) == ["stuck:deal:1"], "one condition is one alert"
    report = risk.assess(database, None, settings.effective(database))
    assert report["deals"] == {"waiting": 1, "critical": 1, "high": 0} and report["alerts"]["critical"] == 1
    assert report["risk_level"] != "CRITICAL", "money at risk is no risk of the data"
    AlertSystem(database=database).alert("something", "is broken", "critical")
    assert risk.assess(database, None, settings.effective(database))["risk_level"] == "CRITICAL"
    tell(1, "contract", amount=9_000_000)
    assert told(database) == {}


def test_people_who_were_talked_to_and_left_are_one_alert(
    database: Database, clock: Any, people: Any, tell: Any
) -> None:
    people(3)
    for lead in (1, 2):
        tell(lead, "contacted")
    clock.advance(4)
    assert told(database) == {}
    clock.advance(2)
    (found,) = stuck.find(database, settings.effective(database))
    assert (found.task, found.level, found.facts["leads"]) == ("stuck:contact", "medium", 2)
    tell(1, "lost")
    (found,) = stuck.find(database, settings.effective(database))
    assert found.facts["leads"] == 1
    clock.advance(6)
    assert told(database) == {"stuck:contact": "error"}
