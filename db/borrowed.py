"""A database on connections that the program itself makes, in a file that is the program's own.

What the program writes through its connection of a thread and what is written here through the same one are one transaction:
:meth:`Connections.write` joins a transaction that the program has begun and leaves its end to the program.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

import apsw

from db import errors, guard, migrate, opening, structure
from db.connection import BUSY_TIMEOUT, FULL
from db.cursors import Cursor
from db.database import Database
from db.recording import Recorder
from db.schema import Schema

Factory = Callable[[], apsw.Connection]
"""Returns the calling thread's connection to the file: a new one, or the one that the program has for this thread."""


class _Nothing(Recorder):
    """Notes nothing, for a database without evidence: the connection's hooks stay the program's."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.tables = ()
        self.reason = None
        self.inside = False
        self.removed = {}
        self._session = None

    def renew(self) -> None:
        """Nothing is noted."""

    @contextlib.contextmanager
    def off(self) -> Iterator[None]:
        """Nothing is noted anyway."""
        yield

    def close(self) -> None:
        """Nothing was begun."""


class _Joined(threading.local):
    """What a thread does in a transaction that it has not begun."""

    joined = False
    synchronous = FULL
    """The connection's own setting, which is put back after each transaction."""


class Borrowed(Database):
    """See :func:`borrow`. Connections are never closed here, and of their settings none is changed for good but the journal
    mode and, where it was shorter, the time to wait for a lock."""

    _factory: Factory
    _first: tuple[int, apsw.Connection] | None = None
    """The connection that said which file it is, and its thread."""

    def __init__(self, path: Path, schema: Schema, factory: Factory, first: apsw.Connection) -> None:
        super().__init__(str(path), flags=apsw.SQLITE_OPEN_READWRITE, path=path, schema=schema)
        self._factory = factory
        self._first = (threading.get_ident(), first)
        self._threads: WeakKeyDictionary[apsw.Connection, threading.Thread] = WeakKeyDictionary()
        self._own = _Joined()

    # -- connections ---------------------------------------------------------------------------------------

    def _connect(self) -> apsw.Connection:
        self.require_in_place()
        if self._first is not None and self._first[0] == threading.get_ident():
            connection, self._first = self._first[1], None
        else:
            connection = _made(self._factory)
        if _file(connection) != self.path:
            raise errors.CannotOpen(
                f"the connections are to different files: {self.path} first, and now {_file(connection)}"
            )
        with self._opened_mutex:
            holder = self._threads.get(connection)
            if holder is not None and holder is not threading.current_thread() and holder.is_alive():
                raise errors.CannotOpen(
                    f"the function that makes connections to {self.path} returned the one of another thread; each thread "
                    "needs its own"
                )
            self._threads[connection] = threading.current_thread()
            if not self._guarded:
                assert self.path is not None
                guard.watch(self.path)
                self._guarded = True
        assert self._standing is not None
        self._displace(self._standing.admit())
        connection.cursor_factory = Cursor
        if int(connection.pragma("busy_timeout")) < BUSY_TIMEOUT * 1000:
            connection.set_busy_timeout(int(BUSY_TIMEOUT * 1000))
        self._own.synchronous = self._thread.synchronous = int(connection.pragma("synchronous"))
        self._thread.recorder = _Nothing(connection)
        return connection

    def _close(self, connection: apsw.Connection) -> None:
        """Leave it to the program, which made it."""

    def close_all(self) -> None:
        """Use the connections no more; the program closes them."""
        if self._moving is not None:
            self._moving.join()
        self._first = None
        self._let_go()

    @contextlib.contextmanager
    def references_unchecked(self) -> Iterator[None]:
        """As in any database, and then again as the program has it."""
        checked = int(self.value("PRAGMA foreign_keys"))
        self.sql("PRAGMA foreign_keys = 0")
        try:
            yield
        finally:
            self.sql(f"PRAGMA foreign_keys = {checked}")

    # -- transactions --------------------------------------------------------------------------------------

    def _begin(self, durable: bool) -> None:
        connection, thread = self.connection(), self._thread
        if not connection.in_transaction:
            super()._begin(durable)
            return
        # No turn is waited for: its holder may be waiting for the lock that this thread holds.
        self.require_in_place()
        if self.readonly:
            raise errors.ReadOnly(self.why_readonly)
        try:
            connection.execute("SAVEPOINT joined")
        except apsw.Error as error:
            raise self._explained(error) from error
        self._own.joined = True
        thread.depth, thread.durable = 1, True  # as durable as the program has made it

    def _end(self, failed: bool) -> None:
        if not self._own.joined:
            try:
                super()._end(failed)
            finally:
                self._put_back_synchronous()
            return
        connection, thread = self.connection(), self._thread
        callbacks, thread.callbacks = thread.callbacks, []
        self._own.joined = False
        thread.depth = 0
        try:
            if connection.in_transaction:  # a full disk has already rolled everything back
                connection.execute("ROLLBACK TO joined; RELEASE joined" if failed else "RELEASE joined")
        except apsw.Error as error:
            raise self._explained(error) from error
        if not failed:
            for callback in callbacks:
                callback()

    def _put_back_synchronous(self) -> None:
        own, thread = self._own.synchronous, self._thread
        if thread.synchronous != own and not self.connection().in_transaction:
            self.connection().execute(f"PRAGMA synchronous = {own}")
            thread.synchronous = own


def borrow(factory: Factory, schema: Schema) -> Borrowed:
    """A database on the connections that ``factory`` makes, one for each thread, in the file that they are of.

    The tables of ``schema`` are added to it. Raises the errors of :mod:`db.errors`, before anything is written, when the
    program has tables of the same names, and when a connection cannot be used: it has to be of a file, and without a row
    trace, an execution trace or a cursor factory.
    """
    opening.check_library()
    if schema.tables:
        raise ValueError("a database of another program keeps no evidence tables")
    first = _made(factory)
    path = _file(first)
    mark = int(first.pragma("application_id"))
    database = Borrowed(path, replace(schema, application_id=mark), factory, first)
    try:
        _refuse_collisions(database)
        opening.use_wal(database, path)
        migrate.upgrade(database)
        _hold_back(database)
        database.look()
    except BaseException:
        database.close_all()
        raise
    return database


def _made(factory: Factory) -> apsw.Connection:
    connection = factory()
    if not isinstance(connection, apsw.Connection):
        raise errors.CannotOpen(
            f"the function that makes connections returned a {type(connection).__name__}, not an apsw.Connection"
        )
    if (
        connection.row_trace
        or connection.exec_trace
        or connection.cursor_factory not in (apsw.Cursor, Cursor)
    ):
        raise errors.CannotOpen(
            "the connection has a row trace, an execution trace or a cursor factory; set these on your cursors instead"
        )
    return connection


def _file(connection: apsw.Connection) -> Path:
    if not connection.filename or not os.path.isfile(connection.filename):
        raise errors.CannotOpen(
            "the connection is to a database in memory or a temporary one; each thread would have one of its own. Give "
            "one of a file"
        )
    return Path(os.path.realpath(connection.filename))


def _refuse_collisions(database: Borrowed) -> None:
    """Refuse a file that has parts of the same names as those that would be added."""
    schema = database.schema
    columns = {name for (name,) in database.sql("SELECT name FROM pragma_table_info('schema_version')")}
    held = migrate.versions(database) if columns == {"component", "version"} else {}
    latest = {name: len(each.scripts) for name, each in schema.components.items()}
    ours = structure.made(schema, {name: held.get(name, 0) for name in latest})
    added = {row[1].lower() for part, row in structure.made(schema, latest).items() if part not in ours}
    there = {name.lower() for part, (_, name, _, _) in structure.rows(database).items() if part not in ours}
    if taken := sorted(added & there):
        raise errors.ForeignFile(
            f"{database.path} has parts of its own that are called {', '.join(taken[:5])}, as some of those that would be "
            "added; give them other names, or the queue a file of its own"
        )


def _hold_back(database: Borrowed) -> None:
    """Only read a file in which our parts are not what the migrations make, or in which triggers stand on them. What the
    program has besides is its own affair."""
    there = structure.rows(database)
    ours = {
        row[1].lower() for row in structure.made(database.schema, structure.held(database) or {}).values()
    }
    for each in structure.differences(database):
        stranger = each.part in there and each.what == structure.NONE_OF_IT
        if each.acts and not (stranger and there[each.part][2].lower() not in ours):
            words = database.schema.words
            database.hold_back(
                f"{database.path} is only read, because {each.part} {each.what}; mend it with: {words.repair}"
            )
            return
