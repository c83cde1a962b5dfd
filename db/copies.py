"""Audit copies: a consistent copy that was checked before it got its name, with a manifest that says what it is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import apsw

from db import copying, errors, files, redaction
from db.clock import iso
from db.database import Database
from db.heads import Sign
from db.inspecting import inspect, manifest_path, sha256_in
from db.verdict import Verdict

Progress = Callable[[int, int], object]


class NotVerified(errors.Damaged):
    """A copy did not verify, so it was not kept. ``verdict`` says why."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message)
        self.verdict = verdict


def audit_copy(
    database: Database,
    target: Path,
    *,
    version: str,
    redact: bool = False,
    progress: Progress | None = None,
    sign: Sign | None = None,
) -> dict[str, Any]:
    """Copy the file to ``target`` while it is in use, check the copy, and write its manifest next to it; returns that.

    ``version``: of the program. ``redact``: leave personal data out; the chain stays verifiable. ``sign``: puts a signature to
    the manifest. Raises
    :class:`NotVerified` when the copy does not verify: then the file itself does not, and nothing is left behind.
    """
    with _staged(target) as staged:
        copying.copy(database, staged, progress, flush=False)
        if redact:
            redaction.redact(staged, database.schema)
        # Opened before, and closed after, SQLite has it: closing any descriptor of a file lets go of all locks on it.
        with staged.open("r+b") as file, ThreadPoolExecutor(1, "hashing") as pool:
            hashing = pool.submit(_settled, file)
            verdict = inspect(staged, database.schema)
            sha256 = hashing.result()
        if not verdict.ok:
            first = verdict.problems[0]
            raise NotVerified(
                f"the copy was not kept because it does not verify ({first.table} {first.key or ''}: {first.what}); "
                f"see: {database.schema.words.verify}",
                verdict,
            )
        manifest = _manifest(staged, sha256, verdict, version, redact, database)
        if sign:
            manifest = sign(manifest)
        files.replace(staged, target)
        with files.whole(manifest_path(target)) as partial:
            partial.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        files.settle(target, manifest_path(target))
    return {**manifest, "path": str(target)}


UNCHECKED = ".unchecked"


def being_checked(folder: Path) -> list[tuple[Path, str]]:
    """Copies in the folder that are whole and are being checked, each with the name that it will get."""
    return [(path, path.name[1:].rsplit(".", 2)[0]) for path in sorted(folder.glob(f".*.db.*{UNCHECKED}"))]


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    staged = target.with_name(f".{target.name}.{os.getpid()}{UNCHECKED}")
    try:
        yield staged
    except OSError as error:
        raise errors.DiskFailure(f"{target} could not be written: {error.strerror}") from error
    finally:
        for leftover in (staged, Path(f"{staged}-journal")):
            with contextlib.suppress(OSError):
                leftover.unlink()


def _settled(copy: BufferedIOBase) -> str:
    """The SHA-256 of a copy, which is on the disk then. It is checked meanwhile; nobody changes it."""
    os.fsync(copy.fileno())
    return sha256_in(copy)


def _manifest(
    copy: Path, sha256: str, verdict: Verdict, version: str, redacted: bool, database: Database
) -> dict[str, Any]:
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        counts = {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').get for table in verdict.evidence
        }
    finally:
        connection.close()
    return {
        "at": iso(database.clock()),
        "program": version,
        "sqlite": apsw.sqlite_lib_version(),
        "schema": database.schema.latest,
        "bytes": copy.stat().st_size,
        "sha256": sha256,
        "entries": verdict.entries,
        "head": verdict.head,
        "first_at": verdict.to_json()["first_at"],
        "last_at": verdict.to_json()["last_at"],
        "redacted": redacted,
        "rows": counts,
    }
