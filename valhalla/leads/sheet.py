"""Small tables that are no lead lists: outcomes from a CRM, a list of buyers. CSV with a header, any usual separator."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from valhalla.program.errors import InputError

SEPARATORS = ",;\t|"


class Sheet:
    """An open table: the columns that were recognised, and its rows by field with their line numbers."""

    def __init__(self, path: Path, file: TextIO, fields: Mapping[str, Sequence[str]]) -> None:
        self.path = path
        first = file.readline()
        separator = max(SEPARATORS, key=first.count)
        file.seek(0)
        self._reader = csv.reader(file, delimiter=separator)
        try:
            header = next(self._reader, None)
        except csv.Error as error:
            raise InputError(f"{path} is not a CSV: {error}") from None
        if not header or not any(cell.strip() for cell in header):
            raise InputError(f"{path} is empty; its first line must name the columns")
        names = [" ".join(cell.strip().lower().replace("_", " ").split()) for cell in header]
        self.columns: dict[str, int] = {}
        """Index of the column by field."""
        for name, known in fields.items():
            wanted = [each.replace("_", " ") for each in known]
            found = next((names.index(each) for each in wanted if each in names), None)
            if found is not None and found not in self.columns.values():
                self.columns[name] = found

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(line, trimmed cells by field) of each row that is not blank."""
        try:
            for row in self._reader:
                if any(cell.strip() for cell in row):
                    yield (
                        self._reader.line_num,
                        {
                            name: row[index].strip() if index < len(row) else ""
                            for name, index in self.columns.items()
                        },
                    )
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{self.path}:{self._reader.line_num}: not a readable CSV: {error}") from None


@contextmanager
def read_sheet(path: Path, fields: Mapping[str, Sequence[str]]) -> Iterator[Sheet]:
    """Open a table; ``fields`` has the headers under which each field may stand. Raises :class:`InputError`."""
    try:
        file = open(path, encoding="utf-8-sig", newline="")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        raise InputError(f"The file '{path}' was not found.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    with file:
        try:
            sheet = Sheet(path, file, fields)
        except UnicodeDecodeError:
            raise InputError(f"{path} is not UTF-8; save it as CSV UTF-8") from None
        yield sheet
