from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database
from jobs import JobQueue
from jobs.schema import SCHEMA
from jobs.testing import Bench


@pytest.fixture(params=["file", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    on_disk = request.param == "file"
    database = Database.open(tmp_path / "queue.db", SCHEMA) if on_disk else Database.memory(SCHEMA)
    with database.write():
        database.sql("CREATE TABLE footprint (id INTEGER PRIMARY KEY, job INTEGER, what TEXT) STRICT")
    yield database
    database.close_all()


@pytest.fixture
def queue(database: Database) -> Iterator[JobQueue]:
    queue = JobQueue(database)
    yield queue
    queue.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench
