"""Opening the application's database: the one place that says which schema it has."""

from __future__ import annotations

import os
from dataclasses import replace

import jobs
from db import Database
from valhalla.program import entries, schema, sql
from valhalla.program.masking import masked_error

SCHEMA = replace(schema.SCHEMA, check_entry=entries.checked, mask=masked_error)
"""The schema with what watches over the words that go into the file. Apart, because an import's second process hashes rows by
the schema and writes nothing."""


def open_database(path: str | os.PathLike[str], *, create: bool = True) -> Database:
    """Open the database at ``path`` to read and write; make it (``create``) or bring its schema up to date.

    Raises the errors of :mod:`db.errors`: each says what is wrong with the database in one sentence.
    """
    database = Database.open(path, SCHEMA, create=create)
    try:
        if not database.readonly and database.one(sql.KEPT, ("fleet", "lease")) is not None:
            jobs.fence_writes(database)
    except BaseException:
        database.close_all()
        raise
    return database


def open_copy(path: str | os.PathLike[str]) -> Database:
    """Open a database to read only, without leaving any file next to it."""
    return Database.open_copy(path, SCHEMA)


def memory_database() -> Database:
    """A private database in memory with the same schema. All threads share it; it is gone after ``close_all``."""
    return Database.memory(SCHEMA)


def schema_version(database: Database) -> int:
    """The version of the schema that the database has."""
    return int(database.value("PRAGMA user_version"))
