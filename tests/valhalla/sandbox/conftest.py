"""A file in memory by a clock that the test moves, a file on the disk, and real processes on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs.testing import FakeClock
from valhalla.program.database import memory_database, open_database


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Iterator[Database]:
    """A private file in memory, by the fake clock."""
    with memory_database() as database:
        database.clock = clock
        yield database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valhalla.db"


@pytest.fixture
def file(path: Path) -> Iterator[Database]:
    """A file on the disk."""
    with open_database(path) as database:
        yield database


@pytest.fixture
def process(path: Path, process: Callable[..., Any]) -> Callable[..., Any]:
    """A function that starts a second process on the file; ``code`` finds it as ``database``, its arguments as ``words``."""

    def start(code: str, *words: object) -> Any:
        return process("database = open_database(path)\n" + code, path, *map(str, words))

    return start
