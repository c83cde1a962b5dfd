"""What can go wrong with the file. The text of each error is the sentence the operator reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw

from db.schema import Words


class DatabaseError(Exception):
    """The file could not be used."""


class CannotOpen(DatabaseError):
    """The file, or the folder it is to be made in, is missing or may not be used."""


class ForeignFile(DatabaseError):
    """The file is not a database of this program."""


class NewerSchema(DatabaseError):
    """The file was written by a newer version of the program."""


class OldSqlite(DatabaseError):
    """The SQLite library is older than the version in which known corruption bugs are fixed."""


class Damaged(DatabaseError):
    """The file is not intact."""


class ReadOnly(DatabaseError):
    """The file, or its folder, may not be written."""


class Fenced(DatabaseError):
    """The file belongs to another machine now, or this one does not know whether it still owns it: nothing is written."""


class AppendOnly(DatabaseError):
    """Something would have changed or removed what the audit chain consists of."""


class Displaced(DatabaseError):
    """The file was deleted, moved, replaced or written over while it was in use. ``what`` says which."""

    def __init__(self, path: Path, what: str, advice: str = "nothing more is written to it") -> None:
        super().__init__(f"{path} {what} while it was in use; {advice}")
        self.what = what


class Busy(DatabaseError):
    """Somebody else kept the file's write lock for too long."""


class DiskFull(DatabaseError):
    """There is no space left where the file is."""


class DiskFailure(DatabaseError):
    """The operating system could not read or write the file."""


class DurabilityMismatch(DatabaseError):
    """A durable write was begun inside one that is not durable; the outer one decides and must be durable itself."""


class InstanceRunning(DatabaseError):
    """Another process runs on this home."""

    def __init__(self, message: str, pid: int | None, url: str | None) -> None:
        super().__init__(message)
        self.pid = pid
        self.url = url


NO_SPACE = 64 * 1024
"""Bytes: where less is free SQLite cannot make its files larger, and does not always say why."""


def _has_no_space(path: str | Path) -> bool:
    try:
        return isinstance(path, Path) and shutil.disk_usage(path.parent).free < NO_SPACE
    except OSError:
        return False


def translate(error: apsw.Error, path: str | Path, words: Words) -> DatabaseError | None:
    """The error of this package that says what ``error`` means for the operator, or None when it has no such meaning."""
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return Busy(
            f"{path} is in use: another program has kept it locked for too long; close that program or try again"
        )
    if isinstance(error, apsw.AuthError):
        return AppendOnly(
            "the audit chain is append-only: its entries and witnesses are never changed or removed"
        )
    if isinstance(error, apsw.FullError) or (
        isinstance(error, apsw.IOError | apsw.CantOpenError) and _has_no_space(path)
    ):
        return DiskFull(
            f"the disk that holds {path} is full; nothing of the last step was kept, free some space and start again"
        )
    if isinstance(error, apsw.NotADBError):
        return ForeignFile(f"{path} is not {words.a_database}; choose another file or {words.elsewhere}")
    if isinstance(error, apsw.CorruptError):
        return Damaged(
            f"{path} is damaged ({error}); restore an audit copy, or check it with: {words.verify}"
        )
    if isinstance(error, apsw.ReadOnlyError):
        return ReadOnly(f"{path} may not be written; check the permissions of the file and its folder")
    if isinstance(error, apsw.CantOpenError):
        return CannotOpen(f"{path} cannot be opened; check that the folder exists and may be written")
    if isinstance(error, apsw.IOError):
        return DiskFailure(f"{path} could not be read or written ({error}); check the disk")
    return None
