"""Copies of a file that is in use: whole, of one moment, or none at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, audit, copying, errors
from valhalla.program.database import memory_database, open_copy, open_database
from valhalla.program.schema import APPLICATION_ID, SCHEMA


def fill(database: Database, rows: int = 300) -> None:
    """Make the file a few megabytes large."""
    with database.write():
        database.many(
            "INSERT INTO setting VALUES (?, ?, 0, 'test')",
            ((f"key {n}", f'"{"x" * 8000}"') for n in range(rows)),
        )


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder


def test_a_copy_is_one_whole_file_with_everything_in_it(database: Database, elsewhere: Path) -> None:
    with database.write():
        audit.append(database, "a", "b", {})
    fill(database)
    target = elsewhere / "copy.db"
    assert copying.copy(database, target) == target
    assert names(elsewhere) == ["copy.db"]
    with open_copy(target) as copy:
        assert copy.value("PRAGMA journal_mode") == "delete"
        assert copy.value("PRAGMA application_id") == APPLICATION_ID
        assert copy.value("PRAGMA user_version") == SCHEMA.latest
        assert copy.value("PRAGMA integrity_check") == "ok"
        assert copy.sql("SELECT * FROM setting ORDER BY key") == database.sql(
            "SELECT * FROM setting ORDER BY key"
        )
        assert audit.head(copy) == audit.head(database)
        assert audit.check_chain(copy) == []
    assert names(elsewhere) == ["copy.db"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are a POSIX matter")
def test_a_copy_is_its_owners_alone(database: Database, elsewhere: Path) -> None:
    before = os.umask(0)
    try:
        copying.copy(database, elsewhere / "copy.db")
    finally:
        os.umask(before)
    assert (elsewhere / "copy.db").stat().st_mode & 0o777 == 0o600


def test_an_older_tool_can_read_a_copy(database: Database, elsewhere: Path) -> None:
    target = copying.copy(database, elsewhere / "copy.db")
    code = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
for (table,) in tables:
    connection.execute(f"SELECT * FROM {table}").fetchall()
print(len(tables))
"""
    done = subprocess.run([sys.executable, "-c", code, target], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
    assert names(elsewhere) == ["copy.db"]


class Mover:
    """A thread that moves one unit from one account to the other in each transaction; the sum never changes."""

    TOTAL = 1_000_000

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stop = threading.Event()
        self._moved = threading.Condition()
        self.moves = 0
        with database.write():
            database.sql("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT")
            database.sql("INSERT INTO account VALUES (1, ?), (2, 0)", (self.TOTAL,))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        database = self._database
        while not self._stop.is_set():
            with database.write():
                database.sql("UPDATE account SET balance = balance - 1 WHERE id = 1")
                database.sql("UPDATE account SET balance = balance + 1 WHERE id = 2")
                audit.append(database, "moved", "account:1", {})
            with self._moved:
                self.moves += 1
                self._moved.notify_all()

    def wait_for_a_move(self) -> bool:
        with self._moved:
            before = self.moves
            return self._moved.wait_for(lambda: self.moves > before, timeout=30)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def mover(database: Database) -> Iterator[Mover]:
    fill(database)
    mover = Mover(database)
    yield mover
    mover.stop()


def test_a_copy_under_a_writer_is_of_one_moment_and_holds_nobody_up(
    database: Database, mover: Mover, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGES_PER_STEP", 64)
    steps, most = 0, 5 * (database.value("PRAGMA page_count") // 64 + 10)

    def progress(done: int, total: int) -> None:
        nonlocal steps
        assert mover.wait_for_a_move(), "the writer was held up"
        assert 0 < done <= total
        steps += 1
        assert steps <= most, "the writer made the copy begin again"

    for number in range(5):
        with open_copy(copying.copy(database, elsewhere / f"{number}.db", progress)) as copy:
            balances = [balance for (balance,) in copy.sql("SELECT balance FROM account ORDER BY id")]
            assert sum(balances) == Mover.TOTAL
            assert (
                copy.value("SELECT count(*) FROM audit WHERE action = 'moved'") == balances[1]
            )  # each move with its entry
            assert copy.value("PRAGMA integrity_check") == "ok"
            assert audit.check_chain(copy) == []


def test_progress_ends_with_everything_done(database: Database, elsewhere: Path) -> None:
    seen: list[tuple[int, int]] = []
    copying.copy(database, elsewhere / "copy.db", lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] == database.value("PRAGMA page_count")


def test_a_copy_replaces_an_older_one(database: Database, elsewhere: Path) -> None:
    target = elsewhere / "copy.db"
    copying.copy(database, target)
    with database.write():
        database.sql("UPDATE lead_generation SET value = 5")
    copying.copy(database, target)
    with open_copy(target) as copy:
        assert copy.value("SELECT value FROM lead_generation") == 5


def test_the_file_cannot_be_copied_over_itself(database: Database, path: Path) -> None:
    (path.parent / "link.db").symlink_to(path)
    for target in (path, path.parent / "." / path.name, path.parent / "link.db"):
        with pytest.raises(errors.CannotOpen, match="is the file itself"):
            copying.copy(database, target)
    with database.write():
        database.sql("UPDATE lead_generation SET value = 6")
    assert database.value("SELECT value FROM lead_generation") == 6


def test_a_folder_that_is_missing_or_in_the_way(database: Database, elsewhere: Path) -> None:
    with pytest.raises(errors.CannotOpen, match="check that the folder exists"):
        copying.copy(database, elsewhere / "missing" / "copy.db")
    (elsewhere / "folder.db").mkdir()
    with pytest.raises(errors.DiskFailure, match="could not be written"):
        copying.copy(database, elsewhere / "folder.db")
    assert names(elsewhere) == ["folder.db"]


def test_a_copy_that_is_broken_off_leaves_the_older_one_and_nothing_else(
    database: Database, elsewhere: Path
) -> None:
    target = elsewhere / "copy.db"
    copying.copy(database, target)
    before = target.read_bytes()
    fill(database)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(database, target, stop)
    assert names(elsewhere) == ["copy.db"]
    assert target.read_bytes() == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes: a new file with its log takes one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if (
        sys.platform != "linux"
        or os.getuid()
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root on Linux can make a small disk here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_nothing_behind(database: Database, small_disk: Path) -> None:
    target = small_disk / "copy.db"
    copying.copy(database, target)
    before = target.read_bytes()
    fill(database)
    with pytest.raises(errors.DiskFull) as caught:
        copying.copy(database, target)
    assert f"the disk that holds {target} is full" in str(caught.value)
    assert names(small_disk) == ["copy.db"]
    assert target.read_bytes() == before


def test_a_home_on_a_full_disk_is_one_sentence_and_loses_nothing(small_disk: Path) -> None:
    with open_database(small_disk / "valhalla.db") as database:
        with database.write():
            database.sql("UPDATE lead_generation SET value = 5")
        for durable in (False, True):
            with pytest.raises(errors.DiskFull, match="is full"), database.write(durable=durable):
                database.sql("UPDATE lead_generation SET value = 6")
                database.sql("INSERT INTO setting VALUES ('k', ?, 0, 'test')", (f'"{"x" * 6_000_000}"',))
            assert not database.in_write()
        assert database.value("SELECT value FROM lead_generation") == 5
        assert database.value("PRAGMA integrity_check") == "ok"
        with database.write():
            database.sql("UPDATE lead_generation SET value = 7")
    with open_copy(small_disk / "valhalla.db") as copy:
        assert copy.value("SELECT value FROM lead_generation") == 7


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_file_that_may_not_grow_is_one_sentence_and_leaves_nothing(
    database: Database, path: Path, elsewhere: Path, process: Any
) -> None:
    fill(database)
    code = """
import resource
from db import copying, errors
database = open_database(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
try:
    copying.copy(database, Path(words[0]))
except errors.DatabaseError as error:
    tell(type(error).__name__, error)
"""
    told = process(code, path, str(elsewhere / "copy.db")).finish()
    assert told.startswith(("DiskFailure ", "DiskFull "))
    assert str(elsewhere / "copy.db") in told
    assert "\n" not in told
    assert names(elsewhere) == []


def test_a_file_in_memory_has_no_copy(elsewhere: Path) -> None:
    with memory_database() as database, pytest.raises(ValueError, match="in memory"):
        copying.copy(database, elsewhere / "copy.db")
    assert names(elsewhere) == []


@pytest.mark.parametrize(
    ("error", "expected", "says"),
    [
        (apsw.FullError("x"), errors.DiskFull, "is full"),
        (apsw.SQLError("odd"), errors.DiskFailure, "could not be written: odd"),
        (OSError(5, "no such device"), errors.DiskFailure, "could not be written: no such device"),
    ],
)
def test_what_cannot_be_saved_says_why_and_leaves_nothing_behind(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    expected: type[Exception],
    says: str,
) -> None:
    def fail(_: Path) -> None:
        raise error

    (tmp_path / "saved").mkdir()
    monkeypatch.setattr(copying, "_flush", fail)
    with pytest.raises(expected, match=says):
        copying.rescue(database, tmp_path / "saved" / "copy.db")
    assert names(tmp_path / "saved") == []
    monkeypatch.undo()
    copying.rescue(database, tmp_path / "saved" / "copy.db")
    assert names(tmp_path / "saved") == ["copy.db"]
