"""Batches that shrink while somebody else waits to write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database, pacing
from db.pacing import Pace

Eventually = Callable[[Callable[[], bool]], None]


def test_a_batch_that_held_the_lock_too_long_while_somebody_waited_shrinks_to_fit() -> None:
    pace = Pace(5_000, 100)
    pace.settle(contended=True, rows=5_000, held=0.5)
    assert pace.rows == 500
    pace.settle(contended=True, rows=500, held=0.04)
    assert pace.rows == 500, "short enough"
    pace.settle(contended=True, rows=500, held=60)
    assert pace.rows == 100, "never below the smallest"
    for _ in range(10):
        pace.settle(contended=False, rows=100, held=0.5)
    assert pace.rows == 5_000, "alone it grows back"


def test_the_smallest_is_never_above_the_largest() -> None:
    assert Pace(10, 100).smallest == 10


def test_a_writing_thread_that_waits_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(pacing, "LOCK_SECONDS", 0.0)
    with Database.open(tmp_path / "valhalla.db") as database:
        pace = Pace(1_000, 10)
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
