"""What the two processes of an import (see ``ahead``) both know about the answers that go from the second to the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from valhalla.intake.reading import Source
    from valhalla.scoring.stages import Context

ALIVE = "alive"
"""The kind of an answer that says only that the file is still being read."""

ALIVE_SECONDS = 5.0
"""Between two of those."""

LENGTH = 8
"""Bytes of the number that says how long an answer is."""

PART_ROWS = 1_250
"""Rows of one answer: so few that it fits into the pipe whole (see ``second.PIPE_BYTES``)."""

Decided = list[tuple[tuple[Any, ...] | None, tuple[bytes, bytes, bytes] | None]]
"""For each accepted row of a chunk, in their order, as if it were a new lead: the columns of the decision on it that
differ from row to row (:data:`valhalla.intake.sql.DECIDED`), and of its hash what can be
worked out without its number (see :data:`db.evidence.Prepared`); None for a row that says what it said before."""


def file_of(source: Source) -> list[int]:
    """Which file an open list is, and how it was when it was opened."""
    stat = source.opened
    return [stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns]


def key_of(context: Context) -> tuple[int, int]:
    """By what decisions are made: they hold for contexts with the same key."""
    return context.policy_version, context.snapshot_id


def in_columns(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The rows as the pipe takes them, column by column: what is blank in all of them is sent once."""
    columns: list[Any] = [*zip(*rows, strict=True)]
    return [
        [values[0]] if values[0] in (None, ()) and values.count(values[0]) == len(values) else values
        for values in columns
    ]


def in_rows(columns: list[Any]) -> Iterable[tuple[Any, ...]]:
    """The rows of which :func:`in_columns` made these columns; of rows that are all blank, none."""
    if all(isinstance(values, list) for values in columns):
        return ()
    return zip(*map(values_of, columns), strict=False)


def values_of(column: Sequence[Any]) -> Iterable[Any]:
    """The values of a column as it crosses the pipe: without an end where it is blank."""
    return repeat(column[0]) if isinstance(column, list) else column
