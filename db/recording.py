"""What a connection notes of the rows of evidence that it changes, and how their tables stand in the database."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from db.evidence import Evidence, Hasher


class Recorder:
    """What one connection has changed since its last entry."""

    def __init__(self, connection: apsw.Connection, tables: Iterable[str]) -> None:
        self._connection = connection
        self.tables = tables
        """The tables of evidence."""
        self.reason: tuple[str | None, str | None, int] | None = None
        """Actor, correlation id and number of the transaction's last entry that says why."""
        self.inside = False
        """Whether the connection is in a transaction that somebody else will end."""
        self.removed: dict[str, list[int]] = {}
        """Rows of evidence that were removed in sets, by :func:`db.sealing.remove`: table by table their numbers."""
        self._session: apsw.Session | None = None
        self.renew()
        connection.set_commit_hook(self.refuses)

    def renew(self) -> None:
        """Forget what was noted."""
        self.removed.clear()
        if self._session is not None:
            self._session.close()
        self._session = apsw.Session(self._connection, "main")
        for table in self.tables:
            self._session.attach(table)

    def pending(self) -> bool:
        """Whether changes are noted that no entry witnesses."""
        return bool(self.removed) or (self._session is not None and not self._session.is_empty)

    def refuses(self) -> bool:
        """The commit hook: no commit without a witness, and none by a statement inside of ``write()``."""
        return self.inside or self.pending()

    def changes(self) -> Iterable[apsw.TableChange]:
        """The net changes: the rows that were added, and the keys of those that were changed or removed."""
        assert self._session is not None
        return apsw.Changeset.iter(self._session.patchset())

    @contextlib.contextmanager
    def off(self) -> Any:
        """Note nothing meanwhile: the caller witnesses what it does."""
        assert self._session is not None
        self._session.enabled = False
        try:
            yield
        finally:
            if self._session is not None:
                self._session.enabled = True

    def close(self) -> None:
        """Note nothing any more."""
        self._connection.set_commit_hook(None)
        if self._session is not None:
            self._session.close()
            self._session = None


class Shape:
    """A declared table as it stands in the file."""

    def __init__(self, connection: apsw.Connection, table: Evidence) -> None:
        info = connection.execute(f"PRAGMA table_info({table.table})").fetchall()
        self.columns = [str(row[1]) for row in info]
        if {*self.columns} != {*table.columns}:
            wrong = ", ".join(sorted({*self.columns} ^ {*table.columns}))
            raise RuntimeError(f"the schema does not declare table {table.table} as it is: {wrong}")
        self.defaults: dict[str, Any] = {
            str(row[1]): connection.execute(f"SELECT {row[4]}").get if row[4] else None for row in info
        }
        self.hasher = Hasher(table, self.columns)
        names = ", ".join(f'r."{column}"' for column in self.columns)
        self._read = f"SELECT {names} FROM {table.table} AS r WHERE "
        self._read += " AND ".join(f'"{column}" = ?' for column in table.key)
        self._read_many = f'SELECT {names} FROM carray(?) AS k CROSS JOIN {table.table} AS r ON r."{table.key[0]}" = k.value'
        self._counted = len(table.key) == 1

    def read(self, connection: apsw.Connection, keys: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The rows of these keys."""
        if len(keys) > 3 and self._counted and isinstance(keys[0][0], int):
            numbers = apsw.carray(array("q", (key[0] for key in keys)))
            return connection.execute(self._read_many, (numbers,)).fetchall()
        return [row for key in keys for row in connection.execute(self._read, key)]
