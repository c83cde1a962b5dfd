"""Sessions and blocks on a real PostgreSQL, started for the test. Skipped where there is none (Debian: apt-get install postgresql)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from valhalla.sandbox import (
    AlertSystem,
    DryRunLock,
    IdempotencyManager,
    SandboxDatabaseManager,
    SandboxOrchestrator,
    SandboxReadinessChecker,
    WorkerProcess,
)
from valhalla.sandbox.errors import PostgresUnsupported, SandboxError
from valhalla.sandbox.governor import GovernorEnforcer

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url(start_postgres: Callable[..., Any]) -> str:
    """A server that wants a password."""
    address: str = start_postgres(password="hunter2").url()
    return address


def test_what_is_committed_is_seen_by_others_and_what_is_rolled_back_is_not(url: str) -> None:
    manager = SandboxDatabaseManager(url)
    assert manager.health_check()
    with manager.get_session() as first, manager.get_session() as second:
        first.execute("CREATE TABLE lead (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        first.execute("INSERT INTO lead VALUES (%s, %s)", (1, "Ann"))
        first.commit()
        assert second.execute("SELECT name FROM lead WHERE id = %(id)s", {"id": 1}).scalar() == "Ann"
        second.execute("UPDATE lead SET name = 'Ben'")
        second.rollback()
        assert list(first.execute("SELECT id, name FROM lead")) == [(1, "Ann")]
    with manager.get_session() as session:
        session.execute("DELETE FROM lead")
    with manager.get_session() as session:
        assert session.execute("SELECT count(*) FROM lead").scalar() == 1, (
            "what was not committed is given up"
        )
    manager.cleanup()


def test_cleanup_closes_every_session(url: str) -> None:
    manager = SandboxDatabaseManager(url)
    sessions = [manager.get_session() for _ in range(3)]
    manager.cleanup()
    for session in sessions:
        with pytest.raises(Exception, match="closed"):
            session.execute("SELECT 1")


def test_a_wrong_password_is_an_error_that_does_not_tell_it(url: str) -> None:
    wrong = SandboxDatabaseManager(url.replace("hunter2", "hunter3"))
    assert not wrong.health_check()
    with pytest.raises(SandboxError, match="does not answer") as caught:
        wrong.get_session()
    assert "hunter" not in str(caught.value)


@pytest.fixture
def machines(url: str) -> Iterator[list[SandboxDatabaseManager]]:
    """Two managers as two machines would have them, on empty tables."""
    made = [SandboxDatabaseManager(url) for _ in range(2)]
    GovernorEnforcer(database=made[0]).get_status()
    with made[0].get_session() as session:
        for table in (
            "governor_limit",
            "governor_slot",
            "governor_violation",
            "idempotency_key",
            "dry_run_log",
            "alert",
        ):
            session.execute(f"DELETE FROM {table}")
        session.commit()
    yield made
    for each in made:
        each.cleanup()


def together(*calls: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(call) for call in calls]]


def test_machines_share_a_limit(machines: list[SandboxDatabaseManager]) -> None:
    first, second = (GovernorEnforcer(database=each) for each in machines)
    first.set_limit("payment", 7, 3600)
    answers = together(*[partial(each.check_limit, "payment") for each in (first, second) for _ in range(6)])
    assert sum(allowed for allowed, _ in answers) == 7
    assert "Rate limit exceeded" in next(why for allowed, why in answers if not allowed)
    status = second.get_status("payment")
    assert (status["current_actions"], status["denied_count"]) == (7, 5) == (7, len(first.violation_log))
    second.set_limit("payment", 9, 3600)
    assert [first.check_limit("payment")[0] for _ in range(3)] == [True, True, False]
    assert first.check_limit("nothing") == (True, "No limit configured")


def test_a_key_runs_once_on_all_machines(machines: list[SandboxDatabaseManager]) -> None:
    first, second = (IdempotencyManager(database=each) for each in machines)
    calls: list[int] = []

    def once() -> str:
        calls.append(1)
        return "done"

    found = together(
        *[partial(each.process_idempotent, "charge", once) for each in (first, second) for _ in range(4)]
    )
    assert found == ["done"] * 8 and len(calls) == 1
    assert (
        second.is_duplicate("charge") and second.get_cached_result("charge") == "done" and first.count() == 1
    )
    with pytest.raises(ZeroDivisionError):
        first.process_idempotent("other", lambda: 1 // 0)
    assert second.process_idempotent("other", once) == "done" and len(calls) == 2
    first.close()
    second.close()


def test_a_machine_that_dies_loses_its_key_and_one_that_lives_keeps_it(
    machines: list[SandboxDatabaseManager],
) -> None:
    first, second = (IdempotencyManager(database=each) for each in machines)
    assert first.reserve("charge") and not second.reserve("charge") and second.is_duplicate("charge")
    machines[0].engine.close_all()  # what the end of a process does to its connections
    assert second.process_idempotent("charge", lambda: "by the other") == "by the other"
    second.close()


def test_alerts_the_lock_and_readiness_work_on_it(machines: list[SandboxDatabaseManager]) -> None:
    first, second = (AlertSystem(database=each) for each in machines)
    heard: list[Any] = []
    first.subscribe("error", heard.append)
    number = first.alert("payment", "card declined", "error", {"amount": 5})["id"]
    assert heard[0]["id"] == number and second.get_alerts("error")[0]["reason"] == "card declined"
    assert second.acknowledge(number)["state"] == "acknowledged" and first.counts()["error"] == 1
    assert first.repeat("payment", "worse", "critical", about_task=True) == number
    assert second.get_alerts(task_name="payment")[0]["severity"] == "critical"
    lock = DryRunLock(database=machines[0], alerts=first)
    assert lock.execute("payment", print)["dry_run"] and lock.execute("read_data", lambda: 1) == 1
    log = DryRunLock(database=machines[1]).execution_log
    assert [entry["status"] for entry in log] == ["dry_run_blocked", "executed"]
    checker = SandboxReadinessChecker(database=machines[0])
    checker.register_check("database", machines[0].health_check)
    checker.run_all_checks()
    assert checker.is_ready()


def test_all_blocks_together_work_on_it(machines: list[SandboxDatabaseManager]) -> None:
    with SandboxOrchestrator(database=machines[0]) as sandbox:
        assert sandbox.is_ready()
        sandbox.governor.set_limit("payment", 0)
        sandbox.governor.check_limit("payment")
        assert sandbox.get_status()["alerts"] == 1
    assert GovernorEnforcer(database=machines[1]).get_status("payment")["denied_count"] == 1


def test_jobs_are_not_kept_there(machines: list[SandboxDatabaseManager]) -> None:
    with pytest.raises(PostgresUnsupported, match="jobs"):
        WorkerProcess(database=machines[0])
