"""Connections to the one file, and the transactions on them.

Every thread has a connection of its own. Reading needs nothing more; writing happens inside
:meth:`Database.write`, which is one ``BEGIN IMMEDIATE ... COMMIT``.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import apsw

from db import authorizing, clock, errors, guard, waiting
from db.cursors import Cursor, Read
from db.hiding import Later
from db.recording import Recorder, Shape
from db.schema import Schema
from db.standing import Standing
from db.turn import Turn, turn_for

if TYPE_CHECKING:
    from db import orm
    from db.orm import APSWDatabase as Like
else:  # peewee takes a sixth of a command that asks no model; what it needs of a database is looked up when it asks
    orm = Later("db.orm")
    Like = object

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another process's write transaction."""

TURN_TIMEOUT = 120.0
"""Seconds to wait for the writers of this process that came before."""

LOG_PAGES = 1_000
"""A durable commit that leaves so many pages in the log moves them into the file (SQLite's own number), unless somebody in this
program leaves them there for a while: see :meth:`Connections.log_left`. A flush is cheaper while the log does not have to grow."""

LONG_LOG = 4_000
"""The same for a commit that is not durable (16 MiB): a move waits for the disk twice, which no such commit does otherwise, and small
jobs fill 1,000 pages in a tenth of a second."""

NORMAL, FULL = 1, 2

STEPS = 4_000
"""Instructions of SQLite's machine between two calls of what :meth:`Connections.between_steps` is given: well under a millisecond."""


class _ThreadState(threading.local):
    """What a thread is doing with its connection."""

    connection: apsw.Connection | None = None
    depth = 0
    durable = False
    synchronous = 0
    callbacks: list[Callable[[], object]]
    recorder: Recorder | None = None

    def __init__(self) -> None:
        self.callbacks = []


class Connections(Like):  # type: ignore[misc]
    """The connections of this process to one database, one for each thread. See :class:`db.Database`."""

    clock: Callable[[], int]
    """The time that is written into the file, UTC microseconds. Tests put a fake here."""

    def __init__(
        self, target: str, *, flags: int, path: Path | None, schema: Schema, cache_kib: int = 2048
    ) -> None:
        self.target = target
        self.path = path
        self.schema = schema
        self.clock = clock.now
        self.readonly = bool(flags & apsw.SQLITE_OPEN_READONLY)
        self.why_readonly = f"{path} was opened to be read only"
        self._flags = flags
        self._cache_kib = cache_kib
        self._thread = _ThreadState()
        self._turn = turn_for(path) if path and not self.readonly else Turn(None)
        self._standing = Standing(path, schema.application_id) if path and not self.readonly else None
        self._displaced: str | None = None
        self._opened: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._opened_mutex = threading.Lock()
        self._connecting = threading.Lock()
        self._models: orm.Models | None = None
        self._guarded = False
        self._anchor: apsw.Connection | None = None
        self._moving: threading.Thread | None = None
        self._leaving = 0
        self._tolerant = False
        self.fence: Callable[[apsw.Connection], object] | None = None
        """Called inside each write transaction, before its first statement and before its commit: raises where this process may
        not write."""
        self.shapes: dict[str, Shape] = {}
        self.declared: set[str] = set()

    # -- opening and closing -------------------------------------------------------------------------------

    def _connect(self) -> apsw.Connection:
        self.require_in_place()
        try:
            connection = apsw.Connection(self.target, flags=self._flags)
        except apsw.Error as error:
            self._displace(self._standing.admit() if self._standing else None)
            raise self._explained(error) from error
        if self._standing is not None:
            try:  # before anything is read: that would take the log to belong to whatever stands here now
                self._displace(self._standing.admit())
            except BaseException:
                connection.close()
                raise
            self._flags &= ~apsw.SQLITE_OPEN_CREATE
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # see close_all
        connection.set_busy_timeout(int(BUSY_TIMEOUT * 1000))
        if hasattr(connection, "setlk_timeout"):
            connection.setlk_timeout(0, 0)  # the wheel's blocking locks time out at once on some systems
        connection.cursor_factory = Cursor
        try:
            if self._tolerant:  # first: others read the schema
                connection.execute("PRAGMA writable_schema = 1")
            connection.execute(
                f"PRAGMA foreign_keys = 1; PRAGMA cache_size = -{self._cache_kib}; PRAGMA temp_store = 2;"
                f"PRAGMA synchronous = {NORMAL}; PRAGMA trusted_schema = 0; PRAGMA query_only = {int(self.readonly)}"
            )
        except apsw.Error as error:
            connection.close()
            raise self._explained(error) from error
        connection.set_wal_hook(self._move_when_long)
        self._thread.synchronous = NORMAL
        self._thread.recorder = None if self.readonly else Recorder(connection, self.schema.tables)
        connection.authorizer = None if self.readonly else authorizing.authorize
        with self._opened_mutex:
            self._opened.add(connection)
            if self.path and not self._guarded:
                guard.watch(self.path)
                self._guarded = True
        return connection

    def tolerate(self) -> bool:
        """Have SQLite pass over parts of the schema whose text it cannot read; it refuses the whole file otherwise. Returns
        whether there are any. Called before other threads use the database."""
        try:
            self.sql("SELECT 1 FROM sqlite_schema LIMIT 1")
            return False
        except errors.Damaged as error:
            if "malformed database schema" not in str(error):
                raise
        self.close_all()
        self._tolerant = True
        self.sql("SELECT 1 FROM sqlite_schema LIMIT 1")
        return True

    def hold_back(self, why: str) -> None:
        """Only read from now on; anyone who wants to write gets ``why`` as the reason. Called before other threads use the database."""
        self.close_all()
        self.readonly, self.why_readonly = True, why

    def close_all(self) -> None:
        """Close the connections of all threads. The last one to close also empties the WAL into the file, if that is still
        the file that was opened."""
        if self._moving is not None:
            self._moving.join()
        with self._opened_mutex:
            opened = list(self._opened)
            self._opened.clear()
            self._anchor = None
        ours = self._standing is not None and self._displaced is None and self._standing.admit() is None
        for connection in opened:
            with contextlib.suppress(apsw.Error):
                if ours:
                    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
                connection.close()
        self._let_go()

    def _let_go(self) -> None:
        """The last of :meth:`close_all`: this thread's connection, and what is known and watched of the file."""
        if self._standing is not None:
            self._standing.forget_log()
        self.close()
        if self.path and self._guarded:
            guard.unwatch(self.path)
            self._guarded = False

    # -- whether the file is still there -------------------------------------------------------------------

    def require_in_place(self) -> None:
        """Raise :class:`errors.Displaced` once it was found that the file was deleted, moved, replaced or written over."""
        if self._displaced is not None:
            assert self.path is not None
            raise errors.Displaced(self.path, self._displaced)

    def look(self) -> None:
        """Find that out, outside of :meth:`write`. From then on nothing is written, and no thread connects any more."""
        self.require_in_place()
        if self._standing is not None and not self.readonly:
            try:
                self._displace(self._standing.look(self.connection()))
            except apsw.Error as error:
                raise self._explained(error) from error

    def own_log(self) -> list[Path]:
        """Those of the -wal and -shm of the file that was opened which still lie next to it, or next to what took its place."""
        return self._standing.own_log() if self._standing is not None else []

    def _displace(self, what: str | None) -> None:
        if what is not None:
            self._displaced = what
            self.require_in_place()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_all()

    def recorder(self) -> Recorder:
        """What notes the evidence rows that this thread's connection changes."""
        self.connection()
        if self._thread.recorder is None:
            raise errors.ReadOnly(self.why_readonly)
        return self._thread.recorder

    # -- statements ----------------------------------------------------------------------------------------

    def connection(self) -> apsw.Connection:
        """This thread's connection."""
        thread = self._thread
        if thread.connection is None:
            with self._connecting:
                thread.connection = self._connect()
        return thread.connection

    def close(self) -> bool:
        """Outside of transactions: close this thread's connection; whether there was one. The next one is made when it is needed."""
        if self.in_write():
            raise RuntimeError("a connection with an open transaction is not closed")
        connection, self._thread.connection = self._thread.connection, None
        if connection is None:
            return False
        with self._connecting:
            self._close(connection)
        return True

    def _close(self, connection: apsw.Connection) -> None:
        connection.close()

    def sql(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement to its end and return its rows. (A cursor left half read would keep a lock.)"""
        try:
            return self.connection().execute(text, params).fetchall()
        except apsw.Error as error:
            raise self._explained(error) from error

    def run(self, text: str, params: Sequence[Any] = ()) -> None:
        """Run a statement that has no rows to return."""
        try:
            (self._thread.connection or self.connection()).execute(text, params)
        except apsw.Error as error:
            raise self._explained(error) from error

    def each(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> Generator[tuple[Any, ...]]:
        """The rows of a statement one after the other, for anyone who may stop before the last: close it then."""
        try:
            cursor = self.connection().execute(text, params)
            try:
                yield from cursor
            finally:
                cursor.close(True)
        except apsw.Error as error:
            raise self._explained(error) from error

    @contextlib.contextmanager
    def between_steps(self, call: Callable[[], object]) -> Iterator[None]:
        """Have ``call`` called every now and then while a statement of this thread works, for long ones that yield to others."""

        def called() -> bool:
            call()
            return False  # go on

        connection = self.connection()
        connection.set_progress_handler(called, STEPS)
        try:
            yield
        finally:
            connection.set_progress_handler(None)

    def one(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a statement that is run to its end, or None."""
        rows = self.sql(text, params)
        return rows[0] if rows else None

    def value(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first column of the first row, or None."""
        rows = self.sql(text, params)
        return rows[0][0] if rows else None

    def many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each of ``rows``."""
        try:
            self.connection().executemany(text, rows)
        except apsw.Error as error:
            raise self._explained(error) from error

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> Any:
        """peewee's way to run a query, here to its end: of ``first()`` and ``get()`` peewee reads one row and keeps the rest until the
        garbage is collected, and as long the connection would see an old state of the file, on which it cannot write.
        What is wrong with the file is explained as by :meth:`sql`."""
        try:
            return Read(self.connection().execute(sql, params or ()))
        except apsw.Error as error:
            raise self._explained(error) from error

    # What peewee asks the database for that one of its queries is run on.

    returning_clause = False

    def execute(self, query: Any, **options: Any) -> Any:
        """Run a query of peewee's."""
        return self._peewee().execute(query, **options)

    def last_insert_id(self, cursor: Any, query_type: Any = None) -> Any:
        """The row id of an INSERT of peewee's."""
        return self._peewee().last_insert_id(cursor, query_type)

    def rows_affected(self, cursor: Any) -> int:
        """How many rows an UPDATE or DELETE of peewee's changed."""
        return int(self._peewee().rows_affected(cursor))

    def _peewee(self) -> orm.Models:
        if self._models is None:
            self._models = orm.Models(self.execute_sql)
        return self._models

    def changes(self) -> int:
        """How many rows this thread's last INSERT, UPDATE or DELETE changed."""
        return self.connection().changes()

    def last_id(self) -> int:
        """The row id of this thread's last INSERT."""
        return self.connection().last_insert_rowid()

    def _explained(self, error: apsw.Error) -> Exception:
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_CONSTRAINT_COMMITHOOK and self._thread.recorder:
            if self._thread.recorder.inside:
                return RuntimeError(
                    f"{self.path or 'the file'}: what write() has begun is ended by write(), not by a COMMIT"
                )
            self._thread.recorder.renew()
            return RuntimeError(
                f"{self.path or 'the file'}: a change of evidence belongs into write(), which witnesses it"
            )
        return self.translated(error) or error

    def translated(self, error: apsw.Error) -> errors.DatabaseError | None:
        """The error of :mod:`db.errors` that says what ``error`` means for the operator, or None."""
        return errors.translate(error, self.path or "the in-memory file", self.schema.words)

    # -- transactions --------------------------------------------------------------------------------------

    def write(self, durable: bool = False) -> _Write:
        """A write transaction: ``with database.write(): ...`` commits at the end and rolls back on an exception.

        ``durable``: the commit is on the disk when the block is left, also after a power failure. Otherwise a power
        failure may take the newest commits, never part of one, and a killed process loses nothing.
        Inside another ``write`` it joins that one: what it did before an exception that is caught outside of it stays,
        unless it stood in a :meth:`savepoint`. Asking for durability that the outer one lacks is an error.
        """
        return _Write(self, durable)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside :meth:`write`: a part that is undone alone when it raises, with its :meth:`after_commit` calls."""
        if not self.in_write():
            raise RuntimeError("a savepoint belongs into a write transaction")
        connection, callbacks = self.connection(), self._thread.callbacks
        registered = len(callbacks)
        connection.execute("SAVEPOINT part")  # SQLite finds the innermost of a name, so one name does for all
        try:
            yield
        except BaseException:
            del callbacks[registered:]
            if connection.in_transaction:  # a full disk has already rolled everything back
                connection.execute("ROLLBACK TO part; RELEASE part")
            raise
        connection.execute("RELEASE part")

    @contextlib.contextmanager
    def references_unchecked(self) -> Iterator[None]:
        """This thread's statements do not look up the rows that their rows refer to: for anyone who writes or removes many and
        knows that the references fit. Begins and ends outside of :meth:`write`."""
        self.sql("PRAGMA foreign_keys = 0")
        try:
            yield
        finally:
            self.sql("PRAGMA foreign_keys = 1")

    @contextlib.contextmanager
    def triggers_off(self) -> Iterator[None]:
        """No triggers for this thread's statements, for one that changes many rows in a way that none of them minds: SQLite would
        note the rows first and look each up again. SQLite compiles all statements again, before and after."""
        connection = self.connection()
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        try:
            yield
        finally:
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)

    @contextlib.contextmanager
    def view(self) -> Iterator[None]:
        """Several reading statements that see the file as of one moment, while others go on writing."""
        connection = self.connection()
        joins = connection.in_transaction
        try:
            if not joins:
                connection.execute("BEGIN")
            try:
                yield
            finally:
                if not joins:
                    connection.execute("ROLLBACK")  # there is nothing to keep
        except apsw.Error as error:
            raise self._explained(error) from error

    def atomic(self, *args: Any, **kwargs: Any) -> Any:
        """peewee's word for the same thing: a savepoint inside :meth:`write`, else a write transaction."""
        return self.savepoint() if self.in_write() else self.write()

    transaction = atomic

    def in_write(self) -> bool:
        """Whether this thread is inside :meth:`write`."""
        return self._thread.depth > 0

    def stands_at(self, depth: int) -> bool:
        """Whether this thread is inside of ``depth`` :meth:`write`, and SQLite sees it likewise."""
        connection = self._thread.connection
        if connection is None:
            return depth == self._thread.depth == 0
        try:
            return self._thread.depth == depth and connection.in_transaction == (depth > 0)
        except apsw.ConnectionClosedError:  # by another thread, which ends everything
            return depth == self._thread.depth == 0

    def return_to(self, depth: int) -> bool:
        """For callers of code that may have left transactions open, or ended its caller's: back to ``depth``, 0 or 1.

        0: whatever is open is rolled back, and the turn to write given back. 1: what was begun inside belongs to the outer one.
        False: something was open, or, at 1, there is no transaction any more.
        """
        if self.stands_at(depth):
            return True
        thread, connection = self._thread, self.connection()
        if depth and thread.depth:
            thread.depth = 1
            return connection.in_transaction
        if thread.depth:
            thread.depth = 1
            self._end(failed=True)
        elif connection.in_transaction:
            connection.execute("ROLLBACK")
            self.recorder().renew()
        return False

    def after_commit(self, fn: Callable[[], object]) -> None:
        """Call ``fn`` when the transaction has been committed (at once when there is none)."""
        if self.in_write():
            self._thread.callbacks.append(fn)
        else:
            fn()

    def version(self) -> int:
        """A number that differs from the last time when another connection, of any process, has committed since.

        The PRAGMA looks at the file; the file control of the same name reports only what this connection has noticed.
        """
        return int(self.value("PRAGMA data_version"))

    def callbacks(self) -> int:
        """How many functions wait for the commit: a mark for :meth:`drop_callbacks`."""
        return len(self._thread.callbacks)

    def drop_callbacks(self, mark: int) -> None:
        """Forget what was registered after ``mark``: the savepoint it belongs to was rolled back."""
        del self._thread.callbacks[mark:]

    def contended(self) -> bool:
        """Whether another thread or process waits to write. Meaningful inside :meth:`write`."""
        return self._turn.contended()

    def _begin(self, durable: bool) -> None:
        thread = self._thread
        connection = self.connection()
        if self._displaced is not None:
            self.require_in_place()
        if self.readonly:  # SQLite would let a transaction begin, and refuse only its first change
            raise errors.ReadOnly(self.why_readonly)
        waiting.wants_turn()
        if not self._turn.threads.acquire(TURN_TIMEOUT):
            raise errors.Busy(
                f"{self.path} is busy: another part of this program has been writing for too long"
            )
        try:
            wanted = FULL if durable else NORMAL
            if thread.synchronous != wanted:
                connection.execute(
                    f"PRAGMA synchronous = {wanted}"
                )  # not possible once the transaction has begun
                thread.synchronous = wanted
            self._begin_immediate(connection)
            if self.fence is not None:
                try:
                    self.fence(connection)
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
        except BaseException as error:
            self._turn.threads.release()
            if isinstance(error, apsw.Error):
                raise self._explained(error) from error
            if isinstance(error, OSError):
                raise errors.ReadOnly(
                    f"{error.filename} may not be written; check its permissions"
                ) from error
            raise
        thread.depth, thread.durable = 1, durable
        recorder = thread.recorder
        assert recorder is not None
        recorder.reason = None
        recorder.inside = True

    def _begin_immediate(self, connection: apsw.Connection) -> None:
        processes = self._turn.processes
        if processes is None:
            connection.execute("BEGIN IMMEDIATE")
            return
        if not processes.acquire(BUSY_TIMEOUT):
            raise apsw.BusyError("the turn to write did not come")
        try:
            connection.execute("BEGIN IMMEDIATE")
        finally:
            processes.release()

    def _end(self, failed: bool) -> None:
        thread = self._thread
        connection, recorder = self.connection(), thread.recorder
        callbacks: list[Callable[[], object]] = []
        committed = False
        try:
            if not failed:
                if self._displaced is not None:
                    self.require_in_place()
                if self.fence is not None:  # once more: the machine may have slept since
                    self.fence(connection)
                if recorder is None or recorder.pending():
                    self._before_commit()
                callbacks = thread.callbacks
                if recorder is not None:
                    recorder.inside = False
                connection.execute("COMMIT")
                committed = True
        except apsw.Error as error:
            raise self._explained(error) from error
        finally:
            thread.depth = 0
            if thread.callbacks:
                thread.callbacks = []
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if recorder is not None:
                    recorder.inside = False
                    if not committed and recorder.pending():
                        recorder.renew()
            finally:
                self._turn.threads.release()
        for callback in callbacks:
            callback()

    def _before_commit(self) -> None:
        """Called at the end of each write transaction, inside it."""

    # -- looking after the file ----------------------------------------------------------------------------

    def checkpoint(self, wait: float = BUSY_TIMEOUT) -> bool:
        """Move everything from the WAL into the file and empty the WAL. False: a reader or writer was in the way for ``wait``
        seconds."""
        if self.path is None:
            return True
        if self._moving is not None:  # nobody can wait in SQLite for one who is at it
            self._moving.join(wait)
        self.look()
        self.connection().set_busy_timeout(int(wait * 1000))
        try:
            # To empty the WAL nobody may write meanwhile. Moving takes long and can be done before that: what is left is little.
            self.sql("PRAGMA wal_checkpoint(PASSIVE)")
            self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except errors.Busy:
            return False
        finally:
            self.connection().set_busy_timeout(int(BUSY_TIMEOUT * 1000))
        return not self.log_bytes()

    @contextlib.contextmanager
    def log_left(self) -> Iterator[None]:
        """Commits do not move the log into the file, neither this thread's nor others': a small one would have to move what a
        large one wrote, and a person waits for it. Who uses this calls :meth:`move_log` between transactions."""
        with self._opened_mutex:
            self._leaving += 1
        try:
            yield
        finally:
            with self._opened_mutex:
                self._leaving -= 1

    def _move_when_long(self, connection: apsw.Connection, name: str, pages: int) -> int:
        """After each commit, as SQLite itself would do it."""
        moving = self._leaving or (self._moving is not None and self._moving.is_alive())
        if pages >= (LOG_PAGES if self._thread.durable else LONG_LOG) and not moving:
            with contextlib.suppress(apsw.Error):  # somebody else is at it, or the next commit gets the error
                connection.wal_checkpoint(name, mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        return apsw.SQLITE_OK

    def move_log(self, longest: int | None = None) -> None:
        """Outside of :meth:`write`: move what the log has into the file when it is more than ``longest`` pages (None: twice
        :data:`LOG_PAGES`). Waits for nobody,
        and nobody has to wait meanwhile, neither to read nor to write."""
        _, pages, moved = self.sql("PRAGMA wal_checkpoint(NOOP)")[0]
        if pages - moved > (2 * LOG_PAGES if longest is None else longest):
            self.look()
            self.sql("PRAGMA wal_checkpoint(PASSIVE)")

    def checkpoint_beside(self) -> None:
        """Begin to move what stands in the WAL now into the file, in a thread of its own: anyone who writes is not held up.

        What is written meanwhile stays in the WAL. While one is at it, another is not begun; :meth:`close_all` waits for it.
        Never raises for the file: the next to work on it gets the error.
        """

        def move() -> None:
            with contextlib.suppress(errors.DatabaseError):
                try:
                    self.look()
                    self.sql("PRAGMA wal_checkpoint(PASSIVE)")
                finally:
                    self.close()

        with self._opened_mutex:
            if self._moving is None or not self._moving.is_alive():
                self._moving = threading.Thread(target=move, name="checkpoint")
                self._moving.start()

    def log_bytes(self) -> int:
        """The size of the WAL: what of the newest changes is not in the file itself yet, or was before the last checkpoint."""
        return 0 if self.path is None else _size(self.path.with_name(self.path.name + "-wal"))

    def compact(self) -> bool:
        """Write the whole file again, so that no page still holds a piece of what was deleted or moved. Who wants to write waits.

        False: somebody was in the way, or there is no room for it; the file is as it was, or its log could not be emptied yet.
        """
        if self.in_write():
            raise RuntimeError("the file cannot be written again inside a transaction")
        if self.path is None:
            return True
        self.look()
        if not self._turn.threads.acquire(TURN_TIMEOUT):
            return False
        try:
            with self.temporary_on_disk():
                self.sql("VACUUM")
        except errors.DatabaseError:
            return False
        finally:
            self._turn.threads.release()
        return self.checkpoint()

    @contextlib.contextmanager
    def temporary_on_disk(self) -> Iterator[None]:
        """What SQLite copies or sorts meanwhile stands on the disk, not in memory; outside of transactions."""
        self.sql("PRAGMA temp_store = 1")
        try:
            yield
        finally:
            self.sql("PRAGMA temp_store = 2")

    def drop_temporary(self) -> None:
        """Let go of this thread's temporary tables, and of the memory that SQLite would keep for further ones; outside of
        transactions."""
        with self.temporary_on_disk():
            pass  # SQLite starts with none wherever they are to stand

    def release_memory(self) -> None:
        """Give back the pages that this thread's connection keeps, two megabytes at most: for a thread that will hardly work soon.
        Outside of transactions."""
        if self._thread.connection is not None:
            self.sql("PRAGMA shrink_memory")

    def set_cache(self, kib: int | None = None) -> None:
        """Give this thread's connection ``kib`` KiB of page cache (the importer needs more than readers do); None: as many as others
        have."""
        self.sql(f"PRAGMA cache_size = -{self._cache_kib if kib is None else kib}")


class _Write:
    """One ``with database.write()``."""

    __slots__ = ("_database", "_durable", "_entered")

    def __init__(self, database: Connections, durable: bool) -> None:
        self._database = database
        self._durable = durable
        self._entered = False

    def __enter__(self) -> Connections:
        database, thread = self._database, self._database._thread
        if thread.depth:
            if self._durable and not thread.durable:
                raise errors.DurabilityMismatch("a durable write was begun inside one that is not durable")
            thread.depth += 1
        else:
            database._begin(self._durable)
        self._entered = True
        return database

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        thread = self._database._thread
        if not self._entered:
            raise RuntimeError("this write() has not begun, or has ended already")
        self._entered = False
        if thread.depth > 1:
            thread.depth -= 1
        else:
            self._database._end(failed=kind is not None)


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
