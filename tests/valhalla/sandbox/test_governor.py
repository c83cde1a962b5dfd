"""The governor never allows one too many, no matter who asks, and wherever the window's edge lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import Database
from db.clock import SECOND
from jobs.testing import FakeClock
from valhalla.program.database import memory_database, open_database
from valhalla.sandbox import AlertSystem, GovernorEnforcer


def allowed(governor: GovernorEnforcer, times: int, name: str = "api") -> int:
    return sum(governor.check_limit(name)[0] for _ in range(times))


def test_what_has_no_limit_is_allowed() -> None:
    governor = GovernorEnforcer()
    assert governor.check_limit("anything") == (True, "No limit configured")
    assert governor.get_status() == {} and governor.get_status("anything") == {}


def test_a_denied_call_counts_only_as_denied(database: Database) -> None:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("payment", 2, 60)
    assert allowed(governor, 5, "payment") == 2
    ok, message = governor.check_limit("payment")
    assert not ok and "Rate limit exceeded" in message and "2 per 60 s" in message
    assert governor.get_status("payment") == {
        "resource": "payment",
        "current_actions": 2,
        "max_actions": 2,
        "window_seconds": 60,
        "denied_count": 4,
    }
    assert governor.get_status() == {"payment": governor.get_status("payment")}
    assert [entry["resource"] for entry in governor.violation_log] == ["payment"] * 4


def test_the_window_slides_a_full_window_at_its_edge_does_not_begin_a_new_one(
    database: Database, clock: FakeClock
) -> None:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("api", 5, 1)
    clock.at = 1_000 * SECOND + 850_000  # late in a whole second, which a fixed window would take for its own
    assert allowed(governor, 5) == 5
    clock.advance(0.3)
    assert allowed(governor, 5) == 0
    clock.advance(0.699_999)
    assert allowed(governor, 1) == 0
    clock.advance(0.000_001)
    assert allowed(governor, 9) == 5
    assert governor.get_status("api")["current_actions"] == 5


def test_a_limit_of_zero_allows_nothing(database: Database) -> None:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("api", 0, 1)
    assert governor.check_limit("api")[0] is False


def test_a_changed_limit_goes_on_counting_what_was_allowed(database: Database, clock: FakeClock) -> None:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("api", 10, 60)
    assert allowed(governor, 6) == 6
    governor.set_limit("api", 4, 60)
    assert allowed(governor, 1) == 0
    governor.set_limit("api", 8, 60)
    assert allowed(governor, 9) == 4, "four of the six are remembered, so four more fit"
    clock.advance(60)
    assert allowed(governor, 20) == 8


def test_a_clock_that_is_set_back_neither_frees_nor_locks_out(database: Database, clock: FakeClock) -> None:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("api", 3, 60)
    assert allowed(governor, 3) == 3
    clock.advance(-3600)
    assert allowed(governor, 3) == 0
    assert governor.get_status("api")["current_actions"] == 3
    clock.advance(60)
    assert allowed(governor, 4) == 3


@given(
    most=st.integers(1, 6),
    window=st.integers(1, 50),
    steps=st.lists(st.integers(0, 30), min_size=1, max_size=80),
)
@settings(deadline=None)
def test_it_allows_exactly_what_a_full_log_would(most: int, window: int, steps: list[int]) -> None:
    clock = FakeClock()
    with memory_database() as database:
        database.clock = clock
        governor = GovernorEnforcer(database=database)
        governor.set_limit("api", most, window)
        log: list[int] = []
        for step in steps:
            now = clock.advance(step)
            fits = sum(at > now - window * SECOND for at in log) < most
            assert governor.check_limit("api")[0] is fits
            if fits:
                log.append(now)
            assert governor.get_status("api")["current_actions"] == sum(
                at > now - window * SECOND for at in log
            )


def test_eight_threads_get_exactly_the_limit(file: Database, together: Callable[..., list[int]]) -> None:
    governor = GovernorEnforcer(database=file)
    governor.set_limit("api", 100, 3600)
    assert sum(together(8, lambda _: allowed(governor, 40))) == 100
    assert governor.get_status("api")["denied_count"] == 220


def test_four_processes_and_a_restart_get_exactly_the_limit(
    file: Database, process: Callable, path: Path
) -> None:
    GovernorEnforcer(database=file).set_limit("api", 100, 3600)
    code = """
from valhalla.sandbox import GovernorEnforcer
governor = GovernorEnforcer(database=database)
print(sum(governor.check_limit("api")[0] for _ in range(60)))
"""
    assert sum(int(each.finish()) for each in [process(code) for _ in range(4)]) == 100
    file.close_all()
    with open_database(path) as again:
        assert GovernorEnforcer(database=again).check_limit("api")[0] is False


def test_a_denial_raises_one_alert_that_counts(database: Database, clock: FakeClock) -> None:
    alerts = AlertSystem(database=database)
    governor = GovernorEnforcer(database=database, alerts=alerts)
    governor.set_limit("api", 0)
    for _ in range(3):
        governor.check_limit("api")
        clock.advance(2)
    (alert,) = alerts.alerts
    assert (alert["task"], alert["severity"], alert["seen"]) == ("governor:api", "warning", 3)


def test_the_log_of_violations_does_not_grow_without_end(database: Database) -> None:
    governor = GovernorEnforcer(database=database)
    governor.set_limit("api", 0)
    allowed(governor, 1_250)
    assert len(governor.violation_log) <= 1_100
    assert governor.get_status("api")["denied_count"] == 1_250


@pytest.mark.parametrize(("most", "window"), [(-1, 60), (1.5, 60), (True, 60), (1, 0), (1, -5), (1, "60")])
def test_a_limit_that_makes_no_sense_is_refused(most: int, window: float) -> None:
    with pytest.raises(ValueError, match=r"max_actions|window_seconds"):
        GovernorEnforcer().set_limit("api", most, window)
