"""What an import is asked to do, what it asks back, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

from valhalla.intake.reading import DEFAULT_SOURCE, Chunk

if TYPE_CHECKING:
    from valhalla.intake.reading import Source
    from valhalla.intake.reading.source import RowReaderFactory


Admitted = bool | Collection[int]
"""All held rows of a list, none, or those on some lines."""


class Request(NamedTuple):
    """Read ``path`` as a list of the source called ``source``."""

    path: str
    source: str = DEFAULT_SOURCE
    final: bool = True
    """Whether a last line without a line end is complete."""
    again: bool = False
    """Read the whole file although nothing in it has changed."""
    rows: RowReaderFactory | None = None
    """Reads the records instead of :class:`valhalla.intake.reading.careful.RowReader`: rules of a program of its own."""
    documented: bool = False
    """Whether the list is held to the letter of the documents' rules, whatever its columns."""
    admit: Admitted = False
    """Whether a person has looked at the rows that may be about somebody who was forgotten, and said that they are not; or at which
    lines, where it is about single ones."""


class Hooks(NamedTuple):
    """What the job that runs the import wants to know and to decide."""

    fence: Callable[[], object] = lambda: None
    """Called first in each write transaction; raises when the job is no longer this worker's."""
    between: Callable[[Progress], object] = lambda progress: None
    """Called after each chunk; may raise to end the import here. What was read is kept, and the next import of the file
    goes on behind it."""
    waiting: Callable[[], object] = lambda: None
    """Called each second while the file is read and nothing comes of it; may raise to end the import here."""
    stored: Callable[[Source, Chunk], object] | None = None
    """Called after each chunk, when it is in the file."""


class Progress(NamedTuple):
    """How far an import has come. The counts are those of the whole import, also when it was interrupted."""

    bytes: int
    of: int
    """Size of the file."""
    rows: int
    rejected: int
    seconds: float
    """Spent in this process."""

    def as_json(self) -> dict[str, float]:
        """For operators: with the rate and the time that is left."""
        rate = self.rows / self.seconds if self.seconds > 0 else 0.0
        left = self.seconds * (self.of - self.bytes) / self.bytes if self.bytes else 0.0
        return {
            "bytes": self.bytes,
            "of": self.of,
            "rows": self.rows,
            "rejected": self.rejected,
            "rows_per_second": round(rate),
            "seconds": round(self.seconds, 3),
            "seconds_left": round(max(left, 0.0), 3),
        }
