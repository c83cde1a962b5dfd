"""Workbooks of Excel 97 to 2003 (.xls), through python-calamine, as rows of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from valhalla.intake.reading.chunk import SourceError, Warning, shorten
from valhalla.intake.reading.container import Contents
from valhalla.intake.reading.mapping import known_cells
from valhalla.intake.reading.tables import text_of

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

LIMIT = 50 << 20
"""Bytes of such a file: it is read whole."""
MOST_CELLS = 5_000_000
LOOKED_AT = 50
"""Rows in which a sheet with a list has its column names."""


class OldWorkbook:
    """The sheet that is meant, else the first that has column names of a list, else the first with data."""

    def __init__(self, file: BinaryIO, path: Path, part: str | None = None) -> None:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError

        self.path = path
        self.warnings: list[Warning] = []
        self.contents = Contents([], [])
        file.seek(0, 2)
        if file.tell() > LIMIT:
            raise SourceError("TOO_LARGE", f"The workbook {path} is larger than 50 MB; save it as CSV.")
        file.seek(0)
        try:
            self._book = CalamineWorkbook.from_filelike(file)
            self._rows = self._open(part)
        except PasswordError:
            raise SourceError(
                "NOT_CSV",
                f"The file {path} is not a lead list but a workbook that is protected with a password; save it without one.",
            ) from None
        except (CalamineError, ValueError, OSError) as error:
            raise self._broken(error) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # the library gave up on a damaged file
                raise
            raise self._broken(error) from error

    def _broken(self, error: BaseException) -> SourceError:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return SourceError(
            "NOT_READABLE",
            f"The workbook {self.path} is damaged or no list: {reason[:120]}; save it as .xlsx or CSV.",
        )

    def _open(self, part: str | None) -> list[list[str]]:
        filled: list[tuple[str, list[list[str]]]] = []
        for name in self._book.sheet_names:
            if part is None or name == part:
                rows = self._cells(self._book.get_sheet_by_name(name))
                if any(any(row) for row in rows):
                    filled.append((name, rows))
        if not filled:
            if part is not None:
                raise SourceError(
                    "NOT_FOUND",
                    f'The workbook {self.path} has no sheet "{shorten(part)}" with data any more.',
                )
            raise SourceError("EMPTY_FILE", f"The workbook {self.path} holds no data.")
        lists = [each for each in filled if len(filled) == 1 or _has_header(each[1])] or filled[:1]
        passed = [name for name, _ in filled if name not in {title for title, _ in lists}]
        self.contents = Contents(
            [name for name, _ in lists], [(name, "it has no column names of a list") for name in passed]
        )
        if passed:
            self.warnings.append(
                Warning(0, "MORE_SHEETS", f"passed over, for want of column names: {', '.join(passed[:5])}")
            )
        return lists[0][1]

    def _cells(self, sheet: CalamineSheet) -> list[list[str]]:
        if sheet.total_height * sheet.total_width > MOST_CELLS:
            raise SourceError(
                "TOO_LARGE",
                f"A sheet of the workbook {self.path} has more than 5,000,000 cells; save it as CSV.",
            )
        return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows of the sheet with their numbers; those at the end that hold nothing are left out."""
        for number, row in enumerate(self._rows, 1):
            cells = list(row)
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield number, cells


def _has_header(rows: list[list[str]]) -> bool:
    return any(known_cells(row) >= 2 for row in rows[:LOOKED_AT])


def _text(cell: Any) -> str:
    return text_of(cell).strip()
