"""Alerts as pages show them: what stands, what was seen to, what is over."""

from __future__ import annotations

import json
from typing import Any

from db import Database
from db.clock import iso
from valhalla.cockpit.gather.advice import advice
from valhalla.sandbox.alerts import SEVERITIES

PAGE = 50
STATES = ("open", "acknowledged", "all")

RANK = "CASE severity WHEN 'critical' THEN 3 WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END"

# What is not closed is found by its partial index, the worst first; what is over by walking back from the newest number.
STANDING = f"""
SELECT id, task, severity, reason, context, correlation_id, state, seen, at, last_at FROM alert INDEXED BY alert_open
WHERE state <> 'closed' AND state = :state AND (:severity IS NULL OR severity = :severity)
  AND (:before IS NULL OR ({RANK}, id) < (SELECT {RANK}, id FROM alert WHERE id = :before))
ORDER BY {RANK} DESC, id DESC LIMIT :limit
"""
HISTORY = """
SELECT id, task, severity, reason, context, correlation_id, state, seen, at, last_at FROM alert
WHERE (:severity IS NULL OR severity = :severity) AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit
"""
COUNTS = "SELECT state, severity, count(*) FROM alert INDEXED BY alert_open WHERE state <> 'closed' GROUP BY state, severity"


def gather(
    database: Database,
    state: str = "open",
    severity: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> dict[str, Any]:
    """``limit`` alerts of a ``state``, each with what to do about it: open and acknowledged ones the worst first, all of them
    (closed ones too) the newest first.

    ``before``: the alert after which to go on. ``next``: that of the next page; None: this is the last.
    """
    with database.view():
        counts = {each: dict.fromkeys(SEVERITIES, 0) for each in STATES[:2]}
        for standing, grade, count in database.sql(COUNTS):
            counts[standing][grade] = count
        rows = database.sql(
            HISTORY if state == "all" else STANDING,
            {"state": state, "severity": severity, "before": before, "limit": limit + 1},
        )
    shown = [_entry(row) for row in rows[:limit]]
    return {
        "alerts": shown,
        "counts": counts,
        "totals": {each: sum(by.values()) for each, by in counts.items()},
        "state": state,
        "severity": severity,
        "before": before,
        "next": shown[-1]["id"] if len(rows) > limit else None,
    }


def _entry(row: tuple[Any, ...]) -> dict[str, Any]:
    number, task, severity, reason, context, correlation_id, state, seen, at, last_at = row
    facts = json.loads(context)
    return {
        "id": number,
        "task": task,
        "severity": severity,
        "reason": reason,
        "state": state,
        "seen": seen,
        "at": iso(at),
        "last_seen": iso(last_at),
        "context": facts,
        "correlation_id": correlation_id,
        "advice": advice(task, facts)._asdict(),
    }
