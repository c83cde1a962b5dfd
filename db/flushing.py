"""Having the log on the disk without a commit that waits for it.

SQLite waits for the disk inside a commit, while nobody else may write. Its log can also be flushed between commits, by the one
who wrote much of it; SQLite has no statement for that, but lends the open file, whose own ``xSync`` is called here
(https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html, SQLITE_FCNTL_JOURNAL_POINTER; https://sqlite.org/c3ref/io_methods.html).
A descriptor of our own would do as well, were it not refused for good reason: see :mod:`db.guard`.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from db.connection import Connections

_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Methods(ctypes.Structure):
    """The beginning of ``sqlite3_io_methods``, which is the same in all versions."""

    _fields_ = (
        ("iVersion", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("xClose", "xRead", "xWrite", "xTruncate")),
        ("xSync", _SYNC),
    )


class _File(ctypes.Structure):
    """``sqlite3_file``; without methods when it is not open."""

    _fields_ = (("pMethods", ctypes.POINTER(_Methods)),)


def flush_log(database: Connections) -> None:
    """Outside of a transaction: wait until what was committed is on the disk, while nobody else has to, neither to read nor to write.

    A durable commit that comes after it waits only for what was written since. Raises the errors of :mod:`db.errors`.
    """
    file = ctypes.POINTER(_File)()
    connection = database.connection()
    connection.file_control("main", apsw.SQLITE_FCNTL_JOURNAL_POINTER, ctypes.addressof(file))
    if not file or not file.contents.pMethods:  # in memory, or nothing was read or written yet
        return
    code = file.contents.pMethods.contents.xSync(ctypes.addressof(file.contents), apsw.SQLITE_SYNC_NORMAL)
    if code != apsw.SQLITE_OK:
        error = apsw.exception_for(code)
        assert isinstance(error, apsw.Error)
        raise database.translated(error) or error
