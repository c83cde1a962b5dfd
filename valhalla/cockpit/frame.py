"""What stands around every page: what the program is doing, the lock, what waits for a person."""

from __future__ import annotations

import os
from typing import Any

from db import Database
from db.clock import SECOND, iso
from valhalla.console import configuration
from valhalla.effects import live
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.reports import overview
from valhalla.sandbox.alerts import open_by_severity
from valhalla.service import runs
from valhalla.service.service import CYCLE_JOB


def gather(
    database: Database, home: Home, *, queue: str, here: bool, read_only: bool, interval: int | None
) -> dict[str, Any]:
    """State, lock, counts and home, as of now. Bounded work, whatever is in the database.

    ``queue`` has the cycles. ``here``: whether the newest run is this program's. ``interval``: seconds between cycles; None: the
    setting.
    """
    with database.view():
        waits = waiting(database)
        alerts = waits.pop("severities")
        session = live.current(database)
        values = settings.effective(database)
        state = _state(database, queue, here, interval or values["interval"])
    boards = configuration.resolved(values, os.environ)
    return {
        "state": state,
        "lock": {
            "live": session is not None,
            "until": iso(session.until) if session else None,
            "by": session.opened_by if session else None,
        },
        "counts": waits,
        "alerts": alerts,
        "home": str(home.path),
        "read_only": read_only,
        "boards": {"federation": boards.federation_in_use, "memory": boards.memory_in_use},
        "as_of": iso(database.clock()),
    }


def waiting(database: Database) -> dict[str, Any]:
    """How much of each kind waits for a person (counting ends at 1,000); ``severities``: open alerts by severity."""
    found, severities = overview.waiting(database), open_by_severity(database)
    return {
        "decisions": (
            found.duplicates + found.drafts + found.uncertain + found.changes + found.offers + found.houses
        ),
        "duplicates": found.duplicates,
        "approvals": found.drafts,
        "uncertain": found.uncertain,
        "outgoing": found.drafts + found.uncertain,
        "changes": found.changes,
        "dead": found.dead,
        "alerts": sum(severities.values()),
        "urgent": severities.get("critical", 0) + severities.get("error", 0),
        "severities": severities,
    }


def _state(database: Database, queue: str, here: bool, interval: int) -> dict[str, Any]:
    """``name`` is running, paused or stopped; times are ISO 8601; ``next_in``: seconds to the next cycle."""
    run = runs.newest(database, queue, CYCLE_JOB)
    name, since, next_in = "stopped", None, None
    if run is not None and run.stopped_at is not None:
        since = run.stopped_at
    elif run is not None and here:
        name, since = "paused" if run.paused else "running", run.started_at
        if run.slot is not None and not run.paused:
            next_in = max(0, round((run.slot - database.clock()) / SECOND) + interval)
    return {
        "name": name,
        "since": _iso(since),
        "cycle": run.cycle if run else None,
        "cycle_began": _iso(run.cycle_began) if run else None,
        "cycle_ended": _iso(run.cycle_ended) if run else None,
        "cycle_ok": bool(run.cycle_ok) if run and run.cycle_ok is not None else None,
        "next_in": next_in,
        "interval": interval,
    }


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)
