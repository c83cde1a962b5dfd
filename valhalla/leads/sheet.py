"""Small tables that are no lead lists: outcomes from a CRM, a list of buyers. Anyone who reads them hands in their rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class Line(NamedTuple):
    """A row that is not blank: its number in the file, and its trimmed cells by field."""

    number: int
    cells: dict[str, str]
    problem: str | None = None
    """Why the row cannot be read; then there are no cells."""


class Sheet(Protocol):
    """An open table."""

    path: Path
    fields: frozenset[str]
    """The fields for which it has a column."""

    def __iter__(self) -> Iterator[Line]:
        """Its rows. Raises :class:`valhalla.program.errors.InputError`."""


class Refused(NamedTuple):
    """A line that could not be used."""

    line: int
    message: str
