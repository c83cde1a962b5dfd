"""The brackets of a JSON document, counted while it is read: a parser takes memory for each that is open."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from valhalla.intake.reading.chunk import SourceError
from valhalla.program.patterns import pattern

DEPTH_LIMIT = 200
SIZE_LIMIT = 8 << 20
"""Bytes of a record, or of a text outside of records: as of a line. The parser looks at a long one again with each block."""
LONGEST_BLOCK = 2 << 20
"""Bytes that the parser is given at once."""
ELEMENTS_LIMIT = 500_000
"""Numbers, texts and brackets in a record: each takes a hundred bytes of memory, whatever it takes in the file."""
DIGITS_LIMIT = 4_000
"""Digits in a row. On whole numbers of more than 4,300 digits, which Python refuses to make, ijson's C code ends the process."""
_BRACKET = pattern(rb"[\[\]{}]")
_DIGITS = b"0123456789"
_LONG_NUMBER = pattern(rb"[0-9]{100,}")


class CountedBrackets:
    """A JSON document as a file to read from. Raises SourceError when it is nested too deep, or when a text or a record of
    the list is too long to be held.

    ``level``: how many brackets are open between two records of the list; None: that is not known yet.
    """

    def __init__(self, file: BinaryIO, path: Path, level: int | None = None) -> None:
        self._file = file
        self._path = path
        self._level = level
        self._depth = 0
        self._quoted = False
        self._escaped = b""
        self._since = 0
        """Bytes since the last record ended, or the last quote."""
        self._elements = 0
        self._digits = b""
        """With which the last block ended."""

    def read(self, size: int = -1) -> bytes:
        """The next bytes: at least ``size``, unless the document ends, and more of a long record, as the parser looks at an
        open text again from its start with each block."""
        block = self._file.read(max(size, min(self._since, LONGEST_BLOCK)) if size >= 0 else size)
        self._count(block)
        return block

    def _count(self, block: bytes) -> None:
        data = self._escaped + block
        tail = len(data) - len(data.rstrip(b"\\"))
        self._escaped = b"\\" if tail % 2 else b""
        plain = data[: len(data) - tail].replace(b"\\\\", b"").replace(b'\\"', b"")
        self._since += len(block)
        pieces = plain.split(b'"')
        if len(pieces) > 1 and self._level is None:
            self._since = len(pieces[-1])
        outside = b" ".join(pieces[self._quoted :: 2])
        self._quoted ^= len(pieces) % 2 == 0
        self._check_numbers(pieces, outside)
        self._elements += outside.count(b",")
        for bracket in _BRACKET.findall(outside):
            if bracket in b"[{":
                self._depth += 1
                if self._depth > DEPTH_LIMIT:
                    raise self._unusable(f"is nested more than {DEPTH_LIMIT} levels deep; no list is")
            else:
                self._depth -= 1
                if self._level is not None and self._depth <= self._level:
                    self._since = self._elements = 0
        if self._since > SIZE_LIMIT:
            raise self._unusable(
                f"holds a text or a record longer than {SIZE_LIMIT >> 20} MiB; save the list as CSV"
            )
        if self._level is not None and self._elements > ELEMENTS_LIMIT:
            raise self._unusable(
                f"holds a record of more than {ELEMENTS_LIMIT:,} elements; save the list as CSV"
            )

    def _check_numbers(self, pieces: list[bytes], outside: bytes) -> None:
        numbers = _LONG_NUMBER.findall(self._digits + outside if self._digits else outside)
        if numbers and max(map(len, numbers)) > DIGITS_LIMIT:
            raise self._unusable(f"holds a number of more than {DIGITS_LIMIT:,} digits; no list does")
        last = b"" if self._quoted else pieces[-1]
        ending = last[len(last.rstrip(_DIGITS)) :]
        whole = len(pieces) == 1 and len(ending) == len(last)
        self._digits = (self._digits if whole else b"") + ending

    def _unusable(self, what: str) -> SourceError:
        return SourceError("TOO_LARGE", f"The file {self._path} {what}.")
