"""What waits for a person, and how many rows of lists became leads, were worked on and closed. Bounded work in any database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from db import Database
from valhalla.reports import sql

MOST = 1_000
"""Counts of what waits end here: 1,000 or more says enough."""


class Waiting(NamedTuple):
    """How much of each kind waits for a person, counted up to :data:`MOST`."""

    duplicates: int
    drafts: int
    uncertain: int
    dead: int
    changes: int
    offers: int
    """Rows of lists about people who buy."""
    houses: int
    """Leads that were taken apart and keep work of which nobody has said yet for which house it was."""


class Step(NamedTuple):
    """What came in from all sources since a moment, and what became of it; ``sources``: new leads by source, most first."""

    read: int
    refused: int
    new: int
    updated: int
    worked: int
    closed: int
    sources: list[tuple[str, int]]


class Reason(NamedTuple):
    """The commonest reason among the newest refused rows, and the newest import that has it."""

    code: str
    import_id: int


class FiguresVersion(NamedTuple):
    """What figures about outcomes and leads depend on: while it is the same, so are they."""

    newest_outcome: int
    undone_outcomes: int
    newest_import: int
    policy: int
    generation: int


def waiting(database: Database) -> Waiting:
    """What waits for a person."""
    (row,) = database.sql(sql.WAITING, {"most": MOST})
    return Waiting(*row)


def funnel(database: Database, since: Sequence[int]) -> list[Step]:
    """The steps from rows to deals since each of three moments, the latest first."""
    by_source = database.sql(sql.IN_BY_SOURCE, since)
    (worked_and_closed,) = database.sql(sql.WORKED_AND_CLOSED, since)
    found = []
    for number in range(len(since)):
        came = [(name, *counts[4 * number : 4 * number + 4]) for name, *counts in by_source]
        read, refused, new, updated = (sum(each[column] for each in came) for column in (1, 2, 3, 4))
        worked, closed = worked_and_closed[2 * number : 2 * number + 2]
        sources = [(name, created) for name, _, _, created, _ in came if created]
        found.append(Step(read, refused, new, updated, worked, closed, sources))
    return found


def commonest_reason(database: Database) -> Reason | None:
    """Why most of the newest refused rows were refused; None: none is open."""
    row = database.one(sql.COMMONEST_REASON)
    return Reason(*row) if row else None


def figures_version(database: Database) -> FiguresVersion:
    """What figures about outcomes and leads depend on; cheap to read."""
    (row,) = database.sql(sql.FIGURES_VERSION)
    return FiguresVersion(*row)
