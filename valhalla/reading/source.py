"""Opening a file: what it is, by its first bytes and then by its content, and reading it in chunks."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Protocol

from valhalla.reading.careful import RowReader
from valhalla.reading.chunk import Chunk, Position, SourceError, Warning
from valhalla.reading.csvfile import CsvReader, Window
from valhalla.reading.header import normal
from valhalla.reading.mapping import Columns, columns_for
from valhalla.reading.profile import Profile
from valhalla.reading.sniff import find_encoding, shape_of

CHUNK_ROWS = 50_000
"""Records of a chunk when nobody says otherwise."""


class Reader(Protocol):
    """What each format has to offer."""

    position: Position

    def read(self, count: int, final: bool) -> Chunk | None:
        """The next at most ``count`` records, or None when there are no more for now."""


class Source:
    """An open lead list. Use it as a context manager, or call :meth:`close`."""

    path: Path
    name: str
    """Of the source the file belongs to; stands in ``Row.source`` where a row does not name its own."""
    format: str
    """csv, jsonl, json or xlsx."""
    header: list[str]
    mapping: dict[str, str]
    """Header to field."""
    extras: list[str]
    """Headers of the cells in ``Row.extras``, in that order."""
    encoding: str
    delimiter: str
    warnings: list[Warning]
    """About the whole file."""
    appendable: bool
    """Whether a longer file with the same beginning can be read on from the old position."""

    def __init__(
        self,
        path: Path,
        name: str,
        form: str,
        file: BinaryIO,
        columns: Columns,
        reader: Reader,
        warnings: list[Warning],
        encoding: str,
        delimiter: str,
    ) -> None:
        self.path = path
        self.name = name
        self.format = form
        self.header = columns.header
        self.mapping = columns.mapping
        self.extras = columns.extras
        self.columns = columns
        self.warnings = warnings + columns.warnings
        self.encoding = encoding
        self.delimiter = delimiter
        self.appendable = form in ("csv", "jsonl")
        self._file = file
        self._reader = reader
        self._hashed: int | None = None
        self._opened = os.fstat(file.fileno())

    @property
    def position(self) -> Position:
        """The place after the last record handed out."""
        return self._reader.position

    def read(self, rows: int = CHUNK_ROWS, *, final: bool = False) -> Chunk | None:
        """The next chunk of at most ``rows`` records; None when there is nothing more to hand out.

        A last line without line end may be half-written: it is handed out only when ``final``. A chunk can be
        smaller than asked for without being the last. Raises SourceError when the file was cut or replaced
        meanwhile or cannot be read.
        """
        if rows < 1:
            raise ValueError("a chunk has at least one record")
        try:
            chunk = self._reader.read(rows, final)
        except OSError as error:
            raise SourceError(
                "NOT_READABLE", f"The file {self.path} cannot be read: {error.strerror}."
            ) from error
        self._check_same()
        return chunk

    def chunks(self, rows: int = CHUNK_ROWS, *, final: bool = False) -> Iterator[Chunk]:
        """All chunks from here on, see :meth:`read`.

        A chunk of 50,000 rows takes about 60 MB: let go of one before asking for the next.
        """
        chunk = self.read(rows, final=final)
        while chunk is not None:
            yield chunk
            del chunk  # two chunks in memory are one too many
            chunk = self.read(rows, final=final)

    def _check_same(self) -> None:
        now = os.fstat(self._file.fileno())
        if now.st_size < max(self.position.offset, 0) or now.st_size < self._opened.st_size:
            raise SourceError("FILE_CHANGED", f"The file {self.path} became shorter while it was read.")

    def digest(self) -> str:
        """Digest of the file's bytes before the position: equal to ``prefix_digest(path, position.offset)``."""
        reader = self._reader
        if isinstance(reader, CsvReader) and reader.hash_complete:
            return reader.window.hasher.hexdigest()
        return prefix_digest(self.path, self.position.offset)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def prefix_digest(path: str | os.PathLike[str], length: int) -> str:
    """BLAKE2b (128 bits, hexadecimal) of the first ``length`` bytes of a file, or of all when it is shorter."""
    hasher = blake2b(digest_size=16)
    with open(path, "rb", buffering=0) as file:
        while length > 0 and (block := file.read(min(1 << 20, length))):
            hasher.update(block)
            length -= len(block)
    return hasher.hexdigest()


def open_source(
    path: str | os.PathLike[str],
    profile: Profile | None = None,
    mapping: Mapping[str, str] | None = None,
    start: Position | None = None,
    *,
    source: str = "csv",
) -> Source:
    """Open a lead list of any supported format.

    ``mapping`` (header to field) replaces recognition by name; headers it does not name become extra columns.
    ``start`` goes on where an earlier reading of the same bytes ended. ``source`` is the name under which the
    program knows where the file comes from. Raises SourceError for everything that makes the whole file unusable.
    """
    path = Path(path)
    profile = profile or Profile()
    file = _open(path)
    try:
        return _open_format(path, file, profile, mapping, start, source)
    except OSError as error:
        file.close()
        raise SourceError(
            "NOT_READABLE", f"The file {path} cannot be read: {error.strerror or error}."
        ) from error
    except BaseException:
        file.close()
        raise


def _open(path: Path) -> BinaryIO:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise SourceError("NOT_READABLE", f"{path} is a folder, not a file.")
        if not stat.S_ISREG(kind):
            raise SourceError("NOT_READABLE", f"{path} is no regular file.")
        return open(path, "rb", buffering=0)
    except FileNotFoundError:
        raise SourceError("NOT_FOUND", f"The file '{path}' was not found.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError("NOT_READABLE", f"The file {path} cannot be opened: {reason}.") from error


_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<head|<table|<\?xml|<!--)", re.IGNORECASE)
_OTHER = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls); save it as .xlsx or CSV",
    b"SQLite format 3\0": "a SQLite database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"{\\rtf": "a text document (RTF)",
}


def _open_format(
    path: Path,
    file: BinaryIO,
    profile: Profile,
    mapping: Mapping[str, str] | None,
    start: Position | None,
    name: str,
) -> Source:
    head = file.read(4096)
    if not head:
        raise SourceError("EMPTY_FILE", f"The file {path} is empty.")
    for magic, what in _OTHER.items():
        if head.startswith(magic):
            raise SourceError("NOT_CSV", f"The file {path} is no lead list but {what}.")
    if _WEB_PAGE.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise SourceError(
            "NOT_CSV", f"The file {path} is no lead list but a web page; export the list as CSV."
        )
    return _open_text(path, file, profile, mapping, start, name)


def _open_text(
    path: Path,
    file: BinaryIO,
    profile: Profile,
    mapping: Mapping[str, str] | None,
    start: Position | None,
    name: str,
) -> Source:
    resumed = start is not None and start.offset > 0
    encoding = start.encoding if start is not None and resumed else ""
    more: list[Warning] = []
    decided = bool(encoding)
    if start is not None and resumed and not encoding:
        encoding, decided, more = find_encoding(file, profile, start.offset)
    wanted = frozenset(map(normal, mapping or ()))
    shape = shape_of(file, profile, str(path), encoding, wanted)
    decided = decided or (shape.decided and not resumed)
    columns = columns_for(shape.header, profile, path=str(path), mapping=mapping, samples=shape.samples)
    if start is None or not resumed:
        start = Position(shape.offset, shape.line, 0)
    start = Position(start.offset, start.line, start.records, shape.encoding if decided else "")
    window = Window(file, start.offset, shape.encoding, shape.newline)
    reader = CsvReader(window, RowReader(columns, profile, name), shape.delimiter, start)
    if not resumed:
        file.seek(0)
        window.hasher.update(file.read(start.offset))
    reader.hash_complete = not resumed
    warnings = shape.warnings + [warning for warning in more if warning not in shape.warnings]
    return Source(path, name, "csv", file, columns, reader, warnings, shape.encoding, shape.delimiter)
