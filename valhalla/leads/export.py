"""Lists of leads as CSV files that Excel opens and that Valhalla reads again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HARMLESS = re.compile(r"[+-]?[\d\s().,/-]*\d[\d\s().,/-]*")
"""Numbers and phone numbers: a spreadsheet takes nothing of them for a formula that could do anything."""


def safe_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: what could begin a formula gets an apostrophe in front, which the
    reader takes away again. Numbers and phone numbers stay as they are."""
    if text.startswith(_FORMULA) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


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
