"""A block of whole lines to records: the ordinary ones all at once, the others one by one."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from itertools import compress

from valhalla.intake.reading.bulk import BulkReader
from valhalla.intake.reading.careful import formula_like
from valhalla.intake.reading.chunk import Chunk
from valhalla.intake.reading.tokens import Open, Record, next_record

_LONG = 100_000
"""Longer lines are taken apart one by one (``csv`` refuses cells above 131,072 characters)."""

One = Callable[[Record, int, str, Chunk], None]
"""Takes a record that was tokenised on its own: record, line, raw text, chunk."""


def _shapes(delimiter: str) -> bytes:
    """Translation of UTF-8 bytes to what matters when looking for formulas: whatever a cell's text can follow becomes
    a comma, what begins a formula ``=``, control characters ``!``, the rest ``x``."""
    table = bytearray(b"x" * 256)
    for code in (*range(32), 127):
        table[code] = ord("!")
    for mark in "=+-@":
        table[ord(mark)] = ord("=")
    for mark in "\n\"'" + delimiter:
        table[ord(mark)] = ord(",")
    return bytes(table)


def _lines_with(data: bytes, shape: bytes, pattern: bytes) -> Iterator[int]:
    """Numbers of the lines that hold the last byte of a pattern, which is looked for in the data's shape."""
    number = last = 0
    at = shape.find(pattern)
    while at >= 0:
        to = at + len(pattern) - 1
        number += data.count(b"\n", last, to)
        last = to
        yield number
        at = shape.find(pattern, at + 1)


class BlockReader:
    """Splits blocks of text for a :class:`BulkReader`."""

    def __init__(self, bulk: BulkReader, delimiter: str, one: One) -> None:
        self.bulk = bulk
        self.delimiter = delimiter
        self.width = bulk.careful.width
        self._one = one
        self._shapes = _shapes(delimiter)

    def read(self, text: str, line: int, chunk: Chunk, count: int, final: bool) -> tuple[int, int] | None:
        """Read a text that ends with a line end (or is ``final``); how many characters and lines were used.

        None: nothing was read, the text is too unusual for this (lone carriage returns next to quotes, quotes that
        swallow lines, more than ``count`` lines).
        """
        data = text.encode("utf-8", "surrogatepass")
        flat = text
        if b"\r" in data:
            if data.count(b"\r") == data.count(b"\r\n"):
                data = data.translate(None, b"\r")
            elif b'"' in data:
                return None
            else:
                data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            flat = data.decode("utf-8", "surrogatepass")
        lines = flat.split("\n")
        if not lines[-1]:
            lines.pop()
        if len(lines) > count:
            return None
        quoted = '"' in flat
        hard = self._hard(data, lines, quoted)
        easy: list[int] | range = range(len(lines))
        stop = len(lines)
        ones: list[tuple[Record, int]] = []
        start_of = _Starts(text)
        if hard:
            easy, ones, stop = self._tokenise(text, hard, len(lines), start_of, final)
        chosen = [lines[number] for number in easy] if len(easy) < len(lines) else lines
        delimiter = self.delimiter
        if quoted:
            parsed = self._parse(chosen)
            if parsed is None:
                return None
            cells, failed = parsed
            for number in failed:
                record = next_record(text, start_of(easy[number]), delimiter, self.width, final)
                if isinstance(record, Open) or record.lines != 1:
                    return None
                ones.append((record, easy[number]))
            if failed:
                gone = set(failed)
                stay = [number not in gone for number in range(len(cells))]
                easy, chosen = list(compress(easy, stay)), list(compress(chosen, stay))
                cells = list(compress(cells, stay))
        else:
            cells = [raw.split(delimiter) for raw in chosen]
        numbers = [line + number for number in easy]
        width = self.width
        fits = list(map(width.__eq__, map(len, cells)))
        if not all(fits):
            for number, fit in enumerate(fits):
                if not fit:
                    self.bulk.careful.read(cells[number], numbers[number], chosen[number], chunk)
            cells, chosen = list(compress(cells, fits)), list(compress(chosen, fits))
            numbers = list(compress(numbers, fits))
        self.bulk.read(cells, numbers, chosen, chunk, spaced="  " in flat)
        for record, number in ones:
            self._one(record, line + number, text[record.start : record.stop], chunk)
        return (len(text) if stop == len(lines) else start_of(stop)), stop

    def _hard(self, data: bytes, lines: list[str], quoted: bool) -> set[int]:
        """Numbers of the lines that need more than splitting."""
        hard: set[int] = set()
        delimiter = self.delimiter
        shape = data.translate(self._shapes)
        controls = b"!" in shape
        if controls or not data.isascii():
            plain = "" if delimiter.isprintable() else delimiter
            hard.update(
                number
                for number, line in enumerate(lines)
                if (controls or not line.isascii())
                and not line.isprintable()
                and not (plain and line.replace(plain, "").isprintable())
            )
        if quoted:
            # Odd quotes, spaces around quotes, and quoted cells that begin with a tab where tabs delimit.
            tab = "\n" if delimiter.isprintable() else f'"{delimiter}'
            before, after = f'{delimiter} "', f'" {delimiter}'
            for number, line in enumerate(lines):
                if '"' in line and (
                    line.count('"') & 1
                    or before in line
                    or after in line
                    or tab in line
                    or line.startswith(' "')
                    or line.endswith('" ')
                ):
                    hard.add(number)
        if max(map(len, lines), default=0) > _LONG:
            hard.update(number for number, line in enumerate(lines) if len(line) > _LONG)
        hard.update(number for number in _lines_with(data, shape, b",=") if self._formula(lines[number]))
        if shape.startswith(b"="):
            hard.add(0)
        return hard

    def _formula(self, line: str) -> bool:
        """Whether a cell could be formula-like, or could have been made harmless by our own export."""
        cells = line.replace('"', self.delimiter).replace("'", self.delimiter).split(self.delimiter)
        return "'" in line or any(map(formula_like, cells))

    def _tokenise(
        self, text: str, hard: set[int], count: int, start_of: _Starts, final: bool
    ) -> tuple[list[int], list[tuple[Record, int]], int]:
        """The lines that are left for splitting, the records made one by one with their line, and the line before
        which reading has to stop for more text."""
        easy: list[int] = []
        ones: list[tuple[Record, int]] = []
        at = 0
        for number in sorted(hard):
            if number < at:
                continue
            easy.extend(range(at, number))
            record = next_record(text, start_of(number), self.delimiter, self.width, final)
            if isinstance(record, Open):
                return easy, ones, number
            ones.append((record, number))
            at = number + record.lines
        easy.extend(range(at, count))
        return easy, ones, count

    def _parse(self, lines: list[str]) -> tuple[list[list[str]], list[int]] | None:
        """Cells of lines that are one record each, and the numbers of the lines that are not valid."""
        delimiter = self.delimiter
        quoted = [number for number, line in enumerate(lines) if '"' in line]
        cells = [] if len(quoted) == len(lines) else [line.split(delimiter) for line in lines]
        parsed: list[list[str]] = []
        failed: list[int] = []
        left = [lines[number] for number in quoted]
        while left:
            reader = csv.reader(left, delimiter=delimiter, strict=True)
            before = len(parsed)
            try:
                parsed.extend(reader)
            except csv.Error:
                if reader.line_num != len(parsed) - before + 1:
                    return None
                failed.append(quoted[len(parsed)])
                parsed.append([])
                left = left[reader.line_num :]
                continue
            if reader.line_num != len(parsed) - before:
                return None
            break
        if not cells:
            return parsed, failed
        for number, row in zip(quoted, parsed, strict=True):
            cells[number] = row
        return cells, failed


class _Starts:
    """Where each line of a text begins. Asked for in rising order, it walks the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        mixed = "\r" in text and text.count("\r") != text.count("\r\n")
        self._end = re.compile(r"\r\n?|\n") if mixed else None
        self._number = 0
        self._at = 0

    def __call__(self, number: int) -> int:
        if number < self._number:
            self._number = self._at = 0
        if self._end is None:
            at, find = self._at, self._text.index
            for _ in range(number - self._number):
                at = find("\n", at) + 1
        else:
            at = self._at
            for _ in range(number - self._number):
                found = self._end.search(self._text, at)
                assert found is not None
                at = found.end()
        self._number, self._at = number, at
        return at
