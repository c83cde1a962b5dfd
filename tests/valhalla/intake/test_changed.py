"""One cheap look at a list, and a preview that is exactly what would happen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from valhalla.intake.changed import look
from valhalla.intake.importer import import_file
from valhalla.intake.preview import scratch_copy
from valhalla.intake.reading import prefix_hash
from valhalla.intake.request import Request
from valhalla.intake.results import of_import
from valhalla.intake.source_rules import rules_of
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.sources import Candidate
from valhalla.intake.undo import undo_import
from valhalla.program.database import open_database
from valhalla.scoring import store

ROW = "Ann,ann@example.com,1,,\n"


def verdict(desk: Any, path: Path, *, inside: bool = False) -> str:
    rules = rules_of(desk.database, "csv")
    return str(look(desk.database, Candidate(path, "csv"), rules, inside=inside).verdict)


def test_unchanged_costs_one_stat_and_the_file_is_not_opened(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = desk.write("a.csv", ROW)
    assert verdict(desk, path) == "changed"
    desk.read(path)
    monkeypatch.setattr("builtins.open", None)
    monkeypatch.setattr("valhalla.intake.importer.prefix_hash", None)
    stats = []
    real = os.stat
    monkeypatch.setattr("os.stat", lambda *arguments, **more: stats.append(1) or real(*arguments, **more))
    assert verdict(desk, path) == "unchanged" and len(stats) == 1


def test_touched_but_equal_is_one_digest_and_no_import(desk: Any) -> None:
    path = desk.write("a.csv", ROW)
    desk.read(path)
    os.utime(path, (1, 1))
    assert verdict(desk, path) == "changed"
    desk.read(path)
    assert desk.database.value("SELECT count(*) FROM import") == 1 and verdict(desk, path) == "unchanged"


def test_other_rules_read_it_again(desk: Any) -> None:
    path = desk.write("a.csv", ROW)
    desk.read(path)
    set_source(desk.database, "csv", Change(options={"value_format": "us"}))
    assert verdict(desk, path) == "changed"
    assert desk.read(path).unchanged == 1 and verdict(desk, path) == "unchanged"


def test_a_file_that_was_no_list_is_not_tried_again_until_it_changes(desk: Any) -> None:
    path = desk.folder / "a.csv"
    path.write_bytes(b"%PDF-1.7")
    desk.read(path)
    assert verdict(desk, path) == "unchanged"
    path.unlink()
    assert verdict(desk, path) == "gone"


def test_a_preview_is_exactly_what_would_happen(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "name,email,value\nAnn,ann@example.com,1\nAnn,ann@example.com,2\nBad,,1\n", encoding="utf-8"
    )
    with open_database(tmp_path / "valhalla.db") as database:
        store.seed(database)
        with scratch_copy(database) as scratch:
            number = import_file(scratch, Request(str(path)))
            shown = of_import(scratch, number or 0)
        assert database.value("SELECT count(*) FROM import") == 0
        done = of_import(database, import_file(database, Request(str(path))) or 0)
    assert shown == done and (done.new, done.updated, done.rejected) == (1, 1, 1)


@pytest.mark.parametrize("before", [ROW, ROW + ROW], ids=["made longer", "made shorter"])
def test_the_digest_of_a_rewritten_or_appended_file_is_that_of_its_bytes(desk: Any, before: str) -> None:
    desk.read(desk.write("a.csv", before))
    path = desk.write("a.csv", "Robert,robert@example.com,2,,\n")
    for more in ("", "Cy,cy@example.com,3,,\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write(more)
        desk.read(path)
        noted, size = desk.database.one("SELECT digest, offset FROM file")
        assert size == path.stat().st_size and noted == prefix_hash(path, size).hexdigest()


def test_a_list_that_was_saved_again_is_known_by_what_is_in_it(desk: Any) -> None:
    path = desk.write("a.csv", ROW)
    desk.read(path)
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))
    assert verdict(desk, path) == "changed"
    assert verdict(desk, path, inside=True) == "unchanged"
    assert verdict(desk, path) == "unchanged", "it is noted"
    assert desk.database.value("SELECT count(*) FROM import") == 1


def test_a_list_of_the_same_length_that_says_something_else_is_never_passed_over(desk: Any) -> None:
    path = desk.write("a.csv", ROW)
    desk.read(path)
    text = path.read_text()
    path.write_text(text.replace("com,1,", "com,2,"))
    assert verdict(desk, path, inside=True) == "changed"
    path.write_text(text)
    desk.database.sql("UPDATE file SET profile = '{}'")
    assert verdict(desk, path, inside=True) == "changed", "the rules by which it would be read are others"


def test_a_list_whose_import_was_undone_is_not_taken_for_read(desk: Any) -> None:
    path = desk.write("a.csv", ROW)
    desk.read(path)
    undo_import(desk.database, 1)
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))
    assert verdict(desk, path, inside=True) == "changed"
