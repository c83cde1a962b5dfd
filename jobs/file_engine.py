"""The engine of a queue that stands in an SQLite file: one writer at a time, and what jobs write is in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import apsw

from db import Database, DatabaseError, audit
from db.errors import DiskFull
from jobs import liveness, sql
from jobs.engine import Change, Engine, Lane, Request, Row, Store, Taken, in_order
from jobs.group_commit import GroupCommit
from jobs.liveness import WorkerRegistration
from jobs.schema import SCHEMA

Connect = Callable[[], apsw.Connection]
"""Returns the calling thread's connection to a database of the program's own."""

EVENT_COLUMNS = 7
"""Values of one event."""


class FileEngine:
    """Keeps the jobs of a queue in ``database``."""

    errors: tuple[type[Exception], ...] = (DatabaseError, apsw.Error)
    temporary: tuple[type[Exception], ...] = (DiskFull, apsw.FullError)
    cut: tuple[type[Exception], ...] = ()
    one_writer = True
    patience = 1.0

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store: Store = database
        self.mask = database.schema.mask
        self.callbacks = database.callbacks
        self.stands_at = database.stands_at
        self.return_to = database.return_to
        self.contended = database.contended
        self.news = database.version
        self.look = database.look
        self.require_in_place = database.require_in_place
        self._group_commits = (GroupCommit(self, durable=False), GroupCommit(self, durable=True))

    def __str__(self) -> str:
        return str(self.database.path or "memory")

    def install(self) -> None:
        self.database.install(SCHEMA)
        self.mask = self.database.schema.mask

    # -- enqueueing ----------------------------------------------------------------------------------------

    def insert(self, row: Row, event: str, now: int) -> int:
        database = self.database
        database.run(sql.INSERT_BULK, row)
        job_id = database.last_id()
        database.run(sql.EVENT, (job_id, now, event, None, None, None, None))
        return job_id

    def insert_unique(self, row: Row, event: str, now: int) -> tuple[int, bool]:
        database, queue, key = self.database, row[0], row[8]
        if key is not None:
            database.sql(sql.RELEASE_OLD_KEY, (queue, key, now))
        database.run(sql.INSERT, row)
        if key is not None and not database.changes():
            return int(database.value(sql.HOLDER_OF_KEY, (queue, key))), False
        job_id = database.last_id()
        database.run(sql.EVENT, (job_id, now, event, None, None, None, None))
        return job_id, True

    def insert_many(self, rows: list[Row]) -> None:
        database = self.database
        database.many(sql.INSERT_BULK, rows)
        last = database.last_id()
        database.sql(sql.EVENTS_OF_BULK, (last - len(rows) + 1, last))

    def last_job(self) -> int:
        return int(self.database.value(sql.LAST_JOB))

    # -- claiming ------------------------------------------------------------------------------------------

    def find_lanes(self) -> set[Lane]:
        """One seek in the index for each of them, however many rows wait."""
        database = self.database
        found: set[Lane] = set()
        queue = database.value(sql.FIRST_QUEUE)
        while queue is not None:
            lane = database.value(sql.FIRST_LANE, (queue,))
            while lane is not None:
                found.add((queue, lane))
                lane = database.value(sql.NEXT_LANE, (queue, lane))
            queue = database.value(sql.NEXT_QUEUE, (queue,))
        return found

    def claim(self, request: Request) -> list[Row]:
        places = request.places
        chosen = places.choose(request.limit, request.owner, request.serves)
        if chosen is None:
            return []
        queue, lane, room = chosen
        database = self.database
        if (queue, lane) in places.rates:
            places.note_begin((queue, lane))
        return database.sql(sql.CLAIM, (request.owner, database.clock() + request.lease, queue, lane, room))

    def take(self, request: Request, idle: bool = False) -> Taken:
        if idle and not request.places.choose(request.limit, request.owner, request.serves):
            return Taken()  # not worth a write transaction
        database = self.database
        with database.write():
            claims = in_order(self.claim(request))
            if not claims:
                return Taken()
            revoked = request.places.anything_revoked()
            first = claims[0]
            began = request.begins(first)
            if began:
                now = database.clock()
                event = (first.id, now, "started", first.claims, request.owner, None, None)
                self.change([(sql.START, (now, first.id, first.claims), event)])
        return Taken(claims, began, revoked)

    # -- ending --------------------------------------------------------------------------------------------

    def change(self, changes: list[Change]) -> list[str]:
        return write(self.database.connection(), changes)

    def commit(self, changes: list[Change], durable: bool, request: Request | None = None) -> Taken | None:
        return self._group_commits[durable].commit(changes, request)

    def group_commit(self, durable: bool) -> GroupCommit:
        """Where the ends of jobs share a transaction with those of other threads."""
        return self._group_commits[durable]

    def has_ended(self, job: int, claims: int) -> bool:
        return self.database.one(sql.IS_MINE, (job, claims)) is None

    def begin_part(self) -> None:
        self.database.connection().execute("SAVEPOINT job")

    def undo_part(self, mark: int) -> None:
        self.database.connection().execute("ROLLBACK TO job")
        self.database.drop_callbacks(mark)

    def end_part(self) -> None:
        self.database.connection().execute("RELEASE job")

    def left_open(self) -> bool:
        return self.database.connection().in_transaction

    # -- time and workers ----------------------------------------------------------------------------------

    def promote(self, now: int) -> int:
        """All that is due at once; it never passes through memory."""
        database = self.database
        due = database.value(sql.NEXT_DUE)
        if due is None or due > now:
            return 0
        with database.write():
            database.sql(sql.EVENTS_OF_DUE, (now, now))
            database.sql(sql.PROMOTE, (now,))
            return database.changes()

    def register(self, queue: str) -> WorkerRegistration:
        return WorkerRegistration(self.database, queue)

    def is_dead(self, owner: int) -> bool:
        return liveness.worker_is_dead(self.database, owner)

    def forget(self, owner: int) -> None:
        liveness.forget(self.database, owner)

    def sweep(self) -> None:
        liveness.sweep_files(self.database)

    # -- witnessing ----------------------------------------------------------------------------------------

    def settled_events(self) -> int | None:
        return None  # one writes at a time: what is seen is all there is

    def witness(self, action: str, subject: str, body: dict[str, Any]) -> None:
        audit.append(self.database, action, subject, body)

    def check_chain(self) -> list[str]:
        return audit.check_chain(self.database)


def engine_of(keeper: Store | Engine) -> Engine:
    """The engine of a queue, given that or the database of a file."""
    return FileEngine(keeper) if isinstance(keeper, Database) else cast("Engine", keeper)


def write(connection: apsw.Connection, changes: list[Change]) -> list[str]:
    """Make ``changes`` in the open transaction, see :meth:`jobs.engine.Engine.change`. Equal statements share a call, and so do
    the events."""
    lost: list[str] = []
    if len(changes) > 2:
        return _write_many(connection, changes)
    recorded: Row = ()
    for statement, row, event in changes:
        connection.execute(statement, row)
        if connection.changes() != 1:
            lost.append(statement)
        elif event is not None:
            recorded += event
    if recorded:
        connection.execute(sql.EVENT if len(recorded) == EVENT_COLUMNS else sql.EVENT_PAIR, recorded)
    return lost


def _write_many(connection: apsw.Connection, changes: list[Change]) -> list[str]:
    calls: dict[str, tuple[list[Row], list[Row]]] = {}
    for statement, row, event in changes:
        if statement not in calls:
            calls[statement] = ([], [])
        rows, events = calls[statement]
        rows.append(row)
        if event is not None:
            events.append(event)
    lost: list[str] = []
    recorded: list[Row] = []
    for statement, (rows, events) in calls.items():
        before = connection.total_changes()
        connection.executemany(statement, rows)
        if connection.total_changes() - before != len(rows):
            lost.append(statement)
        else:
            recorded += events
    if recorded:
        connection.executemany(sql.EVENT, recorded)
    return lost
