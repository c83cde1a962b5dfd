"""Opening a file: what it is, whether it may be used, and bringing it up to date."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import apsw

from db import errors, migrate
from db.connection import APPLICATION_ID, BUSY_TIMEOUT, SQLITE_NEEDED, Database
from db.turn import TURN_FILE

_D = TypeVar("_D", bound=Database)


def open_file(kind: type[_D], path: Path, *, create: bool) -> _D:
    """Open ``path`` to read and write. See :meth:`db.connection.Database.open`."""
    _check_library()
    path = Path(os.path.realpath(path))
    flags = apsw.SQLITE_OPEN_READWRITE
    size = _size(path)
    if size is None:
        if not create:
            raise errors.CannotOpen(f"{path} does not exist; start with: valhalla ingest FILE")
        if not path.parent.is_dir():
            raise errors.CannotOpen(
                f"the folder {path.parent} does not exist; make it or choose another --home"
            )
        flags |= apsw.SQLITE_OPEN_CREATE
    if not os.access(path.parent, os.W_OK):
        raise errors.ReadOnly(
            f"the folder {path.parent} may not be written; choose another --home or change its permissions"
        )
    if size is not None and not os.access(path, os.W_OK):
        raise errors.ReadOnly(f"{path} may not be written; change its permissions or choose another --home")
    fresh = not size
    database = kind(str(path), flags=flags, path=path)
    try:
        _recognise(database, path)
        if fresh:
            os.chmod(path, 0o600)  # leads are personal data
        _use_wal(database, path)
        migrate.upgrade(database)
    except BaseException:
        database.close_all()
        raise
    return database


def open_copy(kind: type[_D], path: Path, *, any_schema: bool = False) -> _D:
    """Open ``path`` to read only. See :meth:`db.connection.Database.open_copy`.

    ``any_schema``: also one that is older or newer than this program; the caller asks only for what every schema has.
    """
    _check_library()
    path = Path(os.path.realpath(path))
    if _size(path) is None:
        raise errors.CannotOpen(f"{path} does not exist")
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    target = "file:" + quote(path.as_posix())
    target += "?mode=ro" if _may_change(path) else "?immutable=1"  # a lone copy: leave no -shm beside it
    database = kind(target, flags=flags, path=path)
    try:
        if any_schema:
            return database
        _recognise(database, path)
        if database.value("PRAGMA user_version") < migrate.latest():
            raise errors.NotValhalla(
                f"{path} was written by an older version (schema {database.value('PRAGMA user_version')}, this program "
                f"reads {migrate.latest()}); copy it, open the copy once with --home, then read that"
            )
    except BaseException:
        database.close_all()
        raise
    return database


def _may_change(path: Path) -> bool:
    """Whether ``path`` is a file in use, or in a home where somebody could begin to use it."""
    if path.with_name(path.name + "-wal").exists():
        return True
    return path.with_name(TURN_FILE).exists() and os.access(path.parent, os.W_OK)


def _size(path: Path) -> int | None:
    """The bytes in ``path``, None when it does not exist. Raises CannotOpen for what is no plain file."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise errors.CannotOpen(f"{path} cannot be opened: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise errors.NotValhalla(f"{path} is a folder, not a Valhalla database")
    if not stat.S_ISREG(status.st_mode):
        raise errors.NotValhalla(f"{path} is no plain file, so it cannot be a Valhalla database")
    return status.st_size


def _check_library() -> None:
    have = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if have < SQLITE_NEEDED:
        raise errors.OldSqlite(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a file that several processes write; install apsw 3.54 or newer"
        )


def _recognise(database: Database, path: Path) -> None:
    """Refuse what is not ours or too new. Nothing is written."""
    with database.view():  # as of one moment: another process may be making the file just now
        parts = database.value("SELECT count(*) FROM sqlite_schema")
        mark = database.value("PRAGMA application_id")
        version = database.value("PRAGMA user_version")
    if mark == 0 and version == 0 and not parts:
        return  # new and empty
    if mark != APPLICATION_ID:
        raise errors.NotValhalla(
            f"{path} is an SQLite file of another program, not a Valhalla database; choose another --home"
        )
    if version > migrate.latest():
        raise errors.NewerSchema(
            f"{path} was written by a newer version of Valhalla (schema {version}, this program knows {migrate.latest()}); "
            "update the program"
        )


def _use_wal(database: Database, path: Path) -> None:
    if _switched_to_wal(database) != "wal":
        raise errors.CannotOpen(
            f"{path} cannot be used in WAL mode, as on a network share; choose a --home on a local disk"
        )


def _switched_to_wal(database: Database) -> str:
    """The journal mode after asking for WAL. SQLite does not wait when another process is just switching a new file."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            return str(database.value("PRAGMA journal_mode = WAL"))
        except errors.Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
