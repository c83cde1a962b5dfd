"""Sessions on PostgreSQL, for :class:`valhalla.sandbox.SandboxDatabaseManager`. Needs the extra ``postgres``."""

from __future__ import annotations

import importlib
import threading
from types import TracebackType
from typing import Any, Self

from valhalla.program.masking import masked_text
from valhalla.sandbox.errors import SandboxError
from valhalla.sandbox.rows import Rows

CONNECT_SECONDS = 5


class PostgresEngine:
    """Makes connections to one server, each of which belongs to a session."""

    def __init__(self, url: str) -> None:
        try:
            psycopg: Any = importlib.import_module(
                "psycopg"
            )  # by name: it is an extra, with types of its own
        except ImportError:
            raise SandboxError(
                "a postgresql:// URL needs psycopg; install it with: pip install valhalla[postgres]"
            ) from None
        self._psycopg = psycopg
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._mutex = threading.Lock()
        self._opened: list[Any] = []
        self.making = threading.Lock()
        self.state: object = None
        """The blocks' tables on this server, see :func:`valhalla.sandbox.postgres_state.state_of`."""

    def session(self) -> PostgresSession:
        """A session with a connection of its own. Raises :class:`SandboxError` when the server does not answer."""
        return PostgresSession(self.connect())

    def connect(self, *, autocommit: bool = False) -> Any:
        """A connection. Raises :class:`SandboxError` when the server does not answer."""
        try:
            connection = self._psycopg.connect(
                self._url, connect_timeout=CONNECT_SECONDS, autocommit=autocommit
            )
        except self._psycopg.Error as error:
            reason = " ".join(masked_text(str(error)).split())
            raise SandboxError(f"{masked_text(self._url)} does not answer: {reason}") from None
        with self._mutex:
            self._opened = [*(each for each in self._opened if not each.closed), connection]
        return connection

    def cursor(self, connection: Any) -> Any:
        """A cursor that puts parameters into the statement itself: the server need not guess what an unused one is."""
        return self._psycopg.ClientCursor(connection)

    @property
    def error(self) -> type[Exception]:
        """What its statements raise."""
        return self._psycopg.Error  # type: ignore[no-any-return]

    def close_all(self) -> None:
        """Close the connections of all sessions."""
        with self._mutex:
            opened, self._opened = self._opened, []
        for connection in opened:
            connection.close()

    def __repr__(self) -> str:
        return f"<PostgresEngine {masked_text(self._url)}>"


class PostgresSession:
    """The session of :mod:`valhalla.sandbox.database`, on PostgreSQL. Parameters are written ``%s`` or ``%(name)s``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: Any, params: Any = None) -> Rows:
        """Run a statement."""
        with self._connection.cursor() as cursor:
            cursor.execute(str(sql), params or None)
            return Rows(cursor.fetchall() if cursor.description else [])

    def commit(self) -> None:
        """Keep what was changed since the last commit or rollback."""
        self._connection.commit()

    def rollback(self) -> None:
        """Give up what was changed since the last commit or rollback."""
        self._connection.rollback()

    def close(self) -> None:
        """Give up what was not committed, and end."""
        if not self._connection.closed:
            self._connection.rollback()
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
