"""Files that a reader sees whole or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from db import files


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    target.write_text("old", encoding="utf-8")
    with files.whole(target) as part:
        part.write_text("new", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
        assert part.parent == target.parent
    assert [each.name for each in tmp_path.iterdir()] == ["list.csv"]
    assert target.read_text(encoding="utf-8") == "new"


def test_a_file_that_was_not_finished_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), files.whole(target) as part:
        part.write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert [each.name for each in tmp_path.iterdir()] == ["list.csv"]
    assert target.read_text(encoding="utf-8") == "old"


def test_replacing_waits_for_readers_that_windows_would_not_let_it_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").write_text("new", encoding="utf-8")
    real, refusals, slept = os.replace, [3], list[float]()

    def replace(source: Path, target: Path) -> None:
        if refusals[0]:
            refusals[0] -= 1
            raise PermissionError(13, "in use")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(time, "sleep", slept.append)
    files.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text(encoding="utf-8") == "new"
    assert len(slept) == 3
    refusals[0] = 1000
    with pytest.raises(PermissionError):
        files.replace(tmp_path / "old", tmp_path / "new")
    assert sum(slept) < 5
