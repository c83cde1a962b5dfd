"""JSON documents (an array, or an object that holds one) and lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import CHUNK_BYTES, Chunk, Position, SourceError
from valhalla.intake.reading.csvfile import LONGEST, WINDOW, Window, broken
from valhalla.intake.reading.kind import MARK
from valhalla.intake.reading.nesting import ELEMENTS_LIMIT, CountedBrackets
from valhalla.intake.reading.sniff import decode
from valhalla.intake.reading.tables import CellsOf, Header, take
from valhalla.program.memory import collector_paused

SCAN_LIMIT = 64 << 20
"""Bytes in which the keys of the records are collected before reading; keys that appear later share one column."""


class Document:
    """One JSON document that holds a list of records, read element by element."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        import ijson

        self._ijson = ijson
        self._file = file
        self._path = path
        self._prefix = self._find_list()

    def _rewind(self, level: int | None = None) -> CountedBrackets:
        self._file.seek(0)
        if self._file.read(3) != MARK:
            self._file.seek(0)
        return CountedBrackets(self._file, self._path, level)

    def _find_list(self) -> str:
        depth = 0
        try:
            for prefix, event, _ in self._ijson.parse(self._rewind()):
                if event == "start_array" and depth <= 1:
                    return f"{prefix}.item" if prefix else "item"
                depth += event in ("start_map", "start_array")
                depth -= event in ("end_map", "end_array")
        except (self._ijson.JSONError, ValueError, ArithmeticError) as error:
            raise self._broken(error) from error
        raise SourceError("JSON_SYNTAX", f"The file {self._path} holds no list of records.")

    def _broken(self, error: Exception) -> SourceError:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "it ends too early"
        return SourceError("JSON_SYNTAX", f"The file {self._path} is not valid JSON: {reason[:200]}.")

    def records(self) -> Iterator[tuple[int, Any]]:
        """Elements of the list with their numbers, from 1."""
        try:
            level = 2 if "." in self._prefix else 1
            yield from enumerate(self._ijson.items(self._rewind(level), self._prefix), 1)
        except (self._ijson.JSONError, ValueError, ArithmeticError, RecursionError) as error:
            raise self._broken(error) from error

    def header(self) -> tuple[list[str], list[list[str]]]:
        """All keys, in the order in which they appear, and the cells of the first records."""
        header = Header()
        for _, record in self.records():
            header.add(record)
            if self._file.tell() > SCAN_LIMIT or header.full:
                return header.read(more=True)
        return header.read()


def lines_header(file: BinaryIO) -> tuple[list[str], list[list[str]]]:
    """All keys of a file of JSON lines, in the order in which they appear, and the cells of the first records."""
    file.seek(0)
    header, left, rest = Header(), SCAN_LIMIT, b""
    while left > 0 and (block := file.read(WINDOW)):
        left -= len(block)
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            header.add(_loads(line))
        if header.full:
            return header.read()
        if len(rest) > LONGEST:
            rest = b""
    header.add(_loads(rest))
    return header.read(more=left <= 0)


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=str)


def _loads(line: bytes) -> Any:
    """The value on a line, or None when it is no JSON, or more than can be held."""
    if len(line) > ELEMENTS_LIMIT and line.count(b",") > ELEMENTS_LIMIT:
        return None
    try:
        return _decoder.decode(line.removeprefix(MARK).decode("utf-8"))
    except (ValueError, ArithmeticError, RecursionError):
        return None


class LinesReader:
    """Lines of JSON, of any number, in bounded memory and resumable."""

    def __init__(self, window: Window, rows: RowReader, start: Position) -> None:
        self.window = window
        self.position = start
        self.rows = rows
        self._cells_of = CellsOf(rows.columns.header)

    def read(self, count: int, final: bool) -> Chunk | None:
        """The next at most ``count`` lines; a last one without line end only when ``final``."""
        chunk = Chunk(self.position, self.position)
        taken, size = 0, WINDOW
        with collector_paused():
            while chunk.records + chunk.blank < count and taken < CHUNK_BYTES:
                window = self.window
                window.fill(size)
                whole = window.whole_lines(final)
                if not whole and not (window.data and size >= LONGEST):
                    if window.ended:
                        break
                    size *= 2
                    continue
                cut = (
                    window.first_lines(count - chunk.records - chunk.blank, whole)
                    if whole
                    else len(window.data)
                )
                taken += cut
                lines = window.drop(cut).split(b"\n")
                if not lines[-1]:
                    lines.pop()
                end = chunk.end
                for number, line in enumerate(lines, end.line):
                    self._take(line, number, chunk)
                records = chunk.start.records + chunk.records
                chunk.end = Position(window.offset, end.line + len(lines), records, end.encoding)
                size = WINDOW
        if chunk.end == self.position:
            return None
        self.position = chunk.end
        return chunk

    def close(self) -> None:
        """Nothing of the rest is held but the bytes at hand."""

    def _take(self, line: bytes, number: int, chunk: Chunk) -> None:
        if not line.strip(b" \t\r\xef\xbb\xbf"):
            chunk.blank += 1
            return
        record = _loads(line)
        try:
            cells = self._cells_of(record) if isinstance(record, dict) else None
        except RecursionError:
            cells = None
        if cells is not None:
            self.rows.filled_up += cells.count("")
            take(self.rows, cells, number, chunk)
        elif len(line) >= LONGEST:
            raw = decode(line[:LONGEST], "utf-8", cut=True)
            chunk.rejected.append(broken(number, "FIELD_TOO_LARGE", "the line is longer than 8 MiB", raw))
        else:
            raw = decode(line.rstrip(b"\r"), "utf-8")
            code = "NUL_BYTE" if b"\0" in line else "RECORD_SYNTAX"
            chunk.rejected.append(broken(number, code, "the line is no JSON object", raw))
