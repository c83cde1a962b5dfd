"""A consistent copy of a file that is in use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import apsw

from db import errors, files
from db.connection import Connections

PAGES_PER_STEP = 4096


def copy(
    database: Connections,
    target: Path,
    progress: Callable[[int, int], object] | None = None,
    *,
    flush: bool = True,
) -> Path:
    """Copy the file to ``target`` as of one moment, as a single file without a WAL. Writers are not held up.

    ``progress(done, total)`` is called with page counts. The copy is made under a temporary name, forced to the disk (``flush``)
    and renamed. Raises the errors of :mod:`db.errors`; nothing is left behind then.
    """
    if database.path is None:
        raise ValueError("a file in memory cannot be copied")
    if os.path.realpath(target) == str(database.path):
        raise errors.CannotOpen(f"{target} is the file itself; name another place for the copy")
    try:
        with files.whole(target) as temporary:
            try:
                _backup(database, temporary, progress)
                if flush:
                    _flush(temporary)
            finally:
                Path(f"{temporary}-journal").unlink(missing_ok=True)
    except apsw.Error as error:
        raise errors.translate(error, target, database.schema.words) or errors.DiskFailure(
            f"{target} could not be written: {error}"
        ) from error
    except OSError as error:
        raise errors.DiskFailure(f"{target} could not be written: {error.strerror}") from error
    return target


def _backup(database: Connections, temporary: Path, progress: Callable[[int, int], object] | None) -> None:
    # A step-wise backup starts again whenever somebody writes; an open read transaction on the source pins it.
    source = apsw.Connection(str(database.path), flags=apsw.SQLITE_OPEN_READWRITE)
    destination = apsw.Connection(str(temporary))
    try:
        os.chmod(temporary, 0o600)  # leads are personal data
        source.set_busy_timeout(10_000)
        if hasattr(source, "setlk_timeout"):
            source.setlk_timeout(0, 0)  # as in db.connection
        # It is thrown away unless it comes to its end: no journal, and one flush, by the caller.
        destination.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").fetchall()
        for each in (source, destination):  # what SQLite cannot read in a schema is copied, too
            each.execute("PRAGMA writable_schema = 1")
        source.execute("BEGIN; SELECT count(*) FROM sqlite_schema").fetchall()
        with destination.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(PAGES_PER_STEP)
                if progress:
                    progress(backup.page_count - backup.remaining, backup.page_count)
        source.execute("COMMIT")
        destination.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        destination.close()
        source.close()


def rescue(database: Connections, target: Path) -> None:
    """Save at ``target`` what this thread's connection still holds, of a file that is not where it was any more.

    Raises the errors of :mod:`db.errors`; nothing is left behind then.
    """
    source, words = database.connection(), database.schema.words
    try:
        with files.whole(target) as temporary:
            destination = apsw.Connection(str(temporary))
            try:
                os.chmod(temporary, 0o600)  # leads are personal data
                with destination.backup("main", source, "main") as backup:
                    while not backup.done:
                        backup.step()  # all at once: nobody writes any more
                destination.execute("PRAGMA journal_mode = DELETE").fetchall()
            finally:
                destination.close()
                Path(f"{temporary}-journal").unlink(missing_ok=True)
            _flush(temporary)
    except apsw.Error as error:
        raise errors.translate(error, target, words) or errors.DiskFailure(
            f"{target} could not be written: {error}"
        ) from error
    except OSError as error:
        raise errors.DiskFailure(f"{target} could not be written: {error.strerror}") from error


def _flush(path: Path) -> None:
    with open(path, "r+b") as file:
        os.fsync(file.fileno())
