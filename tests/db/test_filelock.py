"""Locks between processes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.filelock import FileLock

HOLD = """
from db.filelock import FileLock
lock = FileLock(path)
assert lock.acquire(30)
lock.write_content(b"held by the other")
tell("held")
hear()
lock.release()
tell("released")
hear()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[FileLock]:
    lock = FileLock(tmp_path / "lock")
    yield lock
    lock.close()


def test_another_process_is_kept_out_until_it_is_released(lock: FileLock, process: Any) -> None:
    other = process(HOLD, lock.path)
    other.expect("held")
    assert not lock.try_acquire()
    assert not lock.acquire(0.01)
    other.say("release")
    other.expect("released")
    assert lock.try_acquire()


def test_it_is_free_when_its_holder_was_killed(lock: FileLock, process: Any) -> None:
    other = process(HOLD, lock.path)
    other.expect("held")
    other.kill()
    assert lock.try_acquire()


def test_who_waits_gets_it_as_soon_as_it_is_released(lock: FileLock, process: Any) -> None:
    code = """
from db.filelock import FileLock
lock = FileLock(path)
tell("waiting")
assert lock.acquire(30)
tell("got it")
"""
    assert lock.try_acquire()
    other = process(code, lock.path)
    other.expect("waiting")
    lock.release()
    other.expect("got it")
    assert other.wait() == 0


def test_a_wait_ends_after_its_timeout(lock: FileLock, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(time, "sleep", slept.append)
    other = FileLock(lock.path)
    assert other.try_acquire()
    assert not lock.acquire(2.0)
    assert 2.0 <= sum(slept) < 2.1
    assert max(slept) <= 0.005
    other.close()


def test_two_objects_in_one_process_exclude_each_other(lock: FileLock) -> None:
    second = FileLock(lock.path)
    assert lock.try_acquire()
    assert not second.try_acquire()
    lock.release()
    assert second.try_acquire()
    assert not lock.try_acquire()
    second.close()
    assert lock.try_acquire()


def test_a_forgotten_lock_is_released(lock: FileLock) -> None:
    second = FileLock(lock.path)
    assert second.try_acquire()
    del second
    assert lock.try_acquire()


def test_its_content_can_be_read_while_it_is_held(lock: FileLock, process: Any) -> None:
    other = process(HOLD, lock.path)
    other.expect("held")
    assert lock.path.read_bytes() == b"held by the other"
    other.say("release")
    other.expect("released")
    assert lock.try_acquire()
    lock.write_content(b"mine")
    assert lock.path.read_bytes() == b"mine"


def test_the_lock_file_stays_and_is_its_owners_alone(lock: FileLock) -> None:
    assert lock.try_acquire()
    lock.close()
    assert lock.path.exists()
    if sys.platform != "win32":
        assert lock.path.stat().st_mode & 0o777 == 0o600
