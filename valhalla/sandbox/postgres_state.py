"""The blocks' state on PostgreSQL, shared by several machines.

It answers what blocks ask of :class:`db.Database`, so that the same classes work on either. What makes their check-then-act safe is
the same, too: one writer at a time. In the file that is SQLite's write lock, here an advisory lock that each transaction takes
first. The time is the server's, so machines whose clocks differ agree. There is no audit chain: that belongs to a home's database.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from valhalla.program.masking import masked_text
from valhalla.sandbox import postgres_sql as sql
from valhalla.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from valhalla.sandbox.postgres import PostgresEngine


class Found:
    """The rows of a statement, as a cursor gives them."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All of them."""
        return self._rows


class PostgresState:
    """One server's tables of the blocks, made when they are not there. Each thread has a connection of its own."""

    path = None

    def __init__(self, engine: PostgresEngine) -> None:
        self.engine = engine
        self._mine = threading.local()
        self.clock: Callable[[], int] = lambda: int(self.value(sql.NOW))
        with self.write():
            for statement in sql.TABLES:
                self._run(statement, ())

    # -- as db.Database has it -----------------------------------------------------------------------------

    def sql(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, written as for the file, and return its rows. Raises :class:`SandboxError`."""
        return self._run(translated(text), params)

    def one(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row; None: there is none."""
        rows = self.sql(text, params)
        return rows[0] if rows else None

    def value(self, text: str, params: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first value of the first row; None: there is none."""
        row = self.one(text, params)
        return None if row is None else row[0]

    def many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of ``rows``."""
        for row in rows:
            self.sql(text, row)

    def execute(self, text: str, params: Sequence[Any] = ()) -> Found:
        """The same as :meth:`sql`, in the form of a connection."""
        return Found(self.sql(text, params))

    def connection(self) -> PostgresState:
        """What statements are run on: this, whose thread has its own connection."""
        return self

    def changes(self) -> int:
        """Rows that this thread's last statement changed."""
        return int(getattr(self._mine, "changes", 0))

    def in_write(self) -> bool:
        """Whether this thread is in a transaction."""
        return getattr(self._mine, "depth", 0) > 0

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[None]:
        """A transaction, the only one among all machines; one inside of another is a part of it. All of them are durable."""
        if self.in_write():
            yield
            return
        mine = self._mine
        connection = self._connection()
        mine.depth, mine.afterwards = 1, []
        try:
            with connection.transaction():
                self._run(sql.ONE_WRITER, ())
                yield
        finally:
            afterwards, mine.depth, mine.afterwards = mine.afterwards, 0, []
        for call in afterwards:
            call()

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call this when the transaction is committed; at once outside of one."""
        if self.in_write():
            self._mine.afterwards.append(call)
        else:
            call()

    def translated(self, error: Exception) -> Exception | None:
        """Errors are sentences already."""
        return None

    # -- owners of keys ------------------------------------------------------------------------------------

    def register(self) -> Owner:
        """Something that other machines can see live: it holds a lock as long as its connection lives."""
        return Owner(self.engine)

    def is_dead(self, owner: int) -> bool:
        """Whether nobody holds this owner's lock any more."""
        with self.write():
            return bool(self._run(sql.TRY_OWNER, (owner,))[0][0])

    def close_all(self) -> None:
        """Close the connections of all threads."""
        self.engine.close_all()

    # -- inside --------------------------------------------------------------------------------------------

    def _connection(self) -> Any:
        connection = getattr(self._mine, "connection", None)
        if connection is None or connection.closed:
            connection = self._mine.connection = self.engine.connect(autocommit=True)
        return connection

    def _run(self, text: str, params: Sequence[Any] | dict[str, Any]) -> list[tuple[Any, ...]]:
        connection = self._connection()
        given = params if isinstance(params, dict) else {f"p{n}": value for n, value in enumerate(params, 1)}
        try:
            with self.engine.cursor(connection) as cursor:
                cursor.execute(text, given)
                self._mine.changes = cursor.rowcount
                return cursor.fetchall() if cursor.description else []
        except self.engine.error as error:
            reason = " ".join(masked_text(str(error)).split())
            raise SandboxError(f"PostgreSQL refused a statement of the blocks: {reason}") from None


def state_of(engine: PostgresEngine) -> PostgresState:
    """The blocks' tables on this server, made when they are first asked for."""
    with engine.making:
        if not isinstance(engine.state, PostgresState):
            engine.state = PostgresState(engine)
        return engine.state


class Owner:
    """An owner of keys: a number whose lock a connection of its own holds. It ends with that connection, whatever ends it."""

    def __init__(self, engine: PostgresEngine) -> None:
        self.id = secrets.randbelow(2**62)
        self._engine = engine
        self._connection = engine.connect(autocommit=True)
        with engine.cursor(self._connection) as cursor:
            cursor.execute(sql.HOLD_OWNER, {"p1": self.id})

    def close(self) -> None:
        """Live no longer."""
        with suppress(self._engine.error):
            self._connection.close()


@lru_cache(maxsize=256)
def translated(text: str) -> str:
    """A statement of the blocks as PostgreSQL reads it: places of parameters, words that are reserved, and what SQLite calls otherwise."""
    return sql.translate(text)
