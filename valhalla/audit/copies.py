"""Audit copies in the home's ``audit`` folder: made on a schedule, the newest ones kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from db import Database, audit, copies
from db.clock import HOUR, to_datetime
from db.inspecting import manifest_path
from valhalla import __version__
from valhalla.audit import signing
from valhalla.program.errors import NotFound
from valhalla.program.file_models import Entry
from valhalla.program.home import Home

PREFIX = "valhalla-"
_COPY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.db")
_AUTOMATIC = re.compile(r"valhalla-\d{8}T\d{6}Z-auto\.db")


def default_target(home: Home, at: int, *, redacted: bool = False, automatic: bool = False) -> Path:
    """Where a copy goes for which no place was named: ``audit/valhalla-20260131T120000Z.db``."""
    kind = "-redacted" if redacted else "-auto" if automatic else ""
    return home.audit / f"{PREFIX}{to_datetime(at):%Y%m%dT%H%M%SZ}{kind}.db"


def make(
    database: Database,
    home: Home,
    target: Path,
    *,
    redact: bool = False,
    progress: copies.Progress | None = None,
) -> dict[str, Any]:
    """An audit copy at ``target``, checked, with its manifest; the head goes into ``heads.jsonl``. Returns the manifest."""
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest = copies.audit_copy(
        database,
        target,
        version=__version__,
        redact=redact,
        progress=progress,
        sign=lambda facts: signing.sign(database, facts),
    )
    with database.write(durable=True):
        facts = {key: manifest[key] for key in ("sha256", "bytes", "entries", "head", "redacted")}
        audit.append(database, "audit.copy", f"copy:{target.name}", facts)
    signing.note(database, home.audit, f"copy {target.name}")
    return manifest


def all_copies(home: Home) -> list[Path]:
    """Every copy in the home's audit folder, the newest first."""
    found = [path for path in home.audit.glob("*.db") if _COPY.fullmatch(path.name) and path.is_file()]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def find(home: Home, name: str) -> Path:
    """The copy called ``name`` in the home's audit folder, never anything outside of it. Raises :class:`NotFound`."""
    path = home.audit / name
    inside = _COPY.fullmatch(name) and path.is_file() and path.resolve().parent == home.audit.resolve()
    if not inside:
        raise NotFound(f"there is no copy of that name in {home.audit}")
    return path


def make_automatic(database: Database, home: Home, keep: int) -> dict[str, Any]:
    """A copy on the schedule; of such copies the newest ``keep`` stay. Copies that a person made are never removed."""
    manifest = make(database, home, default_target(home, database.clock(), automatic=True))
    for old in automatic(home)[:-keep]:
        manifest_path(old).unlink(missing_ok=True)
        old.unlink(missing_ok=True)
    return manifest


def due(database: Database, home: Home, hours: int) -> bool:
    """Whether it is time for an automatic copy: ``hours`` after the last, or after the file was made. 0: never."""
    if hours == 0 or database.path is None:
        return False
    before = database.clock() - hours * HOUR
    newest = automatic(home)[-1:]
    if newest:
        return newest[0].name <= default_target(home, before, automatic=True).name
    began = Entry.select(Entry.at).where(Entry.seq == 1).scalar(database)
    return began is not None and began <= before


def automatic(home: Home) -> list[Path]:
    """The copies that were made on the schedule, oldest first."""
    return sorted(path for path in home.audit.glob(f"{PREFIX}*.db") if _AUTOMATIC.fullmatch(path.name))
