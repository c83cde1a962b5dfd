"""A database: its connections, its schema, and the chain that witnesses what they change."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Self

import apsw

from db import migrate, opening, sealing
from db.connection import Connections
from db.schema import BARE, Schema


class Database(Connections):
    """Made by :meth:`open`, :meth:`open_copy` or :meth:`memory`; shared freely among threads.

    ``schema``: the program's tables; without it the database has the audit chain alone. :meth:`install` adds a package's.
    """

    @classmethod
    def open(cls, path: str | os.PathLike[str], schema: Schema = BARE, *, create: bool = True) -> Self:
        """Open the database at ``path`` to read and write; make it (``create``) or bring its tables up to date.

        Raises the errors of :mod:`db.errors`: each says what is wrong with the database in one sentence.
        """
        return opening.open_file(cls, Path(path), schema, create=create)

    @classmethod
    def open_copy(
        cls, path: str | os.PathLike[str], schema: Schema = BARE, *, any_schema: bool = False
    ) -> Self:
        """Open a database to read only, without leaving any file next to it.

        ``any_schema``: also one that is older or newer than this program; the caller asks only for what every one has.
        """
        return opening.open_copy(cls, Path(path), schema, any_schema=any_schema)

    @classmethod
    def memory(cls, schema: Schema = BARE) -> Self:
        """A private database in memory. All threads share it; it is gone after :meth:`close_all`."""
        # SQLite's ":memory:" would give every thread a database of its own; the memdb VFS shares one by name.
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        database = cls(f"file:/{uuid.uuid4().hex}?vfs=memdb", flags=flags, path=None, schema=schema)
        database._anchor = database.connection()  # the database lives as long as a connection to it
        migrate.upgrade(database)
        return database

    def install(self, schema: Schema) -> None:
        """Bring the tables of a package up to date here, unless the program's own schema has them.

        Called before other threads use the database: they note changes of evidence by the schema they began with.
        """
        joined = self.schema.with_tables_of(schema)
        if joined is not self.schema:
            self.schema = joined
            if not self.readonly:
                recorder = self.recorder()
                recorder.tables = joined.tables
                recorder.renew()
                migrate.upgrade(self)

    def _before_commit(self) -> None:
        sealing.seal(self)  # what changed in the evidence goes into the chain with this commit
