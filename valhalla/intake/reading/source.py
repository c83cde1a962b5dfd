"""Opening a file: what it is, by its first bytes and then by its content, and reading it in chunks."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import Chunk, Position, SourceError, Warning
from valhalla.intake.reading.csvfile import SAMPLE, CsvReader, Window, hash_of
from valhalla.intake.reading.header import normal
from valhalla.intake.reading.jsonfile import Document, LinesReader, lines_header
from valhalla.intake.reading.kind import json_kind, other_kind
from valhalla.intake.reading.mapping import Columns, columns_for, unique_names
from valhalla.intake.reading.profile import DEFAULT_SOURCE, Profile
from valhalla.intake.reading.sniff import PREAMBLE, find_encoding, header_row, shape_of
from valhalla.intake.reading.tables import TableReader, TooLong
from valhalla.intake.reading.xlsx import Workbook

CHUNK_ROWS = 50_000
"""Records of a chunk when nobody says otherwise."""

EMPTY_CELLS = 10_000_000
"""Empty cells that a list may have, beside"""
EMPTY_PER_BYTE = 4
"""so many for each of its bytes."""

CHUNK_CELLS = 8_000_000
"""Most cells of a chunk: with very many columns it has fewer records."""

RowReaderFactory = Callable[[Columns, Profile, str], RowReader]
"""Makes what reads the records of a file, from its columns, the profile and the source's name."""

ColumnsOf = Callable[[list[str]], Columns]
"""Works out the columns of a header."""


TOP_ROWS = 80
TOP_SIZE = 4 << 20
"""Rows of a workbook, and characters of them, that are looked at before reading."""


class Reader(Protocol):
    """What each format has to offer."""

    position: Position
    rows: RowReader

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
    opened: os.stat_result
    """The file as it was when it was opened."""

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
        profile: Profile,
    ) -> None:
        self.path = path
        self.name = name
        self.profile = profile
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
        self._window: Window | None = getattr(reader, "window", None)
        self.opened = os.fstat(file.fileno())
        self._modified = self.opened.st_mtime_ns
        self._head = self._peek(0, SAMPLE)

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
            chunk = self._reader.read(min(rows, max(1, CHUNK_CELLS // self._reader.rows.width)), final)
        except OSError as error:
            raise SourceError(
                "NOT_READABLE", f"The file {self.path} cannot be read: {error.strerror}."
            ) from error
        self._check_same()
        self._check_filled_up()
        return chunk

    def _check_filled_up(self) -> None:
        """Rows that lack most of many columns take far more time than their bytes suggest."""
        rows = self._reader.rows
        if rows.filled_up > EMPTY_CELLS + EMPTY_PER_BYTE * self.position.offset:
            raise SourceError(
                "TOO_LARGE",
                f"The rows of {self.path} lack most of its {rows.width:,} columns: {rows.filled_up:,} cells are empty; "
                "delete the columns that the list does not need.",
            )

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
        """Growth is fine; anything else that happens to the file while it is read is not."""
        now = os.fstat(self._file.fileno())
        if now.st_size < max(self.position.offset, 0) or now.st_size < self.opened.st_size:
            raise SourceError("FILE_CHANGED", f"The file {self.path} became shorter while it was read.")
        if now.st_mtime_ns == self._modified:
            return
        same = self._peek(0, len(self._head)) == self._head
        window = self._window
        if window is not None:
            same = (
                same and self._peek(window.offset - len(window.before), len(window.before)) == window.before
            )
        else:
            same = False
        if not same:
            raise SourceError("FILE_CHANGED", f"The file {self.path} was rewritten while it was read.")
        self._modified = now.st_mtime_ns

    def _peek(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def digest(self) -> str:
        """Digest of the file's bytes before the position: that of ``prefix_hash(path, position.offset)``.

        Right after opening with ``start`` it is that of the bytes before ``start``, so that comparing it with the
        digest noted earlier shows whether the file still begins with what was read.
        """
        if self._window is not None:
            return self._window.hasher.hexdigest()
        return prefix_hash(self.path, self.position.offset).hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def prefix_hash(path: str | os.PathLike[str], length: int) -> blake2b:
    """The hash of the first ``length`` bytes of a file, as far as there are so many: see :meth:`Source.digest`."""
    with open(path, "rb", buffering=0) as file:
        return hash_of(file, length)


def open_source(
    path: str | os.PathLike[str],
    profile: Profile | None = None,
    mapping: Mapping[str, str] | None = None,
    start: Position | None = None,
    *,
    source: str = DEFAULT_SOURCE,
    rows: RowReaderFactory | None = None,
    passed: blake2b | None = None,
    columns: ColumnsOf | None = None,
    progress: Callable[[], object] | None = None,
) -> Source:
    """Open a lead list of any supported format.

    ``mapping`` (header to field) replaces recognition by name; headers it does not name become extra columns.
    ``start`` goes on where an earlier reading of the same bytes ended. ``source`` is the name under which the
    program knows where the file comes from. ``rows`` replaces the rules for a record; then no record takes the fast path.
    ``passed`` is the :func:`prefix_hash` of the bytes before ``start``, so that a large file need not be hashed again.
    ``columns`` replaces the recognition of fields; ``mapping`` then only tells the line of column names from a title.
    ``progress`` is called whenever something is read from the file. Raises SourceError for everything that makes the whole file unusable.
    """
    path = Path(path)
    profile = profile or Profile()
    file = _open(path, progress)
    try:
        return _open_format(path, file, profile, mapping, start, source, rows or RowReader, passed, columns)
    except OSError as error:
        file.close()
        raise SourceError(
            "NOT_READABLE", f"The file {path} cannot be read: {error.strerror or error}."
        ) from error
    except BaseException:
        file.close()
        raise


def _open(path: Path, progress: Callable[[], object] | None) -> BinaryIO:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise SourceError("NOT_READABLE", f"{path} is a folder, not a file.")
        if not stat.S_ISREG(kind):
            raise SourceError("NOT_READABLE", f"{path} is no regular file.")
        return open(path, "rb", buffering=0) if progress is None else cast(BinaryIO, _Heard(path, progress))
    except FileNotFoundError:
        raise SourceError("NOT_FOUND", f"The file '{path}' was not found.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError("NOT_READABLE", f"The file {path} cannot be opened: {reason}.") from error


class _Heard(io.FileIO):
    """A file whose reading is heard of."""

    def __init__(self, path: Path, progress: Callable[[], object]) -> None:
        super().__init__(path)
        self._progress = progress

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file."""
        self._progress()
        return super().read(-1 if size is None else size)


def _open_format(
    path: Path,
    file: BinaryIO,
    profile: Profile,
    mapping: Mapping[str, str] | None,
    start: Position | None,
    name: str,
    rows: RowReaderFactory,
    passed: blake2b | None,
    columns: ColumnsOf | None,
) -> Source:
    head = file.read(1 << 16)
    if not head:
        raise SourceError("EMPTY_FILE", f"The file {path} is empty.")
    other = other_kind(head)
    if other is not None:
        raise SourceError("NOT_CSV", f"The file {path} is no lead list but {other}.")
    start = start if start is not None and start.offset > 0 else None
    opened = Opened(path, file, profile, mapping, start, name, rows, passed if start else None, columns)
    if head.startswith(b"PK\x03\x04"):
        return opened.workbook()
    kind = json_kind(head)
    if kind == "json" and path.suffix.lower() in (".jsonl", ".ndjson") and head.lstrip()[:1] == b"{":
        kind = "jsonl"
    if kind == "json":
        return opened.json_document()
    if kind == "jsonl":
        return opened.json_lines()
    return opened.text()


@dataclass(frozen=True, slots=True)
class Opened:
    """A readable file whose format is known, and how it is to be read."""

    path: Path
    file: BinaryIO
    profile: Profile
    mapping: Mapping[str, str] | None
    start: Position | None
    name: str
    rows: RowReaderFactory
    passed: blake2b | None
    columns: ColumnsOf | None

    def text(self) -> Source:
        """Delimited text."""
        profile, start = self.profile, self.start
        more: list[Warning] = []
        encoding, decided = "", False
        if start is not None:
            encoding, decided = start.encoding, bool(start.encoding)
            if not encoding:
                encoding, decided, more = find_encoding(self.file, profile, start.offset)
        wanted = frozenset(map(normal, self.mapping or ()))
        shape = shape_of(self.file, profile, str(self.path), encoding, wanted)
        columns = self._columns(shape.header, shape.samples)
        if start is None:
            decided = shape.decided
            start = Position(shape.offset, shape.line, 0)
        start = Position(start.offset, start.line, start.records, shape.encoding if decided else "")
        window = Window(self.file, start.offset, shape.encoding, shape.newline, self.passed)
        reader = CsvReader(window, self.rows(columns, columns.profile, self.name), shape.delimiter, start)
        warnings = shape.warnings + [warning for warning in more if warning not in shape.warnings]
        return self._source("csv", columns, reader, warnings, shape.encoding, shape.delimiter)

    def json_lines(self) -> Source:
        """One JSON object per line."""
        columns = self._columns(lines_header(self.file), [])
        start = self.start or Position()
        window = Window(self.file, start.offset, "utf-8", "\n", self.passed)
        reader = LinesReader(window, self.rows(columns, columns.profile, self.name), start)
        return self._source("jsonl", columns, reader, [], "utf-8", ",")

    def json_document(self) -> Source:
        """An array of objects, or an object that holds one."""
        document = Document(self.file, self.path)
        names = document.header()
        if not names:
            raise SourceError("EMPTY_FILE", f"The file {self.path} holds no records.")
        columns = self._columns(names, [])
        reader = TableReader(
            document.records(), self.rows(columns, columns.profile, self.name), self._table_start(1)
        )
        return self._source("json", columns, reader, [], "utf-8", ",")

    def workbook(self) -> Source:
        """The first sheet with data of a workbook."""
        book = Workbook(self.file, self.path)
        warnings = book.warnings
        if self.path.suffix.lower() not in (".xlsx", ".xlsm", ".xltx"):
            warnings.append(
                Warning(0, "CONTENT_NOT_NAME", "the file is an Excel workbook and was read as one")
            )
        top = _top(book.rows())
        first = next((number for number, cells in top if cells), 0)
        near = [cells for number, cells in top if number < first + PREAMBLE]
        place = header_row(near, frozenset(map(normal, self.mapping or ())))
        if place is None:
            raise SourceError("EMPTY_FILE", f"The workbook {self.path} holds no data.")
        number, cells = top[place]
        header, more = unique_names(cells)
        if number > 1:
            more.append(
                Warning(number, "PREAMBLE_SKIPPED", f"{number - 1} rows above the column names skipped")
            )
        width = len(header)
        columns = self._columns(header, [cells for _, cells in top[place + 1 :]])
        start = self._table_start(number + 1)
        padded = (
            (row, cells if isinstance(cells, tuple) else cells + [""] * (width - len(cells)))
            for row, cells in book.rows()
            if row > number
        )
        reader = TableReader(padded, self.rows(columns, columns.profile, self.name), start)
        return self._source("xlsx", columns, reader, warnings + more, "utf-8", ",")

    def _table_start(self, first: int) -> Position:
        size = os.fstat(self.file.fileno()).st_size
        if self.start is None:
            return Position(size, first, 0, "utf-8")
        return Position(size, self.start.line, self.start.records, "utf-8")

    def _columns(self, header: list[str], samples: list[list[str]]) -> Columns:
        if self.columns is not None:
            return self.columns(header)
        return columns_for(header, self.profile, path=str(self.path), mapping=self.mapping, samples=samples)

    def _source(
        self,
        form: str,
        columns: Columns,
        reader: Reader,
        warnings: list[Warning],
        encoding: str,
        delimiter: str,
    ) -> Source:
        return Source(
            *(self.path, self.name, form, self.file, columns, reader, warnings, encoding, delimiter),
            profile=columns.profile,
        )


def _top(rows: Iterator[tuple[int, list[str] | TooLong]]) -> list[tuple[int, list[str]]]:
    top: list[tuple[int, list[str]]] = []
    size = 0
    for number, cells in rows:
        top.append((number, [] if isinstance(cells, tuple) else cells))
        size += sum(map(len, top[-1][1]))
        if len(top) == TOP_ROWS or size > TOP_SIZE:
            break
    return top
