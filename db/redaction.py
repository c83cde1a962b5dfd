"""Leaving personal data out of a copy, so that it can be given away and the chain still be verified.

Of each row stays the hash of its salted personal columns, in the place of the salt; without the salt nobody can find out by
trying what was hashed. Working tables, which hold the same data in other forms, are emptied.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import apsw

from db import audit
from db.clock import now
from db.database import Database
from db.evidence import SUBHASH_BYTES, encode
from db.schema import Schema
from db.standing import READ_HEAD
from db.verdict import Verdict
from db.verifying import Walk

PLACEHOLDER_SQL = "'(left out ' || rowid || ')'"
"""What stands in a column that may not be empty nor the same twice."""


def redact(path: Path, schema: Schema) -> None:
    """Take the personal data out of the copy at ``path``, which nobody else uses."""
    with Database.open_copy(path, schema, any_schema=True) as database:
        walk = Walk(database, Verdict())
        walk.chain(None, {})
        lists, sealed = walk.lists, walk.sealed
    connection = apsw.Connection(str(path))
    try:
        connection.execute(
            "PRAGMA journal_mode = MEMORY; PRAGMA ignore_check_constraints = 1; PRAGMA foreign_keys = 0;"
            "PRAGMA trusted_schema = 0; PRAGMA secure_delete = 1"
        ).fetchall()
        found = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'witness'"
        ).fetchall()
        triggers = [(str(name), str(text)) for name, text in found]
        with connection:
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for table in schema.evidence:
                if table.personal and _exists(connection, table.table):
                    columns = {
                        entry: lists[facts.columns] for entry, facts in sealed.get(table.table, {}).items()
                    }
                    _keep_hashes(connection, table.table, columns)
                    _blank(connection, table.table, table.personal)
            for name in _emptied(connection, schema):
                connection.execute(f'DELETE FROM "{name}"')
            for statement in schema.redaction.statements:
                connection.execute(statement)
            for _, sql in triggers:
                connection.execute(sql)
            _mark(connection, schema)
        connection.execute("VACUUM")  # nothing stays in pages that are no longer used
    finally:
        connection.close()


def _mark(connection: apsw.Connection, schema: Schema) -> None:
    """The copy's own last entry, which says that it is one in which something was left out."""
    found: list[Any] = connection.execute(READ_HEAD).fetchall()
    (entries, head), at = found[0], now()
    entry = (
        entries + 1,
        at,
        schema.actor,
        None,
        audit.REDACTED,
        f"entry:{entries}",
        audit.canonical({}),
        head,
    )
    digest = audit.entry_hash(*entry)
    connection.execute(audit.ADD_ENTRY, (*entry, digest))
    connection.execute(audit.MOVE_HEAD, (entry[0], digest))


def _exists(connection: apsw.Connection, table: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchall())


def _emptied(connection: apsw.Connection, schema: Schema) -> list[str]:
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return [name for (name,) in names if name in schema.working - schema.redaction.kept]


def _keep_hashes(connection: apsw.Connection, table: str, columns: dict[int, dict[str, Any]]) -> None:
    """Replace each salt by the hash of what it was hashed with."""
    for entry, lists in columns.items():
        if not lists["personal"]:
            continue
        names = ", ".join(f'r."{name}"' for name in lists["personal"])
        keys = lists["key"]
        if len(keys) == 1:
            on = f'r."{keys[0]}" = w.key'
        else:
            on = " AND ".join(
                f"r.\"{key}\" = json_extract(w.key, '$[{place}]')" for place, key in enumerate(keys)
            )
        rows = connection.execute(
            f'SELECT w.key, w.salt, {names} FROM witness AS w JOIN "{table}" AS r ON {on} '
            "WHERE w.tbl = ? AND w.entry = ? AND w.salt IS NOT NULL AND length(w.salt) <> ?",
            (table, entry, SUBHASH_BYTES),
        ).fetchall()
        connection.executemany(
            "UPDATE witness SET salt = ? WHERE tbl = ? AND key = ? AND entry = ?",
            [(_left_out(row[1], row[2:]), table, row[0], entry) for row in rows],
        )


def _left_out(salt: Any, personal: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(salt + encode(personal)).digest()


def _blank(connection: apsw.Connection, table: str, personal: tuple[str, ...]) -> None:
    unique = _unique_columns(connection, table)
    changes = []
    for _, name, kind, needed, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
        if name in personal:
            bytes_ = f'zeroblob(length("{name}"))'
            blank = "NULL" if not needed else {"TEXT": "''", "BLOB": bytes_}.get(str(kind), "0")
            changes.append(f'"{name}" = {PLACEHOLDER_SQL if needed and name in unique else blank}')
    connection.execute(f'UPDATE "{table}" SET {", ".join(changes)}')


def _unique_columns(connection: apsw.Connection, table: str) -> set[str]:
    """Columns that must stay different from row to row."""
    return {
        name
        for (name,) in connection.execute(
            'SELECT c.name FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c WHERE i."unique" = 1',
            (table,),
        )
    }
