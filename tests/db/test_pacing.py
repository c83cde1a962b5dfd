"""Batches that shrink while somebody else waits to write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from db.connection import LOG_PAGES
from db.pacing import Pace
from valhalla.program.database import open_database

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


def test_the_log_is_moved_into_the_file_when_the_turn_has_been_handed_on(
    tmp_path: Path, eventually: Eventually
) -> None:
    with open_database(tmp_path / "valhalla.db") as database:
        with database.write():
            database.sql("CREATE TABLE filling (content BLOB)")
        database.checkpoint()
        seen = []

        def moved() -> None:
            _, pages, moved = database.sql("PRAGMA wal_checkpoint(NOOP)")[0]
            seen.append((pages > 3 * LOG_PAGES, moved == pages))

        with Pace(10, 10).write(database):
            database.sql("INSERT INTO filling VALUES (zeroblob(?))", (4 * LOG_PAGES * 4096,))
            database.after_commit(moved)
        moved()
        assert seen == [(True, False), (True, True)]
        assert database.value("PRAGMA wal_autocheckpoint") == LOG_PAGES, (
            "other commits see to it themselves again"
        )
