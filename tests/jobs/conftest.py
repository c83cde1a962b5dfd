from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database
from jobs import JobQueue


@pytest.fixture(params=["file", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "queue.db") if request.param == "file" else Database.memory()
    with database.write():
        database.sql("CREATE TABLE footprint (id INTEGER PRIMARY KEY, job INTEGER, what TEXT) STRICT")
    yield database
    database.close_all()


@pytest.fixture
def queue(database: Database) -> Iterator[JobQueue]:
    queue = JobQueue(database)
    yield queue
    queue.close()
