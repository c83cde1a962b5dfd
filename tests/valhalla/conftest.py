"""Files with leads in them, made by the real import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from db.clock import DAY
from valhalla.importing.importer import Request, import_file
from valhalla.outcomes.recording import Outcome, Recorder
from valhalla.stages import context as stages

NOW = 1_790_000_000_000_000  # 2026-09-21 14:13 UTC


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at

    def advance(self, days: float) -> int:
        self.at += int(days * DAY)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(clock: Clock, tmp_path: Path) -> Iterator[Database]:
    """A seeded file with its clock in the test's hand."""
    with Database.open(tmp_path / "valhalla.db") as database:
        database.clock = clock
        stages.seed(database)
        yield database


LIST = "name,email,value,location,phone,address,arv,repairs,list_date,notes\n"


@pytest.fixture
def load(database: Database, tmp_path: Path) -> Callable[..., int]:
    """A function that imports a list: ``load("Ann Lee,ann@x.com,150000,...", source="ppc")``; returns the number of leads."""
    made = 0

    def load(*lines: str, source: str = "csv", header: str = LIST) -> int:
        nonlocal made
        made += 1
        path = tmp_path / f"list-{made}.csv"
        path.write_text(header + "".join(line + "\n" for line in lines), encoding="utf-8")
        import_file(database, Request(str(path), source))
        return int(database.value("SELECT count(*) FROM lead"))

    return load


@pytest.fixture
def people(load: Callable[..., int]) -> Callable[[int], int]:
    """A function that imports so many plain leads of Houston."""

    def people(count: int) -> int:
        return load(
            *(
                f'Person {i},p{i}@example.com,150000,"Houston, TX",713555{i:04d},{i} Main St,300000,30000,2026-09-20,'
                for i in range(1, count + 1)
            )
        )

    return people


@pytest.fixture
def tell(database: Database) -> Callable[..., Any]:
    """A function that records an outcome: ``tell(3, "won", days_ago=2, amount=1_000_000)``."""

    def tell(lead: int, event: str, days_ago: float = 0, **more: Any) -> Any:
        at = database.clock() - int(days_ago * DAY)
        with database.write(durable=True):
            return Recorder(database, more.pop("actor", "ann")).record(Outcome(lead, event, at, **more))

    return tell
