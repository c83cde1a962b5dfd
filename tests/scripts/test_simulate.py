"""The simulations: the same seed gives the same run, and a broken promise shows."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def simulate(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("simulate")


def test_the_same_seed_gives_the_same_run(simulate: ModuleType) -> None:
    assert simulate.promoted_after(7, 0.03, 0.06) == simulate.promoted_after(7, 0.03, 0.06) is not None
    assert simulate.calibration_of(7) == simulate.calibration_of(7)


def test_a_much_better_script_is_found_and_a_worse_one_is_not(simulate: ModuleType) -> None:
    assert all(simulate.promoted_after(seed, 0.03, 0.06) for seed in range(5))
    assert not any(simulate.promoted_after(seed, 0.06, 0.03) for seed in range(5))


def test_the_table_names_a_broken_promise(simulate: ModuleType) -> None:
    lines = [simulate.Line("a", "1", "2", True), simulate.Line("b", "3", "4", False)]
    assert [row.split()[-1] for row in simulate.table(lines).splitlines()[1:]] == ["ok", "BROKEN"]


def test_a_few_runs_keep_every_promise_but_chance(simulate: ModuleType) -> None:
    lines = simulate.simulate(10, lambda what: None)
    assert [line.kept for line in lines[1:]] == [True] * 4
