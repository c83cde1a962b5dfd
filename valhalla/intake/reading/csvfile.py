"""Delimited text of any size, read in bounded memory and resumable between any two records."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, BinaryIO

from valhalla.intake.reading.blocks import BlockReader
from valhalla.intake.reading.bulk import BulkReader
from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import CHUNK_BYTES, Chunk, Position, Reject, shorten
from valhalla.intake.reading.hashing import hash_of
from valhalla.intake.reading.sniff import decode, encode
from valhalla.intake.reading.tokens import Open, Record, next_record
from valhalla.program.later import later
from valhalla.program.memory import collector_paused

if TYPE_CHECKING:
    from hashlib import blake2b

    from valhalla.intake.reading import bulk_lists
else:
    bulk_lists = later("valhalla.intake.reading.bulk_lists")

WINDOW = 1 << 18
"""Bytes held at least; grown up to ``LONGEST`` for a record that does not fit."""
LONGEST = 1 << 23
"""A line that has no end within this many bytes is skipped and rejected."""
SAMPLE = 1 << 10
"""Bytes compared to see whether a file was rewritten under our hands."""
RAW_LIMIT = 1 << 18
"""Characters of a rejected record that are kept."""
COUNTED = 1 << 12
"""Bytes in which lines are counted at a time, until there are enough of them."""
_LINE_END = re.compile(rb"\r\n?|\n")


class Window:
    """The bytes of a file from the current offset on, and how many of them are whole lines."""

    def __init__(
        self, file: BinaryIO, offset: int, encoding: str, newline: str, passed: blake2b | None = None
    ) -> None:
        """``passed``: the hash of the bytes before ``offset``, when it is known already."""
        self.file = file
        self.offset = offset
        self.encoding = encoding
        wide = encoding.startswith("utf-16")
        self.unit = 2 if wide else 1
        self.newline = newline.encode(encoding if wide else "ascii")
        self.data = b""
        self.ended = False
        self.before = b""
        """The last bytes before the offset: if they change in the file, it was rewritten."""
        self.hasher = passed.copy() if passed else hash_of(file, offset)
        """Over all bytes before the offset."""

    def fill(self, size: int) -> None:
        """Hold at least ``size`` bytes, or all there are."""
        self.ended = False
        while len(self.data) < size:
            self.file.seek(self.offset + len(self.data))
            more = self.file.read(size - len(self.data))
            if not more:
                self.ended = True
                return
            self.data += more

    def whole_lines(self, final: bool) -> int:
        """Length of the part that ends with a line end (everything, at the end of a final file)."""
        if self.ended and final:
            return len(self.data)
        cut = len(self.data)
        while True:
            cut = self.data.rfind(self.newline, 0, cut)
            if cut < 0:
                return 0
            end = cut + len(self.newline)
            if cut % self.unit:
                continue
            if self.newline == b"\r" and end == len(self.data) and not self.ended:
                continue  # may be the first half of CR LF
            return end

    def first_lines(self, count: int, limit: int) -> int:
        """Length of the first ``count`` lines within ``limit`` bytes."""
        if self.unit == 2:
            at = 0
            for _ in range(count):
                at = self.data.find(self.newline, at, limit)
                while at >= 0 and at % 2:
                    at = self.data.find(self.newline, at + 1, limit)
                if at < 0:
                    return limit
                at += 2
            return at
        back = self.data.find(b"\r", 0, limit) if self.newline == b"\n" else -1
        if back >= 0 and not self.data.startswith(b"\n", back + 1):  # lines may end in any way
            return self._first_of_any(count, limit)
        have = 0
        for at in range(0, limit, COUNTED):
            more = self.data.count(self.newline, at, min(at + COUNTED, limit))
            if have + more >= count:
                for _ in range(count - have):
                    at = self.data.index(self.newline, at) + 1
                return at
            have += more
        return limit

    def _first_of_any(self, count: int, limit: int) -> int:
        """A megabyte of carriage returns is one line by the other line end, and would be gone through for each chunk."""
        last = deque(islice(_LINE_END.finditer(self.data, 0, limit), count), maxlen=1)
        return last[0].end() if last else limit

    def drop(self, size: int) -> bytes:
        """Forget the first ``size`` bytes and return them."""
        gone = self.data[:size]
        self.data = self.data[size:]
        if gone:
            self.before = (self.before + gone)[-SAMPLE:]
        self.offset += size
        self.hasher.update(gone)
        return gone


class CsvReader:
    """Turns the bytes after the header into chunks."""

    def __init__(self, window: Window, rows: RowReader, delimiter: str, start: Position) -> None:
        self.window = window
        self.rows = rows
        self.delimiter = delimiter
        self.width = rows.width
        self.position = start
        self._blocks = None
        plain = type(rows) is RowReader  # other rules than ours are asked about every record
        if plain and not rows.columns.own_export and delimiter.isascii():
            bulk = bulk_lists.ListReader if rows.details.any else BulkReader
            self._blocks = BlockReader(bulk(rows), delimiter, self._take)

    def read(self, count: int, final: bool) -> Chunk | None:
        """The next chunk of at most ``count`` records, or None when there is nothing more to hand out."""
        chunk = Chunk(self.position, self.position)
        with collector_paused():
            self._read(chunk, count, final)
            in_file_order(chunk)
        if chunk.end is self.position and not chunk.records and not chunk.blank:
            return None
        self.position = chunk.end
        return chunk

    def close(self) -> None:
        """Nothing of the rest is held but the bytes at hand."""

    def _read(self, chunk: Chunk, count: int, final: bool) -> None:
        taken, size = 0, WINDOW
        while chunk.records + chunk.blank < count and taken < CHUNK_BYTES:
            self.window.fill(size)
            if not self.window.data:
                break
            used = self._step(chunk, count - chunk.records - chunk.blank, final, size >= LONGEST)
            taken += used
            if used:
                size = WINDOW
            elif self.window.ended:
                break
            else:
                size *= 2

    def _step(self, chunk: Chunk, count: int, final: bool, longest: bool) -> int:
        window = self.window
        whole = window.whole_lines(final)
        if not whole:
            return self._endless(chunk) if longest else 0
        cut = window.first_lines(count, whole)
        text = decode(window.data[:cut], window.encoding)
        used, lines = self._records(text, chunk, count, final=(window.ended and final and cut == whole))
        if not used and cut < whole:
            cut = whole
            text = decode(window.data[:cut], window.encoding)
            used, lines = self._records(text, chunk, 1, final=window.ended and final)
        if not used and longest:
            used, lines = self._records(text, chunk, 1, final=True)
        if not used:
            return 0
        size = cut if used == len(text) else len(encode(text[:used], window.encoding))
        self._advance(chunk, size, lines)
        return size

    def _advance(self, chunk: Chunk, size: int, lines: int) -> None:
        self.window.drop(size)
        before = chunk.end
        records = chunk.start.records + chunk.records
        chunk.end = Position(self.window.offset, before.line + lines, records, before.encoding)

    def _records(self, text: str, chunk: Chunk, count: int, final: bool) -> tuple[int, int]:
        """Read records from the text; how many characters and lines were used."""
        at, line = 0, chunk.end.line
        if self._blocks is not None and count > 1:
            used = self._blocks.read(text, line, chunk, count, final)
            if used is not None:
                return used
        while at < len(text) and count > 0:
            record = next_record(text, at, self.delimiter, self.width, final)
            if isinstance(record, Open):
                break
            self._take(record, line, text[record.start : record.stop], chunk)
            at = record.end
            line += record.lines
            count -= 1
        return at, line - chunk.end.line

    def _take(self, record: Record, line: int, raw: str, chunk: Chunk) -> None:
        problem, detail = record.problem, record.detail
        if problem is None and ("\0" in raw or not raw.isascii()):
            problem, detail = _unreadable(raw)
        if problem is None:
            self.rows.read(record.cells, line, raw, chunk)
        else:
            chunk.rejected.append(broken(line, problem, detail, raw))

    def _endless(self, chunk: Chunk) -> int:
        """Skip a line that is too long to be held, up to its line end."""
        window = self.window
        raw = decode(window.data[:RAW_LIMIT], window.encoding, cut=True)
        size = 0
        while True:
            size += len(window.drop(len(window.data)))
            window.fill(WINDOW)
            whole = window.data.find(window.newline)
            if whole >= 0 or not window.data:
                break
        end = max(whole, -1) + len(window.newline) if whole >= 0 else 0
        chunk.rejected.append(
            broken(
                chunk.end.line,
                "FIELD_TOO_LARGE",
                f"a line without end is longer than {LONGEST >> 20} MiB",
                raw,
            )
        )
        self._advance(chunk, end, 1)
        return size + end


def printable(raw: str) -> str:
    """The raw record as text that can be stored: bytes that are no text are written as \\xNN."""
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        raw = raw.encode("utf-8", "surrogateescape" if _escaped(raw) else "backslashreplace").decode(
            "utf-8", "backslashreplace"
        )
    return raw if len(raw) <= RAW_LIMIT else raw[:RAW_LIMIT]


def _escaped(raw: str) -> bool:
    return all("\udc80" <= c <= "\udcff" for c in raw if "\ud800" <= c <= "\udfff")


def _unreadable(raw: str) -> tuple[str | None, str]:
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = printable(raw[error.start : error.start + 1])
        around = printable(raw[max(0, error.start - 12) : error.start])
        return "ENCODING", f'byte {shown} after "{around}" is not text in the file\'s encoding'
    if "\0" in raw:
        return "NUL_BYTE", "the row holds a NUL byte"
    return None, ""


def broken(line: int, code: str, detail: str, raw: str) -> Reject:
    """The reject of a record that could not be taken apart."""
    shown = printable(raw)
    return Reject(
        line, None, code, f"The row cannot be read: {detail}", shorten(shown.replace("\0", "␀")), shown
    )


def in_file_order(chunk: Chunk) -> None:
    """Sort what the fast and the careful path put into a chunk."""
    chunk.growing.sort(key=_row_line)
    chunk.rejected.sort(key=_reject_line)
    chunk.warnings.sort(key=_reject_line)


_row_line = attrgetter("line")
_reject_line = itemgetter(0)
