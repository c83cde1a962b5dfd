"""The week adds up what was recorded, on the operator's calendar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from db import Database
from db.clock import DAY, HOUR
from valhalla.intake.source_quality import set_cost
from valhalla.leads.outcomes import Outcome, record
from valhalla.program import settings
from valhalla.reports import week
from valhalla.reports.week import FIGURES, Row, counted, gather, rate


def test_what_is_a_dial_and_what_is_a_contact() -> None:
    def row(lead: int, event: str, at: int = 0, **more: Any) -> Row:
        given = {"amount": None, "channel": None, "script_id": None, "file_id": None, **more}
        return Row(lead_id=lead, event=event, at=at, **given)

    found = counted(
        [
            row(1, "no_answer"),
            row(1, "voicemail", 1),
            row(1, "contacted"),
            row(1, "offer"),  # in the same conversation
            row(1, "contacted", 1),  # the next day
            row(2, "inbound"),
            row(2, "appointment", channel="text"),
            row(3, "wrong_number"),
            row(4, "opted_out"),
            row(5, "won", amount=1_200_000),
            row(5, "lost"),
        ],
        lambda at: at,
    )
    assert found._asdict() == {
        "dials": 6,
        "contacts": 4,
        "answered": 3,
        "appointments": 1,
        "offers": 1,
        "contracts": 0,
        "closes": 1,
        "fees": 1_200_000,
        "n": 5,
    }


def test_a_rate_is_said_of_enough_only() -> None:
    assert rate(5, 19)["share"] is None
    found = rate(5, 20)
    assert found["share"] == 0.25 and found["low"] < 0.25 < found["high"] and found["n"] == 20
    assert rate(21, 20)["share"] is None, "more than there were tries is not a share"


@pytest.fixture
def called(database: Database, people: Callable[[int], int], tell: Callable[..., Any]) -> Database:
    """A Monday's calls: 30 dials, 6 of them answered; one lead went all the way. The clock stands at Monday, 9:13 am in Chicago."""
    settings.save(database, "timezone", "America/Chicago")
    people(40)
    for lead in range(1, 25):
        tell(lead, "no_answer")
    for lead in range(25, 31):
        tell(lead, "contacted")
    return database


def test_the_week_and_where_it_came_from(called: Database, tell: Callable[..., Any], clock: Any) -> None:
    tell(25, "offer", amount=9_000_000)
    tell(25, "contract", amount=9_000_000)
    clock.advance(1)
    tell(25, "won", amount=1_000_000)
    tell(31, "no_answer", days_ago=2)  # Sunday: the week before
    set_cost(called, "csv", 60_000, 1)
    found = gather(called)
    assert (found["from"], found["until"]) == ("2026-09-21", "2026-09-27")
    assert {name: found[name] for name in (*FIGURES, "n")} == {
        "dials": 30,
        "contacts": 6,
        "appointments": 0,
        "offers": 1,
        "contracts": 1,
        "closes": 1,
        "fees": 10_000.0,
        "n": 30,
    }
    assert found["rates"]["contacts"] == rate(6, 30) and found["rates"]["offers"]["n"] == 6
    assert [each["dials"] for each in found["days"]] == [30, 0, 0, 0, 0, 0, 0]
    assert [each["dials"] for each in found["weeks"]][:3] == [30, 1, 0]
    (row,) = found["lists"]
    assert row["list"] == "list-1.csv" and row["dials"] == 30
    assert row["cost"] == {
        "paid": 600.0,
        "per_contact": 100.0,
        "per_appointment": None,
        "per_contract": 600.0,
        "fees": 10_000.0,
    }
    assert sum(each["dials"] for each in found["scripts"]) == 30
    assert [(each["hour"], each["dials"]) for each in found["hours"]] == [(9, 31)]
    assert gather(called, back=1)["dials"] == 1
    assert [each.cost for each in week.bought_lists(called)] == [600.0]


def test_an_undone_outcome_counts_nowhere(called: Database, tell: Callable[..., Any]) -> None:
    from valhalla.leads.outcomes import undo

    recorded = tell(32, "won", amount=500_000)
    assert gather(called)["fees"] == 5000.0
    undo(called, recorded.id)
    assert gather(called)["fees"] == 0 and gather(called)["closes"] == 0


def test_days_are_the_operators(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any], clock: Any
) -> None:
    people(2)
    settings.save(database, "timezone", "America/Chicago")
    clock.at += 6 * DAY + 14 * HOUR  # Sunday, 11:13 pm in Chicago: Monday in London
    tell(1, "no_answer")
    assert gather(database)["days"][6]["dials"] == 1
    settings.save(database, "timezone", "Europe/London")
    assert gather(database)["from"] == "2026-09-28" and gather(database)["days"][0]["dials"] == 1
    clock.advance(1)
    assert week.yesterday(database, "Europe/London")["dials"] == 1


def test_each_callers_figures_and_none_for_one_operator(
    database: Database, people: Callable[[int], int], called: Database
) -> None:
    record(
        called, Outcome(called.value("SELECT max(id) FROM lead"), "no_answer", called.clock()), actor="Dana"
    )
    found = {each["caller"]: each["dials"] for each in gather(called)["callers"]}
    assert found["Dana"] == 1 and sum(found.values()) == gather(called)["dials"]
    assert week._callers([Row(1, "no_answer", 0, None, None, None, None)], lambda at: at) == []
