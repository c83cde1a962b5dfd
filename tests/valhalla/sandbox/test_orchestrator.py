"""All ten blocks on one file: what one denies or loses, the alerts tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import Database
from valhalla.program.database import open_database
from valhalla.sandbox import SandboxOrchestrator


@pytest.fixture
def sandbox() -> Iterator[SandboxOrchestrator]:
    with SandboxOrchestrator(use_memory_db=True) as sandbox:
        yield sandbox


def test_not_ready_before_initialize_ready_after_not_ready_after_cleanup() -> None:
    sandbox = SandboxOrchestrator()
    assert not sandbox.is_ready()
    sandbox.initialize()
    assert sandbox.is_ready()
    assert set(sandbox.readiness_checker.checks) == {
        "database_connected",
        "worker_running",
        "heartbeat_active",
        "governor_configured",
    }
    sandbox.worker.stop()
    assert (
        not sandbox.is_ready() and sandbox.readiness_checker.get_status()["checks"]["worker_running"] is False
    )
    sandbox.cleanup()
    assert not sandbox.heartbeat.is_running and not sandbox.worker.is_running


def test_default_limits(sandbox: SandboxOrchestrator) -> None:
    limits = {
        name: (each["max_actions"], each["window_seconds"])
        for name, each in sandbox.governor.get_status().items()
    }
    assert limits == {"payment": (100, 3600), "api_call": (1000, 60), "data_export": (10, 3600)}


def test_status(sandbox: SandboxOrchestrator) -> None:
    sandbox.idempotency_manager.process_idempotent("k", lambda: 1)
    status = sandbox.get_status()
    assert set(status) == {
        "readiness",
        "heartbeat",
        "governor",
        "worker_queue_length",
        "completed_jobs",
        "alerts",
        "idempotent_operations",
    }
    assert status["readiness"]["is_ready"] and status["heartbeat"]["is_healthy"]
    assert (status["worker_queue_length"], status["completed_jobs"], status["alerts"]) == (0, 0, 0)
    assert status["idempotent_operations"] == 1


def test_every_trouble_raises_an_alert(sandbox: SandboxOrchestrator, eventually: Callable) -> None:
    def tasks() -> set[str]:
        return {alert["task"] for alert in sandbox.alert_system.alerts}

    def fails() -> None:
        raise OSError("down")

    sandbox.governor.set_limit("payment", 0)
    sandbox.governor.check_limit("payment")
    sandbox.dry_run_lock.execute("send_email", fails)
    sandbox.worker.submit_job("sync", fails)
    sandbox.retry_manager.max_retries = 0
    with pytest.raises(OSError, match="down"):
        sandbox.retry_manager.execute_with_retry(fails, "api")
    sandbox.heartbeat.timeout = 0.0
    sandbox.heartbeat.is_healthy()
    expected = {"governor:payment", "dry_run:send_email", "job:sync", "retry:api", "heartbeat:scheduler"}
    eventually(lambda: tasks() >= expected)


def test_limits_set_by_hand_and_state_survive_on_the_homes_file(home: Path) -> None:
    with SandboxOrchestrator(use_memory_db=False) as sandbox:
        sandbox.governor.set_limit("payment", 1, 60)
        assert sandbox.governor.check_limit("payment")[0]
    with SandboxOrchestrator(use_memory_db=False) as sandbox:
        assert sandbox.governor.check_limit("payment")[0] is False
    with open_database(home / "valhalla.db", create=False) as database:
        assert database.value("SELECT denied FROM governor_limit WHERE resource = 'payment'") == 1


def test_two_orchestrators_share_one_file(file: Database) -> None:
    with SandboxOrchestrator(database=file) as one, SandboxOrchestrator(database=file) as two:
        one.governor.set_limit("x", 1, 60)
        assert one.governor.check_limit("x")[0] and not two.governor.check_limit("x")[0]
        assert one.db_manager is not None and two.db_manager.engine is file
    assert file.value("SELECT 1") == 1, "a file that was given stays open"
