"""The blocks' self-checks: they pass on sound blocks, and each notices when its block does not keep its promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from valhalla.sandbox import selfcheck
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.database import SandboxDatabaseManager
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.sandbox.heartbeat import SchedulerHeartbeat
from valhalla.sandbox.idempotency import IdempotencyManager
from valhalla.sandbox.logger import StructuredLogger
from valhalla.sandbox.readiness import SandboxReadinessChecker
from valhalla.sandbox.retry import RetryBackoffManager
from valhalla.sandbox.worker import WorkerProcess


def test_sound_blocks_pass() -> None:
    found = selfcheck.check_blocks()
    assert [each["name"] for each in found] == list(selfcheck.CHECKS) and len(found) == 10
    assert [each for each in found if not each["ok"]] == []


def run_it(self: Any, name: str, func: Callable[..., Any], *args: Any, **more: Any) -> Any:
    return func(*args)


BROKEN = [
    ("database", SandboxDatabaseManager, "health_check", lambda self: False),
    ("dry-run lock", DryRunLock, "execute", run_it),
    ("worker", WorkerProcess, "start", lambda self: None),
    ("heartbeat", SchedulerHeartbeat, "is_healthy", lambda self: True),
    ("retry", RetryBackoffManager, "execute_with_retry", lambda self, func, name: func()),
    ("idempotency", IdempotencyManager, "process_idempotent", lambda self, key, func, *args: func(*args)),
    ("governor", GovernorEnforcer, "check_limit", lambda self, name: (True, "")),
    ("alerts", AlertSystem, "_notify", lambda self, raised: None),
    ("log", StructuredLogger, "log_action", lambda self, action, **f: {"correlation_id": "1", **f}),
    ("readiness", SandboxReadinessChecker, "is_ready", lambda self: True),
]


@pytest.mark.parametrize(("name", "block", "method", "instead"), BROKEN, ids=[each[0] for each in BROKEN])
def test_a_block_that_breaks_its_promise_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, block: type, method: str, instead: Callable[..., Any]
) -> None:
    monkeypatch.setattr(block, method, instead)
    monkeypatch.setattr(selfcheck, "WAIT", 0.05)
    found = {each["name"]: each for each in selfcheck.check_blocks()}
    assert found[name]["ok"] is False and found[name]["detail"]
