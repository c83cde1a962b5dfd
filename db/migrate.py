"""The schema, grown by numbered SQL files. ``user_version`` is the only bookkeeping."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from db import audit, copying, errors, sealing

if TYPE_CHECKING:
    from db.connection import Database


@cache
def scripts() -> tuple[str, ...]:
    """The migrations in order; the first makes schema 1."""
    entries = sorted(Path(__file__).with_name("migrations").glob("*.sql"))
    for number, entry in enumerate(entries, 1):
        if not entry.name.startswith(f"{number:04d}_"):
            raise RuntimeError(f"migration {entry.name} is out of order: {number:04d}_*.sql expected")
    return tuple(entry.read_text(encoding="utf-8") for entry in entries)


def latest() -> int:
    """The schema version this program writes."""
    return len(scripts())


def upgrade(database: Database) -> None:
    """Bring the file to :func:`latest`. A file that already holds data is copied first. Safe to race."""
    if database.value("PRAGMA user_version") == latest():
        return
    with database.write():  # nobody else migrates while the copy is made
        version = database.value("PRAGMA user_version")
        if 0 < version < latest() and database.path:
            copying.copy(database, backup_path(database.path, version))
    for number in range(version + 1, latest() + 1):
        _apply(database, number)


def backup_path(path: Path, version: int) -> Path:
    """Where the copy goes that is made before a file of schema ``version`` is migrated."""
    return path.with_name(f"{path.stem}-before-schema-{version + 1}{path.suffix}")


def _apply(database: Database, number: int) -> None:
    # Rebuilding a parent table with foreign keys on would cascade to its children; they are checked at the end.
    with database.references_unchecked():
        _run(database, number)


def _run(database: Database, number: int) -> None:
    from db.connection import APPLICATION_ID

    connection = database.connection()
    # A migration may make the chain's tables anew.
    authorizer, connection.authorizer = connection.authorizer, None
    try:
        # A power failure may take the newest steps; the next start does them again. So only the last need be on the disk.
        with database.write(durable=number == latest()), database.recorder().off():
            if database.value("PRAGMA user_version") >= number:
                return  # another process was faster
            database.sql(scripts()[number - 1])
            broken = database.sql("PRAGMA foreign_key_check")
            if broken:
                raise errors.Damaged(
                    f"schema {number} cannot be applied: {len(broken)} rows refer to rows that are missing"
                )
            database.sql(f"PRAGMA application_id = {APPLICATION_ID}")
            database.sql(f"PRAGMA user_version = {number}")
            _witness(database, number)
            if number == latest():
                # With the same commit, or a kill in between would leave rows without a witness.
                sealing.adopt(database)
    finally:
        connection.authorizer = authorizer


def _witness(database: Database, number: int) -> None:
    """A file that has a history tells of the step in it; a new one begins at the latest schema."""
    known = {name for (name,) in database.sql("SELECT name FROM sqlite_schema")}
    if {"audit", "audit_head"} <= known and audit.head(database).entries:
        audit.append(database, "schema.migrate", f"schema:{number}", {"to": number})
