"""Witnessing: whatever changes a row of evidence is put into the audit chain with the same commit.

Nobody has to remember it. SQLite's session extension notes, in C, the key of each evidence row that a connection changes;
when a write transaction ends, the rows are hashed as they are now and one entry with the action ``rows`` is appended. A
commit that would leave a changed row without a witness, such as of a lone statement outside of ``write()``, is refused.
Working tables are not looked at, so the queue pays one question ("anything noted?") per commit.
"""

from __future__ import annotations

import contextlib
import hashlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from operator import eq, itemgetter
from typing import Any, cast

import apsw

from db import audit, errors, structure
from db.among import among
from db.connection import Connections
from db.evidence import HASH_BYTES, SALT_BYTES, Evidence, Hasher, Prepared, gone_hashes, key_value
from db.recording import Shape
from db.waiting import in_steps

ROWS = "rows"
DECLARATION = "evidence.table"
MANY = 64
"""From so many rows on witnesses are inserted together."""

STEP = 1_000
"""Rows that are hashed between two looks at whether somebody waits for a page, and that are in memory at a time."""

KEYS_NAMED = 200
"""An entry names the keys of its rows when they fit into so many ranges."""

_ADD_WITNESS = "INSERT INTO witness (tbl, key, entry, salt, hash) VALUES ('{}', ?, {}, ?, ?)"
_ADD_WITNESSES = f"""
INSERT INTO witness (tbl, key, entry, salt, hash)
SELECT '{{}}', k.value, {{}}, substr(?2, {SALT_BYTES} * k.rowid - {SALT_BYTES - 1}, {SALT_BYTES}),
  substr(?3, {HASH_BYTES} * k.rowid - {HASH_BYTES - 1}, {HASH_BYTES})
FROM carray(?1) AS k
"""
"""The same for many rows that have numbers for keys: in SQLite alone it takes half the time."""
_ADD_GONE = (
    "INSERT INTO witness (tbl, key, entry, salt, hash) SELECT '{}', value, {}, NULL, NULL FROM carray(?)"
)
_REMOVE = "DELETE FROM {0} WHERE {1} {2}"
_THERE = "SELECT {1} FROM {0} WHERE {1} {2}"
_DROP_SALT = "UPDATE witness SET salt = NULL WHERE tbl = ? AND key = ? AND salt IS NOT NULL"
_DROP_SALTS = "UPDATE witness SET salt = NULL WHERE tbl = '{}' AND key {} AND salt IS NOT NULL"
_DECLARED = "SELECT body FROM audit WHERE action = 'evidence.table'"

Witness = tuple[int | str, bytes | None, bytes | None]
"""(key, salt, hash): of a row as it is now; a hash of None: the row is gone."""


# -- at the end of a transaction ---------------------------------------------------------------------------


def seal(database: Connections) -> None:
    """Witness every evidence row that this transaction has changed so far. ``Database.write`` calls it before the commit."""
    recorder = database.recorder()
    if not recorder.pending():
        return
    connection, tables = database.connection(), database.schema.tables
    witnesses: dict[str, list[Witness]] = {}
    inserted: dict[str, list[Sequence[Any]]] = {}
    updated: dict[str, list[tuple[Any, ...]]] = {}
    removed: dict[str, list[int | str]] = {}
    name = ""
    for change in recorder.changes():
        if change.name != name:  # they come table by table
            name, places = change.name, sorted(change.pk_columns)
            only = places[0] if len(places) == 1 else None
            found, rows = witnesses.setdefault(name, []), inserted.setdefault(name, [])
            moved, gone = updated.setdefault(name, []), removed.setdefault(name, [])
        opcode = change.opcode
        if opcode == apsw.SQLITE_INSERT:
            rows.append(change.new)  # type: ignore[arg-type]
            if len(rows) == STEP:
                found += shape_of(database, name).hasher.hashes(rows)
                rows.clear()
            continue
        old: Any = change.old
        if opcode == apsw.SQLITE_UPDATE:
            moved.append(tuple(old[place] for place in places))
        elif only is not None:
            gone.append(old[only])
        else:
            gone.append(key_value(tuple(old[place] for place in places)))
    for name in recorder.removed:
        witnesses.setdefault(name, [])
        removed[name] = _all_removed(database, name, removed.get(name, []))
    for name, found in witnesses.items():
        shape, keys = shape_of(database, name), updated.get(name, [])
        found += shape.hasher.hashes(inserted.get(name, ()))
        for first in range(0, len(keys), STEP):  # not all rows in memory at a time
            found += shape.hasher.hashes(shape.read(connection, keys[first : first + STEP]))
        found += zip(removed.get(name, ()), repeat(None), repeat(None), strict=False)
        stale = [*map(key_value, keys), *removed.get(name, ())]
        if stale and tables[name].personal:
            _drop_salts(database, name, stale)
    there = {name: found for name, found in sorted(witnesses.items()) if found}
    if there:
        append(database, there)
    recorder.renew()


def remove(database: Connections, name: str, keys: array[int]) -> None:
    """Delete the rows of a table of evidence that have these numbers; inside of ``write()``, which witnesses their removal as any
    other. A statement of one's own has the session note all that each row said, which for many rows is most of the work.
    """
    recorder, (key,) = database.recorder(), database.schema.tables[name].key
    if not database.in_write():
        raise RuntimeError("rows of evidence are removed inside of write(), which witnesses it")
    words, given = among(array("q", sorted({*keys})))
    there = [number for (number,) in database.sql(_THERE.format(name, key, words), given)]
    with recorder.off():  # asking the statement itself what it removes would take twice as long
        database.sql(_REMOVE.format(name, key, words), given)
    if there:
        recorder.removed.setdefault(name, []).extend(there)


def _all_removed(database: Connections, name: str, noted: list[int | str]) -> list[int | str]:
    """The rows that :func:`remove` has removed with those that the session noted; without any that are there again."""
    removed = sorted({*database.recorder().removed[name], *cast("list[int]", noted)})
    words, given = among(array("q", removed))
    (key,) = database.schema.tables[name].key
    again = {number for (number,) in database.sql(_THERE.format(name, key, words), given)}
    return [number for number in removed if number not in again] if again else [*removed]


def append(database: Connections, witnesses: dict[str, list[Witness]]) -> None:
    """The entry, and the witness of each row."""
    for name in witnesses:
        _declare(database, database.schema.tables[name])
    entry = audit.head(database).entries + 1
    tables = {}
    for name, found in witnesses.items():
        found.sort(key=_key_of)
        with database.recorder().off():  # it would compare the name of each table of evidence for every row
            _insert(database, name, entry, found)
        tables[name] = _summary(database.schema.tables[name], found)
    recorder = database.recorder()
    actor, correlation_id, reason = recorder.reason or (None, None, None)
    body = {"of": reason, "tables": tables}
    audit.add(database, ROWS, ", ".join(tables), body, actor=actor, correlation_id=correlation_id)


def _drop_salts(database: Connections, name: str, stale: list[int | str]) -> None:
    with database.recorder().off():  # as in append()
        if len(stale) < MANY or not isinstance(stale[0], int):
            database.many(_DROP_SALT, ((name, key) for key in stale))
            return
        many = len(stale) >= STEP
        with database.triggers_off() if many else contextlib.nullcontext():
            for part in in_steps(sorted({*cast("list[int]", stale)}), STEP):
                words, given = among(array("q", part))
                database.sql(_DROP_SALTS.format(name, words), given)


def _insert(database: Connections, name: str, entry: int, found: list[Witness]) -> None:
    if len(found) >= MANY and isinstance(found[0][0], int):
        keys, salts, hashes = zip(*found, strict=True)
        if None not in salts and None not in hashes:
            database.sql(
                _ADD_WITNESSES.format(name, entry),
                (apsw.carray(array("q", keys)), b"".join(salts), b"".join(hashes)),
            )
            return
        if hashes.count(None) == len(found):
            database.sql(_ADD_GONE.format(name, entry), (apsw.carray(array("q", keys)),))
            return
    database.many(_ADD_WITNESS.format(name, entry), found)


_key_of: Callable[[Witness], Any] = itemgetter(0)
_hash_of: Callable[[Witness], bytes | None] = itemgetter(2)


def _summary(table: Evidence, found: list[Witness]) -> dict[str, Any]:
    hashes = list(map(_hash_of, found))
    gone = hashes.count(None)
    if gone:
        removed = iter(gone_hashes(table.table, [key for key, _, row_hash in found if row_hash is None]))
        hashes = [row_hash or next(removed) for row_hash in hashes]
    return {
        "columns": table.id,
        "rows": len(found) - gone,
        "removed": gone,
        "keys": _ranges(list(map(_key_of, found))),
        "sha256": hashlib.sha256(b"".join(cast("list[bytes]", hashes))).hexdigest(),
    }


def _ranges(keys: list[int | str]) -> list[Any] | None:
    """The keys, runs of numbers as [first, last]; None when that would be long."""
    first, last = keys[0], keys[-1]
    # Compared without a list, which would be a megabyte for a large transaction.
    if (
        isinstance(first, int)
        and isinstance(last, int)
        and last - first == len(keys) - 1
        and all(map(eq, keys, range(first, last + 1)))
    ):
        return [[first, last]]
    named: list[Any] = []
    for key in keys:
        run = named[-1] if named else None
        if isinstance(run, list) and key == run[1] + 1:
            run[1] = key
        elif len(named) == KEYS_NAMED:
            return None
        else:
            named.append([key, key] if isinstance(key, int) else key)
    return named


# -- what the tables are -----------------------------------------------------------------------------------


def shape_of(database: Connections, name: str) -> Shape:
    """The shape of a table, looked up once."""
    shape = database.shapes.get(name)
    if shape is None:
        shape = database.shapes[name] = Shape(database.connection(), database.schema.tables[name])
    return shape


def _declare(database: Connections, table: Evidence) -> None:
    """Say in the chain which columns the rows of ``table`` are hashed by, unless it is there."""
    if table.id in database.declared:
        return
    known = {audit.parsed(body)["id"] for (body,) in database.sql(_DECLARED)}
    if table.id not in known:
        defaults = {
            name: value
            for name, value in shape_of(database, table.table).defaults.items()
            if value is not None
        }
        body = {**table.lists, "id": table.id, "defaults": defaults}
        audit.add(database, DECLARATION, table.table, body)
        if not known:  # before this nothing was witnessed
            structure.declare(database)
            for name in sorted(database.schema.filled - {table.table}):
                if _holds(database, name):
                    _adopt(database, database.schema.tables[name])
    database.after_commit(lambda: database.declared.add(table.id))


def adopt(database: Connections) -> None:
    """After a migration, in its transaction: witness what stands in the file without one, and declare the columns that
    tables have now. The chain of a new file, which holds what the migrations put there, begins with the first entry."""
    database.shapes.clear()
    known = {row[0] for row in database.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not {"witness", "audit"} <= known:
        return
    held = [each for name, each in database.schema.tables.items() if name in known and _holds(database, name)]
    if audit.head(database).entries or any(each.table not in database.schema.filled for each in held):
        for table in held:
            _adopt(database, table)


def _holds(database: Connections, table: str) -> bool:
    return database.one(f"SELECT 1 FROM {table} LIMIT 1") is not None


def _adopt(database: Connections, table: Evidence) -> None:
    shape = shape_of(database, table.table)
    names = ", ".join(f'r."{column}"' for column in shape.columns)
    unwitnessed = f"""SELECT {names} FROM {table.table} AS r
        WHERE NOT EXISTS (SELECT 1 FROM witness AS w WHERE w.tbl = '{table.table}' AND w.key = {key_sql(table.key, "r")})
        LIMIT 20000"""
    _declare(database, table)
    while rows := database.sql(unwitnessed):
        append(database, {table.table: [*shape.hasher.hashes(rows)]})


def key_sql(key: Sequence[str], alias: str) -> str:
    """SQL for what ``witness.key`` holds for a row."""
    columns = [f'{alias}."{column}"' for column in key]
    # the plus takes the column's affinity away, without which SQLite would not look the key up in the index
    return f"+{columns[0]}" if len(columns) == 1 else f"json_array({', '.join(columns)})"


# -- bulk --------------------------------------------------------------------------------------------------


class Bulk:
    """Many new rows of one table whose hashes are computed before the transaction, outside of the lock.

    Only a short cut: rows that are inserted otherwise are witnessed all the same, when the transaction ends.
    """

    def __init__(
        self,
        database: Connections,
        table: str,
        columns: Sequence[str],
        common: Mapping[str, int | str | None] = {},
    ) -> None:
        """``columns``: in the order of the tuples; ``common``: of all rows; what neither has is at its default."""
        shape = shape_of(database, table)
        values = {**shape.defaults, **common}
        self.lacking = {name: value for name, value in values.items() if name not in columns}
        """What the tuples lack, for a :class:`db.evidence.Hasher` that prepares the same rows elsewhere."""
        self.table = table
        self._hasher = Hasher(database.schema.tables[table], columns, [*self.lacking.items()])
        # What all rows have in common is written into the statement, so that it need not be bound for each. No column is
        # named: APSW looks at the whole text for every row.
        places = {name: f"?{place}" for place, name in enumerate(columns, 1)}
        given = [places.get(name) or apsw.format_sql_value(self.lacking[name]) for name in shape.columns]
        self._statement = f"INSERT INTO {table} VALUES ({','.join(given)})"

    def hashes(
        self, rows: Sequence[Sequence[Any]], prepared: Sequence[Prepared | None] | None = None
    ) -> list[Witness]:
        """The witnesses of the rows. ``prepared``: see :meth:`db.evidence.Hasher.hashes`."""
        found: list[Witness] = []
        for part in in_steps(rows, STEP):
            done = len(found)
            known = prepared[done : done + len(part)] if prepared is not None else None
            found += self._hasher.hashes(part, known)
        return found

    def insert(self, database: Connections, rows: Sequence[Sequence[Any]], witnesses: list[Witness]) -> None:
        """Insert the rows and witness them in an entry of their own."""
        if len(rows) != len(witnesses):
            raise ValueError("each row needs its witness")
        if not rows:
            return
        with database.recorder().off():
            for part in in_steps(rows, STEP):
                database.many(self._statement, part)
        try:
            append(database, {self.table: witnesses})
        except apsw.ConstraintError as error:
            raise errors.Damaged(f"rows of {self.table} are witnessed before they were written") from error


class Rewrite:
    """Rows of one table that change in sets, whose hashes are computed before the transaction, outside of the lock.

    Only a short cut, as :class:`Bulk` is. The session would note what each column said before, which takes longer than the change.
    """

    def __init__(
        self, database: Connections, table: str, first: Sequence[str], changed: Sequence[str]
    ) -> None:
        """The tuples have the columns ``first``, then all others, as :attr:`columns` says; those that are ``changed`` are written."""
        declared = database.schema.tables[table]
        self.columns = (*first, *(name for name in declared.columns if name not in first))
        self._database = database
        self._table = declared
        self._hasher = Hasher(declared, self.columns)
        (key,) = declared.key
        self._written = itemgetter(*map(self.columns.index, (*changed, key)))
        self._statement = f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in changed)} WHERE {key} = ?"

    def hashes(self, rows: Sequence[tuple[Any, ...]]) -> list[Witness]:
        """The witnesses of the rows, as they will be."""
        return [witness for part in in_steps(rows, STEP) for witness in self._hasher.hashes(part)]

    def update(self, rows: Sequence[tuple[Any, ...]], witnesses: list[Witness]) -> None:
        """Inside of ``write()``: change the rows and witness them in an entry of their own. In all other columns they must stand in the
        database as they are here."""
        database, connection, name = self._database, self._database.connection(), self._table.table
        if not database.in_write():
            raise RuntimeError("rows of evidence are changed inside of write()")
        if len(rows) != len(witnesses):
            raise ValueError("each row needs its witness")
        if not rows:
            return
        before = connection.total_changes()
        with database.recorder().off():
            for part in in_steps(rows, STEP):
                database.many(self._statement, map(self._written, part))
        if connection.total_changes() - before != len(rows):
            raise RuntimeError(f"rows of {name} that were to be changed are not there")
        if self._table.personal:
            _drop_salts(database, name, [key for key, _, _ in witnesses])
        append(database, {name: witnesses})
