"""Folders are watched, by the system's word or by looking."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from valhalla.running.watching import Watcher, folders_of

LONG = 20.0
"""Seconds after which a wake-up that has not come never will."""


@pytest.mark.parametrize("polling", [False, True])
def test_a_new_list_wakes_and_other_files_do_not(tmp_path: Path, polling: bool) -> None:
    woken: list[int] = []
    heard = threading.Event()

    def wake() -> None:
        woken.append(1)
        heard.set()

    inner = tmp_path / "propstream"
    inner.mkdir()
    watcher = Watcher([tmp_path], wake, deep=True, polling=polling)
    watcher.start()
    try:
        assert watcher.ready.wait(LONG)
        (tmp_path / "list.csv.part").write_text("x", encoding="utf-8")
        (tmp_path / "notes.md").write_text("x", encoding="utf-8")
        (inner / "list.csv").write_text("x", encoding="utf-8")
        assert heard.wait(LONG)
    finally:
        watcher.stop()
    assert woken == [1]


def test_a_list_that_came_before_the_watch_stood_is_not_missed(tmp_path: Path) -> None:
    heard = threading.Event()
    watcher = Watcher([tmp_path], heard.set)
    (tmp_path / "list.csv").write_text("x", encoding="utf-8")
    watcher.start()
    assert heard.wait(LONG)
    watcher.stop()


def test_the_folders_are_those_of_sources_and_patterns(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.csv").touch()
    sources = [tmp_path / "a", tmp_path / "b" / "x.csv"]
    assert folders_of(sources, [str(tmp_path / "b" / "*.csv"), str(tmp_path / "gone" / "y.csv")]) == [
        tmp_path / "a",
        tmp_path / "b",
    ]
