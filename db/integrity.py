"""SQLite's own checks of a file, asked so that their answer is about the file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import apsw

from db import errors

if TYPE_CHECKING:
    from db.connection import Database

SEARCH_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"
)


def problems(database: Database, most: int = 100, *, quick: bool = False) -> list[str]:
    """What ``integrity_check`` (``quick``: ``quick_check``) finds, at most ``most`` lines; empty: the file is sound.

    A connection keeps what it last read of a full-text table, and the check compares with that: after another connection
    has written to the table, a sound file would be called damaged. A query before the check makes it look again.
    """
    with database.view():
        for (name,) in database.sql(SEARCH_TABLES):
            with contextlib.suppress(
                apsw.Error, errors.DatabaseError
            ):  # damage is what the check is there to tell
                database.sql(f'SELECT rowid FROM "{name}" WHERE "{name}" MATCH ? LIMIT 1', ("x",))
        found = database.sql(f"PRAGMA {'quick_check' if quick else 'integrity_check'}({most})")
    return [line for (line,) in found if line != "ok"]
