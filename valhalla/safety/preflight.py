"""What must hold before a run begins. Each check says in one sentence what is wrong and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from db import Database, integrity
from valhalla.program.database import schema_version
from valhalla.program.errors import InputError
from valhalla.program.home import Home
from valhalla.program.terminal import FULL
from valhalla.safety import sql

NEEDED_BYTES = 50 * 2**20
"""Less free space than this is no place to begin an import in."""


@dataclass(frozen=True)
class Check:
    """One check and what was found."""

    name: str
    ok: bool
    detail: str


def check(database: Database, home: Home, sources: Iterable[Path]) -> list[Check]:
    """All preflight checks, really made."""
    checks = [_source(path) for path in sources]
    checks += [_home_writable(home), check_space(home), _sound(database)]
    return checks


def require(checks: Iterable[Check]) -> None:
    """Raise :class:`InputError` with the sentence of the first check that failed."""
    for found in checks:
        if not found.ok:
            raise InputError(found.detail)


def _source(path: Path) -> Check:
    name = f"source {path}"
    if not path.exists():
        return Check(name, False, f"The file '{path}' was not found.")
    if not os.access(path, os.R_OK):
        return Check(name, False, f"{path} cannot be read: permission denied")
    return Check(name, True, "readable")


def _home_writable(home: Home) -> Check:
    probe = home.logs / f".probe-{os.getpid()}"
    try:
        try:
            probe.write_bytes(b"x")
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in FULL:
            return Check("home writable", False, f"the disk that holds {home.logs} is full; free some space")
        return Check(
            "home writable", False, f"{home.logs} cannot be written ({error.strerror}); check its permissions"
        )
    return Check("home writable", True, str(home.path))


def check_space(home: Home) -> Check:
    """Whether there is space for an import."""
    free = shutil.disk_usage(home.path).free
    detail = f"{free // 2**20:,} MB free at {home.path}"
    if free < NEEDED_BYTES:
        return Check("disk space", False, f"only {detail}; free some space before reading lists")
    return Check("disk space", True, detail)


def _sound(database: Database) -> Check:
    """A look at the structure of the file; the whole check belongs to ``valhalla audit verify``."""
    found = integrity.problems(database, 1, quick=True) if _small(database) else []
    if found:
        return Check("file sound", False, f"{database.path} is damaged ({found[0]}); restore an audit copy")
    return Check("file sound", True, f"schema {schema_version(database)}")


def _small(database: Database) -> bool:
    """quick_check reads the whole file: about a second for 300 MB, so large files are not checked at every start."""
    return bool(database.value(sql.FILE_BYTES) < 64 * 2**20)
