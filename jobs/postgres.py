"""The engine of a queue on a PostgreSQL server, for several machines: many writers at a time, and no job's effects.

What a job writes stands in files, not here: a job is done *at least once*, and exactly once where its file notes
``(job, claims)`` in the transaction of its effect (see docs/jobs.md). Every commit is on the server's disk before it counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from db.clock import SECOND
from db.errors import DatabaseError
from jobs import postgres_sql as text
from jobs import sql
from jobs.engine import Change, Claim, Lane, Request, Row, Store, Taken
from jobs.errors import Unacknowledged
from jobs.postgres_links import Links, Presence, Refused, ServerLost, words

POLL = 0.25
"""Seconds after which something is taken to have changed even if nobody has said so."""

NOTICE = 1.0
"""Seconds between two notices that a process sends: each takes a lock of the whole server at its commit."""

GRACE = 2.0
"""Seconds for which a worker's lock has to be free, and the server up, before the worker is dead: after a restart of the server
each takes its lock again first."""

SYNC = 30.0
"""Seconds after which the server is asked for its time again."""

JUMP = 0.2
"""Seconds by which this machine's clock and its count of seconds may part before that is done at once."""

ASK = 60.0
"""Seconds for which a worker asks whether its commit has come through."""


class _Thread(threading.local):
    """What a thread has begun."""

    depth = 0
    durable = False
    viewing = False
    link: Any = None
    begun = False
    noticed = False
    changed = 0
    callbacks: list[Callable[[], object]]

    def __init__(self) -> None:
        self.callbacks = []


class PostgresEngine:
    """Keeps the jobs of a queue in the database at ``url``, whose tables it makes. ``connections``: at most so many for
    statements, and one more for a process that works. ``grace``: see :data:`GRACE`."""

    errors: tuple[type[Exception], ...] = (DatabaseError,)
    temporary: tuple[type[Exception], ...] = (ServerLost,)
    cut: tuple[type[Exception], ...] = (ServerLost,)
    one_writer = False
    patience = POLL

    def __init__(self, url: str, *, connections: int = 4, grace: float = GRACE) -> None:
        if not 1 <= connections <= 64:
            raise ValueError("a process has 1 to 64 connections to its queue")
        self.store: Store = self
        self.clock: Callable[[], int] = self._now
        self.grace = grace
        self._url = url
        self._links = Links(url, connections)
        self._psycopg = self._links.psycopg
        self.presence = Presence(self._links)
        self._links.on_connect = self.presence.vouch
        self._thread = _Thread()
        self._here: set[str] = set()
        self._missing: dict[int, float] = {}
        self._noticed_at = -NOTICE
        self._offset: tuple[float, float, float] | None = None
        self._marks: list[tuple[int, int]] = []
        self.trips = 0
        """Times that the server was asked something."""

    def __str__(self) -> str:
        parts = urlsplit(self._url)
        return f"postgresql://{parts.hostname or ''}{parts.path}"

    def install(self) -> None:
        if self.value(text.INSTALLED):
            return
        with self.write():
            self._execute(text.LOCK_FOR_TRANSACTION, (text.INSTALLING,))
            if not self.value(text.INSTALLED):
                self._execute(Path(__file__).with_name("postgres.sql").read_text(encoding="utf-8"), None)

    def mask(self, message: str, /) -> str:
        """The message of an error as the server can keep it."""
        return message.replace("\0", "\\x00").encode("utf-8", "replace").decode()

    # -- statements ----------------------------------------------------------------------------------------

    def sql(self, statement: str, params: Any = (), /) -> list[Row]:
        return self._run(text.translated(statement), params or None, typed=False)

    def one(self, statement: str, params: Any = (), /) -> Row | None:
        rows = self.sql(statement, params)
        return rows[0] if rows else None

    def value(self, statement: str, params: Any = (), /) -> Any:
        rows = self.sql(statement, params)
        return rows[0][0] if rows else None

    def many(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        given = list(rows)
        if given:
            self._with_link(lambda link: self._each(link, text.translated(statement), given))

    def changes(self) -> int:
        return self._thread.changed

    def _execute(self, statement: str, params: Any) -> list[Row]:
        """A statement of :mod:`jobs.postgres_sql`, which the server plans once."""
        return self._run(statement, params, typed=True)

    def _run(self, statement: str, params: Any, typed: bool) -> list[Row]:
        rows: list[Row] = self._with_link(lambda link: self._once(link, statement, params, typed))
        return rows

    def _once(self, link: Any, statement: str, params: Any, typed: bool) -> list[Row]:
        """One trip; the first statement of a transaction takes its BEGIN along."""
        thread = self._thread
        self.trips += 1
        if link is thread.link and not thread.begun:
            kind = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if thread.viewing else "BEGIN"
            cursor = self._psycopg.ClientCursor(link)
            thread.begun = True
            cursor.execute(f"{kind};\n{statement}", params)
            while cursor.nextset():
                pass
        else:
            cursor = link.cursor() if typed else self._psycopg.ClientCursor(link)
            cursor.execute(statement, params)
        thread.changed = max(0, cursor.rowcount)
        return cursor.fetchall() if cursor.description else []

    def _together(self, link: Any, statements: list[tuple[str, Row]]) -> list[int]:
        """Several statements in one trip; returns how many rows each changed or found."""
        thread, psycopg = self._thread, self._psycopg
        self.trips += 1
        cursors = []
        with link.pipeline() if len(statements) > 1 or not thread.begun else contextlib.nullcontext():
            if link is thread.link and not thread.begun:
                thread.begun = True
                link.execute("BEGIN")
            for statement, params in statements:
                cursor = psycopg.Cursor(link)
                cursors.append(cursor)
                cursor.execute(statement, params)
        return [max(0, cursor.rowcount) for cursor in cursors]

    def _each(self, link: Any, statement: str, rows: list[Sequence[Any]]) -> None:
        thread = self._thread
        if link is thread.link and not thread.begun:
            thread.begun = True
            link.execute("BEGIN")
        self.trips += 1
        cursor = link.cursor()
        cursor.executemany(statement, rows)
        thread.changed = max(0, cursor.rowcount)

    def _with_link(self, run: Callable[[Any], Any]) -> Any:
        """Run statements on this thread's connection if it has one, else on a borrowed one, as a transaction of their own."""
        thread = self._thread
        try:
            if thread.depth or thread.viewing:
                if thread.link is None:
                    thread.link = self._links.borrow()
                return run(thread.link)
            link = self._links.borrow()
            try:
                return run(link)
            finally:
                self._links.give_back(link)
        except self._psycopg.Error as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> DatabaseError:
        psycopg = self._psycopg
        passes = (
            psycopg.OperationalError,
            psycopg.InterfaceError,
            psycopg.errors.LockNotAvailable,
            psycopg.errors.DeadlockDetected,
        )
        return (ServerLost if isinstance(error, passes) else Refused)(f"PostgreSQL: {words(error)}")

    # -- transactions --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def write(self, durable: bool = False) -> Iterator[Store]:
        """A transaction, which is on the server's disk when the block is left; inside of another it joins that one."""
        thread = self._thread
        if thread.viewing:
            raise RuntimeError("a view only reads")
        thread.depth += 1
        try:
            yield self
        except BaseException:
            self._leave(failed=True)
            raise
        self._leave(failed=False)

    def _leave(self, failed: bool) -> None:
        thread = self._thread
        if thread.depth > 1:
            thread.depth -= 1
            return
        if not thread.depth:
            raise RuntimeError("this write() has ended already")
        link, begun, callbacks = thread.link, thread.begun, thread.callbacks
        thread.depth, thread.link, thread.begun, thread.callbacks = 0, None, False, []
        noticed, thread.noticed = thread.noticed, False
        if link is not None:
            try:
                if begun:
                    self._end(link, failed, noticed)
            finally:
                self._links.give_back(link)
        if not failed:
            for callback in callbacks:
                callback()

    def _end(self, link: Any, failed: bool, noticed: bool) -> None:
        self.trips += 1
        status = self._psycopg.pq.TransactionStatus
        if failed or link.info.transaction_status == status.INERROR:
            with contextlib.suppress(self._psycopg.Error):
                link.execute("ROLLBACK")
            if not failed:
                raise Refused("PostgreSQL: the transaction had failed, and was rolled back")
            return
        end = f"{text.NOTIFY};\nCOMMIT" if noticed and self._may_notify() else "COMMIT"
        try:
            self._psycopg.ClientCursor(link).execute(end)
        except self._psycopg.Error as error:
            raise self._explained(error) from error

    def _may_notify(self) -> bool:
        now = time.monotonic()
        if now - self._noticed_at < NOTICE:
            return False
        self._noticed_at = now
        return True

    def in_write(self) -> bool:
        return self._thread.depth > 0

    @contextlib.contextmanager
    def view(self) -> Iterator[None]:
        thread = self._thread
        if thread.depth or thread.viewing:
            yield
            return
        thread.viewing = True
        try:
            yield
        finally:
            link, thread.link = thread.link, None
            thread.viewing = thread.begun = False
            if link is not None:
                with contextlib.suppress(self._psycopg.Error):
                    link.execute("ROLLBACK")
                self._links.give_back(link)

    def after_commit(self, fn: Callable[[], object], /) -> None:
        if self.in_write():
            self._thread.callbacks.append(fn)
        else:
            fn()

    def callbacks(self) -> int:
        return len(self._thread.callbacks)

    def stands_at(self, depth: int) -> bool:
        thread, status = self._thread, self._psycopg.pq.TransactionStatus
        if thread.depth != depth or not thread.begun:
            return thread.depth == depth
        return not thread.link.closed and thread.link.info.transaction_status == status.INTRANS

    def return_to(self, depth: int) -> bool:
        if self.stands_at(depth):
            return True
        thread = self._thread
        if depth and thread.depth:
            thread.depth = 1
            return self.stands_at(1)
        if thread.depth:
            thread.depth = 1
            self._leave(failed=True)
        return False

    def left_open(self) -> bool:
        return self.in_write()

    def contended(self) -> bool:
        return False

    def begin_part(self) -> None:
        self._run("SAVEPOINT job", None, typed=False)

    def undo_part(self, mark: int) -> None:
        self._run("ROLLBACK TO SAVEPOINT job", None, typed=False)
        del self._thread.callbacks[mark:]

    def end_part(self) -> None:
        self._run("RELEASE SAVEPOINT job", None, typed=False)

    def close(self) -> None:
        """Nothing is this thread's own outside of a transaction."""

    def close_all(self) -> None:
        self.presence.close()
        self._links.close()

    # -- enqueueing ----------------------------------------------------------------------------------------

    def insert(self, row: Row, event: str, now: int) -> int:
        self._thread.noticed = self.in_write()
        return int(self._execute(text.INSERT, (*row, now, event))[0][0])

    def insert_unique(self, row: Row, event: str, now: int) -> tuple[int, bool]:
        """In a loop, because the holder may release the key between the insertion that is refused and the query for the holder."""
        self._thread.noticed = self.in_write()
        queue, key = row[0], row[8]
        while True:
            made = self._execute(text.INSERT_UNIQUE, (*row, now, event))
            if made:
                return int(made[0][0]), True
            self.sql(sql.RELEASE_OLD_KEY, (queue, key, now))
            holder = self.value(sql.HOLDER_OF_KEY, (queue, key))
            if holder is not None:
                return int(holder), False

    def insert_many(self, rows: list[Row]) -> None:
        self._thread.noticed = self.in_write()
        self._execute(text.INSERT_MANY, [list(column) for column in zip(*rows, strict=True)])

    def last_job(self) -> int:
        self.sql(text.LOCK_JOBS)
        return int(self.value(text.LAST_JOB))

    # -- claiming ------------------------------------------------------------------------------------------

    def find_lanes(self) -> set[Lane]:
        return {(queue, lane) for queue, lane in self._execute(text.FIND_LANES, None)}

    def claim(self, request: Request) -> list[Row]:
        return [row[: text.COLUMNS_OF_CLAIM] for row in self._claimed(request, begin=False)]

    def take(self, request: Request, idle: bool = False) -> Taken:
        rows = self._claimed(request, begin=True)
        claims = [Claim(row[: text.COLUMNS_OF_CLAIM]) for row in rows]
        return Taken(claims, bool(rows), bool(rows) and bool(rows[0][-1]))

    def _claimed(self, request: Request, begin: bool) -> list[Row]:
        """One statement, whatever the lanes' limits; rates are kept as in a file, under the lock, and cost more trips."""
        places, owner, serves = request.places, request.owner, request.serves
        if not places.rates:
            lanes = [
                (queue, lane, 1 if lane[:1] == "!" else places.limits.get((queue, lane)))
                for queue, lane in sorted(places.lanes)
                if (serves is None or queue in serves) and (lane[:1] != "@" or lane == f"@{owner}")
            ]
            return self._claimed_from(lanes, request.limit, request, begin)
        with self.write():
            self._execute(text.LOCK_FOR_TRANSACTION, (text.CLAIMING,))
            chosen = places.choose(request.limit, owner, serves)
            if chosen is None:
                return []
            queue, lane, room = chosen
            if (queue, lane) in places.rates:
                places.note_begin((queue, lane))
            return self._claimed_from([(queue, lane, None)], room, request, begin)

    def _claimed_from(
        self, lanes: list[tuple[str, str, int | None]], limit: int, request: Request, begin: bool
    ) -> list[Row]:
        """Of lanes with a limit after a lock, in the same trip, so that two do not count at the same time."""
        now = self.clock()
        given = {
            "queues": [queue for queue, _, _ in lanes],
            "lanes": [lane for _, lane, _ in lanes],
            "most": [most for _, _, most in lanes],
            "limit": limit,
            "owner": request.owner,
            "lease": now + request.lease,
            "now": now,
            "begin": begin,
            "queue": lanes[0][0] if lanes else "",
        }
        locks = any(most is not None for _, _, most in lanes)

        def run(link: Any) -> list[Row]:
            self.presence.certain()  # not before: the connection may be new because the server was started again
            if self.in_write():
                if locks:
                    self._once(link, text.LOCK_FOR_TRANSACTION, (text.CLAIMING,), typed=True)
                return self._once(link, text.CLAIM, given, typed=True)
            self.trips += 1
            with link.pipeline() if locks else contextlib.nullcontext():
                if locks:
                    link.execute(text.LOCK_FOR_TRANSACTION, (text.CLAIMING,))
                cursor = self._psycopg.Cursor(link)
                cursor.execute(text.CLAIM, given)
            return cursor.fetchall()  # type: ignore[no-any-return]

        rows: list[Row] = self._with_link(run)
        return rows

    # -- ending --------------------------------------------------------------------------------------------

    def change(self, changes: list[Change]) -> list[str]:
        statements = [
            (text.with_event(statement), (*_plain(row), *event))
            if event is not None
            else (text.translated(statement), _plain(row))
            for statement, row, event in changes
        ]
        counts = self._with_link(lambda link: self._together(link, statements))
        return [each[0] for each, count in zip(changes, counts, strict=True) if count != 1]

    def commit(self, changes: list[Change], durable: bool, request: Request | None = None) -> Taken | None:
        """One trip. When the connection breaks in it, the server is asked whether it has come through."""
        statements = [
            (text.or_nothing(statement, event is not None), (*_plain(row), *(event or ())))
            for statement, row, event in changes
        ]
        try:
            self._with_link(lambda link: self._together(link, statements))
        except Refused as error:
            if isinstance(error.__cause__, self._psycopg.errors.DivisionByZero):
                return None
            raise
        except ServerLost:
            row = changes[0][1]
            return Taken() if self.has_ended(row[-2], row[-1]) else None
        return Taken()

    def has_ended(self, job: int, claims: int) -> bool:
        """Raises :class:`Unacknowledged` when the server does not say for :data:`ASK` seconds."""
        deadline = time.monotonic() + ASK
        while True:
            try:
                return bool(self._execute(text.HAS_ENDED, (job, job, claims))[0][0])
            except ServerLost as error:
                if time.monotonic() > deadline:
                    raise Unacknowledged(job, f"nobody knows whether its end was written: {error}") from error
                time.sleep(POLL)

    # -- time, workers, news -------------------------------------------------------------------------------

    def promote(self, now: int) -> int:
        with self.write():
            moved = int(self._execute(text.PROMOTE, (now, now))[0][0])
            self._thread.noticed = moved > 0
        return moved

    def register(self, queue: str) -> PostgresRegistration:
        return PostgresRegistration(self, queue)

    def is_dead(self, owner: int) -> bool:
        """Whether its lock was free in two checks :attr:`grace` seconds apart, while the server was up all that time."""
        found = self._execute(text.LIFE, (owner,))
        if not found:
            return True
        token, stopped, held, up = found[0]
        if token in self._here:
            return False
        if stopped:
            return True
        if held:
            self._missing.pop(owner, None)
            return False
        seconds = time.monotonic()
        since = self._missing.setdefault(owner, seconds)
        return bool(seconds - since >= self.grace and up >= self.grace)

    def forget(self, owner: int) -> None:
        self.sql(sql.END_WORKER, (self.clock(), owner))
        self.sql(sql.FREE_LOCKS_OF, (owner,))
        self._missing.pop(owner, None)

    def sweep(self) -> None:
        """Locks end with their sessions."""

    def news(self) -> int:
        return self.presence.news * 1_000_000_000 + int(time.monotonic() / POLL)

    def look(self) -> None:
        """It is asked all the time."""

    def require_in_place(self) -> None:
        """A server that is away may come back."""

    def _now(self) -> int:
        """The server's time, by this machine's count of seconds since the server was last asked."""
        seconds, wall = time.monotonic(), time.time()
        known = self._offset
        if known is None or seconds - known[1] > SYNC or abs((wall - seconds) - known[2]) > JUMP:
            try:
                known = self._asked_time()
            except DatabaseError:
                if known is None:
                    raise
            self._offset = known
        return int((time.monotonic() + known[0]) * SECOND)

    def _asked_time(self) -> tuple[float, float, float]:
        try:
            link = self._links.borrow()  # never in a transaction, whose failure it must not be
            try:
                before = time.monotonic()
                at = link.execute(text.NOW).fetchone()[0] / SECOND
                after = time.monotonic()
            finally:
                self._links.give_back(link)
        except self._psycopg.Error as error:
            raise self._explained(error) from error
        return at - (before + after) / 2, after, time.time() - after

    # -- witnessing ----------------------------------------------------------------------------------------

    def settled_events(self) -> int | None:
        """Marks say how far events went when a transaction had some number. Up to a mark all is there once the oldest open
        transaction is younger: the number of an event is given after that of its transaction."""
        highest, mark = self._execute(text.MARK, None)[0]
        marks = [*self._marks, (mark, highest)]
        oldest = self._execute(text.OLDEST_OPEN, None)[0][0]
        over = [events for at, events in marks if at < oldest]
        self._marks = [each for each in marks if each[0] >= oldest][-1_000:]
        return max(over, default=0)

    def witness(self, action: str, subject: str, body: dict[str, Any]) -> None:
        self._execute(text.LOCK_FOR_TRANSACTION, (text.WITNESSING,))
        last = self._execute(text.LAST_ENTRY, None)
        seq, previous = last[0] if last else (0, "")
        content = json.dumps(body, separators=(",", ":"), sort_keys=True)
        entry = (seq + 1, self.clock(), action, subject, content, previous)
        self._execute(text.ADD_ENTRY, (*entry, _entry_hash(entry)))

    def check_chain(self) -> list[str]:
        problems, before, number = [], "", 0
        for *entry, found in self._execute(text.ENTRIES, None):
            number += 1
            if entry[0] != number or entry[5] != before or _entry_hash(entry) != found:
                problems.append(
                    f"entry {entry[0]} of the server's chain does not follow from the one before it"
                )
                number = entry[0]
            before = found
        return problems


class PostgresRegistration:
    """One worker: a row, and an advisory lock on its number."""

    def __init__(self, engine: PostgresEngine, queue: str) -> None:
        self._engine = engine
        self.token = uuid.uuid4().hex
        engine._here.add(self.token)
        now = engine.clock()
        row = (self.token, queue, socket.gethostname(), os.getpid(), now, now)
        self.id = int(engine._execute(text.REGISTER, row)[0][0])
        engine.presence.hold(self.id)

    def beat(self, threads: int) -> None:
        self._engine.sql(sql.BEAT, (self._engine.clock(), threads, self.id))

    def close(self) -> None:
        try:
            self._engine.sql(sql.END_WORKER, (self._engine.clock(), self.id))
        except ServerLost:
            pass  # the lock that is released says the same
        finally:
            self.release_lock()

    def release_lock(self) -> None:
        self._engine._here.discard(self.token)
        self._engine.presence.let_go(self.id)


def _plain(row: Row) -> Row:
    """SQLite takes a truth for a number."""
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


def _entry_hash(entry: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(entry), separators=(",", ":")).encode()).hexdigest()
