"""While the lock is closed nothing irreversible happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from valhalla.program.database import open_database
from valhalla.sandbox import AlertSystem, DryRunLock

IRREVERSIBLE = [
    "payment",
    "transfer",
    "delete_permanent",
    "external_call",
    "financial_commit",
    "data_export_external",
    "user_deletion",
    "bulk_update_production",
    "email",
    "sms",
    "webhook",
    "letter",
    "send_email",
    "send_sms",
    "send_webhook",
    "send_letter",
]


class Called(Exception):
    """The action was called."""


def action(*args: object, **kwargs: object) -> tuple[object, object]:
    return args, kwargs


@pytest.mark.parametrize("name", IRREVERSIBLE)
def test_every_irreversible_action_is_blocked(name: str) -> None:
    assert name in DryRunLock.IRREVERSIBLE_ACTIONS
    lock, calls = DryRunLock(), []
    assert lock.execute(name, calls.append, 1) == {"dry_run": True, "action": name, "result": None}
    assert calls == []


@pytest.mark.parametrize(
    "name", ["Payment", "PAYMENT", " payment ", "Send Email", "send-email", "Data_Export_External"]
)
def test_names_compare_without_case_and_spelling(name: str) -> None:
    assert DryRunLock().execute(name, action)["dry_run"] is True


def test_what_reads_runs_and_gets_its_arguments() -> None:
    assert DryRunLock().execute("read_data", action, 1, key=2) == ((1,), {"key": 2})


def test_strict_raises() -> None:
    with pytest.raises(PermissionError, match="payment is blocked"):
        DryRunLock(strict_mode=True).execute("payment", action)


def test_open_it_executes_and_passes_on_errors() -> None:
    lock = DryRunLock(dry_run=False)
    assert lock.execute("payment", action, 5) == ((5,), {})

    def fails() -> None:
        raise Called

    with pytest.raises(Called):
        lock.execute("payment", fails)
    assert [entry["status"] for entry in lock.get_execution_log("payment")] == ["executed", "error"]


def test_the_log_is_a_list_for_one_name_and_a_dict_for_all() -> None:
    lock = DryRunLock()
    lock.execute("payment", action)
    lock.execute("read_data", action)
    lock.execute("payment", action)
    log = lock.get_execution_log()
    assert isinstance(log, dict)
    assert {name: [entry["status"] for entry in entries] for name, entries in log.items()} == {
        "payment": ["dry_run_blocked", "dry_run_blocked"],
        "read_data": ["executed"],
    }
    assert lock.get_execution_log("nothing") == []


def test_fail_closed_blocks_what_nobody_declared() -> None:
    lock = DryRunLock(fail_closed=True, reversible=["read_data"])
    assert lock.blocks("launch_rocket") and lock.blocks("payment")
    assert not lock.blocks("Read Data")
    assert lock.execute("launch_rocket", action)["dry_run"] is True


def test_a_function_is_asked_each_time() -> None:
    closed = [True]
    lock = DryRunLock(lambda: closed[0])
    assert lock.blocks("payment")
    closed[0] = False
    assert not lock.blocks("payment") and not lock.dry_run
    lock.dry_run = True
    assert lock.blocks("payment")


def test_the_log_survives_a_restart_and_a_blocked_action_is_told(path: Path) -> None:
    with open_database(path) as database:
        DryRunLock(database=database, alerts=AlertSystem(database=database)).execute("payment", action)
    with open_database(path) as database:
        (entry,) = DryRunLock(database=database).get_execution_log("payment")
        assert entry["status"] == "dry_run_blocked"
        (alert,) = AlertSystem(database=database).alerts
        assert alert["task"] == "dry_run:payment"
