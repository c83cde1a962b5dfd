"""Mending a database's parts: what is foreign and can act goes, what is missing or altered is made as the migrations make it."""

from __future__ import annotations

import re
from pathlib import Path

import apsw

from db import audit, copying, errors, opening, structure
from db.database import Database
from db.schema import Schema
from db.structure import Difference, Row

REPAIRED = "schema.repair"
"""Action of the entry that says what was mended."""

_THERE = "SELECT 1 FROM sqlite_schema WHERE type = ? AND name = ?"
_UNREADABLE = "DELETE FROM sqlite_schema WHERE type = ? AND name = ?"
"""For DROP a part that SQLite cannot read is not there."""

_ORDER = ("table", "index", "trigger", "view")


def repair(path: Path, schema: Schema, copy: Path, *, actor: str | None = None) -> list[Difference]:
    """Mend the file at ``path``, which nobody else uses, after copying it as it is to ``copy``. Returns what was mended.

    All or nothing: raises :class:`db.errors.Damaged` when a part cannot be made again; then only the copy is new.
    """
    with opening.open_to_mend(Database, path, schema) as database:
        wrong = acting(database)
        if not wrong:
            return []
        versions = structure.held(database)
        if versions is None:
            raise errors.Damaged(f"{path} is of no version that this program knows, so nothing was mended")
        copying.copy(database, copy)
        try:
            _mend(database, wrong, structure.made(schema, versions), copy, actor)
        except apsw.Error as error:
            raise errors.Damaged(
                f"{path} cannot be mended, and is as it was ({error}); restore an audit copy"
            ) from error
    return wrong


def acting(database: Database) -> list[Difference]:
    """The differences that have to be mended."""
    return [each for each in structure.differences(database) if each.acts]


def _mend(
    database: Database, wrong: list[Difference], made: dict[str, Row], copy: Path, actor: str | None
) -> None:
    connection = database.connection()
    authorizer, connection.authorizer = connection.authorizer, None
    connection.execute(
        "PRAGMA legacy_alter_table = 1"
    )  # a table that is renamed is still the one others refer to
    try:
        with database.references_unchecked(), database.write(durable=True):
            with database.recorder().off():
                _make_anew(connection, wrong, made)
                database.shapes.clear()
                left = [*acting(database), *database.sql("PRAGMA foreign_key_check")]
                if left:
                    raise errors.Damaged(
                        f"{database.path} cannot be mended, and is as it was ({left[0][0]}); restore an audit copy"
                    )
            body = {"copy": copy.name, "parts": {each.part: each.what for each in wrong}}
            audit.append(database, REPAIRED, "schema", body, actor=actor)
    finally:
        connection.execute("PRAGMA legacy_alter_table = 0")
        connection.authorizer = authorizer


def _make_anew(connection: apsw.Connection, wrong: list[Difference], made: dict[str, Row]) -> None:
    # Triggers first: nothing that was planted acts while the rest is mended.
    for part in sorted((each.part for each in wrong), key=lambda part: part.startswith("table ")):
        kind, _, name = part.partition(" ")
        if kind != "table" or part not in made:
            connection.execute(f"DROP {kind} IF EXISTS {_quoted(name)}")
            if kind in ("trigger", "view") and connection.execute(_THERE, (kind, name)).fetchall():
                connection.execute(_UNREADABLE, (kind, name))
    there = {row[0] for row in connection.execute("SELECT type || ' ' || name FROM sqlite_schema")}
    for part in (each.part for each in wrong if each.part in made and each.part in there):
        if part.startswith("table "):
            _rebuild(connection, made[part])
    there = {row[0] for row in connection.execute("SELECT type || ' ' || name FROM sqlite_schema")}
    for part in sorted(made.keys() - there, key=lambda part: _ORDER.index(part.partition(" ")[0])):
        if part.startswith("table "):
            raise errors.Damaged(f"{part} is missing, and its rows with it; restore an audit copy")
        connection.execute(str(made[part][3]))


def _rebuild(connection: apsw.Connection, row: Row) -> None:
    _, name, _, text = row
    new = _quoted(f"mended {name}")
    connection.execute(re.sub(r'^CREATE TABLE\s+("[^"]*"|\w+)', f"CREATE TABLE {new}", str(text)))
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (f"mended {name}",))
    columns = ", ".join(_quoted(str(column)) for (column,) in found)
    connection.execute(f"INSERT INTO {new} ({columns}) SELECT {columns} FROM {_quoted(name)}")
    connection.execute(f"DROP TABLE {_quoted(name)}")
    connection.execute(f"ALTER TABLE {new} RENAME TO {_quoted(name)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
