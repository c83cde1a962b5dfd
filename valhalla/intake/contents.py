"""The further lists of a file that holds several: sheets of a workbook, members of an archive."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from valhalla.intake import sql
from valhalla.intake.reading import SourceError, open_source
from valhalla.intake.reading.container import MARK, joined, split
from valhalla.intake.reading.kind import COMPOUND
from valhalla.intake.reading.source import as_they_are
from valhalla.intake.watchdog import Patience, Watchdog

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.sources import Candidate

_ZIP = b"PK\x03\x04"


def further(database: Database, candidate: Candidate, *, changed: bool) -> list[Candidate]:
    """The lists of a file behind its first one, which goes by the file's own path. ``changed``: look into the file; else they are
    those that were found when it was read last. A file that cannot be read has none: its own reading says why."""
    path = str(candidate.path)
    if split(path)[1] is not None:
        return []
    if not changed:
        known = [
            name
            for (name,) in database.sql(sql.LISTS_WITHIN, (f"{path}{MARK}", f"{path}{MARK}\U0010ffff", path))
        ]
        return [replace(candidate, path=Path(each)) for each in known]
    if not _may_hold_several(candidate.path):
        return []
    patience = Patience(candidate.path)
    try:
        with Watchdog(patience) as watchdog:
            names = watchdog.call(lambda: _names(candidate.path, patience))
    except (SourceError, OSError):
        return []
    return [replace(candidate, path=Path(joined(path, name))) for name in names[1:]]


def _names(path: Path, patience: Patience) -> list[str]:
    with open_source(path, columns=as_they_are, progress=patience.progress) as source:
        return source.contents.lists


def _may_hold_several(path: Path) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(4) in (_ZIP, COMPOUND)
    except OSError:
        return False
