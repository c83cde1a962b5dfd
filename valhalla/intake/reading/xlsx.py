"""Workbooks (.xlsx), up to 50 MB unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from valhalla.intake.reading.chunk import SourceError, Warning
from valhalla.intake.reading.tables import text_of

UNPACKED_LIMIT = 50 << 20
"""Bytes; a workbook is not constant in memory, and a small archive can unpack to anything."""

BLOCK = 1 << 18
"""Bytes of a part that are looked at together."""
DOCTYPE = b"<!DOCTYPE"


class Workbook:
    """The first sheet with data of a workbook, as rows of text."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path = path
        self.warnings: list[Warning] = []
        self._file = file
        self._check()
        self._sheet = self._open()

    def _check(self) -> None:
        try:
            self._file.seek(0)
            with zipfile.ZipFile(self._file) as archive:
                names = archive.namelist()
                if "mimetype" in names and b"opendocument" in archive.read("mimetype")[:80]:
                    raise SourceError(
                        "NOT_CSV",
                        f"The file {self.path} is an OpenDocument file; save it as .xlsx or CSV.",
                    )
                if not any(name.startswith("xl/") for name in names):
                    raise SourceError(
                        "NOT_CSV", f"The file {self.path} is no lead list but a zip archive; unpack it first."
                    )
                size = sum(info.file_size for info in archive.infolist())
                if size > UNPACKED_LIMIT:
                    raise SourceError(
                        "TOO_LARGE",
                        f"The workbook {self.path} unpacks to {size / 1e6:,.0f} MB; up to 50 MB are read: "
                        "save it as CSV.",
                    )
                for info in archive.infolist():
                    if info.filename.endswith((".xml", ".rels")) and _names_a_type(archive, info):
                        raise SourceError(
                            "NOT_READABLE",
                            f"The workbook {self.path} holds a document type, which none needs.",
                        )
        except SourceError:
            raise
        except Exception as error:  # a broken archive raises nearly anything
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> SourceError:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return SourceError("NOT_READABLE", f"The workbook {self.path} is damaged: {reason}.")

    def _open(self) -> Any:
        import openpyxl

        try:
            self._file.seek(0)
            book = openpyxl.load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
            sheets = list(book.worksheets)
            filled = []
            for sheet in sheets:
                sheet.reset_dimensions()
                if any(
                    any(value is not None for value in row)
                    for row in sheet.iter_rows(max_row=50, values_only=True)
                ):
                    filled.append(sheet)
        except Exception as error:
            raise self._broken(error) from error
        if not filled:
            raise SourceError("EMPTY_FILE", f"The workbook {self.path} holds no data.")
        if len(filled) > 1:
            others = ", ".join(sheet.title for sheet in filled[1:6])
            self.warnings.append(
                Warning(0, "MORE_SHEETS", f'only sheet "{filled[0].title}" was read, not {others}')
            )
        return filled[0]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows with their number in the sheet, from 1, without empty cells at their end."""
        try:
            for number, row in enumerate(self._sheet.iter_rows(values_only=True), 1):
                cells = [text_of(value) for value in row]
                while cells and not cells[-1]:
                    cells.pop()
                yield number, cells
        except SourceError:
            raise
        except Exception as error:
            raise self._broken(error) from error


def _names_a_type(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    before = b""
    with archive.open(info) as part:
        while block := part.read(BLOCK):
            if DOCTYPE in before + block:
                return True
            before = block[1 - len(DOCTYPE) :]
    return False
