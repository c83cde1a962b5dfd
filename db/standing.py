"""Whether a database that is in use still stands where it was opened, and is still what this program made of it.

SQLite keeps on writing to a file that was deleted, moved or replaced, and into one that something else has written over:
neither it nor the operating system complains, and what was written is lost at the end, or spoils what was put there.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import apsw

GONE = "was deleted or moved away"
REPLACED = "was replaced by another file"
OVERWRITTEN = "was written over"
LOST_LOG = "lost its log"

_MAGIC = b"SQLite format 3\0"
_LOGGED = b"\2\2"
"""The format of a file with a -wal; see https://sqlite.org/fileformat2.html#the_database_header."""
_TRIES = 3
_PAUSE = 0.02
"""Seconds between two readings: one may fall into the moment in which the log is moved into the file."""

READ_HEAD = "SELECT entries, hash FROM audit_head WHERE id = 1"
"""The end of the chain. The head row is read rather than max(seq): a chain whose tail was cut off must not be continued
unnoticed."""

_KNOWN = "SELECT 1 FROM audit WHERE seq = ? AND hash = ?"

NOT_OURS = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError)
"""What SQLite makes of pages that somebody else wrote."""

NO_HEAD = 0, ""

Identity = tuple[int, int]


class _Seen(NamedTuple):
    """What was found at the last look."""

    stamp: tuple[int, int]
    """When the file was written last and how long it is."""
    counter: int
    head: tuple[int, str]
    """The end of the chain."""
    alone: tuple[int, str]
    """The same in the file by itself."""


class Standing:
    """What the files of a database were when they were opened; device and file number (Windows: volume and file index)."""

    def __init__(self, path: Path, mark: int) -> None:
        """``mark``: the application id of the file; 0: it has none."""
        self._path = path
        self._mark = mark
        self._marked = False
        self._file: Identity | None = None
        self._beside: dict[str, Identity] = {}
        self._holder: apsw.Connection | None = None
        self._seen = _Seen((0, 0), 0, NO_HEAD, NO_HEAD)
        self._mutex = threading.Lock()

    def admit(self) -> str | None:
        """What has happened to the file, by what stands in its place now; the first call notes what that is."""
        found = identity(self._path)
        with self._mutex:
            if self._file is None:
                self._file = found
            if found == self._file:
                return None
        return GONE if found is None else REPLACED

    def forget_log(self) -> None:
        """The last connection closes: what lies next to the file may go with it."""
        with self._mutex:
            self._beside, self._holder = {}, None

    def look(self, connection: apsw.Connection) -> str | None:
        """What has happened to the file since it was opened; None: it is as this program and its like left it."""
        what = self.admit() or self._log(connection)
        if what is None and connection.txn_state() == apsw.SQLITE_TXN_NONE:
            what = self._content(connection)  # inside of a transaction it would compare with what was
        return what

    def own_log(self) -> list[Path]:
        """Those of -wal and -shm that are still the ones that were noted."""
        with self._mutex:
            beside = {self._path.with_name(name): stood for name, stood in self._beside.items()}
        return [path for path, stood in beside.items() if identity(path) == stood]

    # -- the log -------------------------------------------------------------------------------------------

    def _log(self, connection: apsw.Connection) -> str | None:
        """-wal and -shm stay the same as long as one connection lives; the one that has read them is noted with them."""
        found = {}
        for suffix in ("-wal", "-shm"):
            path = self._path.with_name(self._path.name + suffix)
            if (stands := identity(path)) is not None:
                found[path.name] = stands
        with self._mutex:
            if self._holder is None or not _is_open(self._holder):
                if len(found) == 2:
                    self._beside, self._holder = found, connection
                return None
            lost = [name for name, stood in self._beside.items() if found.get(name) != stood]
        return f"{LOST_LOG} ({lost[0]} was deleted, moved or replaced)" if lost else None

    # -- what is in the file -------------------------------------------------------------------------------

    def _content(self, connection: apsw.Connection) -> str | None:
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE)
            if self._is_ours(connection):
                return None
        return self.admit() or OVERWRITTEN

    def _is_ours(self, connection: apsw.Connection) -> bool:
        """The header is one that this program writes, its counter only goes up, and so does the chain: in the file by itself,
        which falls behind the log but never back, and for anyone who reads both."""
        with self._mutex:
            last = self._seen
        stamp, counter = _stamp(self._path), self._read_counter()
        if counter is None or (last.counter and (counter - last.counter) % 2**32 >= 2**31):
            return False
        alone = last.alone
        if stamp != last.stamp and (found := head_alone(self._path)) is not None:
            if found[0] < last.alone[0]:
                return False
            alone = found
        try:
            known = all(
                not head[0] or connection.execute(_KNOWN, head).fetchall() for head in {alone, last.head}
            )
            head = _read_head(connection)
        except NOT_OURS:
            return False
        if known and head is not None:
            with self._mutex:
                self._seen = _Seen(stamp, counter, head, alone)
        return known and head is not None

    def _read_counter(self) -> int | None:
        """The change counter in the file itself; None: what stands there is no file that this program would have written."""
        begin = first_bytes(self._path)
        if begin[:16] != _MAGIC or begin[18:20] != _LOGGED or len(begin) < 100:
            return None
        mark = int.from_bytes(begin[68:72], "big")
        if mark != self._mark and (mark or self._marked):
            return None
        self._marked = self._marked or mark == self._mark  # a new file's is only in the log at first
        return int.from_bytes(begin[24:28], "big")


def identity(path: Path) -> Identity | None:
    """Device and number of the file at ``path``; None: there is none."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def first_bytes(path: Path) -> bytes:
    """The header of a file that is in use. SQLite reads it itself: a file that anybody else opens and closes loses its locks."""
    try:
        file = apsw.VFSFile("", str(path), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    except apsw.Error:
        return b""
    try:
        return file.xRead(100, 0)
    except apsw.Error:
        return b""
    finally:
        file.xClose()


def head_alone(path: Path) -> tuple[int, str] | None:
    """The end of the chain in the file by itself, without its log; None: it is not to be found there.

    The log is moved into the file page by page, newest last, and what will still change is left out. So a file by itself is
    whole only sometimes. But none of its pages ever becomes older. SQLite locks nothing for such a look.
    """
    connection = apsw.Connection(
        f"file:{quote(path.as_posix())}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    )
    try:
        if not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall():
            return NO_HEAD
        return _read_head(connection)
    except NOT_OURS:
        return None
    finally:
        connection.close()


def _read_head(connection: apsw.Connection) -> tuple[int, str] | None:
    rows = connection.execute(READ_HEAD).fetchall()
    return (int(str(rows[0][0])), str(rows[0][1])) if rows else None


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _is_open(connection: apsw.Connection) -> bool:
    try:
        connection.in_transaction  # noqa: B018 - asking is enough
    except apsw.ConnectionClosedError:
        return False
    except apsw.ThreadingViolationError:  # its thread is just using it
        return True
    return True
