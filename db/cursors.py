"""What Huey and peewee ask of a cursor, where APSW has another name for it, or reads only as far as it is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import apsw


class Cursor(apsw.Cursor):
    """An APSW cursor with the two DB-API attributes that Huey and peewee ask for."""

    __slots__ = ()

    @property
    def rowcount(self) -> int:
        return self.connection.changes()

    @property
    def lastrowid(self) -> int:
        return self.connection.last_insert_rowid()


class Read:
    """The rows of a query of peewee's, all read, with what it asks a cursor for."""

    __slots__ = ("_rows", "connection", "description")

    def __init__(self, cursor: apsw.Cursor) -> None:
        self.connection = cursor.connection
        self.description: Sequence[tuple[Any, ...]] = ()
        with contextlib.suppress(apsw.ExecutionCompleteError):  # what has no rows has ended already
            self.description = cursor.description
        self._rows = iter(cursor.fetchall())

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        return list(self._rows)

    def close(self) -> None:
        """Nothing is open."""
