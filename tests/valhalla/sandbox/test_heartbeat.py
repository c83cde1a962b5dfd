"""Healthy from the start, unhealthy when it falls silent, and somebody is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from db import Database
from valhalla.program.database import memory_database
from valhalla.sandbox import AlertSystem, SchedulerHeartbeat
from valhalla.sandbox.heartbeat import seen_from_outside


def test_never_started_is_not_healthy() -> None:
    heartbeat = SchedulerHeartbeat()
    assert heartbeat.is_healthy() is False and heartbeat.is_running is False
    assert heartbeat.get_health_status() == {
        "is_running": False,
        "is_healthy": False,
        "last_heartbeat": None,
        "seconds_since_heartbeat": None,
        "total_checks": 0,
    }


def test_healthy_as_soon_as_start_returns_and_not_after_stop() -> None:
    heartbeat = SchedulerHeartbeat(interval=60)
    heartbeat.start()
    heartbeat.start()
    status = heartbeat.get_health_status()
    assert status["is_running"] and status["is_healthy"] and status["total_checks"] == 1
    assert 0 <= status["seconds_since_heartbeat"] < 30 and status["last_heartbeat"]
    heartbeat.stop()
    heartbeat.stop()
    assert not heartbeat.is_healthy() and not heartbeat.is_running
    heartbeat.start()
    assert heartbeat.is_healthy()
    heartbeat.stop()


def test_it_goes_on_beating(eventually: Callable) -> None:
    heartbeat = SchedulerHeartbeat(interval=0.01, timeout=30)
    heartbeat.start()
    eventually(lambda: heartbeat.get_health_status()["total_checks"] >= 4)
    assert heartbeat.is_healthy()
    heartbeat.stop()


def test_silence_longer_than_the_timeout_is_unhealthy_and_told_once(eventually: Callable) -> None:
    with memory_database() as database:
        alerts = AlertSystem(database=database)
        heartbeat = SchedulerHeartbeat(interval=600, timeout=0.05, database=database, alerts=alerts)
        heartbeat.start()
        eventually(lambda: alerts.alerts)  # nobody asks, and yet it is told
        assert heartbeat.is_running and not heartbeat.is_healthy()
        heartbeat.stop()
        (alert,) = alerts.alerts
        assert (alert["task"], alert["severity"]) == ("heartbeat:scheduler", "error")


def test_a_beat_that_cannot_be_written_is_no_beat(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable
) -> None:
    from db.errors import DiskFull

    with memory_database() as database:
        heartbeat = SchedulerHeartbeat(interval=0.01, timeout=0.1, database=database)
        heartbeat.start()

        def full(durable: bool = False) -> None:
            raise DiskFull("the disk is full")

        monkeypatch.setattr(database, "write", full)
        eventually(lambda: not heartbeat.is_healthy())
        monkeypatch.undo()
        eventually(heartbeat.is_healthy)
        heartbeat.stop()


def test_another_process_sees_it(file: Database, process: Callable) -> None:
    assert seen_from_outside(file) is None
    heartbeat = SchedulerHeartbeat(interval=60, database=file)
    heartbeat.start()
    look = process(
        "from valhalla.sandbox.heartbeat import seen_from_outside; print(seen_from_outside(database)['is_healthy'])"
    )
    assert look.finish() == "True"
    heartbeat.stop()
    seen = seen_from_outside(file)
    assert seen is not None and not seen["is_running"] and not seen["is_healthy"]


@pytest.mark.parametrize("options", [{"interval": 0}, {"timeout": 0}, {"interval": -1}])
def test_what_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="number of seconds"):
        SchedulerHeartbeat(**options)
