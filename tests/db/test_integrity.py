"""SQLite's own checks, asked in a way that they speak of the file."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

from db.verifying import problems
from valhalla.program.database import open_database


def test_a_search_index_that_another_connection_wrote_is_no_damage(tmp_path: Path) -> None:
    with open_database(tmp_path / "valhalla.db") as database:
        assert problems(database) == []

        def write() -> None:
            with database.write():
                database.sql("INSERT INTO lead_search (rowid, text) VALUES (1, 'ann lee')")

        other = threading.Thread(target=write)
        other.start()
        other.join()
        assert problems(database, quick=True) == []
        assert problems(database) == []


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "valhalla.db"
    with open_database(path) as database:
        with database.write():
            database.sql("INSERT INTO lead_search (rowid, text) VALUES (1, 'ann lee')")
        database.checkpoint()
    with contextlib.closing(sqlite3.connect(path)) as outside, outside:
        outside.execute("UPDATE lead_search_content SET c0 = 'bob roe'")
    with open_database(path) as database:
        assert "lead_search" in problems(database)[0]
