"""Putting an audit copy in the place of the home's file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from db import audit, errors
from db.clock import now, to_datetime
from db.inspecting import inspect, manifest_path, sha256_of
from valhalla.audit import exchange
from valhalla.program.database import open_copy, open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.instance import Instance
from valhalla.program.schema import SCHEMA
from valhalla.program.scratch import scratch_folder


class NotRestorable(ValhallaError):
    """The copy is not fit to work on."""


def restore(
    home: Home,
    copy: Path,
    actor: str = "operator",
    *,
    head: str | None = None,
    sha256: str | None = None,
    ours: bool = False,
) -> Path | None:
    """Replace the home's file by ``copy`` after checking it. Returns where the replaced file is kept, None: there was none.
    ``head``: one that was noted elsewhere, which its chain has to hold; ``sha256``: of a copy that was verified where it was made,
    as its maker says: then its bytes are compared with that, and nothing else is verified; ``ours``: the copy is next to the
    home's file and needed by nobody else, so it may become that file.

    The copy is read once, and what is checked is what will be worked on.

    Raises :class:`db.errors.InstanceRunning` while the program runs, :class:`NotRestorable` when the copy does not verify or
    is redacted.
    """
    home.prepare()
    instance = Instance(home.path)
    instance.acquire("audit restore")
    try:
        exchange.settle(home)
        prepared = exchange.staged(home, "restore")
        try:
            _take(copy, prepared, ours)
            end = _verified(home, copy, prepared, head) if sha256 is None else _same(copy, prepared, sha256)
            kept = None
            if home.database.exists():
                kept = home.database.with_name(f"valhalla-replaced-{to_datetime(now()):%Y%m%dT%H%M%SZ}.db")
            _record(copy, prepared, end, kept, actor)
            exchange.exchange(home, prepared, restart=end.entries, why=f"restored {copy.name}", kept=kept)
        finally:
            exchange.sweep(home)
        return kept
    finally:
        instance.release()


def _take(copy: Path, prepared: Path, ours: bool) -> None:
    """A working copy of the copy, which stays as it is unless it is ``ours``."""
    if not copy.is_file():
        raise errors.CannotOpen(
            f"{copy} does not exist" if not copy.exists() else f"{copy} is not a plain file"
        )
    try:
        for suffix in ("", "-wal"):
            source, target = Path(f"{copy}{suffix}"), Path(f"{prepared}{suffix}")
            if suffix and not source.exists():
                continue
            if ours:
                os.replace(source, target)
            else:
                shutil.copyfile(source, target)
            os.chmod(target, 0o600)
    except OSError as error:
        raise errors.CannotOpen(f"{copy} cannot be read: {error.strerror or error}") from error


def _verified(home: Home, copy: Path, prepared: Path, head: str | None) -> audit.Head:
    """The end of the chain of a copy that verifies. Raises :class:`NotRestorable`."""
    verdict = inspect(
        prepared,
        SCHEMA,
        head,
        scratch=lambda: scratch_folder(home.database),
        manifest=manifest_path(copy),
    )
    if not verdict.ok:
        first = verdict.problems[0]
        raise NotRestorable(
            f"{copy} does not verify ({first.table}: {first.what}), so nothing was replaced; see: valhalla audit verify {copy}"
        )
    if verdict.redacted or verdict.left_out:
        raise NotRestorable(
            f"{copy} is a redacted copy: the leads' personal data is not in it, so nothing was replaced"
        )
    return audit.Head(verdict.entries, verdict.head)


def _same(copy: Path, prepared: Path, sha256: str) -> audit.Head:
    """The end of the chain of a copy whose bytes are those that were verified. Raises :class:`NotRestorable`."""
    found = sha256_of(prepared)
    if found != sha256:
        raise NotRestorable(
            f"the bytes of {copy} are not those that were verified where it was made (sha256 expected {sha256}, found {found}), "
            "so nothing was replaced"
        )
    with open_copy(prepared) as database:
        return audit.head(database)


def _record(copy: Path, prepared: Path, end: audit.Head, kept: Path | None, actor: str) -> None:
    """The chain records the restoring."""
    with open_copy(prepared):
        pass  # a copy of an older schema is not brought up to date here
    with open_database(prepared, create=False) as database, database.write(durable=True):
        body = {
            "copy": copy.name,
            "entries": end.entries,
            "head": end.hash,
            "kept": kept.name if kept else None,
        }
        audit.append(database, "audit.restore", f"copy:{copy.name}", body, actor=actor)
