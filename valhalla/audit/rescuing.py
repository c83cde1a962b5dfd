"""A home's file that was deleted, moved, replaced or written over while the program worked on it: what is still held is saved."""

from __future__ import annotations

import contextlib
from pathlib import Path

from db import Database, copying, errors, files
from db.clock import to_datetime
from db.inspecting import inspect
from db.standing import LOST_LOG, OVERWRITTEN
from valhalla.program.database import open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.sandbox.alerts import AlertSystem

ALERT = "database"
"""The task of the alert in the file that is saved."""


def rescue(database: Database, home: Home) -> errors.Displaced | None:
    """Save what this thread's connection holds as ``valhalla-rescued-DATE.db`` in the home, when the file is not where it was.

    Returns the sentence for the operator, and has closed the database then; None: the file is as it should be.
    """
    try:
        database.look()
    except errors.Displaced as displaced:
        what = displaced.what
    except errors.DatabaseError:
        return None
    else:
        return None
    log = [] if what.startswith(LOST_LOG) else database.own_log()
    target = home.path / f"valhalla-rescued-{to_datetime(database.clock()):%Y%m%dT%H%M%SZ}.db"
    try:
        home.prepare()
        copying.rescue(database, target)
    except (errors.DatabaseError, ValhallaError) as error:
        way_out = f"nothing of it could be saved ({error}); go back to the newest copy with: valhalla audit restore COPY"
        saved = False
    else:
        way_out = (
            f"what it held is saved as {target}; put it in its place with: valhalla audit restore {target}"
        )
        saved = True
    database.close_all()
    # What connections had read before is ours, what they read later is what somebody wrote over it.
    whole = saved and (what != OVERWRITTEN or inspect(target, SCHEMA).ok)
    if whole:
        _alert(target, what)
    elif saved:
        way_out = (
            f"what was left of it is saved as {target}, but does not verify; go back to the newest copy with: "
            "valhalla audit restore COPY"
        )
    _set_aside(log, None if whole else target.with_suffix(".wal"))
    return errors.Displaced(home.database, what, way_out)


def _alert(saved: Path, what: str) -> None:
    reason = f"valhalla.db {what} while it was in use; this file was saved from what the program still held"
    with contextlib.suppress(errors.DatabaseError), open_database(saved, create=False) as database:
        AlertSystem(database=database).alert(ALERT, reason, "critical", {"saved": saved.name})


def _set_aside(log: list[Path], kept: Path | None) -> None:
    """The log must not lie next to another file of that name: who opens that would take it for the newest changes to it."""
    for path in log:
        with contextlib.suppress(OSError):
            if kept is not None and path.name.endswith("-wal"):
                files.replace(path, kept)
            else:
                path.unlink(missing_ok=True)
