"""Records that are not delimited text: elements of a JSON document, lines of JSON, rows of a workbook.

They are turned into cells under a header and then read by the same rules. The raw text of a rejected one is a CSV
line, so that rejects of every format can be exported, repaired and loaded in the same way.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import CHUNK_BYTES, Chunk, Position
from valhalla.intake.reading.csvfile import RAW_LIMIT, broken
from valhalla.intake.reading.tokens import FIELD_LIMIT, Record, next_record
from valhalla.program.memory import collector_paused

MORE = "(more)"
"""Header of the extra column that holds keys which appear only late in a very long JSON file."""


def text_of(value: Any) -> str:
    """A cell's text for a value from JSON or a workbook: numbers without a point where they are whole, dates as ISO,
    nothing for null, nested values as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return (
            value.date().isoformat()
            if value.time() == time()
            else value.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text_of)
    return str(value)


def csv_line(cells: Sequence[str]) -> str:
    """The cells as one line of CSV, without line end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def raw_cells(raw: str, delimiter: str = ",") -> list[str]:
    """The cells of a reject's raw text. A record that cannot be taken apart is one cell."""
    record = next_record(raw, 0, delimiter, 1 << 16, True)
    if isinstance(record, Record) and record.cells and record.end >= len(raw):
        return record.cells
    return [raw]


class Header:
    """Collects keys in the order in which they first appear."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def add(self, record: Any) -> None:
        """Remember the keys of a record."""
        if isinstance(record, dict) and not record.keys() <= self.names.keys():
            self.names.update(dict.fromkeys(record))


def cells_of(record: Mapping[str, Any], header: Sequence[str]) -> list[str]:
    """The record's values in the header's order; keys the header lacks go into its ``(more)`` column."""
    cells = [text_of(record.get(name)) for name in header]
    if header and header[-1] == MORE and MORE not in record:
        rest = {key: value for key, value in record.items() if key not in header}
        cells[-1] = text_of(rest) if rest else ""
    return cells


def take(rows: RowReader, cells: list[str], line: int, chunk: Chunk) -> int:
    """Read one record into the chunk, or reject it where no rule could. Returns how long it is."""
    raw = csv_line(cells)
    if len(raw) > FIELD_LIMIT and max(map(len, cells)) > FIELD_LIMIT:
        chunk.rejected.append(broken(line, "FIELD_TOO_LARGE", "a cell is larger than 1 MiB", raw[:RAW_LIMIT]))
    elif "\0" in raw:
        chunk.rejected.append(broken(line, "NUL_BYTE", "the row holds a NUL byte", raw))
    elif _lone_surrogate(raw):
        chunk.rejected.append(broken(line, "ENCODING", "the row holds half a character", raw))
    else:
        rows.read(cells, line, raw, chunk)
    return len(raw)


def _lone_surrogate(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


class TableReader:
    """Chunks of an iterable of numbered rows. ``Position.line`` is the number of the next row; the offset is always
    the file's size, since such a file has to be read from its beginning."""

    def __init__(self, table: Iterable[tuple[int, Any]], rows: RowReader, start: Position) -> None:
        self.position = start
        self._rows = rows
        self._header = rows.columns.header
        self._table: Iterator[tuple[int, Any]] = (row for row in table if row[0] >= start.line)

    def read(self, count: int, final: bool) -> Chunk | None:
        """The next at most ``count`` rows; such a file is whole or unreadable, so ``final`` makes no difference."""
        start = self.position
        chunk = Chunk(start, start)
        number, taken = start.line - 1, 0
        with collector_paused():
            for number, record in islice(self._table, count):
                if isinstance(record, dict):
                    taken += take(self._rows, cells_of(record, self._header), number, chunk)
                elif isinstance(record, list):
                    taken += take(self._rows, record, number, chunk)
                else:
                    raw = csv_line([text_of(record)])
                    chunk.rejected.append(broken(number, "RECORD_SYNTAX", "the element is no object", raw))
                    taken += len(raw)
                if taken >= CHUNK_BYTES:
                    break
        if number < start.line:
            return None
        chunk.end = Position(start.offset, number + 1, start.records + chunk.records, start.encoding)
        self.position = chunk.end
        return chunk
