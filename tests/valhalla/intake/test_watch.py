"""Folders are watched, by the system's word or by looking."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from valhalla.intake.watch import Places, Watcher

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
    places = Places(sources, [str(tmp_path / "b" / "*.csv"), str(tmp_path / "gone" / "y.csv")])
    assert places.folders == [tmp_path / "a", tmp_path / "b"]


def test_only_what_a_source_means_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    places = Places([Path("a"), tmp_path / "b" / "crm.dump"], [str(tmp_path / "c" / "week-*.csv")])
    hold = [
        path
        for path in ("a/x.csv", "a/x.md", "a/.x.csv", "b/crm.dump", "b/run.txt", "c/week-3.csv", "c/day.csv")
        if places.hold(tmp_path / path)
    ]
    assert hold == ["a/x.csv", "b/crm.dump", "c/week-3.csv"]


def test_a_folder_of_which_one_file_is_also_named_counts_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = Places([Path("."), tmp_path / "x.csv"], [])
    assert places.hold(tmp_path / "x.csv") and places.hold(tmp_path / "y.csv")


@pytest.mark.parametrize("polling", [False, True])
def test_a_named_file_wakes_also_when_an_editor_puts_a_new_one_in_its_place(
    tmp_path: Path, polling: bool
) -> None:
    named, beside, draft = (tmp_path / name for name in ("leads.csv", "output.txt", "leads.csv~"))
    named.write_text("a", encoding="utf-8")
    asked: list[tuple[str, bool]] = []
    heard, passed = threading.Event(), threading.Event()
    places = Places([named], [])

    def which(path: Path) -> bool:
        counts = places.hold(path)
        asked.append((path.name, counts))
        if path.name == beside.name:
            passed.set()
        return counts

    watcher = Watcher(places.folders, heard.set, which=which, polling=polling)
    watcher.start()
    try:
        assert watcher.ready.wait(LONG)
        beside.write_text("what a cycle did, sent into the folder of its list", encoding="utf-8")
        assert passed.wait(LONG)
        assert not heard.is_set()
        draft.write_text("another", encoding="utf-8")
        draft.replace(named)
        assert heard.wait(LONG)
        heard.clear()
        with named.open("a", encoding="utf-8") as file:
            file.write("and more")
        os.utime(named, (2_000_000_000, 2_000_000_000))  # who polls looks at whole seconds
        assert heard.wait(LONG)
    finally:
        watcher.stop()
    assert {name for name, counts in asked if counts} == {named.name}
