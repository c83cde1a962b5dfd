"""Reading one file into the file: chunk by chunk, each chunk one transaction, resumable at any of them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from db import Database, audit, pacing
from db.pacing import Pace
from db.waiting import give_way
from valhalla.intake import helper, sql
from valhalla.intake.drift import drift_warnings
from valhalla.intake.helper_protocol import PART_ROWS, Decided, file_of
from valhalla.intake.plan import Plan, Reading, new_leads, plan_chunk
from valhalla.intake.reading import (
    DEFAULT_SOURCE,
    Chunk,
    Columns,
    Position,
    SourceError,
    Warning,
    prefix_hash,
)
from valhalla.intake.reading.container import on_disk
from valhalla.intake.reading.said import SaidBefore, is_unread
from valhalla.intake.records import ListFile, add_source, find_file, read_import
from valhalla.intake.request import Hooks, Progress, Request
from valhalla.intake.results import COUNTS
from valhalla.intake.source_rules import (
    adopted_source,
    open_list,
    plain_header,
    put_mapping,
    rules_of,
    source_rules,
)
from valhalla.intake.store import Transaction, header_id, supersede_rejects, write_plan
from valhalla.intake.watchdog import Patience, Result, Watchdog
from valhalla.leads import suppression
from valhalla.program import settings
from valhalla.program.errors import InputError
from valhalla.program.later import later
from valhalla.program.memory import collect_young, collector_paused
from valhalla.program.names import is_text, shown
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Context
from valhalla.scoring.stages.row import Row

if TYPE_CHECKING:
    from valhalla.intake import forgotten, read_ahead
    from valhalla.intake.reading import Source
else:
    forgotten = later("valhalla.intake.forgotten")
    read_ahead = later("valhalla.intake.read_ahead")

WARNINGS_KEPT = 1000
"""Row warnings of an import that are stored; the rest are counted by code."""

MIN_CHUNK_ROWS = 500

READ_AHEAD = ("csv", "jsonl", "json")
"""Formats that a second process reads ahead; the others are limited, or would be unpacked twice."""

STEP_ROWS = 2_500
"""Rows that are held in memory at a time. A transaction takes several steps while nobody else waits to write: every
transaction writes most pages of the index of keys, so few of them write less."""

CACHE_KIB = 8_192
LONGEST_LOG = 40_000
"""Pages in the log while an import runs; see DESIGN: moving it more often writes the same pages of the file many times over."""
LAST_PART = 0.75
"""From this share of a list on, what was stored is moved into the file during the rest of the work, not after it."""
LARGE_LOG = 16 * 2**20
"""Bytes in the log from which on that is worth beginning before the end."""
LOG_BYTES = 4 * 2**20
"""Bytes in the log from which on it is moved at the end. That waits for the disk, and the import is done without it."""


_FINGERPRINT = Row._fields.index("fingerprint")


class LostTheFile(Exception):
    """Another import of the same file took over; nothing of this chunk was kept."""


def import_file(database: Database, request: Request, hooks: Hooks | None = None) -> int | None:
    """Read what is new in the file. Returns the id of the import, or None when there was nothing to read.

    A file that cannot be used is recorded as such (a failed import with its code and sentence); that is not an exception.
    Raises :class:`InputError` for a path that is not text, :class:`LostTheFile`, the errors of :mod:`db.errors` and what the hooks raise; whatever was committed
    before is whole, and the next call goes on behind it.
    """
    return _Import(database, request, hooks or Hooks()).run()


class _Import:
    def __init__(self, database: Database, request: Request, hooks: Hooks) -> None:
        self.database = database
        self.request = request
        self.hooks = hooks
        self.path = Path(request.path)
        self.disk = on_disk(request.path)
        rows = int(settings.value(database, "import.chunk_rows"))
        self.pace = Pace(rows, MIN_CHUNK_ROWS, alone=pacing.AT_ONCE)
        self.context: Context | None = None
        self.suppression = suppression.NOBODY
        self.import_id: int | None = None
        self.transaction: Transaction | None = None
        self.passed: blake2b | None = None
        self.patience = Patience(self.path, self._let_go)

    def run(self) -> int | None:
        if not is_text(self.request.path):
            raise InputError(
                f"the name of {shown(self.request.path)} is not text (UTF-8); give it another name"
            )
        adopted = adopted_source(self.database, self.request)
        if adopted is not None:
            self.request = self.request._replace(source=adopted)
        with self.database.write():
            self.hooks.fence()
            self.file = self._file()
            if adopted is not None:
                self.database.sql(sql.ADOPT_FILE, (self.file.id,))
        self.rules = rules_of(self.database, self.request.source)
        try:
            before = os.stat(self.disk)
            self._begin(before)
            if self.import_id is None:
                return None
            start = self.position if self.position.offset else None
            rules = source_rules(self.database, self.request.source)
            with (
                Watchdog(self.patience) as self.watchdog,
                self._watched(
                    lambda: open_list(self.request, rules, start, self.passed, self.patience.progress)
                ) as source,
            ):
                self.digest = source.digest()
                self._describe(source)
                self._understood = source.understood
                self._read(source, before)
        except SourceError as error:
            self._fail(error.code, error.message)
            self._suggest(error)
        except FileNotFoundError:
            self._fail("NOT_FOUND", f"The file '{self.path}' was not found.", remember=False)
        except OSError as error:
            self._fail(
                "NOT_READABLE", f"{self.path} cannot be read: {error.strerror or error}", remember=False
            )
        return self.import_id

    # -- beginning -----------------------------------------------------------------------------------------

    def _file(self) -> ListFile:
        source = add_source(self.database, self.request.source)
        self.database.sql(sql.ADD_FILE, (str(self.path), source.id))
        found = find_file(self.database, str(self.path))
        assert found is not None
        return found

    def _begin(self, before: os.stat_result) -> None:
        """Find out what there is to read: the rest of an interrupted import, a new tail, everything, or nothing."""
        for row in self.database.sql(sql.FIND_RUNNING, (self.file.id,)):
            import_id, kind, _start, position, digest, rules, started_at, warnings = row
            # one that begins behind what was read before and was stopped at once has no digest of its own yet
            if rules == self.rules and self._still_begins_with(
                Position.from_json(position).offset, digest or self.file.digest, before
            ):
                self.import_id, self.kind, self.started_at = import_id, kind, started_at
                self.position, self.warnings = Position.from_json(position), json.loads(warnings)
                return
            with self.database.write():
                self.hooks.fence()
                self.database.sql(
                    sql.FAIL,
                    (
                        "CHANGED",
                        "the file was changed before it was read to its end",
                        self.database.clock(),
                        import_id,
                    ),
                )
                self.database.sql(sql.CLEAR_SEEN, (import_id,))
        self.position, self.kind = Position(), "whole"
        if (
            self.file.digest
            and not self.request.again
            and self.file.profile == self.rules
            and self._still_begins_with(self.file.offset, self.file.digest, before)
        ):
            if before.st_size == self.file.offset:
                self._touch(before)
                return
            last = self.database.value(sql.END_OF_IMPORT, (self.file.import_id,))
            if Position.from_json(last).offset == self.file.offset:
                self.position, self.kind = Position.from_json(last), "tail"
        self._start()

    def _still_begins_with(self, length: int, digest: str, before: os.stat_result) -> bool:
        self.passed = None
        if before.st_size < length:
            return False
        if length:
            self.passed = prefix_hash(self.disk, length)
        return self.passed is None or self.passed.hexdigest() == digest

    def _start(self) -> None:
        database, start = self.database, self.position.to_json()
        self.started_at, self.warnings = database.clock(), []
        with database.write():
            self.hooks.fence()
            self.import_id = database.value(
                sql.START,
                (
                    self.file.id,
                    self.file.source_id,
                    str(self.path),
                    self.kind,
                    start,
                    start,
                    self.rules,
                    self.started_at,
                ),
            )
            audit.append(
                database,
                "import.start",
                f"import:{self.import_id}",
                {"file": self.file.id, "kind": self.kind},
            )
            if self.kind == "whole":
                supersede_rejects(database, self.file.id)

    def _describe(self, source: Source) -> None:
        database = self.database
        with database.write():
            self.hooks.fence()
            self.header_id = header_id(database, source.extras) if source.extras else None
            if not self.warnings:
                self.warnings = [list(warning) for warning in source.warnings]
                self.warnings += [list(warning) for warning in self._drift(source)]
            database.sql(
                sql.DESCRIBE,
                (
                    *(source.encoding, source.delimiter, self.header_id),
                    json.dumps(source.mapping, ensure_ascii=False),
                    json.dumps(source.header, ensure_ascii=False),
                    *(self._warnings_json(), self.import_id),
                ),
            )

    def _drift(self, source: Source) -> list[Warning]:
        """What is different about the columns since the last list of this source (of no named one: of this file)."""
        if source.columns.own_export:
            return []
        only = self.file.id if self.request.source == DEFAULT_SOURCE else None
        last = self.database.one(sql.LAST_NAMES, (self.file.source_id, self.import_id, only, only))
        if last is None:
            return []
        names, fields = last
        return drift_warnings(json.loads(names), json.loads(fields), source.header, source.mapping)

    def _suggest(self, error: SourceError) -> None:
        """Remember a mapping that would make the file usable, until a person accepts it."""
        if not error.suggestion:
            return
        header = json.dumps(error.header, ensure_ascii=False)
        fields = json.dumps(error.suggestion, ensure_ascii=False)
        with self.database.write():
            self.hooks.fence()
            put_mapping(self.database, self.file.source_id, header, fields, accepted=False)

    # -- reading -------------------------------------------------------------------------------------------

    def _read(self, source: Source, before: os.stat_result) -> None:
        assert self.import_id is not None
        reading = Reading(
            *(self.import_id, self.file.id, self.file.source_id, self.header_id, self.started_at),
            tail=self.kind == "tail",
            merge=source.profile.merge,
        )
        self.columns = len(source.extras)
        began = time.perf_counter()
        settling = False
        with self._bulk():
            for chunk, decided in self._chunks(source, before.st_size, reading):
                reading = self._with_columns(source, reading)
                self._store(chunk, decided, reading)
                if self.hooks.stored is not None:
                    self._commit()
                    self.hooks.stored(source, chunk)
                del chunk, decided
                if self.transaction is None:
                    collect_young()
                    if not settling and self.position.offset >= LAST_PART * before.st_size:
                        settling = self._settle(LARGE_LOG)
                self.hooks.between(self._progress(before.st_size, time.perf_counter() - began))
        self._finish(before)

    @contextmanager
    def _bulk(self) -> Iterator[None]:
        """The connection set for many rows; at the end, also one that somebody wanted, what was stored is committed."""
        database = self.database
        database.set_cache(CACHE_KIB)
        try:
            # What a new lead refers to is what this import has stored or just read, and nobody removes that; looking it
            # up would be eight searches a row.
            with (
                database.log_left(),
                database.references_unchecked(),
                collector_paused(),
            ):
                try:
                    yield
                finally:
                    self._commit()
                    self._settle(LOG_BYTES)
        finally:
            database.set_cache()
            database.drop_temporary()

    def _settle(self, size: int) -> bool:
        """Begin to move the log into the file when it has so many bytes; nobody waits for that. Whether it was begun."""
        if self.database.log_bytes() < size:
            return False
        self.database.checkpoint_beside()
        return True

    def _with_columns(self, source: Source, reading: Reading) -> Reading:
        """Own rules may add columns to what they read."""
        if len(source.extras) == self.columns:
            return reading
        self.columns = len(source.extras)
        with self.database.write():
            self.hooks.fence()
            self.header_id = header_id(self.database, source.extras)
            self.database.sql(sql.ADD_COLUMNS, (self.header_id, self.import_id))
        return replace(reading, header_id=self.header_id)

    def _chunks(self, source: Source, size: int, reading: Reading) -> Iterator[tuple[Chunk, Decided | None]]:
        """The list's chunks; of a large one from a second process that reads ahead. ``self.digest`` goes along."""
        large = size - self.position.offset >= helper.WORTH_BYTES
        if large and source.format in READ_AHEAD and self._may_read_ahead():
            _, mappings = source_rules(self.database, self.request.source)
            context, rows = self._load_context(), self._step_rows()
            what = read_ahead.List(
                *(self.path, source.profile, mappings.get(plain_header(source.header)), self.position),
                source=self.request.source,
                final=self.request.final,
                file=file_of(source),
                lacking=new_leads(self.database, reading, context).lacking,
            )
            try:
                other = read_ahead.ReadAhead(what, context, rows, self.patience, self._said_before())
            except read_ahead.Unavailable:
                pass
            else:
                self.pace.rows = min(self.pace.rows, PART_ROWS)  # begin at once, not with a full chunk
                with other:
                    while (found := other.read(self._step_rows(), self._load_context())) is not None:
                        chunk, self.digest, decided = found
                        del found
                        yield chunk, decided
                        del chunk, decided
                return
        while (
            chunk_here := self._watched(partial(source.read, self._step_rows(), final=self.request.final))
        ) is not None:
            self.digest = source.digest()
            yield chunk_here, None
            del chunk_here

    def _said_before(self) -> SaidBefore | None:
        """What the list said when it was read last, of the leads that are known from it first; None where every row has to be
        looked at."""
        self.suppression = suppression.load(self.database, self.suppression)
        again = self.kind == "whole" and self.file.import_id is not None
        if not again or self.hooks.stored is not None or self.suppression.forgotten:
            return None
        with self.database.temporary_on_disk():
            return SaidBefore.of(self.database.each(sql.SAID_BEFORE, (self.file.id,)))

    def _watched(self, function: Callable[[], Result]) -> Result:
        """Call what reads the file; a program's own rules expect to run in the thread that asked for them."""
        return function() if self.request.rows is not None else self.watchdog.call(function)

    def _let_go(self) -> None:
        """While reading takes long: nobody else's writing waits for it."""
        self._commit()
        self.hooks.waiting()

    def _may_read_ahead(self) -> bool:
        wanted = settings.value(self.database, "import.read_ahead")
        return bool(wanted) and self.request.rows is None and (os.cpu_count() or 1) > 1

    def _load_context(self) -> Context:
        self.context = stages.load(self.database, self.started_at, self.context)
        return self.context

    def _step_rows(self) -> int:
        return min(self.pace.rows, STEP_ROWS)

    def _store(self, chunk: Chunk, decided: Decided | None, reading: Reading) -> None:
        """One chunk into the transaction: leads, stage results, rejects, audit entry, counters and the new position.

        The transaction stays open for the next chunk unless it is large enough or somebody waits to write.
        """
        database = self.database
        context = self._load_context()
        self.suppression = suppression.load(database, self.suppression)
        if self.suppression.forgotten:
            chunk.accepted = [
                self._understood(row) or row if is_unread(row) else row for row in chunk.accepted
            ]
            forgotten.leave_out_forgotten(self.suppression, chunk, admit=self.request.admit)
            decided = None  # they belong to all rows of the chunk
        keys = self.transaction.keys if self.transaction else None
        more = (context, self.suppression, decided)
        plan = plan_chunk(database, chunk.accepted, reading, *more, keys, self._understood)
        room = WARNINGS_KEPT - len(self.warnings)
        self.warnings.extend(list(warning) for warning in chunk.warnings[: max(room, 0)])
        transaction = self.transaction = self.transaction or Transaction(database)
        give_way()
        with transaction.part():
            if not transaction.rows:
                self.hooks.fence()
            if database.value(sql.READ_GENERATION) != plan.generation:
                self.suppression = suppression.load(database, self.suppression)
                more = (context, self.suppression, decided)
                plan = plan_chunk(
                    database, chunk.accepted, reading, *more, transaction.keys, self._understood
                )
            self._advance(chunk, plan)
            if chunk.records:  # blank lines, of which there may be any number, change nothing
                self._witness(chunk, plan)
            write_plan(database, chunk, plan, reading, context)
            transaction.add(chunk, plan)
        self.position = chunk.end
        if database.contended() or transaction.rows >= self.pace.rows:
            self._commit()

    def _commit(self) -> None:
        """End the transaction, if one is open. What is in it is whole."""
        transaction, self.transaction = self.transaction, None
        if transaction is not None and not transaction.ended:
            contended = self.database.contended()
            held = transaction.commit()
            self.pace.settle(contended, transaction.rows, held)
            self.pace.pause(self.database, LONGEST_LOG)

    def _advance(self, chunk: Chunk, plan: Plan) -> None:
        counts = plan.counts
        self.database.sql(
            sql.ADVANCE,
            (
                *(
                    chunk.end.to_json(),
                    self.digest,
                    chunk.records,
                    counts.new,
                    counts.updated,
                    counts.unchanged,
                ),
                *(counts.duplicate, len(chunk.rejected), chunk.blank, self._warnings_json()),
                *(self.import_id, self.position.to_json()),
            ),
        )
        if self.database.changes() != 1:
            raise LostTheFile(str(self.path))

    def _progress(self, size: int, seconds: float) -> Progress:
        assert self.import_id is not None
        done = read_import(self.database, self.import_id)
        return Progress(self.position.offset, size, done.rows, done.rejected, seconds)

    def _witness(self, chunk: Chunk, plan: Plan) -> None:
        fingerprints = array("q", Columns.of(chunk.accepted).columns[_FINGERPRINT])
        audit.append(
            self.database,
            "import.chunk",
            f"import:{self.import_id}",
            {
                "position": chunk.end.to_json(),
                "file": self.digest,
                "rows": hashlib.sha256(fingerprints.tobytes()).hexdigest(),
                "new": plan.counts.new,
                "updated": plan.counts.updated,
                "unchanged": plan.counts.unchanged,
                "duplicate": plan.counts.duplicate,
                "rejected": len(chunk.rejected),
            },
        )

    # -- ending --------------------------------------------------------------------------------------------

    def _finish(self, before: os.stat_result) -> None:
        database = self.database
        with database.log_left(), database.write():
            self.hooks.fence()
            database.sql(sql.FINISH, (database.clock(), self.import_id))
            if database.changes() != 1:
                raise LostTheFile(str(self.path))
            assert self.import_id is not None
            done = read_import(database, self.import_id)
            rows, rejected = done.rows, done.rejected
            if self.kind == "tail":
                rows, rejected = rows + self.file.rows, rejected + self.file.rejected
            database.sql(
                sql.SETTLE_FILE,
                (
                    *(
                        before.st_size,
                        before.st_mtime_ns,
                        before.st_ino,
                        self.position.offset,
                        self.digest,
                    ),
                    *(rows, rejected, self.rules, self.import_id, database.clock(), self.file.id),
                ),
            )
            database.sql(sql.CLEAR_SEEN, (self.import_id,))
            if rejected and database.value(sql.HAS_REPAIRS, (self.file.id,)):
                database.sql(sql.KNOWN_REPAIRS, (self.import_id,))
            if rejected and database.value(sql.OFFERED_BY_IMPORT, (self.import_id,)):
                database.sql(sql.KNOWN_OFFERS, (self.import_id, self.file.source_id))
            audit.append(
                database,
                "import.done",
                f"import:{self.import_id}",
                {name: getattr(done, name) for name in COUNTS},
            )

    def _touch(self, before: os.stat_result) -> None:
        with self.database.write():
            self.hooks.fence()
            self.database.sql(
                sql.TOUCH_FILE,
                (before.st_size, before.st_mtime_ns, before.st_ino, self.database.clock(), self.file.id),
            )

    def _fail(self, code: str, message: str, *, remember: bool = True) -> None:
        """Record that the file cannot be used; ``remember``: do not look into it again until it changes."""
        message = message.encode("utf-8", "backslashreplace").decode()  # it may quote bytes that are no text
        if self.import_id is None:
            self.position, self.kind = Position(), "whole"
            self._start()
        database = self.database
        with database.write():
            self.hooks.fence()
            database.sql(sql.FAIL, (code, message, database.clock(), self.import_id))
            database.sql(sql.CLEAR_SEEN, (self.import_id,))
            stat = os.stat(self.disk) if remember and self.disk.exists() else None
            known = (stat.st_size, stat.st_mtime_ns, stat.st_ino) if stat else (-1, -1, -1)
            database.sql(sql.SPOIL_FILE, (*known, self.rules, code, message, database.clock(), self.file.id))
            # The message names the list, which may be called after somebody.
            audit.append(database, "import.failed", f"import:{self.import_id}", {"code": code})

    def _warnings_json(self) -> str:
        return json.dumps(self.warnings, ensure_ascii=False)
