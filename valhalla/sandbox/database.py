"""Block 1, the database: sessions on the one file, on a file in memory, or on PostgreSQL.

Promises: a session's changes are kept when it commits and not otherwise; closing one, or leaving its ``with``, gives up what
was not committed. On a SQLite file it is the program's own connection (one SQLite in the process, fair turns to write).
On PostgreSQL sessions, health check and cleanup work in this version; the other blocks refuse such a manager by name. A
password in a URL stays in the attribute that you gave it in, and out of every log and error.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from db import Database
from valhalla.program.database import memory_database, open_database
from valhalla.program.home import locate
from valhalla.program.masking import masked_text
from valhalla.sandbox import sql
from valhalla.sandbox.errors import SandboxError
from valhalla.sandbox.postgres import PostgresEngine
from valhalla.sandbox.rows import Rows

MEMORY_URL = "sqlite:///:memory:"

_READING = re.compile(r"\s*(?:SELECT|VALUES|EXPLAIN)\b", re.IGNORECASE)


class Session:
    """Statements on one database; changes are kept by :meth:`commit`. Used by one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = True
        self._writing: contextlib.ExitStack | None = None

    def execute(self, sql: Any, params: Any = ()) -> Rows:
        """Run a statement. Raises the errors of :mod:`db.errors`, or the engine's own for a statement that is wrong."""
        if not self._open:
            raise SandboxError("this session is closed; ask its manager for another")
        if self._writing is None and not _READING.match(str(sql)):
            stack = contextlib.ExitStack()
            stack.enter_context(self._database.write(durable=not self._database.in_write()))
            self._writing = stack
        return Rows(self._database.sql(str(sql), params))

    def commit(self) -> None:
        """Keep what was changed since the last commit or rollback."""
        stack, self._writing = self._writing, None
        if stack is not None:
            stack.close()

    def rollback(self) -> None:
        """Give up what was changed since the last commit or rollback."""
        stack, self._writing = self._writing, None
        if stack is not None:
            with contextlib.suppress(_RollBack), stack:
                raise _RollBack

    def close(self) -> None:
        """Give up what was not committed, and end."""
        self.rollback()
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _RollBack(Exception):
    """Leaves a transaction without keeping it."""


class SandboxDatabaseManager:
    """``db_url``: ``sqlite:///path``, ``sqlite:///:memory:`` or ``postgresql://...``; without one ``use_memory`` decides between
    a private file in memory and the home's ``valhalla.db``. Raises :class:`SandboxError` for any other URL.

    ``database_url`` is the URL, ``engine`` what sessions work on (None after :meth:`cleanup`), ``database`` the file (None on
    PostgreSQL).
    """

    def __init__(self, db_url: str | None = None, use_memory: bool = False) -> None:
        self.database: Database | None = None
        self.engine: Any
        if use_memory or db_url == MEMORY_URL:
            self.database_url = MEMORY_URL
            self.engine = self.database = memory_database()
        elif db_url is not None and db_url.startswith(("postgresql://", "postgres://", "postgresql+")):
            self.database_url = db_url
            self.engine = PostgresEngine(db_url)
        else:
            path = _path_of(db_url) if db_url is not None else _home_file()
            self.database_url = f"sqlite:///{path.as_posix()}"
            self.engine = self.database = open_database(path)

    @classmethod
    def of(cls, database: Database) -> Self:
        """The manager of a file that is open already."""
        made = cls.__new__(cls)
        made.database_url = MEMORY_URL if database.path is None else f"sqlite:///{database.path.as_posix()}"
        made.engine = made.database = database
        return made

    def get_session(self) -> Any:
        """A new :class:`Session` (on PostgreSQL one of the same shape)."""
        if self.engine is None:
            raise SandboxError("this manager was cleaned up; make another")
        return self.engine.session() if self.database is None else Session(self.database)

    def health_check(self) -> bool:
        """Whether a statement can be run now."""
        try:
            with self.get_session() as session:
                return bool(session.execute(sql.PROBE).scalar() == 1)
        except Exception:
            return False

    def cleanup(self) -> None:
        """Close all connections. A file in memory is gone then."""
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.close_all()

    def __repr__(self) -> str:
        return f"<SandboxDatabaseManager {masked_text(self.database_url)}>"


def _home_file() -> Path:
    home = locate()
    home.prepare()
    return home.database


def _path_of(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme not in ("sqlite", "file") or parts.netloc:
        raise SandboxError(
            f"{masked_text(url)!r} is not a database URL; use sqlite:///path/valhalla.db, {MEMORY_URL} or postgresql://..."
        )
    path = unquote(parts.path)
    # sqlite:///relative.db, sqlite:////absolute.db, sqlite:///C:/absolute.db
    relative = path[1:] if path.startswith("/") else path
    return Path(relative if path.startswith("//") or not Path(path).parent.is_dir() else path)
