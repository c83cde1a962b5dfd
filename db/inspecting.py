"""Verifying a file that somebody hands in: an audit copy, a plain copy, or what is left of one. It is only read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import apsw

from db import errors
from db.clock import iso, now
from db.database import Database
from db.schema import Schema
from db.verdict import ALTERED, Verdict
from db.verifying import verify

MAGIC = b"SQLite format 3\0"
MANIFEST = ".manifest.json"
"""Ending of the manifest next to an audit copy."""

Also = Callable[[Database, Verdict], object]
"""A further look at the opened file, by anyone who knows more of what is in it than this package does."""

Scratch = Callable[[], AbstractContextManager[Path]]
"""Makes a folder for copies that are thrown away, and removes it."""


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="verify-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def inspect(
    path: Path,
    schema: Schema,
    head: str | None = None,
    heads: Iterable[tuple[int, str]] = (),
    also: Also | None = None,
    *,
    newest: bool = False,
    scratch: Scratch = _scratch,
    manifest: Path | None = None,
) -> Verdict:
    """The verdict on the file at ``path``, which must not be open in this process. Leaves nothing next to it.

    A ``-wal`` next to it is read with it, on a temporary copy of both. Raises :class:`db.errors.CannotOpen` when there is
    no such file; whatever is wrong inside of it is a problem of the verdict. ``scratch``: makes the
    folder of that copy; ``manifest``: where that of an audit copy is, if not next to it. The other arguments: see :func:`db.verifying.verify`.
    """
    if not path.is_file():
        raise errors.CannotOpen(
            f"{path} does not exist" if not path.exists() else f"{path} is not a plain file"
        )
    log = path.with_name(path.name + "-wal")
    try:
        if log.exists() and log.stat().st_size:
            with scratch() as folder:
                copy = folder / "copy.db"
                shutil.copyfile(path, copy)
                shutil.copyfile(log, copy.with_name("copy.db-wal"))
                before = _entries(path, scratch)
                verdict = _verified(copy, schema, head, heads, also, newest)
                verdict.notes.append(
                    f"{log.name} ({log.stat().st_size} bytes) lies next to the file and was read with it, on a temporary "
                    f"copy: the file alone ends at entry {before if before is not None else 'unknown'}."
                )
        else:
            verdict = _verified(path, schema, head, heads, also, newest)
            _tell_age(path, verdict)
    except OSError as error:
        raise errors.CannotOpen(f"{path} cannot be read: {error.strerror or error}") from error
    _compare_manifest(path, manifest or manifest_path(path), verdict)
    return verdict


def _verified(
    path: Path,
    schema: Schema,
    head: str | None,
    heads: Iterable[tuple[int, str]],
    also: Also | None,
    newest: bool,
) -> Verdict:
    with path.open("rb") as file:
        begin = file.read(100)
    if begin[:16] != MAGIC:
        verdict = Verdict()
        verdict.add("file", None, f"{ALTERED}: it does not begin as an SQLite file does")
        return verdict
    try:
        with Database.open_copy(path, schema, any_schema=True) as database:
            return verify(database, head, heads, also, newest=newest)
    except (errors.DatabaseError, apsw.Error) as error:
        verdict = Verdict()
        verdict.add("file", None, f"{ALTERED}: {' '.join(str(error).split())}")
        return verdict


def _entries(path: Path, scratch: Scratch) -> int | None:
    """How many entries the main file alone has; None when that cannot be read."""
    with scratch() as folder:
        alone = Path(shutil.copyfile(path, folder / "alone.db"))
        try:
            with Database.open_copy(alone, any_schema=True) as database:
                found: int | None = database.value("SELECT max(seq) FROM audit")
                return found
        except (errors.DatabaseError, apsw.Error):
            return None


def _tell_age(path: Path, verdict: Verdict) -> None:
    if verdict.last_at is None:
        return
    age = max(0, now() - verdict.last_at) // 1_000_000
    verdict.notes.append(
        f"The file is complete up to entry {verdict.entries} of {iso(verdict.last_at)}, {_duration(age)} ago. What was "
        "written later, or was still in a -wal that was not copied with it, is not in it."
    )


def _duration(seconds: int) -> str:
    for name, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {name}s"
    return f"{seconds} seconds"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal. Not of a file that is in use."""
    with path.open("rb") as file:
        return sha256_in(file)


def sha256_in(file: BufferedIOBase) -> str:
    """SHA-256 of what is in an opened file from here on, hexadecimal."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_path(copy: Path) -> Path:
    """Where the manifest of an audit copy lies."""
    return copy.with_name(copy.name + MANIFEST)


def _compare_manifest(path: Path, beside: Path, verdict: Verdict) -> None:
    """An audit copy comes with a manifest: its bytes are known, also those that hold no evidence."""
    if not beside.exists():
        return
    try:
        manifest: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        expected, head, entries = manifest["sha256"], manifest["head"], manifest["entries"]
    except (OSError, ValueError, KeyError, TypeError):
        verdict.add("manifest", None, f"{beside.name} cannot be read as a manifest")
        return
    found = sha256_of(path)
    before = verdict.count
    if found != expected:
        verdict.add(
            "manifest",
            None,
            f"the bytes of the file are not those of the manifest: sha256 expected {expected}, found {found}",
        )
    if (entries, head) != (verdict.entries, verdict.head):
        verdict.add(
            "manifest",
            None,
            f"the manifest names entry {entries} ({head}) as the last, the file ends at {verdict.entries} ({verdict.head})",
        )
    if verdict.count == before:
        verdict.notes.append(f"{beside.name} fits: an audit copy of {manifest.get('at', 'unknown time')}.")
