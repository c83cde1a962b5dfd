"""The dry-run lock of the program: closed, unless a live session is open for the very run that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from db import audit
from db.clock import HOUR
from valhalla.effects import sql
from valhalla.program.errors import ValhallaError
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.effects import models
    from valhalla.program import models as program_models
else:
    models = later("valhalla.effects.models")
    program_models = later("valhalla.program.models")

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
        _close(database, "replaced")
        number = models.LiveSession.insert(
            run_id=run_id, opened_at=now, opened_by=actor, until=now + LONGEST
        ).execute(database)
        audit.append(database, "live.on", f"run:{run_id}", {"until": now + LONGEST}, actor=actor)
    return Live(number, run_id, now, actor, now + LONGEST)


def close(database: Database, actor: str) -> bool:
    """Turn the lock on. False: it was."""
    with database.write(durable=True):
        closed = _close(database, actor)
        if closed:
            audit.append(database, "live.off", "run", {}, actor=actor)
    return closed


def _close(database: Database, actor: str) -> bool:
    """Close all that are open: there is one, or none."""
    closed = models.LiveSession.update(closed_at=database.clock(), closed_by=actor)
    return bool(closed.where(models.LiveSession.closed_at.is_null()).execute(database))


def running_run(database: Database, pid: int | None) -> int:
    """The number of the run of process ``pid``. Raises :class:`ValhallaError` when nothing runs."""
    run = program_models.Run
    newest = run.select(run.id, run.pid).where(run.stopped_at.is_null()).order_by(run.id.desc())
    found = newest.first(database)
    if found is None or found.pid != pid:
        raise ValhallaError(
            "nothing runs on this home, so there is nothing to make live; start with: valhalla run --live, or valhalla production"
        )
    return int(found.id)
