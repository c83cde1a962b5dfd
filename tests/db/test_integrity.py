"""What SQLite itself finds in a damaged database is found, whichever of the parts of its check it falls into."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database, integrity
from db.inspecting import inspect
from db.integrity import problems
from db.schema import Migrations, Schema
from db.verifying import verify
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA

INDEX = "name = 'lead_place_by_lead'"


def searchable(path: Path) -> None:
    """A file with a row in its search index."""
    with open_database(path) as database, database.write():
        database.sql("INSERT INTO lead_search (rowid, text) VALUES (1, 'ann lee')")


def test_a_search_index_that_another_connection_wrote_is_no_damage(tmp_path: Path) -> None:
    with open_database(tmp_path / "valhalla.db") as database:
        assert problems(database) == [] and verify(database).ok

        def write() -> None:
            with database.write():
                database.sql("INSERT INTO lead_search (rowid, text) VALUES (1, 'ann lee')")

        other = threading.Thread(target=write)
        other.start()
        other.join()
        assert problems(database, quick=True) == []
        assert problems(database) == [] and verify(database).ok


def test_a_damaged_search_index_is_told(tmp_path: Path) -> None:
    path = tmp_path / "valhalla.db"
    searchable(path)
    with contextlib.closing(sqlite3.connect(path)) as outside, outside:
        outside.execute("UPDATE lead_search_content SET c0 = 'bob roe'")
    with open_database(path) as database:
        assert "lead_search" in problems(database)[0]
        (found,) = verify(database).problems
    assert (found.table, found.key) == ("file", None) and "lead_search" in found.what


def test_what_is_missing_in_an_index_is_told(tmp_path: Path) -> None:
    path = tmp_path / "valhalla.db"
    searchable(path)
    for step in range(3):
        with contextlib.closing(sqlite3.connect(path)) as outside, outside:
            outside.execute("PRAGMA writable_schema = 1")
            if step == 0:
                row = outside.execute(f"SELECT * FROM sqlite_schema WHERE {INDEX}").fetchone()
                outside.execute(f"DELETE FROM sqlite_schema WHERE {INDEX}")
            elif step == 1:
                outside.execute("INSERT INTO lead_place VALUES (7, 1)")
            else:
                outside.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    problems = inspect(path, SCHEMA).problems
    assert [(each.table, each.key) for each in problems] == [("file", None)] * len(problems)
    assert "in index lead_place_by_lead" in problems[0].what


# -- rows that others refer to ---------------------------------------------------------------------------------

TABLES = """
CREATE TABLE city (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE guest (id INTEGER NOT NULL PRIMARY KEY, city_id INTEGER REFERENCES city (id)) STRICT;
CREATE TABLE loose (id INTEGER NOT NULL PRIMARY KEY, city_id REFERENCES city (id));
CREATE TABLE two (id INTEGER NOT NULL PRIMARY KEY, city_id INTEGER REFERENCES city (id), other INTEGER REFERENCES city (id)) STRICT;
"""
GUESTS = Schema(
    migrations=(Migrations("guests", (TABLES,)),), working=frozenset({"city", "guest", "loose", "two"})
)


@pytest.fixture
def guests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Ten cities with a hundred guests each, which counts as many."""
    monkeypatch.setattr(integrity, "MANY", 50)
    with Database.open(tmp_path / "guests.db", GUESTS) as database:
        with database.write():
            database.many("INSERT INTO city VALUES (?, 'x')", [(number * 3,) for number in range(10)])
            for table in ("guest", "loose"):
                rows = [(number % 10 * 3 if number else None,) for number in range(100)]
                database.many(f"INSERT INTO {table} (city_id) VALUES (?)", rows)
        database.sql("PRAGMA foreign_keys = 0")
        yield database


def test_numbers_that_are_there_need_no_look_at_each_row(guests: Database) -> None:
    assert integrity.references(guests) == []
    assert all(integrity._all_there(guests, table, "city_id", "city", "id") for table in ("guest", "loose"))


@pytest.mark.parametrize("number", [1, 28, 10_000, -1, 2**40])
def test_a_row_that_refers_to_none_is_told(number: int, guests: Database) -> None:
    with guests.write():
        guests.sql("UPDATE guest SET city_id = ? WHERE id = 40", (number,))
    assert integrity.references(guests) == [("guest", 40, "refers to a row of city that is missing")]
    assert verify(guests).problems == [("guest", 40, "refers to a row of city that is missing")]


@pytest.mark.parametrize("value", ["3", "x", b"3", 3.0, 4.5])
def test_what_is_no_number_is_left_to_sqlite(value: Any, guests: Database) -> None:
    with guests.write():
        guests.sql("UPDATE loose SET city_id = ? WHERE id = 40", (value,))
    expected = guests.sql("PRAGMA foreign_key_check")
    assert [each.key for each in integrity.references(guests)] == [rowid for _, rowid, _, _ in expected]


@pytest.mark.parametrize("lost", ["DELETE FROM city WHERE id = 6", "DELETE FROM city", "DROP TABLE city"])
def test_rows_that_were_referred_to_and_are_gone(lost: str, guests: Database) -> None:
    guests.sql(lost)
    expected = guests.sql("PRAGMA foreign_key_check")
    assert expected and len(integrity.references(guests)) == len(expected)


def test_of_a_table_that_refers_to_two_each_counts(guests: Database) -> None:
    with guests.write():
        guests.many(
            "INSERT INTO two (city_id, other) VALUES (3, ?)", [(number,) for number in [3] * 99 + [4]]
        )
    assert [each.key for each in integrity.references(guests)] == [100]
