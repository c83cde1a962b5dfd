"""Lists that are no leads: outcomes as a CRM exports them, and buyers. In any form in which a lead list can be read."""

from __future__ import annotations

from pathlib import Path

from db import Database
from jobs import JobId
from valhalla.intake.reading.sheet import read_sheet
from valhalla.leads import buyers, outcome_lists
from valhalla.program import settings
from valhalla.scoring.jobs import Reevaluating


def import_outcomes(
    database: Database, path: Path, *, zone: str | None, actor: str = "operator"
) -> outcome_lists.Imported:
    """Record every line of a file. See :func:`valhalla.leads.outcome_lists.record_list`. Raises
    :class:`valhalla.program.errors.InputError` for an unusable file."""
    with read_sheet(path, outcome_lists.COLUMNS) as sheet:
        return outcome_lists.record_list(database, sheet, zone=zone, actor=actor)


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
