"""The eleven examples do what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[2] / "examples" / "sandbox_examples.py"

BLOCKED = {"dry_run": True, "action": "payment", "result": None}

EXPECTED = {
    "complete_setup": True,
    "dry_run_locks": [BLOCKED, "ten leads"],
    "background_worker": 5050,
    "heartbeat_monitoring": (False, True, False),
    "retry_with_backoff": ["failed", "failed", "success"],
    "idempotent_operation": 1,
    "alert_system": ["the card was stolen"],
    "structured_logging": True,
    "readiness_checks": (False, True),
    "integrated_workflow": BLOCKED,
}


@pytest.fixture(scope="module")
def examples(module: Callable[[Path], ModuleType]) -> ModuleType:
    return module(FILE)


def test_there_are_eleven(examples: ModuleType) -> None:
    assert [example.__name__ for example in examples.EXAMPLES if example.__name__ not in EXPECTED] == [
        "governor_limits"
    ]
    assert len(examples.EXAMPLES) == 11


@pytest.mark.parametrize("name", EXPECTED)
def test_the_example_does_what_it_says(examples: ModuleType, name: str) -> None:
    assert getattr(examples, name)() == EXPECTED[name]


def test_the_governor_example(examples: ModuleType) -> None:
    allowed, message = examples.governor_limits()
    assert allowed == 3 and "Rate limit exceeded" in message
