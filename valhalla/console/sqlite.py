"""Somebody else's SQLite file, opened only to look. Through APSW: the process has one SQLite, not two."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import apsw

from valhalla.console import sql
from valhalla.console.errors import SourceError

LOCK_TIMEOUT = 0.25
"""Seconds that a lock of another program is waited for."""

DEADLINE = 2.0
"""Seconds that all questions of one look may take together."""

STEPS = 20_000
"""Virtual machine steps between two looks at the clock (some milliseconds)."""

Identity = tuple[int, int]


class Mark(NamedTuple):
    """What :meth:`ForeignFile.begin` returns: equal to an earlier one only if nothing can have changed."""

    opening: object
    """Which opening of which file."""
    version: int
    """Moves with every commit."""


class Schema(NamedTuple):
    """The columns of each table, in lower case, at a version of the file."""

    version: int = -1
    tables: Mapping[str, set[str]] = {}


class ForeignFile:
    """A SQLite file of another program. Used by one thread at a time.

    Every failure is a :class:`SourceError` that names the file and says what is wrong: missing, locked, damaged, no
    database, not readable, too slow. A file that was put in the place of the one that was open is opened again.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, lock_timeout: float = LOCK_TIMEOUT, deadline: float = DEADLINE
    ) -> None:
        self.path = Path(path)
        self.empty = False
        """No tables at all when last looked at."""
        self._lock_timeout = lock_timeout
        self._deadline = deadline
        self._connection: apsw.Connection | None = None
        self._identity: Identity | None = None
        self._opening = 0
        self._until = 0.0
        self._schema = Schema()

    def begin(self) -> Mark:
        """Be ready to ask; the time for all questions starts now. What it returns is the same as before only if nothing
        can have changed."""
        self._until = time.monotonic() + self._deadline
        identity = self._look()
        if self._connection is None or identity != self._identity:
            self.close()
            self._connection = self._open()
            self._identity = identity
            self._opening += 1  # SQLite counts the commits of others again on each connection
        ((version,),) = self.ask(sql.VERSION)
        if version != self._schema.version:
            self._schema = Schema(version, self._tables())
        self.empty = not self._schema.tables
        return Mark((identity, self._opening), version)

    def has(self, table: str, *columns: str) -> bool:
        """Whether the table is there with all these columns."""
        return table in self._schema.tables and self._schema.tables[table].issuperset(columns)

    def ask(self, text: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows. Only between :meth:`begin` and the end of its time."""
        if self._connection is None:
            raise SourceError(f"{self.path} is not open")
        try:
            return self._connection.execute(text, values).fetchall()
        except apsw.Error as error:
            raise self._named(error) from None

    def close(self) -> None:
        """Let go of the file; the next :meth:`begin` opens it again."""
        connection, self._connection = self._connection, None
        self._schema = Schema()
        if connection is not None:
            connection.close()

    def _look(self) -> Identity:
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            self.close()
            raise SourceError(f"{self.path} does not exist") from None
        except OSError as error:
            self.close()
            raise SourceError(f"{self.path} cannot be read ({error.strerror})") from None
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{self.path} is not a file")
        return status.st_dev, status.st_ino

    def _open(self) -> apsw.Connection:
        target = "file:" + quote(self.path.absolute().as_posix())
        try:
            return self._connected(target + "?mode=ro")
        except apsw.CantOpenError:
            # In a folder that may not be written, SQLite cannot make what it needs next to a file in WAL mode. Without a
            # log nobody is writing, so the file can be taken as it is.
            if os.access(self.path.parent, os.W_OK) or self.path.with_name(self.path.name + "-wal").exists():
                raise SourceError(f"{self.path} cannot be opened") from None
        except apsw.Error as error:
            raise self._named(error) from None
        try:
            return self._connected(target + "?immutable=1")
        except apsw.Error as error:
            raise self._named(error) from None

    def _connected(self, target: str) -> apsw.Connection:
        connection = apsw.Connection(target, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        try:
            connection.set_busy_timeout(round(self._lock_timeout * 1000))
            if os.name == "nt":
                connection.setlk_timeout(0, 0)  # the wheel waits there by locks that time out under Wine
            connection.set_progress_handler(self._late, STEPS)
            connection.execute(sql.ONLY_READ).fetchall()
            connection.execute(sql.TOUCH).fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    def _late(self) -> bool:
        return time.monotonic() > self._until

    def _tables(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self.ask(sql.COLUMNS):
            found.setdefault(table.lower(), set()).add(str(column).lower())
        return found

    def _named(self, error: apsw.Error) -> SourceError:
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            return SourceError(f"{self.path} is locked by another program")
        if isinstance(error, apsw.InterruptError):
            return SourceError(f"{self.path} is too large or too slow: no answer within {self._deadline:g} s")
        self.close()  # what is damaged or gone may be put right under the same name
        if isinstance(error, apsw.NotADBError):
            return SourceError(f"{self.path} is no SQLite database")
        if isinstance(error, apsw.CorruptError):
            return SourceError(f"{self.path} is damaged")
        return SourceError(f"{self.path} cannot be read ({type(error).__name__.removesuffix('Error')})")
