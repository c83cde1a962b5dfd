"""The dry-run lock of the program: closed, unless a live session is open for the very run that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from db import audit
from db.clock import HOUR
from valhalla.effects import sql
from valhalla.program.errors import ValhallaError

if TYPE_CHECKING:
    from db import Database

LONGEST = 8 * HOUR
"""A live session ends by itself after this."""


class Live(NamedTuple):
    """An open live session. Times are UTC microseconds."""

    id: int
    run_id: int
    opened_at: int
    opened_by: str
    until: int


def current(database: Database) -> Live | None:
    """The live session that is open now, or None: dry run. A clock that was set back closes it."""
    row = database.one(sql.CURRENT_LIVE, (database.clock(),))
    return Live(*row) if row else None


def is_dry(database: Database, run_id: int | None) -> bool:
    """Whether the lock is closed for the run ``run_id``."""
    live = current(database)
    return live is None or live.run_id != run_id


def open_for(database: Database, run_id: int, actor: str) -> Live:
    """Turn the lock off for a run: at most until it stops, or eight hours."""
    now = database.clock()
    with database.write(durable=True):
        database.sql(sql.CLOSE_LIVE, (now, "replaced"))
        ((number,),) = database.sql(sql.OPEN_LIVE, (run_id, now, actor, now + LONGEST))
        audit.append(database, "live.on", f"run:{run_id}", {"until": now + LONGEST}, actor=actor)
    return Live(number, run_id, now, actor, now + LONGEST)


def close(database: Database, actor: str) -> bool:
    """Turn the lock on. False: it was."""
    with database.write(durable=True):
        database.sql(sql.CLOSE_LIVE, (database.clock(), actor))
        closed = database.changes() > 0
        if closed:
            audit.append(database, "live.off", "run", {}, actor=actor)
    return closed


def running_run(database: Database, pid: int | None) -> int:
    """The number of the run of process ``pid``. Raises :class:`ValhallaError` when nothing runs."""
    number, owner = database.one(sql.NEWEST_RUN) or (None, None)
    if number is None or owner != pid:
        raise ValhallaError(
            "nothing runs on this home, so there is nothing to make live; start with: valhalla run --live, or valhalla production"
        )
    return int(number)
