"""What kind of text a file is: encoding, delimiter, line ends, and where its header stands.

No statistics: on short files detectors guess wrong. A fixed ladder is used instead, and what it decided is named.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import BinaryIO

from valhalla.intake.reading.chunk import COLUMNS_LIMIT, SourceError, Warning, too_many_columns
from valhalla.intake.reading.grouped import joined_names
from valhalla.intake.reading.header import normal
from valhalla.intake.reading.mapping import known_cells, unique_names
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.tokens import Record, line_stop, next_record
from valhalla.program.patterns import pattern

HEAD = 1 << 18
"""Bytes looked at for delimiter, preamble and header; grown to 4 MiB for a wider header."""
SCAN_LIMIT = 64 << 20
"""Bytes looked at to decide between UTF-8 and the fallback encoding; later lines that do not fit are rejected."""
_BLOCK = 1 << 16
"""Bytes looked at together; as text and cut into lines they take many times as much memory."""
DELIMITERS = ",;\t|"
PREAMBLE = 30
"""Lines, or rows, of which one holds the column names."""
_CONTROL = pattern("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLES = 50


@dataclass(slots=True)
class Shape:
    """What was found out about a text file before its first record."""

    encoding: str
    """Python codec: utf-8, utf-16-le, utf-16-be, or the profile's fallback."""
    decided: bool
    """False while everything seen was ASCII, so that any encoding would have done."""
    delimiter: str
    newline: str
    header: list[str]
    offset: int
    """Byte after the header line."""
    line: int
    """Physical line after the header."""
    samples: list[list[str]]
    warnings: list[Warning] = field(default_factory=list)


def byte_order_mark(head: bytes) -> tuple[str, int] | None:
    """Codec and length of a byte-order mark, or None."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return name, len(mark)
    return None


def find_encoding(file: BinaryIO, profile: Profile, start: int = 0) -> tuple[str, bool, list[Warning]]:
    """Encoding of a file from byte ``start`` on, whether anything but ASCII was seen, and warnings."""
    file.seek(0)
    head = file.read(4096)
    mark = byte_order_mark(head)
    if mark is not None and mark[0] != "utf-8":
        return mark[0], True, []
    if mark is None and len(head) >= 4:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = len(head) // 2
        if odd > 0.4 * half and even < 0.1 * half:
            return "utf-16-le", True, []
        if even > 0.4 * half and odd < 0.1 * half:
            return "utf-16-be", True, []
    ascii_only, valid = _scan(file, start)
    if valid:
        return "utf-8", mark is not None or not ascii_only, []
    good, bad, line = _count_lines_by_validity(file, start)
    if mark is not None or good >= bad:
        return "utf-8", True, [Warning(line, "ENCODING_MIXED", f"{bad} lines are not UTF-8 and are rejected")]
    name = {"cp1252": "Windows-1252"}.get(profile.fallback, profile.fallback)
    return (
        profile.fallback,
        True,
        [Warning(line, "ENCODING_ASSUMED", f"the file is not UTF-8; read as {name}")],
    )


def _scan(file: BinaryIO, start: int) -> tuple[bool, bool]:
    """Whether the bytes are all ASCII, and whether they are valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(start)
    left, ascii_only = SCAN_LIMIT, True
    try:
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            if not block.isascii():
                ascii_only = False
            if not ascii_only:
                decoder.decode(block)
    except UnicodeDecodeError:
        return False, False
    return ascii_only, True


def _count_lines_by_validity(file: BinaryIO, start: int) -> tuple[int, int, int]:
    """How many lines beyond ASCII are valid UTF-8, how many are not, and the first that is not."""
    file.seek(start)
    good = bad = first = number = 0
    left, rest = SCAN_LIMIT, b""
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        left -= len(block)
        lines = re.split(rb"\r\n|\n|\r", rest + block)
        rest = lines.pop()
        if len(rest) > 1 << 22:
            lines, rest = [*lines, rest], b""
        for line in lines:
            number += 1
            if not line.isascii():
                if _valid(line):
                    good += 1
                else:
                    bad += 1
                    first = first or number
    if rest and not rest.isascii():
        if _valid(rest):
            good += 1
        else:
            bad += 1
            first = first or number + 1
    return good, bad, first or 1


def _valid(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def shape_of(file: BinaryIO, profile: Profile, path: str, encoding: str = "",
             wanted: frozenset[str] = frozenset()) -> Shape:  # fmt: skip
    """Look at the head of the file. ``encoding`` is what an earlier reading decided; ``wanted`` are normal forms of
    headers of a saved mapping, by which the header line is recognised too. Raises SourceError."""
    warnings: list[Warning] = []
    decided = bool(encoding)
    if not encoding:
        encoding, decided, warnings = find_encoding(file, profile)
    size = HEAD
    while True:
        file.seek(0)
        head = file.read(size)
        mark = byte_order_mark(head)
        skip = mark[1] if mark else 0
        whole = len(head) < size
        text = decode(head[skip:], encoding, cut=not whole)
        if whole or "\n" in text or "\r" in text or size >= 1 << 22:
            break
        size *= 4
    if not text.strip("\ufeff \t\r\n,;|\0"):
        raise SourceError("EMPTY_FILE", f"The file {path} holds nothing but blank lines.")
    newline = "\n" if "\n" in text else "\r" if "\r" in text else "\n"
    return _header(text, skip, encoding, decided, newline, profile, path, warnings, wanted)


def decode(data: bytes, encoding: str, *, cut: bool = False) -> str:
    """Text of the bytes; bytes that are none become lone surrogates. ``cut``: the end may be torn."""
    if encoding.startswith("utf-16"):
        return data[: len(data) & ~1].decode(encoding, "surrogatepass" if not cut else "replace")
    if cut and encoding == "utf-8":
        for back in range(1, 4):
            if data[-back : len(data) - back + 1] >= b"\xc0":
                data = data[:-back]
                break
    return data.decode(encoding, "surrogateescape")


def encode(text: str, encoding: str) -> bytes:
    """The bytes that :func:`decode` made the text from."""
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape")


def _header(
    text: str, skip: int, encoding: str, decided: bool, newline: str, profile: Profile, path: str,
    warnings: list[Warning], wanted: frozenset[str],
) -> Shape:  # fmt: skip
    at, line, forced = 0, 1, profile.delimiter
    first, end = _line(text, 0)
    if forced is None and (match := re.fullmatch(r'"?sep=(.)"?[,;]*', first, re.IGNORECASE)):
        forced, at, line = match[1], end, 2
    best: tuple[int, int, Record, int, str] | None = None
    above: list[str] = []  # the line that was just looked at
    before: list[str] = []  # the line above the best
    start, number = at, line
    for _ in range(PREAMBLE):
        if start >= len(text):
            break
        first, _ = _line(text, start)
        delimiter = forced or max(DELIMITERS, key=first.count)
        record = next_record(text, start, delimiter, 1 << 16, True)
        assert isinstance(record, Record)
        cells = record.cells
        if cells and any(cell.strip() for cell in cells):
            some = cells[:COLUMNS_LIMIT]
            known = known_cells(some) + sum(1 for cell in some if normal(cell) in wanted)
            rank = min(known, 2)
            if best is None or rank > best[0] or (rank == 0 and best[0] == 0 and len(cells) > best[1]):
                best = (rank, len(cells), record, number, delimiter)
                before = above
            if rank >= 2:
                break
        start, number, above = record.end, number + record.lines, cells
    if best is None:
        raise SourceError("NOT_CSV", f"No line of {path} can be read as column names.")
    known, _, record, number, delimiter = best
    strange = len(_CONTROL.findall(text[:4096]))
    if not known and strange > 4 and strange > 0.02 * len(text[:4096]):
        raise SourceError("NOT_CSV", f"The file {path} is not text; it cannot be read as a lead list.")
    if len(record.cells) > COLUMNS_LIMIT:  # before names are made for all of them
        raise too_many_columns(path, len(record.cells))
    names = joined_names(before, record.cells)
    if names is None and record.end < len(text):
        below = next_record(text, record.end, delimiter, len(record.cells), True)
        assert isinstance(below, Record)
        names = joined_names(record.cells, below.cells)
        if names is not None:
            record, number = below, number + record.lines
    header, more = unique_names(names or record.cells)
    warnings = warnings + more
    if number > line:
        warnings.append(
            Warning(number, "PREAMBLE_SKIPPED", f"{number - line} lines above the column names skipped")
        )
    offset = skip + len(encode(text[: record.end], encoding))
    return Shape(encoding, decided, delimiter, newline, header, offset, number + record.lines,
                 _samples(text, record.end, delimiter, len(header)), warnings)  # fmt: skip


def header_row(rows: list[list[str]], wanted: frozenset[str]) -> int | None:
    """Which of the first rows of a table holds the column names, or None when all are empty."""
    best: tuple[int, int, int] | None = None
    for number, cells in enumerate(rows[:PREAMBLE]):
        if any(cell.strip() for cell in cells):
            known = known_cells(cells) + sum(1 for cell in cells if normal(cell) in wanted)
            rank = (min(known, 2), len(cells) if not known else 0, -number)
            if best is None or rank > best:
                best = rank
    return None if best is None else -best[2]


def _samples(text: str, at: int, delimiter: str, width: int) -> list[list[str]]:
    samples: list[list[str]] = []
    while at < len(text) and len(samples) < _SAMPLES:
        record = next_record(text, at, delimiter, width, True)
        assert isinstance(record, Record)
        if record.cells:
            samples.append(record.cells)
        at = record.end
    return samples


def _line(text: str, start: int) -> tuple[str, int]:
    stop, end = line_stop(text, start)
    return text[start:stop], end
