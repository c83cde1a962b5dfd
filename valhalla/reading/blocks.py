"""A block of whole lines to records: the ordinary ones all at once, the others one by one."""

from __future__ import annotations

import csv
from collections.abc import Callable

from valhalla.reading.bulk import BulkReader
from valhalla.reading.careful import formula_like
from valhalla.reading.chunk import Chunk
from valhalla.reading.tokens import Open, Record, next_record

_CONTROL = [chr(code) for code in (*range(10), *range(11, 32), 127)]
_LONG = 100_000
"""Longer lines are taken apart one by one (``csv`` refuses cells above 131,072 characters)."""

One = Callable[[Record, int, str, Chunk], None]
"""Takes a record that was tokenised on its own: record, line, raw text, chunk."""


class BlockReader:
    """Splits blocks of text for a :class:`BulkReader`."""

    def __init__(self, bulk: BulkReader, delimiter: str, one: One) -> None:
        self.bulk = bulk
        self.delimiter = delimiter
        self.width = bulk.careful.width
        self._one = one

    def read(self, text: str, line: int, chunk: Chunk, final: bool) -> tuple[int, int] | None:
        """Read a text that ends with a line end (or is ``final``); how many characters and lines were used.

        None: nothing was read, the text is too unusual for this (line ends that are lone carriage returns inside
        lines, quotes that swallow lines).
        """
        flat = text.replace("\r\n", "\n") if "\r" in text else text
        if "\r" in flat:
            if "\n" in flat or '"' in flat:
                return None
            flat = flat.replace("\r", "\n")
        lines = flat.split("\n")
        if not lines[-1]:
            lines.pop()
        quoted = '"' in flat
        hard = self._hard(flat, lines, quoted)
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
                record = next_record(text, start_of(easy[number]), delimiter, self.width, True)
                if isinstance(record, Open) or record.lines != 1:
                    return None
                ones.append((record, easy[number]))
            if failed:
                gone = set(failed)
                easy = [where for number, where in enumerate(easy) if number not in gone]
                chosen = [raw for number, raw in enumerate(chosen) if number not in gone]
        else:
            cells = [raw.split(delimiter) for raw in chosen]
        numbers = [line + number for number in easy]
        width = self.width
        if set(map(len, cells)) - {width}:
            for number, row in enumerate(cells):
                if len(row) != width:
                    self.bulk.careful.read(row, numbers[number], chosen[number], chunk)
            ordinary = [number for number, row in enumerate(cells) if len(row) == width]
            cells = [cells[number] for number in ordinary]
            chosen = [chosen[number] for number in ordinary]
            numbers = [numbers[number] for number in ordinary]
        self.bulk.read(cells, numbers, chosen, chunk)
        for record, number in ones:
            self._one(record, line + number, text[record.start : record.stop], chunk)
        return (len(text) if stop == len(lines) else start_of(stop)), stop

    def _hard(self, flat: str, lines: list[str], quoted: bool) -> set[int]:
        """Numbers of the lines that need more than splitting."""
        delimiter = self.delimiter
        hard: set[int] = set()
        if not flat.isascii() or any(mark in flat for mark in _CONTROL if mark != delimiter):
            if delimiter.isprintable():
                hard.update(n for n, line in enumerate(lines) if not line.isprintable())
            else:
                hard.update(
                    n for n, line in enumerate(lines) if not line.replace(delimiter, "").isprintable()
                )
        if quoted:
            hard.update(n for n, line in enumerate(lines) if line.count('"') & 1)
            spaced = (f'{delimiter} "', f'" {delimiter}')
            if spaced[0] in flat or spaced[1] in flat or '\n "' in flat or '" \n' in flat or flat[:2] == ' "':
                hard.update(
                    n for n, line in enumerate(lines) if '"' in line and (' "' in line or '" ' in line)
                )
            if not delimiter.isprintable():
                # a cell could begin with the delimiter, a tab, and so like a formula
                hard.update(n for n, line in enumerate(lines) if f'"{delimiter}' in line)
        if max(map(len, lines), default=0) > _LONG:
            hard.update(n for n, line in enumerate(lines) if len(line) > _LONG)
        self._formulas(flat, lines, hard)
        if "'" in flat and any(f"'{mark}" in flat for mark in "=+-@"):
            hard.update(n for n, line in enumerate(lines) if any(f"'{mark}" in line for mark in "=+-@"))
        return hard

    def _formulas(self, flat: str, lines: list[str], hard: set[int]) -> None:
        delimiter = self.delimiter
        for mark in "=@+-":
            begins = (delimiter + mark, '"' + mark)
            if mark not in flat:
                continue
            if begins[0] in flat or begins[1] in flat or "\n" + mark in flat or flat.startswith(mark):
                for number, line in enumerate(lines):
                    if begins[0] in line or begins[1] in line or line.startswith(mark):
                        cells = line.replace('"', delimiter).split(delimiter)
                        if any(map(formula_like, cells)):
                            hard.add(number)

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
        cells: list[list[str]] = []
        failed: list[int] = []
        begin = 0
        while begin < len(lines):
            reader = csv.reader(lines[begin:] if begin else lines, delimiter=self.delimiter, strict=True)
            before = len(cells)
            try:
                cells.extend(reader)
            except csv.Error:
                if reader.line_num != len(cells) - before + 1:
                    return None
                failed.append(begin + reader.line_num - 1)
                begin += reader.line_num
                continue
            if reader.line_num != len(cells) - before:
                return None
            break
        return cells, failed


class _Starts:
    """Where each line of a text begins. Asked for in rising order, it walks the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = "\n" if "\n" in text else "\r"
        self._number = 0
        self._at = 0

    def __call__(self, number: int) -> int:
        if number < self._number:
            self._number = self._at = 0
        while self._number < number:
            self._at = self._text.index(self._end, self._at) + 1
            self._number += 1
        return self._at
