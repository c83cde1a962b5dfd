"""A file that one machine of several may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from db import Database
from db.clock import SECOND
from db.errors import Fenced
from jobs import SCHEMA, Lease, drop_lease, fence_writes, keep_lease, note_applied, taking_over


def opened(path: Path, now: int = 100) -> Database:
    database = Database.open(path)
    database.install(SCHEMA)
    database.clock = lambda: now * SECOND
    fence_writes(database)
    return database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.db"
    with opened(path) as database:
        keep_lease(database, Lease(5, 200 * SECOND))
    return path


def note(database: Database, value: str) -> None:
    with database.write():
        database.sql("INSERT OR REPLACE INTO kv (queue, key, value) VALUES ('t', 'a', ?)", (value.encode(),))


def test_a_file_without_a_lease_is_checked_for_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "file.db") as database:
        assert database.fence is None
        note(database, "written")


def test_a_write_with_an_older_epoch_is_refused_by_the_file(file: Path) -> None:
    with opened(file) as old, opened(file) as taker:
        note(old, "first")
        with taking_over():
            keep_lease(taker, Lease(6, 300 * SECOND))
        with pytest.raises(Fenced, match="its epoch is 6, and this process has 5"):
            note(old, "late")
        with pytest.raises(Fenced):
            note(taker, "it opened the file with epoch 5, too")
        assert old.value("SELECT value FROM kv WHERE queue = 't'") == b"first", "readers go on"
    with opened(file) as fresh:
        note(fresh, "of the new owner")


def test_an_owner_that_could_not_renew_refuses_its_own_writes_until_it_can(file: Path) -> None:
    with opened(file) as owner:
        note(owner, "in time")
        owner.clock = lambda: 200 * SECOND
        with pytest.raises(Fenced, match="has not held it since"):
            note(owner, "too late")
        assert not owner.in_write(), "the turn to write is free again"
        with taking_over():
            keep_lease(owner, Lease(5, 210 * SECOND))
        note(owner, "again")
        with pytest.raises(Fenced), owner.write():
            owner.sql("UPDATE kv SET value = x'00' WHERE queue = 't'")
            owner.clock = lambda: 220 * SECOND  # as if the machine had slept before the commit
        assert owner.value("SELECT value FROM kv WHERE queue = 't'") == b"again"
        owner.clock = lambda: 205 * SECOND
        drop_lease(owner)
        owner.clock = lambda: 900 * SECOND
        note(owner, "alone")


def test_an_effect_is_noted_once(file: Path) -> None:
    with opened(file) as owner:
        with owner.write():
            assert note_applied(owner, 17, 5)
        with owner.write():
            assert not note_applied(owner, 17, 6)
            assert note_applied(owner, 18, 6)
