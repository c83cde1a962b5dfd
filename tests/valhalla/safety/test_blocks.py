"""The board of thirty: all are sound, and each turns red when what it stands for breaks: the capability, never the check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from db import verifying
from db.verdict import Verdict
from valhalla.audit import decisions
from valhalla.intake import market_copies, source_quality, source_registry
from valhalla.leads import call_list, deals, market_profiles, source_pauses
from valhalla.reports import packet
from valhalla.safety import blocks
from valhalla.safety.proving_ground import PROBES, Ground
from valhalla.safety.thresholds import Threshold
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
from valhalla.scoring import cloning, drift, policies, promoting, store
from valhalla.scoring.stages import pipeline
from valhalla.scoring.stages.gate import Readiness


class Break(NamedTuple):
    """What is broken, and how."""

    where: Any
    name: str
    instead: Any


def nothing(*given: Any, **more: Any) -> None:
    """It does nothing any more."""


def run_it(self: Any, name: str, func: Callable[..., Any], *args: Any, **more: Any) -> Any:
    return func(*args)


BREAKS = {
    1: Break(SandboxDatabaseManager, "health_check", lambda self: False),
    2: Break(DryRunLock, "execute", run_it),
    3: Break(WorkerProcess, "start", nothing),
    4: Break(SchedulerHeartbeat, "is_healthy", lambda self: True),
    5: Break(RetryBackoffManager, "execute_with_retry", lambda self, func, name: func()),
    6: Break(IdempotencyManager, "process_idempotent", lambda self, key, func, *args: func(*args)),
    7: Break(GovernorEnforcer, "check_limit", lambda self, name: (True, "")),
    8: Break(AlertSystem, "_notify", nothing),
    9: Break(StructuredLogger, "log_action", lambda self, action, **f: {"correlation_id": "1", **f}),
    10: Break(SandboxReadinessChecker, "is_ready", lambda self: True),
    11: Break(source_registry, "qualities", lambda database: {}),
    12: Break(source_quality, "ENOUGH", 5),
    13: Break(source_pauses, "in_force", lambda database: {}),
    14: Break(market_profiles, "_median", lambda cents: 1.0),
    15: Break(market_profiles, "shrunk", lambda hits, n, toward, weight: hits / n),
    16: Break(market_profiles, "identities", lambda database: {"recognised": 0, "merged": 0}),
    17: Break(deals, "waiting", lambda database, values=None: []),
    18: Break(call_list, "_best", lambda *given, **more: list(range(1, 11))),
    19: Break(Threshold, "speaks", property(lambda self: False)),
    20: Break(decisions, "_reason", nothing),
    21: Break(pipeline, "decide_assignment", lambda identity, variant, rules: (99, 0)),
    22: Break(promoting, "_assess", lambda rules, snapshot, script: promoting.Verdict(script, True, [], "")),
    23: Break(
        packet,
        "document",
        lambda *given, **more: {"numbers": {"mao_cents": 1}, "status": "READY", "policy_version": 1},
    ),
    24: Break(store, "teaching_origins", lambda database: '["person","list"]'),
    25: Break(drift, "ALARM", 1_000.0),
    26: Break(policies, "revert", nothing),
    27: Break(cloning, "without_rep", lambda found: Readiness("READY", found.gates)),
    28: Break(market_copies, "_proof", nothing),
    29: Break(market_copies, "_undo", lambda database, number, actor: {}),
    30: Break(verifying, "verify", lambda database, *more, **options: Verdict()),
}


def test_all_thirty_are_sound_and_say_what_they_found() -> None:
    found = blocks.board()
    assert [each["number"] for each in found] == list(range(1, 31))
    assert [(each["number"], each["detail"]) for each in found if not each["ok"]] == []
    assert all(each["name"] and each["ours"] and each["does"] and each["detail"] for each in found)
    assert len({each["detail"] for each in found}) == 30 and set(PROBES) == set(range(11, 31))


def test_the_home_says_when_each_was_last_used(database: Any, people: Any, tell: Any) -> None:
    people(2)
    tell(1, "contacted")
    found = {each["number"]: each["last_used"] for each in blocks.board(database)}
    assert found[14] and found[18] and found[20] and found[26]
    assert found[13] is None and found[28] is None and found[9] is None


@pytest.mark.parametrize("number", BREAKS, ids=[f"block {number}" for number in BREAKS])
def test_a_capability_that_breaks_turns_its_block_red(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    where, name, instead = BREAKS[number]
    monkeypatch.setattr(where, name, instead)
    monkeypatch.setattr(selfcheck, "WAIT", 0.05)
    if number <= 10:
        found = selfcheck.check_blocks(list(selfcheck.CHECKS)[number - 1])[0]
        ok, detail = found["ok"], found["detail"]
    else:
        with Ground() as ground:
            ok, detail, _ = blocks._probed(number, ground)
    assert (ok, bool(detail)) == (False, True)
