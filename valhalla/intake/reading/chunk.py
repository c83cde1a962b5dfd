"""What the reader hands out: positions, rejects, warnings and the chunks that hold them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from typing import Any, NamedTuple, overload

from valhalla.program.patterns import pattern
from valhalla.scoring.stages.row import Row

SHORT = 80

COLUMNS_LIMIT = 16_384
"""Columns of a list: as many as a sheet of Excel may have."""

CHUNK_BYTES = 1 << 20
"""A chunk ends after this many bytes even when it has fewer records than asked for: as text they take up to four times
that, and records with long notes are held several times over while they are read and stored."""


def shorten(text: str, limit: int = SHORT) -> str:
    """The text, or its beginning and an ellipsis when it is longer than ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


_BREAKS = pattern(r"[\r\n\v\f\x85\u2028\u2029]")


class SourceError(Exception):
    """A whole file that cannot be used: a fixed code and one sentence.

    ``suggestion`` is a mapping (header to field) that would make the file usable, when one can be guessed;
    ``header`` the column names that were found.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        header: list[str] | None = None,
        suggestion: dict[str, str] | None = None,
    ) -> None:
        message = _BREAKS.sub("\ufffd", message)  # a file's name may hold line ends: it stays one sentence
        super().__init__(message)
        self.code = code
        self.message = message
        self.header = header or []
        self.suggestion = suggestion or {}


def too_many_columns(path: object, count: int) -> SourceError:
    """The error for a list that is wider than a sheet can be."""
    return SourceError(
        "TOO_LARGE",
        f"The file {path} has {count:,} columns; up to {COLUMNS_LIMIT:,} are read: "
        "delete the columns that the list does not need.",
    )


class Reject(NamedTuple):
    """One record that is not a lead, with everything needed to find and repair it."""

    line: int
    """Physical line on which the record begins, from 1."""
    column: str | None
    """Header of the offending cell; None when the whole row is."""
    code: str
    message: str
    """One sentence, without file and line."""
    value: str | None
    """The offending text, shortened."""
    raw: str
    """The record as it stands in the file, without its line end."""


class Warning(NamedTuple):
    """Something worth knowing about a row that was accepted, or (line 0) about the file."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two records from which reading can go on, also in another process.

    ``offset`` counts bytes of the file; ``line`` is the number of the next physical line; ``records`` counts the
    records before this place, accepted and rejected, without blank ones; ``encoding`` is what the file was found
    to be, or "" as long as everything before this place was ASCII and nothing had to be decided.
    """

    offset: int = 0
    line: int = 1
    records: int = 0
    encoding: str = ""

    def to_json(self) -> str:
        """The position as a JSON object."""
        return json.dumps(
            {"offset": self.offset, "line": self.line, "records": self.records, "encoding": self.encoding}
        )

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> Position:
        """The position that :meth:`to_json` wrote; an empty object is the beginning of the file."""
        data = json.loads(text) if isinstance(text, str) else text
        return cls(
            int(data.get("offset", 0)),
            int(data.get("line", 1)),
            int(data.get("records", 0)),
            str(data.get("encoding", "")),
        )


class Columns(Sequence[Row]):
    """Rows that are held column by column: most of a list is stored without any of them being put together."""

    def __init__(self, columns: Sequence[Sequence[Any]], rows: Sequence[Row] | None = None) -> None:
        """``columns``: one for each field of :class:`Row`, all equally long; ``rows``: the same, where somebody has them already."""
        self.columns = columns
        self._rows = rows

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Columns:
        """These rows; those that are columns already as they are."""
        if isinstance(rows, cls):
            return rows
        return cls([*zip(*rows, strict=True)] or [()] * len(Row._fields), rows)

    def where(self, flags: Sequence[object]) -> Sequence[Row]:
        """Those whose flag is true."""
        if self._rows is not None:
            return [*compress(self._rows, flags)]
        return Columns([[*compress(column, flags)] for column in self.columns])

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if self._rows is not None:
            return self._rows[at]
        if isinstance(at, slice):
            return Columns([column[at] for column in self.columns])
        return new_row([column[at] for column in self.columns])

    def __iter__(self) -> Iterator[Row]:
        return map(new_row, zip(*self.columns, strict=True)) if self._rows is None else iter(self._rows)


new_row: Callable[[Iterable[Any]], Row] = partial(tuple.__new__, Row)
"""A row from all its fields in order, in half the time of the class."""


@dataclass(slots=True)
class Chunk:
    """Consecutive records of one file, in file order. Records read = accepted + rejected."""

    start: Position
    end: Position
    accepted: Sequence[Row] = field(default_factory=list)
    """A list while it is being read, see :attr:`growing`."""
    rejected: list[Reject] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)
    blank: int = 0
    """Blank and comma-only lines; they are no records."""
    fixes: dict[int, int] = field(default_factory=dict)
    """Line of a repaired row to the id of the reject it came from (files made by ``leads rejects export``)."""
    normalised: int = 0
    """Values that were rewritten by the profile's value format, such as $500,000 to 500000."""
    text: int = 0
    """Characters of the records, where the bytes between the two positions do not say it."""

    @property
    def growing(self) -> list[Row]:
        """``accepted`` while they are being read."""
        assert isinstance(self.accepted, list)
        return self.accepted

    @property
    def size(self) -> int:
        """About how long the records are."""
        return self.text or self.end.offset - self.start.offset

    @property
    def records(self) -> int:
        """Records read, without blank lines."""
        return len(self.accepted) + len(self.rejected)
