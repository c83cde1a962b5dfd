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
from typing import Any, NamedTuple

from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import CHUNK_BYTES, COLUMNS_LIMIT, Chunk, Position
from valhalla.intake.reading.csvfile import LONGEST, RAW_LIMIT, broken
from valhalla.intake.reading.header import DOCUMENTED, normal
from valhalla.intake.reading.tokens import FIELD_LIMIT, Record, next_record
from valhalla.program.memory import collector_paused

MORE = "(more)"
"""Header of the extra column that holds keys which appear only late in a very long JSON file, or are too many."""


SAMPLED = 50
"""Records whose cells say what a column is,"""
SHOWN = 1_000
"""and characters of such a cell."""


class TooLong(NamedTuple):
    """A row of a workbook that is longer than a line may be."""

    start: str
    """Its first cell."""


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


LEVELS = 3
"""Objects in objects that are columns; what is deeper is one cell of JSON."""
ITEMS = 10
"""Objects of an array that are columns of their own."""


def flat(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record whose values are no objects: ``{"owner": {"name": "Ann"}}`` has the column *owner name*, the second of several
    ``phones`` the columns *phones 2 number*, *phones 2 type*. An array of plain values is one cell."""
    if not any(isinstance(value, dict | list) for value in record.values()):
        return record
    found: dict[str, Any] = {}
    for key, value in record.items():
        _flatten(key, value, LEVELS, found)
    return found


def _flatten(key: str, value: Any, levels: int, found: dict[str, Any]) -> None:
    if isinstance(value, dict) and value and levels:
        for name, part in value.items():
            _flatten(f"{key} {name}", part, levels - 1, found)
    elif isinstance(value, list) and value and not any(isinstance(each, dict | list) for each in value):
        found[key] = "; ".join(map(text_of, value))
    elif (
        isinstance(value, list)
        and levels
        and value
        and all(isinstance(each, dict) and each for each in value[:ITEMS])
    ):
        for number, each in enumerate(value[:ITEMS], 1):
            _flatten(f"{key} {number}" if len(value) > 1 else key, each, levels - 1, found)
        if value[ITEMS:]:
            found[f"{key} {MORE}"] = value[ITEMS:]
    elif value not in ([], {}):
        found[key] = value


class Header:
    """Collects keys in the order in which they first appear."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._parts: dict[str, None] = {}
        """As :func:`flat` has them."""
        self.full = False
        """Whether there are more than a list may have columns."""
        self._first: list[dict[str, str]] = []
        """The first records, whose cells say what a column is."""

    def add(self, record: Any) -> None:
        """Remember the keys of a record."""
        if not isinstance(record, dict):
            return
        self._names = self._with(self._names, record)
        parts = flat(record)
        self._parts = self._with(self._parts, parts)
        if len(self._first) < SAMPLED:
            self._first.append(
                {
                    key: text_of(each)[:SHOWN]
                    for key, each in parts.items()
                    if not isinstance(each, dict | list)
                }
            )

    def _with(self, names: dict[str, None], record: Mapping[str, Any]) -> dict[str, None]:
        if not record.keys() <= names.keys():
            names.update(dict.fromkeys(record))
            if len(names) >= COLUMNS_LIMIT:
                names = dict.fromkeys(islice(names, COLUMNS_LIMIT - 1))
                self.full = True
        return names

    def read(self, *, more: bool = False) -> tuple[list[str], list[list[str]]]:
        """The column names, and the cells of the first records. ``more``: there may be further keys."""
        documents = _documents(self._names)
        names = list(self._names if documents else self._parts)
        if more or self.full:
            names.append(MORE)
        return names, [] if documents else list(map(CellsOf(names), self._first))


def _documents(names: Iterable[str]) -> bool:
    """Whether a list is held to the documents' rules, for which a key is a column, whatever is in it."""
    return any(normal(name) == DOCUMENTED for name in names)


class CellsOf:
    """Turns records into cells in a header's order; keys the header lacks go into its ``(more)`` column."""

    def __init__(self, header: Sequence[str]) -> None:
        self._width = len(header)
        self._place = {name: number for number, name in enumerate(header)}
        self._more = bool(header) and header[-1] == MORE
        self._whole = _documents(header)

    def __call__(self, record: Mapping[str, Any]) -> list[str]:
        """The cells of one; what it takes depends on the record and hardly on how many columns there are."""
        cells = [""] * self._width
        rest: dict[str, Any] = {}
        if not self._whole:
            record = flat(record)
        for key, value in record.items():
            place = self._place.get(key)
            if place is None:
                rest[key] = value
            else:
                cells[place] = text_of(value)
        if rest and self._more and MORE not in record:
            cells[-1] = text_of(rest)
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
        self.rows = rows
        self._cells_of = CellsOf(rows.columns.header)
        self._table: Iterator[tuple[int, Any]] = (row for row in table if row[0] >= start.line)

    def read(self, count: int, final: bool) -> Chunk | None:
        """The next at most ``count`` rows; such a file is whole or unreadable, so ``final`` makes no difference.

        Rows that a sheet leaves out count as blank, however many they are.
        """
        start = self.position
        chunk = Chunk(start, start)
        before, taken = start.line - 1, 0
        number = before
        with collector_paused():
            for number, record in islice(self._table, count):
                chunk.blank += number - before - 1
                before = number
                if isinstance(record, dict):
                    record = self._cells_of(record)
                if isinstance(record, TooLong):
                    reason = f"the row is longer than {LONGEST >> 20} MiB"
                    chunk.rejected.append(broken(number, "FIELD_TOO_LARGE", reason, record.start))
                elif isinstance(record, list):
                    self.rows.filled_up += record.count("")
                    taken += take(self.rows, record, number, chunk)
                else:
                    raw = csv_line([text_of(record)])
                    chunk.rejected.append(
                        broken(number, "RECORD_SYNTAX", "the element is not an object", raw)
                    )
                    taken += len(raw)
                if taken >= CHUNK_BYTES:
                    break
        if number < start.line:
            return None
        chunk.text = taken
        chunk.end = Position(start.offset, number + 1, start.records + chunk.records, start.encoding)
        self.position = chunk.end
        return chunk

    def close(self) -> None:
        """Let go of the table, and of what parses it."""
        self._table = iter(())
