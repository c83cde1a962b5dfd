"""Transactions, threads and durability on the one file."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, connection, errors
from valhalla.program.database import memory_database, open_database
from valhalla.program.models import Setting

READ = "SELECT key FROM setting ORDER BY key"
PUT = "INSERT INTO setting (key, value, updated_at, updated_by) VALUES (?, '1', 0, 'test')"

InThread = Callable[[Callable[[], object]], None]


def keys(database: Database) -> list[str]:
    return [key for (key,) in database.sql(READ)]


def put(database: Database, *new: str) -> None:
    for key in new:
        database.sql(PUT, (key,))


@pytest.fixture(params=["file", "memory"])
def any_database(request: pytest.FixtureRequest, path: Path) -> Iterator[Database]:
    with open_database(path) if request.param == "file" else memory_database() as database:
        yield database


# -- commit and rollback -----------------------------------------------------------------------------------


def test_what_a_write_did_is_there_for_other_threads_after_it_and_not_before(
    any_database: Database, in_thread: InThread
) -> None:
    def nothing_yet() -> None:
        assert keys(any_database) == []

    with any_database.write():
        put(any_database, "a")
        if any_database.path:  # in memory there is no WAL, so a reader would wait for the writer
            in_thread(nothing_yet)
    in_thread(lambda: keys(any_database) == ["a"] or pytest.fail("not committed"))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_undoes_the_whole_write_and_goes_on(
    any_database: Database, error: type[BaseException]
) -> None:
    with pytest.raises(error), any_database.write():
        put(any_database, "a", "b")
        raise error
    assert keys(any_database) == []
    with any_database.write():
        put(any_database, "c")
    assert keys(any_database) == ["c"]


def test_a_failing_statement_undoes_the_whole_write(any_database: Database) -> None:
    with pytest.raises(apsw.ConstraintError), any_database.write():
        put(any_database, "a", "a")
    assert keys(any_database) == []
    assert not any_database.in_write()


def test_a_statement_that_is_not_read_to_its_end_holds_nothing_once_it_is_closed(database: Database) -> None:
    with database.write():
        put(database, "a", "b", "c")
    rows = database.each(READ)
    assert next(rows) == ("a",)
    with database.write():
        put(database, "d")
    assert not database.checkpoint(wait=0), "while it is open it reads an older state, which the log keeps"
    rows.close()
    assert database.checkpoint(wait=0)
    assert [key for (key,) in database.each(READ)] == ["a", "b", "c", "d"]


def test_an_inner_write_joins_the_outer_one(database: Database, in_thread: InThread) -> None:
    with database.write():
        with database.write():
            put(database, "inner")
        assert database.in_write()
        in_thread(lambda: keys(database) == [] or pytest.fail("committed with the inner one"))
    assert keys(database) == ["inner"]
    assert not database.in_write()


def test_an_exception_through_both_undoes_both(any_database: Database) -> None:
    with pytest.raises(ValueError, match="inner"), any_database.write():
        put(any_database, "outer")
        with any_database.write():
            put(any_database, "inner")
            raise ValueError("inner")
    assert keys(any_database) == []


def test_a_full_disk_is_one_sentence_and_undoes_the_write(database: Database) -> None:
    with database.write():
        put(database, "before")
    database.sql(f"PRAGMA max_page_count = {database.value('PRAGMA page_count') + 2}")
    with pytest.raises(errors.DiskFull, match="is full"), database.write():
        put(database, "k" * 1_000_000)
    assert keys(database) == ["before"]
    with database.write():
        put(database, "small")
    assert keys(database) == ["before", "small"]


def test_a_committed_write_survives_the_death_of_the_process(path: Path, process: Any) -> None:
    code = """
database = open_database(path)
with database.write():
    database.sql("INSERT INTO setting VALUES ('kept', '1', 0, 'test')")
with database.write():
    database.sql("INSERT INTO setting VALUES ('lost', '1', 0, 'test')")
    tell("in the middle")
    hear()
"""
    other = process(code, path)
    other.expect("in the middle")
    other.kill()
    with open_database(path) as database:
        assert keys(database) == ["kept"]


# -- durability --------------------------------------------------------------------------------------------


def test_the_commit_of_a_durable_write_waits_for_the_disk_and_of_another_does_not(database: Database) -> None:
    for durable in (False, True, True, False, True):
        with database.write(durable=durable):
            assert database.value("PRAGMA synchronous") == (connection.FULL if durable else connection.NORMAL)


def test_durability_is_set_on_the_connection_of_the_thread_that_writes(
    database: Database, in_thread: InThread
) -> None:
    def durable() -> None:
        with database.write(durable=True):
            assert database.value("PRAGMA synchronous") == connection.FULL

    with database.write(durable=True):
        pass
    in_thread(durable)
    database.close()  # this thread's connection; the next one begins again
    durable()
    with database.write():
        assert database.value("PRAGMA synchronous") == connection.NORMAL


def test_a_durable_write_inside_another_one_is_refused_and_undoes_it(database: Database) -> None:
    with pytest.raises(errors.DurabilityMismatch), database.write():
        put(database, "a")
        with database.write(durable=True):
            put(database, "b")
    assert keys(database) == []
    with database.write(durable=True), database.write(durable=False), database.write(durable=True):
        put(database, "c")
        assert database.value("PRAGMA synchronous") == connection.FULL
    assert keys(database) == ["c"]


# -- after the commit --------------------------------------------------------------------------------------


def test_callbacks_run_in_order_after_the_outermost_commit(database: Database, in_thread: InThread) -> None:
    seen: list[str] = []

    def look() -> None:
        in_thread(lambda: seen.extend(keys(database)))

    with database.write():
        database.after_commit(lambda: seen.append("first"))
        with database.write():
            put(database, "a")
            database.after_commit(look)
        database.after_commit(lambda: seen.append("third"))
        assert seen == []
    assert seen == ["first", "a", "third"]


def test_callbacks_of_an_undone_write_never_run(database: Database) -> None:
    seen: list[str] = []
    with pytest.raises(ValueError), database.write():
        database.after_commit(lambda: seen.append("undone"))
        raise ValueError
    with database.write():
        pass
    assert seen == []


def test_a_callback_may_write_and_one_outside_of_a_write_runs_at_once(database: Database) -> None:
    def again() -> None:
        with database.write():
            put(database, "again")

    with database.write():
        database.after_commit(again)
    assert keys(database) == ["again"]
    seen: list[int] = []
    database.after_commit(lambda: seen.append(1))
    assert seen == [1]


def test_a_mark_tells_which_callbacks_go_with_a_part_that_was_undone(database: Database) -> None:
    seen: list[str] = []
    with database.write():
        database.after_commit(lambda: seen.append("kept"))
        mark = database.callbacks()
        database.after_commit(lambda: seen.append("dropped"))
        database.drop_callbacks(mark)
    assert seen == ["kept"]


# -- savepoints and views ----------------------------------------------------------------------------------


def test_a_savepoint_is_undone_alone_and_with_its_callbacks(any_database: Database) -> None:
    seen: list[str] = []
    with any_database.write():
        put(any_database, "outer")
        any_database.after_commit(lambda: seen.append("outer"))
        with pytest.raises(ValueError), any_database.savepoint():
            put(any_database, "undone")
            any_database.after_commit(lambda: seen.append("undone"))
            raise ValueError
        with any_database.savepoint():
            put(any_database, "kept")
            with pytest.raises(ValueError), any_database.savepoint():
                put(any_database, "undone too")
                raise ValueError
            put(any_database, "kept too")
    assert keys(any_database) == ["kept", "kept too", "outer"]
    assert seen == ["outer"]


def test_a_savepoint_outside_of_a_write_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="write transaction"), database.savepoint():
        pass


def test_peewees_atomic_is_a_write_outside_and_a_savepoint_inside(database: Database) -> None:
    with database.atomic():
        assert database.in_write()
        put(database, "a")
        with pytest.raises(ValueError), database.atomic():
            put(database, "b")
            raise ValueError
    assert keys(database) == ["a"]


def test_a_view_sees_one_moment_while_others_write(database: Database, in_thread: InThread) -> None:
    def write() -> None:
        with database.write():
            put(database, "new")

    with database.view():
        assert keys(database) == []
        in_thread(write)
        assert keys(database) == []
    assert keys(database) == ["new"]
    with database.write(), database.view():
        put(database, "own")
        assert keys(database) == ["new", "own"]
    assert keys(database) == ["new", "own"]


# -- threads -----------------------------------------------------------------------------------------------


def test_every_thread_has_one_connection_of_its_own(any_database: Database) -> None:
    mine: list[tuple[apsw.Connection, apsw.Connection]] = []
    together = threading.Barrier(4)

    def look() -> None:
        mine.append((any_database.connection(), any_database.connection()))
        together.wait()  # keep all four threads alive, or a connection may be made where another one stood

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(first is second for first, second in mine)
    assert len({id(first) for first, _ in mine} | {id(any_database.connection())}) == 5


def test_every_threads_connection_checks_foreign_keys_and_waits(
    any_database: Database, in_thread: InThread
) -> None:
    def look() -> None:
        pragmas = ("foreign_keys", "trusted_schema", "busy_timeout")
        values = [any_database.value(f"PRAGMA {pragma}") for pragma in pragmas]
        assert values == [1, 0, connection.BUSY_TIMEOUT * 1000]

    look()
    in_thread(look)


def test_eight_threads_write_to_one_file(any_database: Database) -> None:
    failed: list[BaseException] = []

    def count() -> None:
        try:
            for turn in range(50):
                with any_database.write(durable=turn % 10 == 0):
                    value = any_database.value("SELECT value FROM lead_generation")
                    any_database.sql("UPDATE lead_generation SET value = ?", (value + 1,))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert any_database.value("SELECT value FROM lead_generation") == 400


def test_a_file_in_memory_outlives_the_thread_that_made_it_and_is_nobody_elses(in_thread: InThread) -> None:
    made: list[Database] = []
    in_thread(lambda: made.append(memory_database()))
    gc.collect()
    with made[0] as first, memory_database() as second:
        with first.write():
            put(first, "first")
        assert keys(first) == ["first"]
        assert keys(second) == []


# -- turns -------------------------------------------------------------------------------------------------

BACK_TO_BACK = """
import threading
database = open_database(path)
done = threading.Event()

def write():
    told = False
    while not done.is_set():
        with database.write():
            database.sql("UPDATE lead_generation SET value = value + 1")
            done.wait(0.02)  # a transaction that takes its time
        if not told:
            tell("writing")
            told = True

threads = [threading.Thread(target=write) for _ in range(2)]
for thread in threads:
    thread.start()
hear()
done.set()
for thread in threads:
    thread.join()
tell(database.value("SELECT value FROM lead_generation"))
"""


def test_a_process_beside_back_to_back_writers_gets_its_turn(
    path: Path, process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 5.0)
    with open_database(path) as database:
        other = process(BACK_TO_BACK, path)
        other.expect("writing")
        other.expect("writing")
        for _ in range(10):  # without turns the first of them already gives up
            with database.write():
                database.sql("UPDATE lead_generation SET value = value + 1")
        other.say("stop")
        assert int(other.finish()) > 10


def test_a_waiting_thread_makes_the_write_contended(
    database: Database, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    def write() -> None:
        with database.write():
            put(database, "second")

    with database.write():
        assert not database.contended()
        waiting = threading.Thread(target=write)
        waiting.start()
        eventually(database.contended)
    waiting.join()
    with database.write():
        assert not database.contended()
        assert keys(database) == ["second"]


def test_a_waiting_process_makes_the_write_contended(
    database: Database, path: Path, process: Any, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    code = """
database = open_database(path)
tell("ready")
hear()
with database.write():
    database.sql("INSERT INTO setting VALUES ('other', '1', 0, 'test')")
"""
    other = process(code, path)
    other.expect("ready")
    with database.write():
        assert not database.contended()
        other.say("go")
        eventually(database.contended)
        assert keys(database) == []
    other.finish()
    with database.write():
        assert not database.contended()
        assert keys(database) == ["other"]


def test_a_process_that_keeps_the_file_locked_is_one_sentence_and_blocks_nobody_for_good(
    path: Path, process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.1)
    code = """
database = open_database(path)
with database.write():
    tell("writing")
    hear()
"""
    with open_database(path) as database:
        other = process(code, path)
        other.expect("writing")
        with pytest.raises(errors.Busy, match="is in use"), database.write():
            pass
        assert not database.in_write()
        other.say("enough")
        other.finish()
        with database.write():
            put(database, "after")
        assert keys(database) == ["after"]


def test_a_thread_that_waits_too_long_for_its_turn_gets_a_sentence(
    database: Database, in_thread: InThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TURN_TIMEOUT", 0.01)

    def write() -> None:
        with database.write():
            pass

    with database.write(), pytest.raises(errors.Busy, match="another part of this program"):
        in_thread(write)
    in_thread(write)


def test_a_turn_file_that_cannot_be_used_is_one_sentence(path: Path) -> None:
    path.with_name("writer.turn").mkdir()
    with pytest.raises(errors.ReadOnly, match=r"writer\.turn may not be written"):
        open_database(path)
    path.with_name("writer.turn").rmdir()
    with open_database(path) as database, database.write():
        put(database, "a")


# -- statements --------------------------------------------------------------------------------------------


def test_statements_return_what_they_found(any_database: Database) -> None:
    database = any_database
    with database.write():
        database.many(PUT, [("a",), ("b",), ("c",)])
        database.sql("UPDATE setting SET value = :value WHERE key <> :key", {"value": "2", "key": "a"})
        assert database.changes() == 2
        database.sql("INSERT INTO header (digest, names) VALUES ('d', '[]')")
        assert database.last_id() == 1
    assert database.one("SELECT key, value FROM setting ORDER BY key") == ("a", "1")
    assert database.one("SELECT 1 FROM setting WHERE key = 'x'") is None
    assert database.value("SELECT count(*) FROM setting") == 3
    assert database.value("SELECT 1 FROM setting WHERE key = 'x'") is None


def test_a_statement_of_which_one_row_is_asked_keeps_no_lock(database: Database, process: Any) -> None:
    with database.write():
        assert database.one("INSERT INTO header (digest, names) VALUES ('a', '[]') RETURNING id") == (1,)
        put(database, "a", "b")
    database.one(READ)
    assert not database.connection().in_transaction
    assert database.checkpoint()  # a half-read statement would be in its way


def test_peewee_models_run_on_it(any_database: Database) -> None:
    with any_database.write():
        row = {"key": "a", "value": "1", "updated_at": 5, "updated_by": "test"}
        Setting.insert(row).execute(any_database)
        changed = Setting.update(value="2").where(Setting.key == "a").execute(any_database)
        assert changed == 1
    found = Setting.select().where(Setting.updated_at == 5).execute(any_database)
    assert [(each.key, each.value) for each in found] == [("a", "2")]


def test_the_first_row_through_peewee_leaves_no_old_state_to_write_on(database: Database, path: Path) -> None:
    with database.write():
        put(database, "a")
        put(database, "b")
    query = Setting.select().order_by(
        Setting.key
    )  # kept, as peewee keeps it in a circle until garbage is collected
    first = query.first(database)
    assert first is not None and first.key == "a"
    with open_database(path) as other, other.write():
        put(other, "c")
    database.connection().set_busy_timeout(0)
    with database.write():
        put(database, "d")
    assert keys(database) == ["a", "b", "c", "d"]


def test_a_query_through_peewee_gives_the_files_own_errors(database: Database, path: Path) -> None:
    with database.write():
        put(database, "before")
    database.sql(f"PRAGMA max_page_count = {database.value('PRAGMA page_count') + 2}")
    row = {"key": "k" * 1_000_000, "value": "1", "updated_at": 5, "updated_by": "test"}
    with pytest.raises(errors.DiskFull, match="is full"), database.write():
        Setting.insert(row).execute(database)
    assert keys(database) == ["before"]


# -- closing -----------------------------------------------------------------------------------------------


def test_closing_closes_every_threads_connection_and_leaves_one_whole_file(path: Path) -> None:
    database = open_database(path)
    ready, end = threading.Event(), threading.Event()

    def write() -> None:
        with database.write():
            put(database, "a")
        ready.set()
        end.wait()

    thread = threading.Thread(target=write)
    thread.start()
    ready.wait()
    assert path.with_name("valhalla.db-wal").stat().st_size > 0
    database.close_all()
    assert sorted(each.name for each in path.parent.iterdir()) == ["valhalla.db", "writer.turn"]
    end.set()
    thread.join()
    assert keys(database) == ["a"]  # and it can be used again
    database.close_all()


def test_a_checkpoint_empties_the_wal_unless_a_reader_is_in_the_way(path: Path, process: Any) -> None:
    wal = path.with_name("valhalla.db-wal")
    code = """
database = open_database(path)
with database.view():
    database.sql("SELECT * FROM setting")
    tell("reading")
    hear()
"""
    with open_database(path) as database:
        other = process(code, path)
        other.expect("reading")
        with database.write():
            put(database, "a")
        assert not database.checkpoint(wait=0.05)
        assert wal.stat().st_size > 0
        other.say("enough")
        other.finish()
        assert database.checkpoint()
        assert wal.stat().st_size == 0
        assert keys(database) == ["a"]


def test_a_checkpoint_beside_takes_what_is_committed_while_somebody_writes(
    database: Database, path: Path, tmp_path: Path
) -> None:
    database.checkpoint()
    with database.write():
        put(database, "before")
    with database.write():
        put(database, "meanwhile")
        database.checkpoint_beside()
        assert database._moving is not None
        database._moving.join()
        alone = (
            tmp_path / "alone.db"
        )  # without the log, copied by another process, for this one must not touch the live file
        copying = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"
        subprocess.run([sys.executable, "-c", copying, str(path), str(alone)], check=True)
    with open_database(alone, create=False) as copy:
        assert keys(copy) == ["before"]
    assert sorted(keys(database)) == ["before", "meanwhile"]


@pytest.mark.parametrize("waiting", ["checkpoint", "close_all"])
def test_only_one_checkpoint_beside_is_made_at_a_time_and_whoever_needs_it_done_waits_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, waiting: str
) -> None:
    database = open_database(path)
    begun, go_on = threading.Event(), threading.Event()
    query = database.sql

    def slow(text: str, *more: Any) -> Any:
        if "PASSIVE" in text:
            begun.set()
            go_on.wait(20)
        return query(text, *more)

    monkeypatch.setattr(database, "sql", slow)
    database.checkpoint_beside()
    assert begun.wait(20)
    database.checkpoint_beside()
    assert [thread.name for thread in threading.enumerate()].count("checkpoint") == 1
    other = threading.Thread(target=getattr(database, waiting))
    other.start()
    other.join(0.2)
    assert other.is_alive()
    go_on.set()
    other.join(20)
    assert not other.is_alive()
    assert "checkpoint" not in [thread.name for thread in threading.enumerate()]
    database.close_all()


def test_the_version_moves_when_another_process_commits(database: Database, path: Path, process: Any) -> None:
    before = database.version()
    assert database.version() == before
    code = """
database = open_database(path)
with database.write():
    database.sql("UPDATE lead_generation SET value = 9")
"""
    process(code, path).finish()
    assert database.version() != before


def test_the_cache_of_one_thread_can_be_set(database: Database, in_thread: InThread) -> None:
    database.set_cache(16_384)
    assert database.value("PRAGMA cache_size") == -16_384
    in_thread(lambda: database.value("PRAGMA cache_size") == -2048 or pytest.fail("not its own"))


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are a POSIX matter")
def test_what_lies_beside_the_file_is_the_owners_alone(database: Database, path: Path) -> None:
    with database.write():
        put(database, "a")
    modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert set(modes) == {"valhalla.db", "valhalla.db-wal", "valhalla.db-shm", "writer.turn"}
    assert set(modes.values()) == {0o600}


# -- writing the file again ---------------------------------------------------------------------------------


def test_a_compacted_file_holds_nothing_of_what_was_deleted(path: Path) -> None:
    with open_database(path) as database:
        with database.write():
            text = "INSERT INTO setting (key, value, updated_at, updated_by) VALUES (?, ?, 1, 'test')"
            database.many(text, [(str(number), f'"word{number:04d}"') for number in range(900)])
        with database.write():
            database.sql("DELETE FROM setting WHERE key <> '7'")
        assert database.compact()
        assert keys(database) == ["7"]
        with database.write(), pytest.raises(RuntimeError):
            database.compact()
        with database.write():
            put(database, "later")
    content = path.read_bytes()
    assert b"word0007" in content and b"word0008" not in content


def test_a_file_that_somebody_uses_is_not_compacted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TURN_TIMEOUT", 0.05)
    with open_database(path) as database, open_database(path) as other:
        with other.write():
            assert not database.compact()
        assert database.compact()


def test_a_file_in_memory_needs_no_compacting() -> None:
    with memory_database() as database:
        assert database.compact()


def test_statement_does_not_commit_what_write_has_begun(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write():
        database.sql("CREATE TABLE made (id INTEGER)")
        with pytest.raises(RuntimeError, match="ended by write"):
            database.sql("COMMIT")
        raise ZeroDivisionError
    assert not database.sql("SELECT * FROM sqlite_schema WHERE name = 'made'")
    with database.write():
        database.sql("CREATE TABLE made (id INTEGER)")
    assert database.sql("SELECT * FROM made") == []


def test_write_is_left_once(database: Database) -> None:
    one = database.write()
    with pytest.raises(RuntimeError, match="has not begun"):
        one.__exit__(None, None, None)
    with one:
        pass
    with database.write():
        with pytest.raises(RuntimeError, match="ended already"):
            one.__exit__(None, None, None)
        assert database.in_write()


@pytest.mark.parametrize("left", [0, 1, 3])
def test_return_to_rolls_back_what_is_open_and_gives_the_turn_back(database: Database, left: int) -> None:
    for _ in range(left):
        database.write().__enter__()
    if not left:
        database.connection().execute("BEGIN")
    database.sql("CREATE TABLE made (id INTEGER)")
    assert not database.return_to(0)
    assert database.return_to(0)
    assert not database.sql("SELECT * FROM sqlite_schema WHERE name = 'made'")
    other = threading.Thread(target=lambda: database.write().__enter__() and database.return_to(0))
    other.start()
    other.join(30)
    assert not other.is_alive()


def test_a_thread_that_rests_keeps_no_pages(database: Database) -> None:
    with database.write():
        database.many(
            "INSERT INTO header (digest, names) VALUES (?, ?)",
            ((str(n), f'["{n:0>1000}"]') for n in range(1_000)),
        )
    database.sql("SELECT sum(length(names)) FROM header")
    before = apsw.memory_used()
    database.release_memory()
    assert before - apsw.memory_used() > 500_000
    assert database.value("SELECT count(*) FROM header") == 1_000


def test_memory_is_released_without_a_connection(database: Database) -> None:
    database.close_all()
    database.release_memory()
