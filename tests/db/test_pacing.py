"""Background work whose batches shrink for other writers, and that pauses for the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import apsw
import pytest

from db import Database, DatabaseError, audit, pacing, waiting
from db.flushing import flush_log
from db.inspecting import inspect
from db.pacing import APART, QUIET, Pace, Rest
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA

Eventually = Callable[[Callable[[], bool]], None]


def test_a_batch_that_held_the_lock_too_long_while_somebody_waited_shrinks_to_fit() -> None:
    pace = Pace(5_000, 100)
    pace.settle(contended=True, rows=5_000, held=0.5)
    assert pace.rows == 500
    pace.settle(contended=True, rows=500, held=0.04)
    assert pace.rows == 500, "short enough"
    pace.settle(contended=True, rows=500, held=60)
    assert pace.rows == 100, "never below the smallest"
    pace.settle(contended=True, rows=100, held=0.01)
    assert pace.rows == 200, "it was one slow one, so it grows back although somebody waits"


def test_batches_stay_small_while_somebody_wrote_a_moment_ago() -> None:
    pace = Pace(5_000, 100)
    pace.settle(contended=True, rows=5_000, held=0.5)
    for _ in range(10):
        pace.settle(contended=False, rows=500, held=0.04)
        assert pace.rows == 500
    pace.settle(contended=False, rows=500, held=0.1)
    assert pace.rows == 250, "who comes in the next moment would wait too long"
    for _ in range(15):
        pace.settle(contended=False, rows=pace.rows, held=0.1)
    assert pace.rows == 5_000, "alone it grows back, however long it takes"


def test_the_smallest_is_never_above_the_largest() -> None:
    assert Pace(10, 100).smallest == 10


def test_a_writing_thread_that_waits_is_noticed(tmp_path: Path, eventually: Eventually) -> None:
    with open_database(tmp_path / "valhalla.db") as database:
        pace = Pace(1_000, 10, hold=0.0)
        with pace.write(database):
            pass
        assert pace.rows == 1_000

        def other() -> None:
            with database.write():
                pass

        with pace.write(database):
            thread = threading.Thread(target=other)
            thread.start()
            eventually(database.contended)
        thread.join()
        assert pace.rows == 10


@pytest.fixture
def short_log(monkeypatch: pytest.MonkeyPatch) -> int:
    """Pages after which a commit moves the log: few."""
    monkeypatch.setattr("db.connection.LOG_PAGES", 100)
    monkeypatch.setattr("db.connection.LONG_LOG", 100)
    return 100


def test_batches_stay_small_while_a_person_is_at_work(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("db.waiting.time.monotonic", lambda: now[0])
    monkeypatch.setattr(waiting, "_person_at", -waiting.AT_WORK)
    pace = Pace(5_000, 100, alone=pacing.AT_ONCE)
    with database.write():
        pass
    pace.settle(contended=True, rows=5_000, held=0.05)
    assert pace.rows == 5_000, "of background work"
    with waiting.waited_for():
        database.value("SELECT 1")
        assert not waiting.at_work(), "who only looks waits for no turn"
        with database.write():
            pass
    pace.settle(contended=False, rows=5_000, held=0.05)
    assert pace.rows == 2_500, "a person gets the turn sooner"
    now[0] = waiting.AT_WORK - 1
    pace.settle(contended=False, rows=2_500, held=0.02)
    assert pace.rows == 2_500, "who will want it again"
    assert Pace(5_000, 100).rows == 100, "also from work that only begins"
    now[0] = waiting.AT_WORK
    pace.settle(contended=False, rows=2_500, held=0.02)
    assert pace.rows == 5_000


@pytest.mark.parametrize("person", [True, False])
def test_a_batch_is_flushed_after_its_turn_while_a_person_is_at_work(
    tmp_path: Path, vfs: ModuleType, monkeypatch: pytest.MonkeyPatch, person: bool
) -> None:
    """Then the person's own commit does not wait for the disk to take the batch, while it has the turn."""
    monkeypatch.setattr(pacing, "at_work", lambda: person)
    disk = vfs.Disk()
    try:
        with open_database(tmp_path / "valhalla.db") as database:
            with database.write(durable=True):
                database.sql("CREATE TABLE filling (content BLOB)")
            log = disk.platters[f"{database.path}-wal"]
            assert not log.pending
            seen = []
            with Pace(10, 10).write(database):
                database.sql("INSERT INTO filling VALUES (zeroblob(100000))")
                database.after_commit(lambda: seen.append(bool(log.pending)))
            assert seen == [True], "the commit itself waits for nothing"
            assert bool(log.pending) is not person
    finally:
        disk.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds SQLite's descriptor in /proc")
def test_a_disk_that_does_not_flush_is_an_error(database: Database) -> None:
    (log,) = (
        int(each.name)
        for each in Path("/proc/self/fd").iterdir()
        if each.is_symlink() and os.readlink(each) == f"{database.path}-wal"
    )
    kept, (end, other) = os.dup(log), os.pipe()
    os.dup2(end, log)  # what cannot be flushed
    try:
        with pytest.raises(DatabaseError, match="disk"):
            flush_log(database)
    finally:
        os.dup2(kept, log)
        for each in (kept, end, other):
            os.close(each)
    flush_log(database)


def test_a_database_without_a_log_has_nothing_to_flush() -> None:
    with Database.memory() as database:
        flush_log(database)


def test_the_log_is_moved_into_the_file_when_the_turn_has_been_handed_on(
    tmp_path: Path, short_log: int
) -> None:
    with open_database(tmp_path / "valhalla.db") as database:
        with database.write():
            database.sql("CREATE TABLE filling (content BLOB)")
        database.checkpoint()
        seen = []

        def moved() -> None:
            _, pages, moved = database.sql("PRAGMA wal_checkpoint(NOOP)")[0]
            seen.append((pages > 3 * short_log, moved == pages))

        with Pace(10, 10).write(database):
            database.sql("INSERT INTO filling VALUES (zeroblob(?))", (4 * short_log * 4096,))
            database.after_commit(moved)
        moved()
        assert seen == [(True, False), (True, True)]


def test_a_small_commit_does_not_move_what_a_large_one_leaves(tmp_path: Path, short_log: int) -> None:
    """A person's commit beside an import; afterwards commits see to the log themselves again, in either thread."""
    with open_database(tmp_path / "valhalla.db") as database:
        with database.write():
            database.sql("CREATE TABLE filling (content BLOB)")
        database.checkpoint()

        def whole() -> bool:
            """Whether everything stands in the file."""
            _, pages, moved = database.sql("PRAGMA wal_checkpoint(NOOP)")[0]
            return bool(moved == pages)

        def large() -> None:
            with database.write():
                database.sql("INSERT INTO filling VALUES (zeroblob(?))", (2 * short_log * 4096,))

        def small() -> bool:
            with database.write():
                database.sql("INSERT INTO filling VALUES (1)")
            return whole()

        def elsewhere() -> bool:
            with ThreadPoolExecutor(1) as other:
                return other.submit(small).result()

        with database.log_left():
            large()
            assert not elsewhere() and not small()
        assert elsewhere()
        large()
        assert whole()


def test_only_a_durable_commit_moves_a_log_that_is_not_long_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.connection.LOG_PAGES", 100)
    with open_database(tmp_path / "valhalla.db") as database:
        with database.write():
            database.sql("CREATE TABLE filling (content BLOB)")
        database.checkpoint()

        def left(durable: bool) -> bool:
            with database.write(durable=durable):
                database.sql("INSERT INTO filling VALUES (zeroblob(?))", (200 * 4096,))
            _, pages, moved = database.sql("PRAGMA wal_checkpoint(NOOP)")[0]
            return bool(pages > moved)

        assert (left(False), left(True)) == (True, False)


# -- checkpoints while nobody writes --------------------------------------------------------------------------


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


def test_others_write_while_a_long_log_is_moved(tmp_path: Path, vfs: ModuleType) -> None:
    """Emptying the log needs the lock of those who write; moving it, which takes long, must not."""
    disk = vfs.Disk()
    try:
        with open_database(tmp_path / "valhalla.db") as database:
            with database.write():
                database.sql("CREATE TABLE filling (content BLOB)")
                database.sql("INSERT INTO filling VALUES (zeroblob(1000000))")
            other = apsw.Connection(str(database.path))
            other.execute("SELECT 1 FROM filling")
            refused = []

            def write_too(number: int, kind: str, name: str) -> None:
                if kind == "write" and name == str(database.path):
                    try:
                        other.execute("BEGIN IMMEDIATE; ROLLBACK")
                        refused.append(False)
                    except apsw.BusyError:
                        refused.append(True)

            disk.on_call = write_too
            assert database.checkpoint()
            disk.on_call = None
            assert len(refused) > 200 and not any(refused)
            other.close()
    finally:
        disk.close()


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
