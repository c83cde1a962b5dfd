"""When nobody writes, the file alone is complete."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database, audit
from db.inspecting import inspect
from db.pacing import APART, QUIET, Rest
from valhalla.program.schema import SCHEMA

COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"
InThread = Callable[[Callable[[], object]], None]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rest(database: Database, clock: Clock) -> Rest:
    return Rest(database, clock)


def note(database: Database) -> None:
    with database.write():
        audit.append(database, "test", "x", {})


def test_a_plain_copy_of_a_file_at_rest_ends_where_the_file_ends(
    database: Database, rest: Rest, clock: Clock, in_thread: InThread, tmp_path: Path
) -> None:
    in_thread(lambda: note(database))
    assert not rest.tick(), "it has just been written to"
    clock.now += QUIET
    assert rest.tick()
    assert database.log_bytes() == 0
    copy = tmp_path / "copy.db"
    subprocess.run([sys.executable, "-c", COPY, str(database.path), str(copy)], check=True)
    assert inspect(copy, SCHEMA).head == audit.head(database).hash != ""


def test_nothing_is_done_while_others_write_nor_too_often(
    database: Database, rest: Rest, clock: Clock, in_thread: InThread
) -> None:
    for _ in range(5):
        in_thread(lambda: note(database))
        clock.now += QUIET / 2
        assert not rest.tick()
    clock.now += QUIET
    assert rest.tick()
    in_thread(lambda: note(database))
    assert not rest.tick()
    clock.now += APART - QUIET
    assert not rest.tick()
    clock.now += 2 * QUIET
    assert rest.tick()
    clock.now += 2 * APART
    assert not rest.tick(), "there is nothing to do"


def test_a_reader_is_not_waited_for(
    database: Database, rest: Rest, clock: Clock, in_thread: InThread
) -> None:
    def read_on() -> None:
        with database.view():
            database.sql("SELECT count(*) FROM audit")
            connection = database.connection()
            assert connection.in_transaction
            in_thread(lambda: note(database))
            in_thread(check)

    def check() -> None:
        rest.tick()
        clock.now += QUIET
        assert not rest.tick()

    in_thread(read_on)
    clock.now += APART
    rest.tick()
    clock.now += QUIET
    assert rest.tick()
