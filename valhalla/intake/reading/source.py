"""Opening a file: what it is, by its first bytes and then by its content, and reading it in chunks."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from valhalla.intake.reading.careful import RowReader
from valhalla.intake.reading.chunk import Chunk, Position, SourceError, Warning, shorten
from valhalla.intake.reading.container import Contents, joined, on_disk, split
from valhalla.intake.reading.csvfile import SAMPLE, CsvReader, Window
from valhalla.intake.reading.grouped import joined_names
from valhalla.intake.reading.hashing import prefix_hash
from valhalla.intake.reading.header import normal
from valhalla.intake.reading.kind import COMPOUND, is_vcard, is_web_page, json_kind, other_kind
from valhalla.intake.reading.mapping import Columns, columns_for, known_cells, unique_names
from valhalla.intake.reading.profile import DEFAULT_SOURCE, Profile
from valhalla.intake.reading.said import SaidBefore
from valhalla.intake.reading.sniff import PREAMBLE, find_encoding, header_row, shape_of
from valhalla.intake.reading.tables import TableReader, TooLong
from valhalla.program.later import later
from valhalla.scoring.stages.row import Row

if TYPE_CHECKING:
    from valhalla.intake.reading import archive, jsonfile, old_workbook, vcard, web_table, xlsx
else:
    archive = later("valhalla.intake.reading.archive")
    jsonfile = later("valhalla.intake.reading.jsonfile")
    old_workbook = later("valhalla.intake.reading.old_workbook")
    vcard = later("valhalla.intake.reading.vcard")
    web_table = later("valhalla.intake.reading.web_table")
    xlsx = later("valhalla.intake.reading.xlsx")

CHUNK_ROWS = 50_000
"""Records of a chunk when nobody says otherwise."""

EMPTY_CELLS = 10_000_000
"""Empty cells that a list may have, in addition to"""
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

    def close(self) -> None:
        """Let go of what the rest would be read from."""


class Source:
    """An open lead list. Use it as a context manager, or call :meth:`close`."""

    path: Path
    name: str
    """Of the source the file belongs to; stands in ``Row.source`` where a row does not name its own."""
    format: str
    """csv, jsonl, json, xlsx, xls, html, vcf, or zip: one of the first two in an archive."""
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
    contents: Contents
    """The lists of a file that holds several."""

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
        self.contents = Contents([], [])
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

    def leave_unread(self, said: SaidBefore) -> None:
        """From here on leave rows as they stand that say what they said before: see :mod:`valhalla.intake.reading.said`."""
        self._reader.rows.said = said

    def understood(self, row: Row) -> Row | None:
        """A row that was left as it stands, read; None where it is not a lead by the rules of this version."""
        raw = row.extras or ""
        cells = next(csv.reader([raw], delimiter=self.delimiter)) if '"' in raw else raw.split(self.delimiter)
        found = self._reader.rows.row(cells, row.line, raw, [])
        return found if isinstance(found, Row) else None

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
        return prefix_hash(on_disk(self.path), self.position.offset).hexdigest()

    def close(self) -> None:
        """Close the file, and let go of what was parsed of it."""
        self._reader.close()
        self._file.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
    ``columns`` replaces the recognition of fields; ``mapping`` then only distinguishes the line of column names from a title.
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
    place = on_disk(path)
    try:
        kind = place.stat().st_mode
        if stat.S_ISDIR(kind):
            raise SourceError("NOT_READABLE", f"{path} is a folder, not a file.")
        if not stat.S_ISREG(kind):
            raise SourceError("NOT_READABLE", f"{path} is not a regular file.")
        return open(place, "rb", buffering=0) if progress is None else cast(BinaryIO, _Heard(place, progress))
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

    def close(self) -> None:
        """As any file, and from then on nobody hears of it: ijson's parsers hold their file in a way that the collector cannot
        see, so that with the caller that keeps it, everything that was parsed would stay for good."""
        super().close()
        self._progress = _nobody


def _nobody() -> None:
    """Hears of a file that is closed."""


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
    start = start if start is not None and start.offset > 0 else None
    size = os.fstat(file.fileno()).st_size
    opened = Opened(
        *(path, file, profile, mapping, start, name, rows, passed if start else None, columns),
        outer=file,
        size=size,
        part=split(path)[1],
    )
    return opened.source()


NUMBERS = "a Numbers document; open it in Numbers and export it as CSV"
ZIP_LIMIT = 512 << 20
"""Bytes to which one list in an archive may unpack."""
LISTS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm", ".xls", ".vcf")
"""How the lists in an archive are called."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A readable file, and how it is to be read."""

    path: Path
    file: BinaryIO
    profile: Profile
    mapping: Mapping[str, str] | None
    start: Position | None
    name: str
    rows: RowReaderFactory
    passed: blake2b | None
    columns: ColumnsOf | None
    outer: BinaryIO
    """The file on the disk: ``file``, or the archive from which that was taken."""
    size: int
    """Of the file on the disk: lists that are not read byte by byte stand at its end."""
    part: str | None = None
    """Which list of the file is meant; None: the first."""

    def source(self) -> Source:
        """The list, by what the file is."""
        head = self.file.read(1 << 16)
        if not head:
            raise SourceError("EMPTY_FILE", f"The file {self.path} is empty.")
        other = other_kind(head)
        if other is not None:
            raise self._no_list(other)
        if head.startswith(b"PK\x03\x04"):
            return self._archive()
        if head.startswith(COMPOUND):
            return self._old_workbook()
        if is_web_page(head):
            return self._web_page()
        if is_vcard(head):
            return self._contacts()
        kind = json_kind(head)
        suffix = os.path.splitext(str(self.path))[1].lower()
        if kind == "json" and suffix in (".jsonl", ".ndjson") and head.lstrip()[:1] == b"{":
            kind = "jsonl"
        if kind == "json":
            return self.json_document()
        if kind == "jsonl":
            return self.json_lines()
        return self.text()

    def _no_list(self, what: str) -> SourceError:
        return SourceError("NOT_CSV", f"The file {self.path} is not a lead list but {what}.")

    def _archive(self) -> Source:
        """A workbook, or an archive with lists in it."""
        try:
            opened = archive.Archive(self.file, self.path)
        except SourceError:
            raise
        except Exception as error:  # a broken archive raises nearly anything
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise SourceError(
                "NOT_READABLE", f"The workbook {self.path} is damaged: {reason[:200]}."
            ) from error
        names = opened.parts
        if b"opendocument" in opened.start_of("mimetype", 80):
            raise SourceError(
                "NOT_CSV", f"The file {self.path} is an OpenDocument file; save it as .xlsx or CSV."
            )
        if any(name.endswith(".iwa") for name in names):
            raise self._no_list(NUMBERS)
        if "xl/workbook.bin" in names:
            raise self._no_list("a binary workbook (.xlsb); save it as .xlsx or CSV")
        if any(name.startswith("word/") for name in names):
            raise self._no_list("a Word document; save the table in it as CSV")
        if any(name.startswith(("ppt/", "visio/")) for name in names):
            raise self._no_list("a presentation; ask for the list as CSV or Excel")
        if any(name.startswith("xl/") for name in names) or "[Content_Types].xml" in names:
            return self.workbook()
        return self._zipped(opened)

    def _zipped(self, archive: archive.Archive) -> Source:
        if self.outer is not self.file:
            raise self._no_list("an archive in an archive; unpack it first")
        contents = _lists_in(archive, self)
        if not contents.lists:
            names = [shorten(name, 80) for name, _ in contents.passed]
            more = f" and {len(names) - xlsx.SHOWN:,} more" if len(names) > xlsx.SHOWN else ""
            held = f" with {', '.join(names[: xlsx.SHOWN])}{more} in it" if names else ""
            raise self._no_list(f"a zip archive{held}, none of which is a list")
        wanted = self.part or contents.lists[0]
        member = next((name for name in archive.parts if name == wanted), None)
        if member is None:
            raise SourceError("NOT_FOUND", f"The archive {self.path} has no {shorten(wanted)} any more.")
        source = self._member(archive, member)
        if self.part is None:
            source.contents = contents
            more = ", ".join(shorten(name, 60) for name in contents.lists[1 : xlsx.SHOWN + 1])
            if more:
                source.warnings.append(
                    Warning(
                        0,
                        "MORE_SHEETS",
                        f"this is {wanted} in the archive; also read, as lists of their own: {more}",
                    )
                )
            for name, why in contents.passed[: xlsx.SHOWN]:
                source.warnings.append(
                    Warning(0, "MORE_SHEETS", f"{shorten(name, 80)} was passed over: {why}")
                )
        return source

    def _member(self, archive: archive.Archive, member: str) -> Source:
        inner = archive.extract(member, ZIP_LIMIT)
        path = self.path if self.part is not None else Path(joined(self.path, member))
        return replace(self, file=inner, part=None, path=path).source()

    def _old_workbook(self) -> Source:
        book = old_workbook.OldWorkbook(self.file, self.path, self.part)
        source = self._table("xls", list(book.rows()), book.warnings)
        source.contents = book.contents
        return source

    def _web_page(self) -> Source:
        """The longest table of a page that has column names of a list."""
        self.file.seek(0)
        data = _all_of(self.file, self.path, web_table.LIMIT)
        try:
            tables = web_table.tables_in(web_table.decoded(data))
        except web_table.TooManyCells:
            raise SourceError(
                "TOO_LARGE",
                f"The tables of {self.path} have more than 5,000,000 cells; save the list as CSV.",
            ) from None
        lists = [table for table in tables if any(known_cells(row) >= 2 for row in table[:PREAMBLE])]
        if not lists:
            raise self._no_list("a web page without the table of a list; export the list as CSV")
        chosen = max(lists, key=len)
        warnings = [Warning(0, "CONTENT_NOT_NAME", "the file is a table of a web page and was read as one")]
        return self._table("html", list(enumerate(chosen, 1)), warnings)

    def _contacts(self) -> Source:
        self.file.seek(0)
        data = _all_of(self.file, self.path, vcard.LIMIT)
        header, cards = vcard.table(web_table.decoded(data))
        if not cards:
            raise SourceError("EMPTY_FILE", f"The file {self.path} holds no contacts.")
        columns = self._columns(header, [cells for _, cells in cards[:TOP_ROWS]])
        reader = TableReader(cards, self.rows(columns, columns.profile, self.name), self._table_start(1))
        return self._source("vcf", columns, reader, [], "utf-8", ",")

    def _table(self, form: str, table: list[tuple[int, list[str]]], warnings: list[Warning]) -> Source:
        """A table that was read whole, with the numbers of its rows."""
        top = table[:TOP_ROWS]
        header, more, number, place = self._header(top)
        width = len(header)
        columns = self._columns(header, [cells for _, cells in top[place + 1 :]])
        padded = ((row, cells + [""] * (width - len(cells))) for row, cells in table if row > number)
        reader = TableReader(
            padded, self.rows(columns, columns.profile, self.name), self._table_start(number + 1)
        )
        return self._source(form, columns, reader, warnings + more, "utf-8", ",")

    def _header(self, top: list[tuple[int, list[str]]]) -> tuple[list[str], list[Warning], int, int]:
        """Column names among the first rows: they, warnings, their row, and their place among those rows."""
        first = next((number for number, cells in top if cells), 0)
        near = [cells for number, cells in top if number < first + PREAMBLE]
        place = header_row(near, frozenset(map(normal, self.mapping or ())))
        if place is None:
            raise SourceError("EMPTY_FILE", f"The workbook {self.path} holds no data.")
        number, cells = top[place]
        names = joined_names(top[place - 1][1], cells) if place else None
        if names is None and place + 1 < len(top):
            names = joined_names(cells, top[place + 1][1])
            if names is not None:
                place += 1
                number = top[place][0]
        header, more = unique_names(names or cells)
        if number > 1:
            more.append(
                Warning(number, "PREAMBLE_SKIPPED", f"{number - 1} rows above the column names skipped")
            )
        return header, more, number, place

    def text(self) -> Source:
        """Delimited text."""
        if self.outer is not self.file:
            return self._packed(replace(self, outer=self.file, start=None, passed=None).text())
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
        if self.outer is not self.file:
            return self._packed(replace(self, outer=self.file, start=None, passed=None).json_lines())
        columns = self._columns(*jsonfile.lines_header(self.file))
        start = self.start or Position()
        window = Window(self.file, start.offset, "utf-8", "\n", self.passed)
        reader = jsonfile.LinesReader(window, self.rows(columns, columns.profile, self.name), start)
        return self._source("jsonl", columns, reader, [], "utf-8", ",")

    def json_document(self) -> Source:
        """An array of objects, or an object that holds one."""
        document = jsonfile.Document(self.file, self.path)
        names, samples = document.header()
        if not names:
            raise SourceError("EMPTY_FILE", f"The file {self.path} holds no records.")
        columns = self._columns(names, samples)
        reader = TableReader(
            document.records(), self.rows(columns, columns.profile, self.name), self._table_start(1)
        )
        return self._source("json", columns, reader, [], "utf-8", ",")

    def workbook(self) -> Source:
        """The first sheet with data of a workbook."""
        book = xlsx.Workbook(self.file, self.path, self.part)
        warnings = book.warnings
        if (
            os.path.splitext(str(self.path))[1].lower() not in (".xlsx", ".xlsm", ".xltx")
            and self.part is None
        ):
            warnings.append(
                Warning(0, "CONTENT_NOT_NAME", "the file is an Excel workbook and was read as one")
            )
        top = _top(book.rows())
        header, more, number, place = self._header(top)
        width = len(header)
        columns = self._columns(header, [cells for _, cells in top[place + 1 :]])
        start = self._table_start(number + 1)
        padded = (
            (row, cells if isinstance(cells, tuple) else cells + [""] * (width - len(cells)))
            for row, cells in book.rows()
            if row > number
        )
        reader = TableReader(padded, self.rows(columns, columns.profile, self.name), start)
        source = self._source("xlsx", columns, reader, warnings + more, "utf-8", ",")
        source.contents = book.contents
        return source

    def _packed(self, source: Source) -> Source:
        """A list that is read byte by byte, in an archive: it goes on behind the records that were read, not behind bytes."""
        return Source(
            *(self.path, self.name, "zip", self.outer, source.columns, Packed(source, self.size, self.start)),
            *(
                [each for each in source.warnings if each not in source.columns.warnings],
                source.encoding,
                source.delimiter,
            ),
            profile=source.profile,
        )

    def _table_start(self, first: int) -> Position:
        if self.start is None:
            return Position(self.size, first, 0, "utf-8")
        return Position(self.size, self.start.line, self.start.records, "utf-8")

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
            *(self.path, self.name, form, self.outer, columns, reader, warnings, encoding, delimiter),
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


def _all_of(file: BinaryIO, path: Path, limit: int) -> bytes:
    parts = []
    left = limit
    while block := file.read(1 << 20):
        left -= len(block)
        if left < 0:
            raise SourceError(
                "TOO_LARGE", f"The file {path} is larger than {limit >> 20} MB; save the list as CSV."
            )
        parts.append(block)
    return b"".join(parts)


def _lists_in(archive: archive.Archive, opened: Opened) -> Contents:
    """The members of an archive that are lists; a single one that may be is the list, whatever its columns are."""
    maybe: list[str] = []
    passed: list[tuple[str, str]] = []
    for name in archive.parts:
        last = name.rpartition("/")[2]
        if not last or name.startswith("__MACOSX/") or last.startswith("."):
            continue
        if not last.lower().endswith(LISTS):
            passed.append((name, "it is called like no list"))
        else:
            maybe.append(name)
    if len(maybe) == 1 and not maybe[0].lower().endswith(".txt"):
        return Contents(maybe, passed)
    lists = []
    for name in maybe[:MEMBERS]:
        try:
            plain = replace(opened, part=name, start=None, mapping=None, rows=RowReader, columns=as_they_are)
            with_columns = plain._member(archive, name)
            header = with_columns.header
        except SourceError as error:
            passed.append((name, error.message))
        else:
            if known_cells(header) >= 1 or len(header) >= 3:
                lists.append(name)
            else:
                passed.append((name, "it has no column names of a list"))
    passed += [(name, "an archive with so many files is not read to its end") for name in maybe[MEMBERS:]]
    return Contents(lists, passed)


MEMBERS = 100
"""Lists of one archive that are read."""


def as_they_are(header: list[str]) -> Columns:
    """Columns of which none is a field: to see what the column names are."""
    return Columns(header, {}, {}, [], (), (), (), (), None, None, own_export=False, profile=Profile())


class Packed:
    """Reads what another reader reads, and stands at the end of the archive that holds it: see :class:`Reader`."""

    def __init__(self, source: Source, size: int, start: Position | None) -> None:
        self._source = source
        self._size = size
        self.rows = source._reader.rows
        self.position = self._at(start or source.position)
        self._skip = start.records if start is not None else 0

    def _at(self, position: Position) -> Position:
        return replace(position, offset=self._size)

    def read(self, count: int, final: bool) -> Chunk | None:
        """The next at most ``count`` records behind the position; the archive is whole, so ``final`` makes no difference."""
        reader = self._source._reader
        while reader.position.records < self._skip:
            if reader.read(min(count, self._skip - reader.position.records), True) is None:
                return None
        chunk = reader.read(count, True)
        if chunk is None:
            return None
        chunk.start, chunk.end = self._at(chunk.start), self._at(chunk.end)
        self.position = chunk.end
        return chunk

    def close(self) -> None:
        """Also the list in the archive, which is unpacked into a file of its own."""
        self._source.close()
