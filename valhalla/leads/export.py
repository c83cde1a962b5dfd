"""Lists of leads as files that Excel opens and that Valhalla reads again: CSV and workbooks."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from db import Database, audit
from valhalla.leads import sql
from valhalla.program.errors import InputError
from valhalla.program.files import whole

log = logging.getLogger("valhalla.leads")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", *"＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋")
"""How a formula begins. The wide, small, raised and lowered signs are taken for the plain ones where a program normalises
text (NFKC) on the way into a sheet."""

_HARMLESS = re.compile(r"[+-]?[\s().,/-]*\d[\d\s().,/-]*")
"""Numbers and phone numbers: a spreadsheet takes nothing of them for a formula that could do anything."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What a workbook, which is XML, cannot hold."""


COLUMNS = ("name", "email", "phone", "value", "location", "source", "score", "band", "next_action", "reasons")
"""What an export holds; the documented columns keep their names."""


def cells(entry: Mapping[str, Any]) -> list[object]:
    """A row of an export of a lead's entry (:meth:`valhalla.leads.view.Viewer.entry`)."""
    value = entry["value"]
    shown = {
        **entry,
        "value": int(value) if value == int(value) else f"{value:.2f}",
        "reasons": " | ".join(entry["reasons"]),
    }
    return [shown[column] for column in COLUMNS]


def saved_by_hand(
    database: Database, entries: Sequence[Mapping[str, Any]], what: str, *, actor: str = "operator"
) -> bytes:
    """Leads' entries as a CSV that a person saves: no effect, because nothing leaves by itself, but logged and audited."""
    text = io.StringIO(newline="")
    write_csv(text, COLUMNS, map(cells, entries))
    with database.write():
        audit.append(database, "leads.export", what, {"leads": len(entries)}, actor=actor)
    log.info("the %s was saved: %d leads", what, len(entries))
    return text.getvalue().encode("utf-8")


def contact_rows(database: Database, lead_ids: Sequence[int]) -> list[tuple[object, ...]]:
    """Leads in the columns of :data:`valhalla.leads.sql.CONTACT_COLUMNS`, by number; the value in dollars."""
    return [
        (name, email, phone, f"{value / 100:.2f}", *rest)
        for name, email, phone, value, *rest in database.sql(sql.CONTACT_ROWS, (json.dumps(lead_ids),))
    ]


def safe_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: what could begin a formula gets an apostrophe in front, which the
    reader takes away again. Numbers and phone numbers stay as they are."""
    if text.startswith(_FORMULA) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def write_file(path: Path, entries: Iterable[Mapping[str, Any]]) -> int:
    """Write leads' entries to a workbook (``.xlsx``) or a CSV. Returns how many. Raises :class:`InputError`."""
    rows = map(cells, entries)
    try:
        with whole(path) as part:
            if path.suffix.lower() == ".xlsx":
                return write_workbook(part, COLUMNS, rows)
            with open(part, "w", encoding="utf-8", newline="") as file:
                return write_csv(file, COLUMNS, rows)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def write_csv(file: TextIO, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a CSV with a byte-order mark (Excel needs it to see UTF-8). ``file`` is opened with ``newline=""`` and
    ``encoding="utf-8"``. Returns how many rows were written."""
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow([safe_cell(header) for header in headers])
    count = 0
    for row in rows:
        writer.writerow(["" if cell is None else safe_cell(str(cell)) for cell in row])
        count += 1
    return count


def write_workbook(
    path: Path, headers: Sequence[str], rows: Iterable[Sequence[object]], title: str = "Leads"
) -> int:
    """Write a workbook (.xlsx), row by row, so that memory does not grow with the list. Numbers are numbers; every other cell
    is text, which no spreadsheet runs. Returns how many rows were written."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    heads = []
    for header in headers:
        head = WriteOnlyCell(sheet, value=_printable(header))
        head.font = Font(bold=True)
        heads.append(head)
    sheet.append(heads)
    count = 0
    for row in rows:
        cells = []
        for value in row:
            if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
                cells.append(WriteOnlyCell(sheet, value=value))
                continue
            cell = WriteOnlyCell(sheet, value=_printable(safe_cell(str(value))))
            cell.data_type = "s"  # openpyxl would take a text that begins with = for a formula
            cells.append(cell)
        sheet.append(cells)
        count += 1
    book.save(path)
    return count


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)[:32_767]
