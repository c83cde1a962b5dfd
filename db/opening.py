"""Opening a file: what it is, whether it may be used, and bringing it up to date."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import apsw

from db import errors, migrate, structure
from db.connection import BUSY_TIMEOUT, Connections
from db.schema import Schema, Words
from db.turn import TURN_FILE

SQLITE_NEEDED = (3, 51, 3)
"""The first SQLite release in which the WAL-reset corruption bug is fixed (https://sqlite.org/wal.html)."""

_D = TypeVar("_D", bound=Connections)


def open_file(kind: type[_D], path: Path, schema: Schema, *, create: bool) -> _D:
    """Open ``path`` to read and write. See :meth:`db.Database.open`."""
    check_library()
    words = schema.words
    path = Path(os.path.realpath(path))
    flags = apsw.SQLITE_OPEN_READWRITE
    size = _size(path, words)
    if size is None:
        if not create:
            raise errors.CannotOpen(f"{path} does not exist; {words.create}")
        if not path.parent.is_dir():
            raise errors.CannotOpen(
                f"the folder {path.parent} does not exist; make it or choose {words.elsewhere}"
            )
        flags |= apsw.SQLITE_OPEN_CREATE
    if not os.access(path.parent, os.W_OK):
        raise errors.ReadOnly(
            f"the folder {path.parent} may not be written; choose {words.elsewhere} or change its permissions"
        )
    if size is not None and not os.access(path, os.W_OK):
        raise errors.ReadOnly(
            f"{path} may not be written; change its permissions or choose {words.elsewhere}"
        )
    fresh = not size
    database = kind(str(path), flags=flags, path=path, schema=schema)
    try:
        unreadable = database.tolerate()
        _recognise(database, path)
        if fresh:
            os.chmod(path, 0o600)  # leads are personal data
        else:
            _hold_back(database, path, unreadable)
        if not database.readonly:
            use_wal(database, path)
            migrate.upgrade(database)
            database.look()
    except BaseException:
        database.close_all()
        raise
    return database


def _hold_back(database: Connections, path: Path, unreadable: bool) -> None:
    """Only read a file with parts that none of its migrations made and that could act in our transactions."""
    with database.view():  # as of one moment: another process may be making the file just now
        wrong = [each for each in structure.differences(database) if each.acts]
    if not wrong and not unreadable:
        return
    words = database.schema.words
    first = f"{wrong[0].part} {wrong[0].what}" if wrong else "SQLite cannot read all of its schema"
    what = first + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    if migrate.pending(database):
        raise errors.ReadOnly(
            f"{path} is of an older version and not brought up to date, because {what}; mend it with: {words.repair}"
        )
    database.hold_back(f"{path} is only read, because {what}; mend it with: {words.repair}")


def open_to_mend(kind: type[_D], path: Path, schema: Schema) -> _D:
    """Open ``path`` to write, as it is: neither its parts are compared nor its tables brought up to date."""
    check_library()
    path = Path(os.path.realpath(path))
    if _size(path, schema.words) is None:
        raise errors.CannotOpen(f"{path} does not exist")
    database = kind(str(path), flags=apsw.SQLITE_OPEN_READWRITE, path=path, schema=schema)
    try:
        database.tolerate()
        _recognise(database, path)
        use_wal(database, path)
    except BaseException:
        database.close_all()
        raise
    return database


def open_copy(kind: type[_D], path: Path, schema: Schema, *, any_schema: bool) -> _D:
    """Open ``path`` to read only. See :meth:`db.Database.open_copy`."""
    check_library()
    path = Path(os.path.realpath(path))
    if _size(path, schema.words) is None:
        raise errors.CannotOpen(f"{path} does not exist")
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    target = "file:" + quote(path.as_posix())
    target += "?mode=ro" if _may_change(path) else "?immutable=1"  # a lone copy: leave no -shm next to it
    database = kind(target, flags=flags, path=path, schema=schema)
    try:
        if any_schema:
            return database
        _recognise(database, path)
        if migrate.pending(database):
            raise errors.ForeignFile(
                f"{path} was written by an older version (schema {database.value('PRAGMA user_version')}, this program "
                f"reads {schema.latest}); copy it, {schema.words.update}, then read that"
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


def _size(path: Path, words: Words) -> int | None:
    """The bytes in ``path``, None when it does not exist. Raises CannotOpen for what is not a plain file."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise errors.CannotOpen(f"{path} cannot be opened: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise errors.ForeignFile(f"{path} is a folder, not {words.a_database}")
    if not stat.S_ISREG(status.st_mode):
        raise errors.ForeignFile(f"{path} is not a plain file, so it cannot be {words.a_database}")
    return status.st_size


def check_library() -> None:
    """Refuse an SQLite with known corruption bugs."""
    have = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if have < SQLITE_NEEDED:
        raise errors.OldSqlite(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a file that several processes write; install apsw 3.54 or newer"
        )


def _recognise(database: Connections, path: Path) -> None:
    """Refuse what is not ours or too new. Nothing is written."""
    schema, words = database.schema, database.schema.words
    with database.view():  # as of one moment: another process may be making the file just now
        parts = database.value("SELECT count(*) FROM sqlite_schema")
        mark = database.value("PRAGMA application_id")
        version = database.value("PRAGMA user_version")
        noted = mark or migrate.versions(
            database
        )  # who has no mark of its own is known by the table of versions
    if mark == 0 and version == 0 and not parts:
        return  # new and empty
    if mark != schema.application_id or not noted:
        raise errors.ForeignFile(
            f"{path} is an SQLite file of another program, not {words.a_database}; choose {words.elsewhere}"
        )
    if schema.releases and version > schema.latest:
        raise errors.NewerSchema(
            f"{path} was written by a newer version of {words.program} (schema {version}, this program knows {schema.latest}); "
            "update the program"
        )


def use_wal(database: Connections, path: Path) -> None:
    """Have the file at ``path`` written through a log. Raises CannotOpen where that cannot be."""
    if _switched_to_wal(database) != "wal":
        raise errors.CannotOpen(
            f"{path} cannot be used in WAL mode, as on a network share; choose {database.schema.words.local}"
        )


def _switched_to_wal(database: Connections) -> str:
    """The journal mode after asking for WAL. SQLite does not wait when another process is just switching a new file."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            return str(database.value("PRAGMA journal_mode = WAL"))
        except errors.Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
