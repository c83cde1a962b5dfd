"""The chain's end, noted outside of the file."""

from __future__ import annotations

from pathlib import Path

from db import Database, audit, heads


def test_each_end_is_noted_once_however_long_the_notes_are(tmp_path: Path) -> None:
    with Database.memory() as database:
        noted = []
        for number in range(24):  # beyond what is read of the end of the file
            with database.write():
                audit.append(database, "count", f"number:{number}", {})
            for _ in range(2):
                head = heads.note(database, tmp_path, "x" * number)
            noted.append((head.entries, head.hash))
            assert heads.read(tmp_path) == noted


def test_lines_that_are_not_whole_are_passed_over(tmp_path: Path) -> None:
    with Database.memory() as database:
        assert heads.note(database, tmp_path, "start").entries == 0 and heads.read(tmp_path) == []
        with database.write():
            audit.append(database, "count", "number:1", {})
        head = heads.note(database, tmp_path, "stop")
    path = tmp_path / heads.NAME
    path.write_text(f'{path.read_text()}{{"entries": 2}}\n[]\n{{"entries": 2, "hea', encoding="utf-8")
    assert heads.read(tmp_path) == [(head.entries, head.hash)]
    assert [facts["entries"] for facts in heads.lines(tmp_path)] == [1, 2]
