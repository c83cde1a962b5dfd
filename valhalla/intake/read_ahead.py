"""Reading ahead: a second process reads the next chunks while this one stores the last.

Python runs on one core at a time, and reading costs about as much as storing. For a large list the work is therefore
split: the second process turns bytes into rows; this one looks up who is known already, and writes; the one that has less
to do decides on the rows as if all were new. Nothing but the file's path and the rules go one way, and nothing but chunks
come back; the second process never opens the database. It ends with its input, so it outlives nobody.

The two speak in messages: requests as lines of JSON, answers as marshalled tuples behind their length. (marshal is
fast and never runs code on loading; both ends are the same program.)
"""

from __future__ import annotations

import json
import marshal
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from db.waiting import give_way
from valhalla.intake import helper
from valhalla.intake.helper_protocol import ALIVE, LENGTH, PART_ROWS, Decided, Table, key_of, unpacked
from valhalla.intake.reading import Chunk, Columns, Position, Profile, Reject, SourceError, Warning
from valhalla.intake.watchdog import NAP, Patience

if TYPE_CHECKING:
    from valhalla.intake.reading.said import SaidBefore
    from valhalla.scoring.stages import Context

MOST_BYTES = 4 * 2**20
"""Of the answers that are made into one chunk: rows with long cells make it shorter."""

AHEAD_BYTES = 8 * 2**20
"""Of answers that wait here, still as bytes, while others are stored: the other process goes on through a commit."""

FEW_BYTES, MANY_BYTES = 2**20, 4 * 2**20
"""With fewer waiting the other process is the slower one, and only reads; with more it decides on the rows, too."""


@dataclass(frozen=True)
class List:
    """The list to read: what :func:`valhalla.intake.reading.open_source` needs."""

    path: Path
    profile: Profile
    mapping: dict[str, str] | None
    start: Position
    source: str
    final: bool
    file: list[int]
    """See :func:`valhalla.intake.helper_protocol.file_of`."""
    lacking: Mapping[str, Any] = field(default_factory=dict)
    """What all new leads of the list have in common (see :class:`db.sealing.Bulk`). Without it nothing of their hashes is prepared."""


class Unavailable(Exception):
    """There is no second process to be had; read the list in this one."""


class ReadAhead:
    """The other end of the second process. Raises :class:`Unavailable` when it does not start."""

    def __init__(
        self, what: List, context: Context, rows: int, patience: Patience, said: SaidBefore | None = None
    ) -> None:
        """``said``: what the list said before, if that is of use."""
        self._patience = patience
        self._parts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        """Bytes of answers in it."""
        self._room = threading.Condition()
        self._closed = False
        self._ended = False
        self._taken = 0
        self._part_rows = min(rows, PART_ROWS)
        self._decides = True
        try:
            self._process = helper.start()
        except OSError as error:
            raise Unavailable(str(error)) from error
        self._drain = threading.Thread(target=self._take_in, name="read-ahead", daemon=True)
        self._drain.start()
        try:
            self._report(what, context, self._part_rows, said)
            self._answer()
        except (EOFError, OSError) as error:
            self.close()
            raise Unavailable("the second process ended at once") from error
        except BaseException:
            self.close()
            raise

    def read(self, rows: int, context: Context) -> tuple[Chunk, str, Decided | None] | None:
        """The next chunk of about ``rows`` records, the digest of the list's bytes up to its end, and the decisions on
        its rows (None when there are none, or in another context than ``context``); None at the end.

        Raises :class:`SourceError` as reading in this process would.
        """
        self._ask(min(rows, PART_ROWS))
        chunk: Chunk | None = None
        digest = ""
        decided: Decided | None = None
        undecided = False
        self._taken = 0
        while chunk is None or (chunk.records < rows and self._taken < MOST_BYTES):
            give_way()
            answer = None if self._ended else self._answer()
            if answer is None:
                self._ended = True
                break
            part, digest, decided_in, decisions = _unpacked(answer)
            del answer
            give_way()
            if decisions is None or decided_in != key_of(context):
                undecided = True
            elif decided is None:
                decided = decisions
            else:
                decided = Decided(*map(_below, decided, decisions))
            chunk = part if chunk is None else _joined(chunk, part)
        return None if chunk is None else (chunk, digest, None if undecided else decided)

    def close(self) -> None:
        """End the second process."""
        self._process.kill()
        with self._room:
            self._closed = True
            self._room.notify()
        self._drain.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _report(self, what: List, context: Context, rows: int, said: SaidBefore | None) -> None:
        message = {
            "path": str(what.path),
            "profile": what.profile.to_json(),
            "mapping": what.mapping,
            "start": what.start.to_json(),
            "source": what.source,
            "final": what.final,
            "file": what.file,
            "lacking": dict(what.lacking),
            "rows": rows,
            "said": 0 if said is None else len(said),
            "policy_version": context.policy_version,
            "policy": context.policy,
            "snapshot_id": context.snapshot_id,
            "snapshot": context.snapshot.to_json(),
            "now": context.now,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
        if said is not None:
            said.write_to(self._process.stdin)
        self._process.stdin.flush()

    def _ask(self, rows: int) -> None:
        """Have the parts that are read from now on be of so many rows, and decided on if that is better left to the other process."""
        decides = self._waiting >= FEW_BYTES if self._decides else self._waiting > MANY_BYTES
        if (rows, decides) == (self._part_rows, self._decides) or self._ended:
            return
        self._part_rows, self._decides = rows, decides
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"%d %d\n" % (rows, decides))
            self._process.stdin.flush()
        except OSError:
            pass  # it has read everything, or its answers will say what happened

    def _take_in(self) -> None:
        """Keep the pipe empty, so that the other process need not wait for us."""
        pipe = self._process.stdout
        assert pipe is not None
        while True:
            head = pipe.read(LENGTH)
            data = pipe.read(int.from_bytes(head, "little")) if len(head) == LENGTH else b""
            if not data:
                self._parts.put(None)
                return
            with self._room:
                self._room.wait_for(lambda: self._waiting < AHEAD_BYTES or self._closed)
                self._waiting += len(data)
            self._parts.put(data)

    def _answer(self) -> tuple[Any, ...] | None:
        kind, content = ALIVE, cast(Any, None)
        self._patience.progress()
        while kind == ALIVE:
            try:
                data = self._parts.get(timeout=NAP)
            except queue.Empty:
                self._patience.look()
                continue
            if data is None:
                raise EOFError("the reading process ended")
            self._patience.progress()
            with self._room:
                self._waiting -= len(data)
                self._room.notify()
            self._taken += len(data)
            kind, content = marshal.loads(data)
        if kind == "refused":
            code, message, header, suggestion = content
            raise SourceError(code, message, header=header, suggestion=suggestion)
        if kind == "failed":
            raise RuntimeError(f"the reading process failed: {content}")
        found: tuple[Any, ...] | None = content
        return found


def _unpacked(answer: tuple[Any, ...]) -> tuple[Chunk, str, tuple[int, int], Decided | None]:
    start, end, accepted, rejected, warnings, blank, fixes, normalised, digest, decided_in, decided = answer
    chunk = Chunk(
        Position(*start),
        Position(*end),
        Columns(unpacked(accepted)),
        list(map(Reject._make, rejected)),
        list(map(Warning._make, warnings)),
        blank,
        fixes,
        normalised,
    )
    return chunk, digest, decided_in, None if decided is None else Decided(*map(unpacked, decided))


def _joined(one: Chunk, other: Chunk) -> Chunk:
    """Two consecutive chunks as one."""
    one.end = other.end
    one.accepted = Columns(_below(Columns.of(one.accepted).columns, Columns.of(other.accepted).columns))
    one.rejected.extend(other.rejected)
    one.warnings.extend(other.warnings)
    one.blank += other.blank
    one.fixes.update(other.fixes)
    one.normalised += other.normalised
    return one


def _below(columns: Sequence[Sequence[Any]], others: Sequence[Sequence[Any]]) -> Table:
    """One table below another."""
    return [(*one, *other) for one, other in zip(columns, others, strict=True)]
