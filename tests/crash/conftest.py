"""What the tests that kill processes share; and how many kills a run had, in words at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def nursery(module: Callable[[Path], Any]) -> Iterator[Callable[[str], Any]]:
    """A function that returns a nursery of a script next to the tests: ``nursery("workload").start(...)``."""
    made: list[Any] = []

    def make(script: str) -> Any:
        made.append(module(HERE / "nursery.py").Nursery(HERE / f"{script}.py"))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def workload(module: Callable[[Path], Any]) -> Any:
    """The jobs that are killed."""
    return module(HERE / "workload.py")


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
