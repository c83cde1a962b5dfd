"""Rows that were witnessed while a column of theirs did not count as personal, and now does.

The hash of such a row holds the column as it is, not behind the row's salt: a copy could not leave it out without becoming
another one. So the rows are witnessed again, by the columns of now. The earlier witnesses stay as they are.
"""

from __future__ import annotations

from typing import Any

from db import audit
from db.connection import Connections
from db.evidence import SUBHASH_BYTES, Evidence, Hasher
from db.sealing import append, key_sql, shape_of

_LISTS = "SELECT body FROM audit WHERE action = 'evidence.table' AND subject = ?"
_REDACTED = "SELECT 1 FROM audit WHERE action = ? LIMIT 1"
_ENTRY = "SELECT body FROM audit WHERE seq = ?"
_ROWS = """
SELECT w.entry, w.salt, w.hash, {columns} FROM {table} AS r JOIN witness AS w ON w.tbl = '{table}' AND w.key = {key}
WHERE w.entry = (SELECT max(entry) FROM witness WHERE tbl = '{table}' AND key = {key}) ORDER BY {order}
"""
STEP = 1_000
"""Rows in an entry."""


def rewitness(database: Connections) -> None:
    """Witness them, inside the caller's transaction. Not those that are not as they were witnessed: verification is to find
    them; nor any of a redacted copy."""
    if database.one(_REDACTED, (audit.REDACTED,)) is not None:
        return
    for table in database.schema.evidence:
        lists = [audit.parsed(body) for (body,) in database.sql(_LISTS, (table.table,))]
        earlier = {each["id"]: each for each in lists if {*table.personal} & {*each["other"]}}
        if earlier:
            _rewitness(database, table, earlier)


def _rewitness(database: Connections, table: Evidence, earlier: dict[str, dict[str, Any]]) -> None:
    shape, known = shape_of(database, table.table), _Known(database, table, earlier)
    text = _ROWS.format(
        columns=", ".join(f'r."{column}"' for column in shape.columns),
        table=table.table,
        key=key_sql(table.key, "r"),
        order=", ".join(f'r."{column}"' for column in table.key),
    )
    rows = [row[3:] for row in database.sql(text) if known.intact(*row)]
    for first in range(0, len(rows), STEP):
        append(database, {table.table: [*shape.hasher.hashes(rows[first : first + STEP])]})


class _Known:
    """How the rows of a table were witnessed."""

    def __init__(self, database: Connections, table: Evidence, earlier: dict[str, dict[str, Any]]) -> None:
        self._database = database
        self._table = table
        self._earlier = earlier
        self._shape = shape_of(database, table.table)
        self._columns: dict[int, str | None] = {}
        self._hashers = {
            name: Hasher(
                Evidence(table.table, *(tuple(each[part]) for part in ("key", "personal", "other"))),
                self._shape.columns,
            )
            for name, each in earlier.items()
        }

    def intact(self, entry: int, salt: bytes | None, row_hash: bytes | None, *row: Any) -> bool:
        """Whether a row has to be witnessed again and is as its entry witnesses it."""
        columns = self._columns_of(entry)
        if columns not in self._earlier or (salt is not None and len(salt) == SUBHASH_BYTES):
            return False
        lists = self._earlier[columns]
        since = {*self._shape.columns} - {*lists["key"], *lists["personal"], *lists["other"]}
        return self._hashers[columns].check(row, salt) == row_hash and all(
            value == self._shape.defaults.get(name)
            for name, value in zip(self._shape.columns, row, strict=True)
            if name in since
        )

    def _columns_of(self, entry: int) -> str | None:
        if entry not in self._columns:
            body = self._database.value(_ENTRY, (entry,))
            tables = audit.parsed(body).get("tables", {}) if body else {}
            self._columns[entry] = tables.get(self._table.table, {}).get("columns")
        return self._columns[entry]
