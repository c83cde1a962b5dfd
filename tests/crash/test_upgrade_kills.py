"""A file of each released schema, migrated by a program that is killed at its statements in turn.

Whatever moment it was, the file is whole, of one schema or of another, and the next start brings it up to date with every row
and the old chain in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from db.verifying import verify
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA

FIXTURES = sorted((Path(__file__).resolve().parents[1] / "fixtures" / "schema").glob("*.sql"))
KEPT = ("lead", "lead_history", "outcome", "import", "reject", "policy", "effect", "suppression", "setting")

LONG = os.environ.get("VALHALLA_LONG") == "1"
KILLS = 4
"""So many of the statements are killed at, evenly spread, unless ``VALHALLA_LONG=1`` asks for each of them."""


def make(path: Path, dump: Path) -> None:
    """A file as the old program left it."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute(dump.read_text(encoding="utf-8"))


def rows(path: Path) -> dict[str, Any]:
    """The rows of the tables that matter most, and the chain, as they are in the file now."""
    found: dict[str, Any] = {}
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        there = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
        for table in (*KEPT, "audit", "witness"):
            if table in there:
                columns = [
                    row[0] for row in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")
                ]
                found[table] = [
                    dict(zip(columns, row, strict=True))
                    for row in connection.execute(f"SELECT * FROM {table}")
                ]
    return found


def assert_kept(before: dict[str, Any], after: dict[str, Any]) -> None:
    for table, old in before.items():
        now = [{name: row[name] for name in old[0]} for row in after[table]] if old else []
        if table == "witness":  # a migration may witness more, it changes nothing
            now = [row for row in now if row in old]
        assert now[: len(old)] == old, table


@pytest.mark.crash
@pytest.mark.parametrize("dump", FIXTURES, ids=lambda dump: dump.stem)
def test_an_upgrade_killed_at_any_statement_is_done_by_the_next_start(
    tmp_path: Path, dump: Path, nursery: Callable[[str], Any], count_kills: Callable[[str, int], None]
) -> None:
    make(tmp_path / "old.db", dump)
    original = (tmp_path / "old.db").read_bytes()
    before = rows(tmp_path / "old.db")
    assert sum(map(len, before.values())) > 20
    (tmp_path / "whole.db").write_bytes(original)
    upgrades = nursery("upgrading")
    statements = int(upgrades.start(str(tmp_path / "whole.db"), "-1").wait())
    assert statements > 15
    versions = set()
    steps = range(0, statements, 1 if LONG else statements // KILLS + 1)
    count_kills("migrations", len(steps))
    for step in steps:
        path = tmp_path / str(step) / "valhalla.db"
        path.parent.mkdir()
        path.write_bytes(original)
        assert upgrades.start(str(path), str(step)).wait() == "", step
        with contextlib.closing(apsw.Connection(str(path))) as left:
            versions.add(left.pragma("user_version"))
            assert left.pragma("integrity_check") == "ok"
        assert_kept(before, rows(path))
        with open_database(path) as database:
            assert database.value("PRAGMA user_version") == SCHEMA.latest
            assert verify(database).ok
        assert_kept(before, rows(path))
        shutil.rmtree(path.parent)
    every = set(range(int(dump.stem.rpartition("-")[2]), SCHEMA.latest + 1))
    assert versions == every if LONG else versions <= every and len(versions) > 1
