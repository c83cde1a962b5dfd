"""What stands around every page: what the program is doing, the lock, what waits for a person."""

from __future__ import annotations

import os
from typing import Any

from db import Database
from db.clock import SECOND, iso
from valhalla.cockpit.state import Cockpit
from valhalla.console import configuration
from valhalla.effects import live
from valhalla.program import settings
from valhalla.service.service import CYCLE_JOB

MOST = 1_000
"""Counts beside the rail end here: 1,000 or more says enough."""

# The newest run with the last cycle it has begun, whether its queue is paused, and when the next cycle is due.
STATE = """
SELECT r.id, r.pid, r.started_at, r.stopped_at, r.stop, c.number, c.started_at, c.finished_at, c.ok,
  (SELECT paused FROM queue_state WHERE queue = :queue), (SELECT last_at FROM cycle_slot WHERE queue = :queue AND name = :cycle)
FROM run AS r LEFT JOIN cycle AS c ON c.id = (SELECT max(id) FROM cycle) AND c.run_id = r.id
ORDER BY r.id DESC LIMIT 1
"""

# Each count walks a partial index and ends at :most.
WAITING = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM duplicate WHERE state = 'open' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM effect WHERE state = 'drafted' AND state <> 'done' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM effect WHERE state = 'uncertain' AND state <> 'done' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'dead' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM lead_change WHERE state = 'open' LIMIT :most))
"""
ALERTS = "SELECT severity, count(*) FROM alert WHERE state = 'open' AND state <> 'closed' GROUP BY severity"


def gather(cockpit: Cockpit) -> dict[str, Any]:
    """State, lock, counts and home, as of now. Bounded work, whatever is in the file."""
    database = cockpit.database
    with database.view():
        counts = waiting(database)
        alerts = counts.pop("severities")
        session = live.current(database)
        values = settings.effective(database)
        state = _state(cockpit, cockpit.interval or values["interval"])
    boards = configuration.resolved(values, os.environ)
    return {
        "state": state,
        "lock": {
            "live": session is not None,
            "until": iso(session.until) if session else None,
            "by": session.opened_by if session else None,
        },
        "counts": counts,
        "alerts": alerts,
        "home": str(cockpit.home.path),
        "read_only": cockpit.read_only,
        "boards": {"federation": boards.federation_in_use, "memory": boards.memory_in_use},
        "as_of": iso(database.clock()),
    }


def waiting(database: Database) -> dict[str, Any]:
    """How much of what waits for a person, each counted up to :data:`MOST`; ``severities``: open alerts by severity."""
    duplicates, drafts, uncertain, dead, changes = database.sql(WAITING, {"most": MOST})[0]
    alerts = dict(database.sql(ALERTS))
    return {
        "decisions": duplicates + drafts + uncertain + changes,
        "duplicates": duplicates,
        "approvals": drafts,
        "uncertain": uncertain,
        "changes": changes,
        "dead": dead,
        "alerts": sum(alerts.values()),
        "urgent": alerts.get("critical", 0) + alerts.get("error", 0),
        "severities": alerts,
    }


def _state(cockpit: Cockpit, interval: int) -> dict[str, Any]:
    """``name`` is running, paused or stopped; times are ISO 8601; ``next_in``: seconds to the next cycle."""
    database = cockpit.database
    row = database.one(STATE, {"queue": cockpit.queue.name, "cycle": CYCLE_JOB})
    told: dict[str, Any] = {
        "name": "stopped",
        "since": None,
        "cycle": None,
        "cycle_began": None,
        "cycle_ended": None,
        "cycle_ok": None,
        "next_in": None,
        "interval": interval,
    }
    if row is None:
        return told
    _, _, started, stopped, _, number, began, ended, ok, paused, slot = row
    told |= {"cycle": number, "cycle_ok": None if ok is None else bool(ok)}
    told["cycle_began"] = iso(began) if began is not None else None
    told["cycle_ended"] = iso(ended) if ended is not None else None
    if stopped is not None or cockpit.run_id is None:
        return told | {"since": iso(stopped) if stopped is not None else None}
    told |= {"name": "paused" if paused else "running", "since": iso(started)}
    if slot is not None and not paused:
        told["next_in"] = max(0, round((slot - database.clock()) / SECOND) + interval)
    return told
