"""What the tests that kill processes share; and how many kills a run had, in words at its end."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


def load(name: str) -> ModuleType:
    """A module next to the tests; nothing under tests/ is a package."""
    known = f"valhalla_crash_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        spec.loader.exec_module(module)
    return sys.modules[known]


@pytest.fixture
def nursery() -> Iterator[Callable[[str], Any]]:
    """A function that returns a nursery of a script next to the tests: ``nursery("workload").start(...)``."""
    made: list[Any] = []

    def make(script: str) -> Any:
        made.append(load("nursery").Nursery(HERE / f"{script}.py"))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def workload() -> ModuleType:
    """The jobs that are killed."""
    return load("workload")


Kills = Callable[[str, int], None]


@pytest.fixture
def count_kills(record_property: Callable[[str, object], None]) -> Kills:
    """A function that takes down how many processes a test has killed at what; the sum is told at the end of the run."""

    def count(what: str, number: int) -> None:
        record_property("kills", f"{what}: {number}")

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    kills: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in report.user_properties:
                if name == "kills":
                    what, _, number = value.rpartition(": ")
                    kills[what] += int(number)
    if kills:
        parts = ", ".join(f"{what} {number}" for what, number in sorted(kills.items()))
        terminalreporter.write_line(f"{kills.total()} kills ({parts})")
