"""Alerts are kept, told, counted, acknowledged and closed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database, audit
from jobs.testing import FakeClock
from valhalla.program import correlation
from valhalla.program.errors import NotFound
from valhalla.sandbox import AlertSystem


def test_an_alert_has_all_its_fields(database: Database) -> None:
    alerts = AlertSystem(database=database)
    with correlation.using("abc"):
        raised = alerts.alert("payment", "declined", "error", {"amount": 5})
    (kept,) = alerts.get_alerts()
    assert kept == raised
    assert {
        key: kept[key] for key in ("task", "reason", "severity", "context", "correlation_id", "state")
    } == {
        "task": "payment",
        "reason": "declined",
        "severity": "error",
        "context": {"amount": 5},
        "correlation_id": "abc",
        "state": "open",
    }
    assert kept["timestamp"] == "2026-01-01T12:00:00+00:00" and isinstance(kept["id"], int)
    assert alerts.alerts == [kept]


def test_the_newest_come_oldest_first_and_can_be_filtered() -> None:
    alerts = AlertSystem()
    for number in range(130):
        alerts.alert("a" if number % 2 else "b", str(number), "info" if number % 3 else "critical")
    assert [each["reason"] for each in alerts.get_alerts()] == [str(number) for number in range(30, 130)]
    assert [each["reason"] for each in alerts.get_alerts(limit=2)] == ["128", "129"]
    assert {each["task"] for each in alerts.get_alerts(task_name="a")} == {"a"}
    assert {each["severity"] for each in alerts.get_alerts(severity="critical")} == {"critical"}
    assert alerts.get_alerts("critical", "a", 1)[0]["reason"] == "129"


def test_subscribers_hear_their_task_their_severity_or_everything() -> None:
    alerts, heard = AlertSystem(), []
    for event in ("payment", "critical", "*", "other"):
        alerts.subscribe(event, lambda alert, event=event: heard.append((event, alert["reason"])))
    alerts.alert("payment", "one")
    alerts.alert("x", "two", "critical")
    assert heard == [("payment", "one"), ("*", "one"), ("critical", "two"), ("*", "two")]


def test_a_subscriber_that_raises_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    alerts, heard = AlertSystem(), []

    def broken(alert: object) -> None:
        raise OSError("subscriber down")

    alerts.subscribe("*", broken)
    end = alerts.subscribe("*", heard.append)
    with caplog.at_level(logging.ERROR):
        alerts.alert("a", "b")
    assert len(heard) == 1 and len(alerts.alerts) == 1
    assert "subscriber down" in caplog.text
    end()
    alerts.alert("a", "b")
    assert len(heard) == 1


def test_subscribers_hear_only_what_was_committed() -> None:
    alerts, heard = AlertSystem(), []
    alerts.subscribe("*", heard.append)
    with pytest.raises(ZeroDivisionError), alerts.database.write():
        alerts.alert("a", "b")
        raise ZeroDivisionError
    assert heard == [] and alerts.alerts == []


def test_an_unknown_severity_is_refused() -> None:
    with pytest.raises(ValueError, match="info, warning, error, critical"):
        AlertSystem().alert("a", "b", "fatal")


def test_what_repeats_is_one_alert_with_a_count(database: Database, clock: FakeClock) -> None:
    alerts = AlertSystem(database=database)
    number = alerts.repeat("risk:R1", "a file is gone")
    clock.advance(0.5)
    assert alerts.repeat("risk:R1", "a file is gone") == number
    clock.advance(60)
    assert alerts.repeat("risk:R1", "a file is gone") == number
    (alert,) = alerts.alerts
    assert alert["seen"] == 2 and alert["timestamp"] != alert["last_seen"]
    assert alerts.repeat("risk:R1", "another file is gone") != number


def test_a_worse_severity_escalates_and_is_told(database: Database, clock: FakeClock) -> None:
    alerts, heard = AlertSystem(database=database), []
    number = alerts.repeat("risk:R2", "validity is low", "warning")
    alerts.acknowledge(number)
    alerts.subscribe("error", heard.append)
    alerts.repeat("risk:R2", "validity is low", "error")
    alerts.repeat("risk:R2", "validity is low", "warning")
    (alert,) = alerts.alerts
    assert (alert["id"], alert["severity"], alert["state"]) == (number, "error", "open") and len(heard) == 1


def test_acknowledged_closed_and_back_again(database: Database) -> None:
    alerts = AlertSystem(database=database)
    number = alerts.repeat("a", "b")
    assert alerts.acknowledge(number, "ann")["state"] == "acknowledged"
    assert alerts.repeat("a", "b") == number, "acknowledged, it is still the same alert"
    assert alerts.settle("a") == 1 and alerts.settle("a") == 0
    assert alerts.get_alerts(state="standing") == [] and alerts.counts()["warning"] == 0
    assert alerts.acknowledge(number)["state"] == "closed", "a closed one stays closed"
    assert alerts.repeat("a", "b") != number
    with pytest.raises(NotFound, match="no alert 99"):
        alerts.acknowledge(99)
    actions = [
        row[0] for row in database.sql("SELECT action FROM audit WHERE action LIKE 'alert.%' ORDER BY seq")
    ]
    assert actions == ["alert.open", "alert.ack", "alert.close", "alert.open"]
    assert audit.check_chain(database) == []


def test_threads_and_processes_raise_alerts_side_by_side(
    file: Database, path: Path, process: Callable, together: Callable
) -> None:
    code = """
from valhalla.sandbox import AlertSystem
alerts = AlertSystem(database=database)
for number in range(40): alerts.alert("other", str(number))
alerts.repeat("same", "thing")
"""
    others = [process(code) for _ in range(2)]
    alerts = AlertSystem(database=file)
    together(
        4,
        lambda _: (
            [alerts.alert("mine", str(number)) for number in range(20)] and alerts.repeat("same", "thing")
        ),
    )
    assert [each.wait() for each in others] == [0, 0]
    assert len(alerts.get_alerts(task_name="other")) == 80 and len(alerts.get_alerts(task_name="mine")) == 80
    assert len(alerts.get_alerts(task_name="same")) == 1
    assert audit.check_chain(file) == []
