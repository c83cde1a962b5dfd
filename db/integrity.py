"""SQLite's own checks of a database: its pages and indexes, its search indexes, and the rows that others refer to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import apsw

from db import errors
from db.database import Database
from db.verdict import ALTERED, Problem

SEARCH_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"
)
_VIRTUAL = "SELECT name FROM sqlite_schema WHERE sql LIKE '%virtual%' ORDER BY name"
"""Every virtual table, however its text was edited. What else it names is checked once more than needed."""

_REFERRING = """
SELECT t.name, count(*), max(f."table"), max(f."from"), max(f."to")
FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main' GROUP BY t.name
"""
"""The tables that refer to others; where there is one reference of one column, that too."""

MANY = 50_000
"""A table of so many rows has its references checked by :func:`_all_there`."""

HIGHEST = 2**26
"""That takes as many bytes as the highest number among those that are referred to; beyond this, SQLite checks them one by one."""

Check = Callable[[Database], list[Problem]]


def problems(database: Database, most: int = 100, *, quick: bool = False) -> list[str]:
    """What ``integrity_check`` (``quick``: ``quick_check``) finds, at most ``most`` lines; empty: the file is sound.

    A connection keeps what it last read of a full-text table, and the check compares with that: after another connection
    has written to the table, a sound file would be called damaged. A query before the check makes it look again.
    """
    with database.view():
        for (name,) in database.sql(SEARCH_TABLES):
            with contextlib.suppress(
                apsw.Error, errors.DatabaseError
            ):  # damage is what the check is there to find
                database.sql(f'SELECT rowid FROM "{name}" WHERE "{name}" MATCH ? LIMIT 1', ("x",))
        found = database.sql(f"PRAGMA {'quick_check' if quick else 'integrity_check'}({most})")
    return [line for (line,) in found if line != "ok"]


def pages_and_indexes(database: Database) -> list[Problem]:
    """Everything but the contents of search indexes: this connection does without the module that they need."""
    modules = {name for (name,) in database.sql("PRAGMA module_list")}
    database.connection().drop_modules(modules - {"fts5"})
    return _altered(database.sql("PRAGMA integrity_check"))


def search_indexes(database: Database) -> list[Problem]:
    """Whether they hold what the rows say that were indexed."""
    names = [name.replace('"', '""') for (name,) in database.sql(_VIRTUAL)]
    return [found for name in names for found in _altered(database.sql(f'PRAGMA integrity_check("{name}")'))]


CHECKS: tuple[Check, ...] = (pages_and_indexes, search_indexes)
"""All of ``integrity_check``, in parts that may be made at the same time, each with a connection that has not been used. They leave
the interpreter alone, so another thread can check rows of evidence meanwhile."""


def references(database: Database) -> list[Problem]:
    """Whether each row that another refers to is there."""
    found = []
    for name, columns, parent, column, key in database.sql(_REFERRING):
        quoted = name.replace('"', '""')
        if columns == 1 and _all_there(database, quoted, column, parent, key):
            continue
        for table, rowid, missing, _ in database.sql(f'PRAGMA foreign_key_check("{quoted}")'):
            found.append(Problem(table, rowid, f"refers to a row of {missing} that is missing"))
    return found


def _altered(lines: list[tuple[str]]) -> list[Problem]:
    return [
        Problem("file", None, f"{ALTERED}: {' '.join(line.split())}") for (line,) in lines if line != "ok"
    ]


def _all_there(database: Database, table: str, column: str, parent: str, key: str | None) -> bool:
    """Whether every number in a column of a large table is in the ``key`` of another. False also where this cannot tell.

    SQLite's own check looks for the row of each by itself: four times the work, in a large table that is not in the same order.
    """
    if key is None or not database.value(f'SELECT 1 FROM "{table}" LIMIT 1 OFFSET {MANY}'):
        return False
    connection = database.connection()
    try:
        lowest, highest = connection.execute(f'SELECT min("{key}"), max("{key}") FROM "{parent}"').get
        if not 0 <= lowest <= highest <= HIGHEST:
            return False
        there = bytearray(highest + 1)
        for (number,) in connection.execute(f'SELECT "{key}" FROM "{parent}" NOT INDEXED'):
            there[number] = 1
        for (number,) in connection.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'):
            if number < 0 or not there[number]:
                return False
    except (IndexError, TypeError, apsw.SQLError):  # beyond the highest, or no number; no such table
        return False
    return True
