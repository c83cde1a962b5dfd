"""What all blocks have in common: the file they keep their state in, and how they write times."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from db import Database
from db.clock import SECOND, to_datetime
from valhalla.program.database import memory_database
from valhalla.sandbox.errors import SandboxError
from valhalla.sandbox.postgres import PostgresEngine
from valhalla.sandbox.postgres_state import PostgresState, state_of

if TYPE_CHECKING:
    from valhalla.sandbox.database import SandboxDatabaseManager


class Block:
    """A block whose state is in ``database``: a file, the manager of one or of a PostgreSQL database, or (None) a private file in
    memory."""

    def __init__(self, database: Database | SandboxDatabaseManager | None = None) -> None:
        self._database = None if database is None else resolve(database)
        self._making = threading.Lock()

    @property
    def database(self) -> Database:
        """Where the state is; a private one is made when it is first used."""
        if self._database is None:
            with self._making:
                if self._database is None:
                    self._database = memory_database()
        return self._database


def resolve(database: Any) -> Database:
    """The file that a block is to use. See :class:`Block`."""
    if database is None:
        return memory_database()
    if isinstance(database, Database):
        return database
    if isinstance(database, PostgresState):
        return cast("Database", database)  # it answers what blocks ask
    found = getattr(database, "database", None)
    if isinstance(found, Database):
        return found
    engine = getattr(database, "engine", None)
    if isinstance(engine, PostgresEngine):
        return cast("Database", state_of(engine))
    raise SandboxError(
        f"a block works on a Database or a SandboxDatabaseManager, not on a {type(database).__name__}"
    )


def stamp(at: int) -> str:
    """The moment ``at`` (UTC microseconds) as ISO 8601 with zone."""
    return to_datetime(at).isoformat()


def microseconds(seconds: float, what: str, *, least: float = 0.0) -> int:
    """``seconds`` (a fraction may be) as microseconds. Raises :class:`ValueError`, which names ``what``."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not least <= seconds <= 1e9:
        raise ValueError(f"{what} is a number of seconds of at least {least:g}, not {seconds!r}")
    return round(seconds * SECOND)
