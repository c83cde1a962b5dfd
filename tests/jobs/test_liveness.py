"""When the process of a worker began, which tells it from a later one with the same number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from db import Database
from jobs.liveness import _started, _started_by_psutil, folder, sweep_files
from jobs.schema import SCHEMA


def test_both_ways_to_ask_when_a_process_began_give_the_same_moment() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert _started(child.pid) == _started_by_psutil(child.pid) > _started(1)
        assert _started(os.getpid()) == _started_by_psutil(os.getpid()) > 0


@pytest.mark.parametrize("started", [_started, _started_by_psutil])
def test_a_process_that_is_not_there_began_at_no_time(started: object) -> None:
    assert callable(started)
    assert started(2**22 + 1) == 0


def test_lock_files_that_nobody_needs_are_removed_and_no_others(tmp_path: Path) -> None:
    with Database.open(tmp_path / "queue.db", SCHEMA) as database:
        place = folder(database)
        assert place is not None
        place.mkdir(exist_ok=True)
        names = [f"{kind}-{number}" for number in range(10) for kind in ("dead", "open", "new", "stopped")]
        for name in names:
            path = place / f"{name}.lock"
            path.touch()
            if not name.startswith("new"):
                os.utime(path, (0, time.time() - 2 * 3_600))
        with database.write():
            database.many(
                "INSERT INTO worker (token, queue, host, pid, process_started, started_at, beat_at, stopped_at)"
                " VALUES (?, 'q', 'h', 1, 1, 1, 1, ?)",
                [(name, None if name < "s" else 5) for name in names if name.startswith(("open", "stopped"))],
            )
        sweep_files(database)
        left = {path.stem for path in place.glob("*.lock")}
        assert left == {name for name in names if name.startswith(("open", "new"))}
