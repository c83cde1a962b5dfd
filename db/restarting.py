"""A new chain for a database: for one whose chain holds what must not stay. The old one stays in a verified copy elsewhere."""

from __future__ import annotations

import contextlib
from pathlib import Path

import apsw

from db import audit, sealing
from db.database import Database
from db.evidence import CHAIN
from db.schema import Schema

ACTION = "audit.restart"
"""The first entry of such a chain: how many entries the old one had, its head, why, and which copy has it."""


def restart(path: Path, schema: Schema, facts: dict[str, object], actor: str) -> audit.Head:
    """Give the database at ``path``, which nobody else uses, a new chain that begins with ``facts``; every row of evidence is
    witnessed again. What is interrupted leaves a database to throw away, so this is done on a copy that then takes its place.
    """
    _empty(path)
    with Database.open(path, schema, create=False) as database:
        with database.write(durable=True):
            audit.append(database, ACTION, "chain", facts, actor=actor)
            sealing.adopt(database)
        return audit.head(database)


def _empty(path: Path) -> None:
    """Leave nothing of the chain, in unused pages either. The program's own connections refuse that, so this one is none."""
    with contextlib.closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.execute(
            "PRAGMA journal_mode = DELETE; PRAGMA trusted_schema = 0; PRAGMA secure_delete = 1"
        ).fetchall()
        with connection:
            marks = ", ".join("?" * len(CHAIN))
            triggers = connection.execute(
                f"SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ({marks})",
                sorted(CHAIN),
            ).fetchall()
            for name, _ in triggers:
                connection.execute(f'DROP TRIGGER "{name}"')
            connection.execute("DELETE FROM witness; DELETE FROM audit")
            connection.execute("UPDATE audit_head SET entries = 0, hash = ''")
            for _, text in triggers:
                connection.execute(str(text))
        connection.execute("VACUUM")
