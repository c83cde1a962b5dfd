"""Background work that pauses: for page requests, for other writers, and for the disk."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from pathlib import Path

import pytest

from db import Database, audit, pacing
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


def test_batches_stay_small_while_a_person_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("db.pacing.time.monotonic", lambda: now[0])
    monkeypatch.setattr(pacing, "_delayed_at", -pacing.AT_WORK)
    pace = Pace(5_000, 100, alone=pacing.AT_ONCE)
    pace.settle(contended=True, rows=5_000, held=0.05)
    assert pace.rows == 5_000, "of background work"
    with pacing.waited_for():
        pace.settle(contended=True, rows=5_000, held=0.05)
    assert pace.rows == 2_500, "a person gets the turn sooner"
    now[0] = pacing.AT_WORK - 1
    pace.settle(contended=False, rows=2_500, held=0.02)
    assert pace.rows == 2_500, "who will want it again"
    assert Pace(5_000, 100).rows == 100, "also from work that only begins"
    now[0] = pacing.AT_WORK
    pace.settle(contended=False, rows=2_500, held=0.02)
    assert pace.rows == 5_000


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


# -- yielding to page requests --------------------------------------------------------------------------------


FOREVER = 3600.0


def working() -> threading.Thread:
    """Long work at the place where it looks whether somebody waits."""
    thread = threading.Thread(target=pacing.give_way, daemon=True)
    thread.start()
    return thread


def test_long_work_goes_on_when_nobody_waits() -> None:
    assert not pacing.somebody_waits()
    thread = working()
    thread.join(10)
    assert not thread.is_alive()


def test_long_work_goes_on_when_the_last_who_waited_has_got_what_they_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", FOREVER)
    with ExitStack() as one, ExitStack() as other:
        one.enter_context(pacing.waited_for())
        other.enter_context(pacing.waited_for())
        thread = working()
        one.close()
        thread.join(0.2)
        assert thread.is_alive() and pacing.somebody_waits()
        other.close()
        thread.join(10)
        assert not thread.is_alive() and not pacing.somebody_waits()


def test_nobody_waits_for_a_turn_whose_holder_stands_aside_for_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", FOREVER)
    begun, order = threading.Event(), []

    def work() -> None:
        with database.write():
            begun.set()
            pacing.give_way()
            order.append("work")

    with pacing.waited_for():
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert begun.wait(10)
        thread.join(0.2)
        assert thread.is_alive(), "nobody wants the turn yet"
        with database.write():
            order.append("page")
    thread.join(10)
    assert order == ["work", "page"]


def test_what_is_waited_for_does_not_stand_aside_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", FOREVER)
    with pacing.waited_for():
        here = threading.Thread(target=copy_context().run, args=(pacing.give_way,), daemon=True)
        here.start()
        here.join(10)
        assert not here.is_alive()
        elsewhere = working()
        elsewhere.join(0.2)
        assert elsewhere.is_alive()
    elsewhere.join(10)


def test_whoever_fails_does_not_wait_any_more() -> None:
    with pytest.raises(ValueError), pacing.waited_for():
        raise ValueError
    assert not pacing.somebody_waits()


def test_what_takes_longer_than_a_page_does_not_stop_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 0.01)
    with pacing.waited_for():
        thread = working()
        thread.join(10)
        assert not thread.is_alive()


def test_nor_do_many_who_ask_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience begins with the first of them, not again with each."""
    now = [0.0]
    monkeypatch.setattr("db.pacing.time.monotonic", lambda: now[0])
    with ExitStack() as first:
        first.enter_context(pacing.waited_for())
        now[0] = pacing.PATIENCE
        with pacing.waited_for():
            first.close()
            thread = working()
            thread.join(10)
            assert not thread.is_alive()


def test_long_work_in_steps_looks_before_each_whether_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    monkeypatch.setattr(pacing, "give_way", look)
    seen = [(list(part), looks) for part in pacing.in_steps(range(7), 3)]
    assert seen == [([0, 1, 2], 1), ([3, 4, 5], 2), ([6], 3)]
    assert list(pacing.in_steps((), 3)) == [] and looks == 3


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
