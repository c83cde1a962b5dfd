"""Tables that are no lead lists, read as lead lists are: any encoding and separator, a title above the column names,
JSON, workbooks; only the rules for a lead are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from valhalla.intake.reading.careful import RowReader, clean, undo_apostrophe
from valhalla.intake.reading.chunk import Chunk, SourceError
from valhalla.intake.reading.header import normal
from valhalla.intake.reading.mapping import Columns
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.source import Source, open_source
from valhalla.leads.sheet import Line
from valhalla.program.errors import InputError

ROWS = 1_000
"""Rows that are held at a time."""


class SheetFile:
    """An open table (a :class:`valhalla.leads.sheet.Sheet`)."""

    def __init__(self, path: Path, source: Source, lines: list[Line], fields: frozenset[str]) -> None:
        self.path = path
        self.fields = fields
        self._source = source
        self._lines = lines

    def __iter__(self) -> Iterator[Line]:
        """Yield the rows in their order."""
        try:
            for chunk in self._source.chunks(ROWS, final=True):
                broken = [Line(each.line, {}, each.message) for each in chunk.rejected]
                found = sorted([*self._lines, *broken], key=lambda line: line.number)
                self._lines.clear()
                yield from found
        except SourceError as error:
            raise InputError(str(error)) from None


@contextmanager
def read_sheet(path: Path, fields: Mapping[str, Sequence[str]]) -> Iterator[SheetFile]:
    """Open a table; ``fields`` has the headers under which each field may stand. Raises :class:`InputError`."""
    lines: list[Line] = []
    index: dict[str, int] = {}

    def columns(header: list[str]) -> Columns:
        index.update(_index(header, fields))
        return Columns(header, {}, {}, [], (), (), (), (), None, None, own_export=False, profile=Profile())

    class Cells(RowReader):
        """Keeps the cells of a record as they are."""

        def read(self, cells: Sequence[str], line: int, raw: str, chunk: Chunk) -> None:
            found = {
                field: clean(undo_apostrophe(cells[number]))[0] if number < len(cells) else ""
                for field, number in index.items()
            }
            if any(map(str.strip, cells)):
                lines.append(Line(line, found))
            chunk.blank += 1  # nothing of it is a lead

    known = {name: name for names in fields.values() for name in names}
    try:
        source = open_source(path, Profile(), known, rows=Cells, columns=columns)
    except SourceError as error:
        raise InputError(str(error)) from None
    with source:
        yield SheetFile(path, source, lines, frozenset(index))


class Cells(NamedTuple):
    """A row of any table, as it stands."""

    number: int
    cells: list[str]


@contextmanager
def read_cells(path: Path) -> Iterator[tuple[list[str], Iterator[Cells]]]:
    """Open a table whatever its columns are: the first line and all others. Raises :class:`InputError`."""
    found: list[Cells] = []
    names: list[str] = []

    def columns(header: list[str]) -> Columns:
        names.extend(header)
        return Columns(header, {}, {}, [], (), (), (), (), None, None, own_export=False, profile=Profile())

    class Every(RowReader):
        """Keeps the cells of a record as they are."""

        def read(self, cells: Sequence[str], line: int, raw: str, chunk: Chunk) -> None:
            if any(map(str.strip, cells)):
                found.append(Cells(line, [clean(undo_apostrophe(cell))[0] for cell in cells]))
            chunk.blank += 1  # nothing of it is a lead

    try:
        source = open_source(path, Profile(), rows=Every, columns=columns)
    except SourceError as error:
        raise InputError(str(error)) from None

    def rows() -> Iterator[Cells]:
        try:
            for chunk in source.chunks(ROWS, final=True):
                broken = [Cells(each.line, [each.raw]) for each in chunk.rejected]
                here = sorted([*found, *broken], key=lambda row: row.number)
                found.clear()
                yield from here
        except SourceError as error:
            raise InputError(str(error)) from None

    with source:
        yield names, rows()


def _index(header: Sequence[str], fields: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Column number by field: of each field's headers the first that is there, and each column once."""
    forms = [normal(name) for name in header]
    index: dict[str, int] = {}
    for field, names in fields.items():
        found = next((forms.index(form) for form in map(normal, names) if form in forms), None)
        if found is not None and found not in index.values():
            index[field] = found
    return index
