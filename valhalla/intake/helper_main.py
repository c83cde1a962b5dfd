"""The second process of an import: reads a list, decides on its rows as if all were new unless the first does, and answers.
See :mod:`valhalla.intake.read_ahead`.

It is started as soon as it is known that a list will be read, before anybody can say by which rules: it loads, and begins
by the rules that hold for most lists. When it is given others, it begins again.
"""

from __future__ import annotations

import json
import marshal
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, BinaryIO

from db.evidence import Hasher
from valhalla.intake import sql
from valhalla.intake.helper_protocol import (
    ALIVE,
    ALIVE_SECONDS,
    LENGTH,
    PART_ROWS,
    Table,
    file_of,
    key_of,
    packed,
)
from valhalla.intake.reading import (
    DEFAULT_SOURCE,
    Chunk,
    Columns,
    Position,
    Profile,
    Source,
    SourceError,
    open_source,
)
from valhalla.intake.reading.said import SaidBefore, is_unread
from valhalla.program.memory import collector_paused
from valhalla.program.schema import SCHEMA
from valhalla.scoring.stages import Context, decide
from valhalla.scoring.stages.snapshot import Snapshot

_MARSHAL = 2
"""The newest format without back references, which cost more to find than they save here."""

_DECIDED = len(sql.DECIDED)
"""The rest of a decision is the same for all."""

GUESSED_PARTS = 8
"""Parts that are read before the rules are known; they wait in memory."""


def serve(path: str | None) -> None:
    """Read the list that standard input names, and answer on standard output. ``path``: it will probably be this one."""
    answers = sys.stdout.buffer
    try:
        with collector_paused():
            for kind, content in _answers(_Asked(), path):
                _give(answers, kind, content)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except SourceError as error:
        _give(answers, "refused", (error.code, error.message, error.header, error.suggestion))
    except Exception as error:
        _give(answers, "failed", f"{type(error).__name__}: {error}")
    os._exit(0)  # nothing to tidy up, and a pipe that nobody reads must not hold us


class _Asked(threading.Thread):
    """Waits for the line that says what to read, then for those that say how many rows the next parts are to have, and whether they
    are decided on."""

    def __init__(self) -> None:
        super().__init__(name="asked", daemon=True)
        self._line = b""
        self._come = threading.Event()
        self.rows = PART_ROWS
        self.decides = True
        """Whether the rows are to be decided on, too."""
        self.said: SaidBefore | None = None
        """What the list said before, if that is of use."""
        self.start()

    def run(self) -> None:
        """Wait."""
        try:
            self._line = sys.stdin.buffer.readline()
            if self._line:
                asked = json.loads(self._line)
                self.rows = asked["rows"]
                if asked["said"]:
                    self.said = SaidBefore.read_from(sys.stdin.buffer, asked["said"])
        finally:  # what makes no sense is answered, too
            self._come.set()
        for line in sys.stdin.buffer:
            rows, decides = line.split()
            self.rows, self.decides = int(rows), decides == b"1"

    def waits(self) -> bool:
        """Whether nothing was said yet."""
        return not self._come.is_set()

    def get(self) -> dict[str, Any] | None:
        """What was said; None: nobody will say anything any more."""
        self._come.wait()
        given: dict[str, Any] | None = json.loads(self._line) if self._line else None
        return given


def _answers(given: _Asked, path: str | None) -> Iterator[tuple[str, Any]]:
    guessed = _Guessed(path) if path is not None else None
    while guessed is not None and given.waits() and guessed.read():
        pass
    asked = given.get()
    if asked is None:
        return
    if guessed is not None and guessed.fits(asked):
        source, parts = guessed.source, guessed.parts
    else:
        guessed, source, parts = None, _opened(asked), deque()
    yield "opened", None
    if given.said:
        source.leave_unread(given.said)
        given.said = None
    snapshot = Snapshot.from_json(asked["snapshot"])
    context = Context(asked["policy_version"], asked["policy"], asked["snapshot_id"], snapshot, asked["now"])
    hasher = None
    if asked["lacking"]:
        hasher = Hasher(SCHEMA.tables["lead"], sql.NEW_LEAD, [*asked["lacking"].items()])
    while parts:
        yield "part", _packed(*parts.popleft(), context, hasher, decides=given.decides)
    while (chunk := source.read(given.rows, final=asked["final"])) is not None:
        yield "part", _packed(chunk, source.digest(), context, hasher, decides=given.decides)
    yield "end", None


def _opened(asked: dict[str, Any]) -> Source:
    start = Position.from_json(asked["start"])
    return open_source(
        asked["path"],
        Profile.from_json(asked["profile"]),
        asked["mapping"],
        start if start.offset else None,
        source=asked["source"],
        progress=_alive,
    )


class _Guessed:
    """A list of which the first parts are read by the rules that hold when nobody has set any."""

    def __init__(self, path: str) -> None:
        self.parts: deque[tuple[Chunk, str]] = deque()
        """With the digest of the list's bytes up to the end of each."""
        self._path = path
        self._source: Source | None = None
        try:
            self._source = open_source(path, source=DEFAULT_SOURCE, progress=_alive)
        except SourceError:
            pass  # by the rules that it is to be read by it may be fine

    @property
    def source(self) -> Source:
        """The open list, if it could be opened."""
        assert self._source is not None
        return self._source

    def read(self) -> bool:
        """Read one more part; False: there is nothing more to do before the rules are known."""
        if self._source is None or len(self.parts) == GUESSED_PARTS:
            return False
        if self.parts and self.parts[-1][0].records < PART_ROWS // 2:
            return False  # its rows are long: they take enough memory as they are
        try:
            chunk = self._source.read(PART_ROWS)
        except SourceError:
            self._source = None
            return False
        if chunk is not None:
            self.parts.append((chunk, self._source.digest()))
        return chunk is not None

    def fits(self, asked: dict[str, Any]) -> bool:
        """Whether this is the list that was asked for, as the one who asks has seen it, and read by its rules."""
        return (
            self._source is not None
            and asked["path"] == self._path
            and asked["file"] == file_of(self._source)
            and asked["profile"] == Profile().to_json()
            and asked["mapping"] is None
            and asked["start"] == Position().to_json()
            and asked["source"] == DEFAULT_SOURCE
            and asked["rows"] == PART_ROWS
        )


def _packed(
    chunk: Chunk, digest: str, context: Context, hasher: Hasher | None, *, decides: bool
) -> tuple[Any, ...]:
    start, end = (
        (place.offset, place.line, place.records, place.encoding) for place in (chunk.start, chunk.end)
    )
    rejected, warnings = (list(map(tuple, part)) for part in (chunk.rejected, chunk.warnings))
    rows = Columns.of(chunk.accepted)
    return (
        *(start, end, packed(rows.columns), rejected, warnings, chunk.blank, chunk.fixes, chunk.normalised),
        *(digest, key_of(context), _decided(rows, context, hasher) if decides else None),
    )


def _decided(rows: Columns, context: Context, hasher: Hasher | None) -> tuple[list[Any], list[Any]]:
    """What the pipe takes of a :class:`Decided` on these rows."""
    unread = [*map(is_unread, rows)]
    read = Columns.of(rows.where([not each for each in unread])) if any(unread) else rows
    decided = _worked_out(read, context, hasher)
    decisions, prepared = decided if read is rows else (_spread(table, unread) for table in decided)
    return packed(decisions), packed(prepared)


def _worked_out(rows: Columns, context: Context, hasher: Hasher | None) -> tuple[Table, Table]:
    """The decisions on rows as new leads, and what can be worked out of the leads' hashes; nothing of those without a hasher."""
    decisions: Table = [*zip(*[decide(row, context)[:_DECIDED] for row in rows], strict=True)]
    if hasher is None or not rows:
        return decisions, []
    lead = [repeat(0), *rows.columns[: len(sql.FROM_ROW)], repeat(None), *decisions]
    return decisions, [*zip(*hasher.prepare(lead, len(rows)), strict=True)]


def _spread(columns: Table, gaps: Sequence[bool]) -> Table:
    """The columns with None where there is a gap."""
    return [tuple([None if gap else next(values) for gap in gaps]) for values in map(iter, columns)]


def _alive() -> None:
    """Say now and then that the file is still being read: where the reading begins may be far behind its beginning."""
    now = time.monotonic()
    if now >= _next_sign[0]:
        _next_sign[0] = now + ALIVE_SECONDS
        _give(sys.stdout.buffer, ALIVE, None)


_next_sign = [time.monotonic() + ALIVE_SECONDS]


def _give(pipe: BinaryIO, kind: str, content: Any) -> None:
    data = marshal.dumps((kind, content), _MARSHAL)
    pipe.write(len(data).to_bytes(LENGTH, "little"))
    pipe.write(data)
    pipe.flush()
