"""What the two processes of an import both know about the answers that go from the second to the first: see
:mod:`valhalla.intake.read_ahead`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from valhalla.intake.reading import Source
    from valhalla.scoring.stages import Context

Table = list[Sequence[Any]]
"""Rows as columns, all equally long."""

ALIVE = "alive"
"""The kind of an answer that says only that the file is still being read."""

ALIVE_SECONDS = 5.0
"""Between two of those."""

LENGTH = 8
"""Bytes of the number that says how long an answer is."""

PART_ROWS = 1_250
"""Rows of one answer: so few that it fits into the pipe whole (see ``second.PIPE_BYTES``)."""


class Decided(NamedTuple):
    """What was worked out about the accepted rows of a chunk, each as if it were a new lead, in columns; None for a row that says what
    it said before."""

    decisions: Table
    """The columns of the decisions on them that differ from row to row: :data:`valhalla.intake.sql.DECIDED`."""
    prepared: Table
    """Of their hashes what can be worked out without their numbers: :data:`db.evidence.Prepared`."""


def file_of(source: Source) -> list[int]:
    """Which file an open list is, and how it was when it was opened."""
    stat = source.opened
    return [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns]


def key_of(context: Context) -> tuple[int, int]:
    """By what decisions are made: they hold for contexts with the same key."""
    return context.policy_version, context.snapshot_id


def packed(columns: Iterable[Sequence[Any]]) -> list[Any]:
    """The columns as the pipe takes them: of one that is blank throughout, what that is and how often."""
    return [
        [values[0], len(values)]
        if values and values[0] in (None, ()) and values.count(values[0]) == len(values)
        else values
        for values in columns
    ]


def unpacked(columns: list[Any]) -> Table:
    """The columns of which :func:`packed` made this."""
    return [(values[0],) * values[1] if isinstance(values, list) else values for values in columns]
