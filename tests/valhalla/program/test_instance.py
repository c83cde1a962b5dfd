"""One running instance per home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from db import clock, errors
from valhalla.program.instance import LOCK_NAME, Instance, Running, running

HOLD = """
from valhalla.program.instance import Instance
instance = Instance(path)
instance.acquire("run")
tell("running")
word = hear()
if word.startswith("http"):
    instance.announce(word)
    tell("announced")
    word = hear()
instance.release()
tell("released")
hear()
"""


def test_a_second_process_is_refused_with_the_pid_of_the_first(tmp_path: Path, process: Any) -> None:
    before = clock.now()
    other = process(HOLD, tmp_path)
    other.expect("running")
    with pytest.raises(errors.InstanceRunning, match=rf"process {other.pid}\b.*stop it first") as caught:
        Instance(tmp_path).acquire("production")
    assert (caught.value.pid, caught.value.url) == (other.pid, None)
    seen = running(tmp_path)
    assert seen is not None
    assert (seen.pid, seen.command, seen.url) == (other.pid, "run", None)
    assert before <= seen.started_at <= clock.now()


def test_the_address_that_it_announces_can_be_read_by_others(tmp_path: Path, process: Any) -> None:
    other = process(HOLD, tmp_path)
    other.expect("running")
    other.say("http://127.0.0.1:8080/?token=abc")
    other.expect("announced")
    seen = running(tmp_path)
    assert seen is not None
    assert (seen.pid, seen.url) == (other.pid, "http://127.0.0.1:8080/?token=abc")
    with pytest.raises(errors.InstanceRunning) as caught:
        Instance(tmp_path).acquire("run")
    assert caught.value.url == "http://127.0.0.1:8080/?token=abc"


def test_the_home_is_free_after_a_release(tmp_path: Path, process: Any) -> None:
    other = process(HOLD, tmp_path)
    other.expect("running")
    other.say("release")
    other.expect("released")
    assert running(tmp_path) is None
    instance = Instance(tmp_path)
    assert instance.acquire("run").pid == os.getpid()
    instance.release()


def test_the_home_is_free_after_its_instance_was_killed(tmp_path: Path, process: Any) -> None:
    other = process(HOLD, tmp_path)
    other.expect("running")
    other.kill()
    assert (tmp_path / LOCK_NAME).read_bytes() != b""  # what it said is still there, and believed by nobody
    assert running(tmp_path) is None
    instance = Instance(tmp_path)
    instance.acquire("run")
    seen = running(tmp_path)
    assert seen is not None
    assert seen.pid == os.getpid()
    instance.release()


def test_looking_takes_nothing_and_makes_nothing(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    instance = Instance(tmp_path)
    instance.acquire("run")
    for _ in range(3):
        assert running(tmp_path) is not None
    instance.release()
    for _ in range(3):
        assert running(tmp_path) is None


def test_homes_do_not_know_each_other(tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    instances = []
    for home in homes:
        home.mkdir()
        instances.append(Instance(home))
        instances[-1].acquire("run")
    for instance in instances:
        instance.release()


def test_a_held_lock_that_says_nothing_readable_still_counts(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.acquire("run")
    for content in (b"", b"{}", b"\xff\xfe", b'{"pid": 1}', b"[]"):
        (tmp_path / LOCK_NAME).write_bytes(content)
        assert running(tmp_path) == Running(0, 0, "unknown")
    with pytest.raises(errors.InstanceRunning, match="process unknown"):
        Instance(tmp_path).acquire("run")
    instance.release()


def test_only_an_acquired_instance_can_announce(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="acquired"):
        Instance(tmp_path).announce("http://127.0.0.1:1/")
