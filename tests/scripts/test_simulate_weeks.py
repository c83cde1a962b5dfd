"""Operators' weeks: a short form of ``scripts/simulate_weeks.py``, and that it can fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from valhalla.leads import contact_rules

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("VALHALLA_LONG") == "1"


@pytest.fixture
def weeks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.delitem(sys.modules, "simulate_weeks", raising=False)
    import simulate_weeks

    return simulate_weeks


@pytest.mark.parametrize("seed", range(1, 1_001 if LONG else 2))
def test_nobody_is_called_who_must_not_be_and_no_promise_is_late(
    weeks: ModuleType, tmp_path: Path, seed: int
) -> None:
    week = weeks.one_week(seed, tmp_path) if LONG else weeks.one_week(seed, tmp_path, leads=6, most_calls=25)
    assert week.broken == []
    assert len(week.calls) > (3 if LONG else 15)


def _no_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contact_rules, "MOST_DIALS", 99)


def _no_days(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contact_rules, "same_day", lambda at, now, zones: False)


@pytest.mark.parametrize(("broken", "says"), [(_no_limit, "a fourth dial"), (_no_days, "twice a day")])
def test_a_program_without_the_rule_is_found_out(
    weeks: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch], None],
    says: str,
) -> None:
    broken(monkeypatch)
    found: list[str] = []
    for seed in range(1, 20):
        found += weeks.one_week(seed, tmp_path, leads=2, most_calls=20).broken
        if any(says in each for each in found):
            return
    pytest.fail(f"nobody noticed: {found}")
