"""Lists that are no leads: outcomes as a CRM exports them, buyers, and numbers that must not be called. In any form in which a lead
list can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from db import Database
from jobs import JobId
from valhalla.intake.reading.cell_words import yes
from valhalla.intake.reading.header import normal
from valhalla.intake.reading.sheet import read_cells, read_sheet
from valhalla.leads import buyers, outcome_lists, scrubbing, suppression
from valhalla.leads.suppression import Entry
from valhalla.program import settings
from valhalla.program.errors import UsageError
from valhalla.program.patterns import pattern
from valhalla.scoring.jobs import Reevaluating


def import_outcomes(database: Database, path: Path, *, zone: str | None) -> outcome_lists.Imported:
    """Record every line of a file. See :func:`valhalla.leads.outcome_lists.record_list`. Raises
    :class:`valhalla.program.errors.InputError` for an unusable file."""
    with read_sheet(path, outcome_lists.COLUMNS) as sheet:
        return outcome_lists.record_list(database, sheet, zone=zone)


def import_and_reevaluate(
    reevaluating: Reevaluating, path: Path
) -> tuple[outcome_lists.Imported, JobId | None]:
    """Record every line of a file on the operator's clock and, where one is new, have the leads decided again. Also returns
    the number of that job."""
    database = reevaluating.database
    done = import_outcomes(database, path, zone=settings.value(database, "timezone"))
    return done, reevaluating.ask() if done.recorded else None


def import_buyers(
    database: Database, path: Path, *, replace: bool = False, actor: str = "operator"
) -> buyers.Imported:
    """Take buyers from a file. See :func:`valhalla.leads.buyers.take_list`. Raises
    :class:`valhalla.program.errors.InputError` for an unusable file."""
    with read_sheet(path, buyers.COLUMNS) as sheet:
        return buyers.take_list(database, sheet, replace=replace, actor=actor)


@dataclass(frozen=True)
class ScrubList:
    """The people and numbers in a list of those who must not be called."""

    entries: list[Entry]
    skipped: list[int] = field(default_factory=list)
    """Lines that hold nobody."""
    clear: int = 0
    """Rows whose own column says that they are not on the list, as a checked file that came back says of most."""


_FLAGS = {
    "national": pattern(r"dnc|donotcall|registry|registered|federal|national"),
    "litigator": pattern(r"litigat|tcpa"),
    "own": pattern(r"dnc|donotcall|donotcontact|dnd|optout|optedout"),
}
"""How a column is called that says of each row whether it is on the list, without blanks and signs."""
_CLEAR = frozenset(
    {
        "",
        "no",
        "n",
        "false",
        "f",
        "0",
        "clean",
        "clear",
        "good",
        "ok",
        "safe",
        "none",
        "callable",
        "not found",
    }
)


def read_scrub(path: Path, kind: scrubbing.Kind) -> ScrubList:
    """Everybody in a file: addresses, numbers and domains wherever they stand in a line; where a column says yes or no, only those with
    a yes. Raises :class:`valhalla.program.errors.InputError` for an unusable file, and :class:`UsageError` where it names nobody."""
    found, skipped, clear = dict[Entry, None](), list[int](), 0
    with read_cells(path) as (header, rows):
        flags = [number for number, name in enumerate(header) if _FLAGS[kind].search(normal(name))]
        found.update(dict.fromkeys(_entries(header)))
        for line, cells in rows:
            here = _entries(cells)
            said = [cells[number] for number in flags if number < len(cells)]
            if here and said and not any(map(_listed, said)):
                clear += 1
                continue
            found.update(dict.fromkeys(here))
            if not here:
                skipped.append(line)
    if not found and not clear:
        raise UsageError(f"there is no e-mail address, phone number or domain in {path}")
    return ScrubList(list(found), skipped, clear)


def _listed(cell: str) -> bool:
    """Whether a cell of a flag column says that the row is on the list: yes, a word for it, or the number itself."""
    return yes(cell) or cell.strip().casefold() not in _CLEAR


def _entries(cells: Sequence[str]) -> list[Entry]:
    found = []
    for cell in filter(str.strip, cells):
        try:
            found.append(suppression.entry(cell))
        except UsageError:
            continue
    return found


def import_scrub(
    database: Database,
    path: Path,
    kind: scrubbing.Kind,
    *,
    reason: str | None = None,
    actor: str = "operator",
) -> tuple[scrubbing.Scrubbed, ScrubList]:
    """Check the leads against a file. See :func:`valhalla.leads.scrubbing.scrub` and :func:`read_scrub`."""
    found = read_scrub(path, kind)
    done = scrubbing.scrub(
        database, kind, found.entries, path=path.name, reason=reason or path.name, actor=actor
    )
    return done, found
