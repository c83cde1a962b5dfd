"""A second process that hashes rows while a file is verified: Python hashes in one thread at a time.

Its answers say what it found; they are judged by the process that verifies. What it does not answer is read there: a helper that dies,
hangs, or sees another moment of the file costs time, and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import IO, Any, NamedTuple

import apsw

from db import second
from db.database import Database
from db.evidence import Evidence, Hasher
from db.row_scan import Keys, Line, Query, Scan, fits_as_usual
from db.standing import READ_HEAD

WORTH_ROWS = 200_000
"""Fewer are hashed before another process has started and caught up."""

PARTS = 64
"""Ranges into which a table is divided: the last one that is out decides how long one process waits for the other."""

PATIENCE = 20.0
"""Seconds for the last range, after which it is read here."""

ENDS = 2.0
"""Seconds for it to end by itself. The process of an executable in one file is not the one that reads, so killing it ends too little."""

UNLIKE = 1_000
"""More lines of one range than these that need a closer look are none of the helper's business."""

REFUSED = 3
"""After so many ranges of that kind, the rest of the table is read here."""


NICE = 5
"""Steps by which it gives way, where a process can say so: to SQLite's own checks, which cannot be divided."""


class Usual(NamedTuple):
    """Most rows of a table: how they are read and hashed, in words for another process."""

    query: Query
    lists: tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    """The table with its key, personal and other columns."""
    columns: tuple[str, ...]
    entries: frozenset[int]
    """Those that hash rows so."""
    digests: dict[int, str]
    """Of every entry about the table."""


class Answer(NamedTuple):
    """What a range holds."""

    fitting: int
    unlike: list[tuple[Line, bool]]
    entries: list[tuple[int, int, int, bytes | None]]
    """Entry, rows written and removed, their hashes; None: these have the digest that the entry names."""


class RowHelper:
    """The process, from the side of the one that verifies."""

    def __init__(self, command: Sequence[str], database: Database, head: tuple[int, str]) -> None:
        """``command``: starts :func:`serve`; ``head``: the end of the chain as it is verified. Raises OSError."""
        self._process = second.begin(command)
        self._begin = (database.target, tuple(head))
        self._ready: bool | None = None

    def shared(self, usual: Usual, ranges: Sequence[Keys]) -> Iterator[tuple[Keys, Answer | None]]:
        """Each range in order: with the helper's answer, or for the caller to read (None). The caller takes from the front while the
        helper takes from the back."""
        waiting = deque(enumerate(ranges))
        answers: dict[int, Answer | None] = {}
        feeding = threading.Thread(target=self._feed, args=(usual, waiting, answers), name="row-helper")
        feeding.start()
        try:
            while waiting:
                try:
                    _, keys = waiting.popleft()
                except IndexError:  # the helper has the last one
                    break
                yield keys, None
            feeding.join(PATIENCE)
        finally:
            waiting.clear()
            if feeding.is_alive():
                self.kill()
                feeding.join()
        for number in sorted(answers):
            yield ranges[number], answers[number]

    def _feed(
        self, usual: Usual, waiting: deque[tuple[int, Keys]], answers: dict[int, Answer | None]
    ) -> None:
        refused = 0
        try:
            if not self.ready():
                return
            text, given = usual.query
            self._give({"usual": (text, dict(given), *usual[1:])})
            while refused < REFUSED:
                try:
                    number, keys = waiting.pop()
                except IndexError:
                    return
                answers[number] = None
                found = self._ask({"keys": tuple(keys)})
                answers[number] = None if found is None else Answer(*found)
                refused += found is None
        except (OSError, EOFError, ValueError, TypeError):
            self._ready = False

    def ready(self) -> bool:
        """Whether it answers, and sees the same moment of the file. Raises what a process that has ended makes of it (OSError,
        EOFError)."""
        if self._ready is None:
            self._ready = False
            self._ready = self._ask(self._begin)
        return self._ready

    def _ask(self, what: Any) -> Any:
        self._give(what)
        assert self._process.stdout is not None
        return marshal.load(self._process.stdout)

    def _give(self, what: Any) -> None:
        assert self._process.stdin is not None
        _give(self._process.stdin, what)

    def kill(self) -> None:
        """Have it answer no more, also a question that somebody waits for."""
        self._process.kill()

    def close(self) -> None:
        """Have it end, and let go of the file."""
        for pipe in (self._process.stdout, self._process.stdin):
            with contextlib.suppress(OSError):  # what it did not take any more
                assert pipe is not None
                pipe.close()
        try:
            self._process.wait(ENDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()


def _give(to: IO[bytes], what: Any) -> None:
    marshal.dump(what, to)
    to.flush()


def serve() -> None:
    """Be the helper: answer on standard output what standard input asks, until it ends."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICE)
    try:
        target, head = marshal.load(asked)
        connection = apsw.Connection(target, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        connection.execute("PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA temp_store = 2; BEGIN")
        _give(answers, connection.execute(READ_HEAD).get == tuple(head))
        look: Callable[[Keys], tuple[Any, ...] | None] | None = None
        while True:
            what = marshal.load(asked)
            if "usual" in what:
                look = _looking(connection, *what["usual"])
            elif look is not None:
                _give(answers, look(Keys(*what["keys"])))
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    os._exit(0)


def _looking(
    connection: apsw.Connection,
    text: str,
    given: dict[str, Any],
    lists: tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    columns: tuple[str, ...],
    entries: frozenset[int],
    digests: dict[int, str],
) -> Callable[[Keys], tuple[Any, ...] | None]:
    query, table = Query(text, given), Evidence(*lists)
    fits = fits_as_usual(Hasher(table, columns), entries)

    def look(keys: Keys) -> tuple[Any, ...] | None:
        hashes = {entry: bytearray() for entry in digests}
        counts = {entry: [0, 0] for entry in digests}
        scan = Scan(table.table, fits, {entry: each.extend for entry, each in hashes.items()}, counts)
        try:
            unlike = list(islice(scan.unlike(connection.execute(*query.over(keys))), UNLIKE + 1))
        except (apsw.Error, ValueError, TypeError):
            return None
        if len(unlike) > UNLIKE:
            return None
        found = []
        for entry, each in hashes.items():
            if any(counts[entry]):
                whole = hashlib.sha256(each).hexdigest() == digests[entry]
                found.append((entry, *counts[entry], None if whole else bytes(each)))
        return scan.fitting, unlike, found

    return look
