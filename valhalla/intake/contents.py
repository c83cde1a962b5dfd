"""The further lists of a file that holds several: sheets of a workbook, members of an archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from valhalla.intake import reading, sql
from valhalla.intake.reading import SourceError
from valhalla.intake.reading.container import MARK, joined, split
from valhalla.intake.reading.kind import COMPOUND
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake import watchdog
    from valhalla.intake.sources import Candidate
else:
    watchdog = later("valhalla.intake.watchdog")

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
        return [candidate._replace(path=Path(each)) for each in known]
    if not _may_hold_several(candidate.path):
        return []
    patience = watchdog.Patience(candidate.path)
    try:
        with watchdog.Watchdog(patience) as thread:
            names = thread.call(lambda: _names(candidate.path, patience))
    except (SourceError, OSError):
        return []
    return [candidate._replace(path=Path(joined(path, name))) for name in names[1:]]


def _names(path: Path, patience: watchdog.Patience) -> list[str]:
    with reading.open_source(path, columns=reading.as_they_are, progress=patience.progress) as source:
        return source.contents.lists


def _may_hold_several(path: Path) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(4) in (_ZIP, COMPOUND)
    except OSError:
        return False
