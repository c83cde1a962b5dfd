"""Lists of leads as files that Excel opens and that Valhalla reads again: CSV and workbooks."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from db import Database, audit
from db.clock import iso
from valhalla.leads import facts, scrubbing, sql
from valhalla.leads.view import Record, Viewer
from valhalla.program.errors import InputError
from valhalla.program.files import whole
from valhalla.program.patterns import pattern

log = logging.getLogger("valhalla.leads")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", *"＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋")
"""How a formula begins. The wide, small, raised and lowered signs are taken for the plain ones where a program normalises
text (NFKC) on the way into a sheet."""

_HARMLESS = pattern(r"[+-]?[\s().,/-]*\d[\d\s().,/-]*")
"""Numbers and phone numbers: a spreadsheet takes nothing of them for a formula that could do anything."""

_UNPRINTABLE = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What a workbook, which is XML, cannot hold."""


COLUMNS = ("name", "email", "phone", "value", "location", "source", "score", "band", "next_action", "reasons")
"""What an export begins with; the documented columns keep their names."""

MAILING = ("address", "city", "state", "zip")
FACTS = tuple(
    name
    for name in facts.LABELS
    if name not in ("asking", "mailing", "phones", "emails", "last_sale", "unread")
)
"""Facts that are one column each, by their own name."""


class Sheet:
    """The columns of an export of a file's leads, and the cells of each: what a list is exported with is everything that is
    known, so that nothing that was read is out of reach. Each number, address and further column has its own."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        phones, emails = viewer.database.sql(sql.MOST_CONTACTS)[0]
        self._phones, self._emails = max(1, phones), max(1, emails + 1)
        at = scrubbing.last(viewer.database).get("national")
        self._checked = "never" if at is None else iso(at)[:10]
        names = (json.loads(names) for (names,) in viewer.database.sql(sql.ALL_HEADERS))
        own = [
            *(
                *COLUMNS,
                "reason_codes",
                "do_not_contact",
                "dnc_checked",
                *FACTS,
                "last_sale_price",
                "last_sale_date",
                "could_not_be_read",
            ),
            *(f"mailing_{part}" for part in MAILING),
            *(
                f"phone_{number}{part}"
                for number in range(1, self._phones + 1)
                for part in ("", "_type", "_flags")
            ),
            *(f"email_{number}" for number in range(2, self._emails + 1)),
        ]
        self._extras = list(dict.fromkeys(name for each in names for name in each))
        self.columns = [*own, *(f"{name} (list)" if name in own else name for name in self._extras)]

    def cells(self, record: Record) -> list[object]:
        """The row of a lead."""
        entry, known = self._viewer.entry(record), self._viewer.facts(record)
        shown = {**entry, "value": _amount(entry["value"]), "reasons": " | ".join(entry["reasons"])}
        phones = known["phones"][: self._phones]
        emails = known["emails"][1 : self._emails]
        return [
            *(shown[column] for column in COLUMNS),
            " | ".join(entry["reason_codes"]),
            record.lead.suppressed,
            self._checked,
            *(_cell(name, known[name]) for name in FACTS),
            *(_amount(known["last_sale"]["price"]), known["last_sale"]["date"]),
            facts.in_words("unread", known["unread"]),
            *(known["mailing"][part] for part in MAILING),
            *(
                cell
                for each in phones
                for cell in (each["number"], each["type"], " ".join(each["flags"]) or None)
            ),
            *([None] * 3 * (self._phones - len(phones))),
            *emails,
            *([None] * (self._emails - 1 - len(emails))),
            *(record.extra.get(name) for name in self._extras),
        ]


def _amount(dollars: float | None) -> object:
    return None if dollars is None else int(dollars) if dollars == int(dollars) else f"{dollars:.2f}"


def _cell(name: str, value: Any) -> object:
    return _amount(value) if facts.LABELS[name][1] == "money" else facts.in_words(name, value)


def saved_by_hand(
    database: Database, viewer: Viewer, records: Sequence[Record], what: str, *, actor: str = "operator"
) -> bytes:
    """Leads as a CSV that a person saves: no effect, because nothing leaves by itself, but logged and audited."""
    text = io.StringIO(newline="")
    sheet = Sheet(viewer)
    write_csv(text, sheet.columns, map(sheet.cells, records))
    with database.write():
        audit.append(database, "leads.export", what, {"leads": len(records)}, actor=actor)
    log.info("the %s was saved: %d leads", what, len(records))
    return text.getvalue().encode("utf-8")


def contact_rows(database: Database, lead_ids: Sequence[int]) -> list[tuple[object, ...]]:
    """Leads in the columns of :data:`valhalla.leads.sql.CONTACT_COLUMNS`, by number; the value in dollars."""
    return [
        (name, email, phone, None if value is None else f"{value / 100:.2f}", *rest)
        for name, email, phone, value, *rest in database.sql(sql.CONTACT_ROWS, (json.dumps(lead_ids),))
    ]


def safe_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: what could begin a formula gets an apostrophe in front, which the
    reader takes away again. Numbers and phone numbers stay as they are."""
    if text.startswith(_FORMULA) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def write_file(path: Path, viewer: Viewer, records: Iterable[Record]) -> int:
    """Write leads to a workbook (``.xlsx``) or a CSV. Returns how many. Raises :class:`InputError`."""
    sheet = Sheet(viewer)
    rows = map(sheet.cells, records)
    try:
        with whole(path) as part:
            if path.suffix.lower() == ".xlsx":
                return write_workbook(part, sheet.columns, rows)
            with open(part, "w", encoding="utf-8", newline="") as file:
                return write_csv(file, sheet.columns, rows)
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


def write_workbook(path: Path, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a workbook (.xlsx), row by row, so that memory does not grow with the list. Numbers are numbers; every other cell
    is text, which no spreadsheet runs. Returns how many rows were written."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
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
