"""Folders of the one-file executable: swept when nobody uses them, and never while somebody does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from db.filelock import FileLock
from valhalla.service import unpacked


def folder(place: Path, name: str, *, marked: bool) -> Path:
    made = place / name
    (made / "inner").mkdir(parents=True)
    (made / "inner" / "library.dll").write_bytes(b"x")
    if marked:
        (made / unpacked.MARK).touch()
    return made


def test_what_nobody_uses_is_swept(tmp_path: Path) -> None:
    ours = folder(tmp_path, "_MEI1", marked=True)
    dead = folder(tmp_path, "_MEI2", marked=True)
    half_swept = folder(tmp_path, "old_MEI3", marked=False)
    other = folder(tmp_path, "documents", marked=False)

    assert set(unpacked.sweep(tmp_path, ours)) == {dead, half_swept}

    assert sorted(tmp_path.iterdir()) == sorted([ours, other])


def test_what_is_in_use_or_being_unpacked_stays(tmp_path: Path) -> None:
    used = folder(tmp_path, "_MEI2", marked=True)
    fresh = folder(tmp_path, "_MEI4", marked=False)
    lock = FileLock(used / unpacked.MARK)
    assert lock.try_acquire()
    try:
        assert unpacked.sweep(tmp_path, tmp_path / "_MEI1") == []
    finally:
        lock.close()
    later = time.time() + unpacked.UNPACKING_SECONDS + 1
    assert unpacked.sweep(tmp_path, tmp_path / "_MEI1", now=later) == [used, fresh]


def test_the_end_of_the_loader_is_noticed() -> None:
    """A process whose parent is killed notices, and says so to anyone who reads its output."""
    child = (
        "import threading, sys; from valhalla.service import unpacked; seen = threading.Event();"
        "unpacked.watch_parent(seen.set); print('ready', flush=True);"
        "print('ended' if seen.wait(20) else 'nothing', flush=True)"
    )
    parent = f"import subprocess, sys;subprocess.Popen([sys.executable, '-c', {child!r}]); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.kill()

    assert process.stdout.readline() == "ended\n"
    process.wait()


def test_without_a_one_file_executable_nothing_is_done() -> None:
    before = threading.active_count()
    unpacked.hold()
    unpacked.sweep_soon()
    assert threading.active_count() == before
    assert os.getppid()
