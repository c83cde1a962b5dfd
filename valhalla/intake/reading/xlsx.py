"""Workbooks (.xlsx), up to 50 MB unpacked."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from valhalla.intake.reading.archive import Archive
from valhalla.intake.reading.chunk import SourceError, Warning, shorten
from valhalla.intake.reading.container import Contents
from valhalla.intake.reading.mapping import known_cells
from valhalla.intake.reading.sheet_xml import SharedTexts, Sheet, Styles, shared_texts, styles
from valhalla.intake.reading.tables import TooLong

RELATIONS_LIMIT = 65_536
SHOWN = 5
"""Other sheets that a warning names."""
LOOKED_AT = 50
"""Rows in which a sheet with data has some."""
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_WORKBOOKS = (
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
    _KIND + "template.main+xml",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    _KIND + "sheet.main+xml",
)
_SHARED = _KIND + "sharedStrings+xml"
_STYLES = "xl/styles.xml"


class Workbook:
    """The first sheet of a workbook that has column names of a list, else the first with data, as rows of text."""

    def __init__(self, file: BinaryIO, path: Path, part: str | None = None) -> None:
        self.path = path
        self._part = part
        self.warnings: list[Warning] = []
        self.contents = Contents([], [])
        try:
            self._archive = Archive(file, path)
            self._archive.check()
            self._sheet = self._open()
        except SourceError:
            raise
        except Exception as error:  # a broken archive raises nearly anything
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> SourceError:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return SourceError("NOT_READABLE", f"The workbook {self.path} is damaged: {reason[:200]}.")

    def _open(self) -> Sheet:
        filled = [sheet for sheet in self._sheets() if _has_data(sheet)]
        if not filled:
            raise SourceError("EMPTY_FILE", f"The workbook {self.path} holds no data.")
        if self._part is not None:
            found = next((sheet for sheet in filled if sheet.title == self._part), None)
            if found is None:
                raise SourceError(
                    "NOT_FOUND",
                    f'The workbook {self.path} has no sheet "{shorten(self._part)}" with data any more.',
                )
            return found
        lists = [sheet for sheet in filled if len(filled) == 1 or _has_header(sheet)] or filled[:1]
        passed = [sheet.title for sheet in filled if sheet not in lists]
        self.contents = Contents(
            [sheet.title for sheet in lists],
            [(title, "it has no column names of a list") for title in passed],
        )
        if len(lists) > 1:
            others = ", ".join(f'"{sheet.title}"' for sheet in lists[1 : SHOWN + 1])
            self.warnings.append(
                Warning(
                    0,
                    "MORE_SHEETS",
                    f'this is sheet "{lists[0].title}"; {others} {_are(len(lists) - 1)}',
                )
            )
        if passed:
            others = ", ".join(f'"{title}"' for title in passed[:SHOWN])
            self.warnings.append(
                Warning(0, "MORE_SHEETS", f"passed over, for want of column names: {others}")
            )
        return lists[0]

    def _sheets(self) -> Iterator[Sheet]:
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

        archive = self._archive
        workbook, shared = self._main_parts()
        targets = self._relations(workbook)
        named: dict[str, str] = {}
        epoch = WINDOWS_EPOCH

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal epoch
            if tag == "workbookPr" and attributes.get("date1904", "") not in ("", "false", "f", "0"):
                epoch = MAC_EPOCH
            elif tag == "sheet":
                relation = next((value for name, value in attributes.items() if name.endswith(":id")), "")
                part = targets.get(relation)
                if part is not None:
                    named.setdefault(part, attributes.get("name", ""))

        self._parse(workbook, start)
        texts = shared_texts(archive, shared) if shared is not None else SharedTexts()
        looks = styles(archive, _STYLES) if _STYLES in archive.parts else Styles()
        for part, title in named.items():
            yield Sheet(archive, part, title, texts, looks, epoch)

    def _main_parts(self) -> tuple[str, str | None]:
        """The parts of the workbook itself and of its shared texts, from the table of contents."""
        found: dict[str, str] = {}
        default = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal default
            kind = attributes.get("ContentType", "")
            if kind in (*_WORKBOOKS, _SHARED):
                if tag == "Override":
                    found.setdefault(kind, attributes.get("PartName", "")[1:])
                default = default or tag == "Default"

        self._parse("[Content_Types].xml", start)
        workbook = next(
            (found[kind] for kind in _WORKBOOKS if kind in found), "xl/workbook.xml" if default else None
        )
        if workbook is None:
            raise ValueError("it has no workbook part")
        return workbook, found.get(_SHARED)

    def _relations(self, workbook: str) -> dict[str, str]:
        """The sheets that the archive has, by the id that the workbook calls them."""
        folder, name = posixpath.split(workbook)
        found: dict[str, str] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag != "Relationship" or attributes.get("TargetMode") == "External":
                return
            target = attributes.get("Target", "")
            part = target[1:] if target[:1] == "/" else posixpath.normpath(posixpath.join(folder, target))
            if part in self._archive.parts and "chartsheet" not in attributes.get("Type", ""):
                found[attributes.get("Id", "")] = part
                if len(found) > RELATIONS_LIMIT:
                    raise SourceError(
                        "TOO_LARGE", f"The workbook {self.path} names more than 65,536 parts; save it as CSV."
                    )

        self._parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _parse(self, part: str, start: Any) -> None:
        for _ in self._archive.parse(part, start):
            pass

    def rows(self) -> Iterator[tuple[int, list[str] | TooLong]]:
        """See :meth:`Sheet.rows`."""
        try:
            yield from self._sheet.rows()
        except SourceError:
            raise
        except Exception as error:
            raise self._broken(error) from error


def _are(count: int) -> str:
    return "is a list of its own" if count == 1 else "are lists of their own"


def _has_header(sheet: Sheet) -> bool:
    """Whether one of the first rows has at least two names of columns that lists have."""
    for number, row in sheet.rows():
        if number > LOOKED_AT:
            return False
        if isinstance(row, list) and known_cells(row) >= 2:
            return True
    return False


def _has_data(sheet: Sheet) -> bool:
    for number, row in sheet.rows():
        if number > LOOKED_AT:
            return False
        if row:
            return True
    return False
