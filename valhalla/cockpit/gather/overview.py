"""What the overview shows: who to call, what came in, what was refused, what waits for a person."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from db import Database
from db.clock import DAY, SECOND, iso
from valhalla import settings
from valhalla.cockpit import frame
from valhalla.cockpit.gather.advice import advice
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.live import running_work
from valhalla.cockpit.state import Cockpit
from valhalla.leads.top import top
from valhalla.outcomes.moments import local_day
from valhalla.reading import CODES
from valhalla.risk import quality

CALLS = 5
COUNTED = 100
"""The call list is counted up to here: nobody calls more in a day."""

SOURCES = 6
TREND = 12
PERIODS = (("today", 0), ("7 days", 7), ("30 days", 30))

BY_SOURCE = """
SELECT s.name, sum(i.rows), sum(i.rejected), sum(i.new), sum(i.updated)
FROM import AS i INDEXED BY import_by_start JOIN source AS s ON s.id = i.source_id
WHERE i.started_at >= ? AND i.state <> 'undone' GROUP BY s.id ORDER BY sum(i.new) DESC, s.name
"""
# Leads by what came of them since a moment.
OUTCOMES = """
SELECT count(DISTINCT CASE WHEN event <> 'paused' THEN lead_id END), count(DISTINCT CASE WHEN event = 'won' THEN lead_id END)
FROM outcome INDEXED BY outcome_by_time WHERE at >= ? AND undone_at IS NULL
"""
# What the newest refused rows were refused for. (Of a list with a million of them, the newest say enough.)
REASONS = """
SELECT r.code, count(*), max(r.import_id) FROM (SELECT code, import_id FROM reject WHERE state = 'open' ORDER BY id DESC LIMIT 1000) AS r
GROUP BY r.code ORDER BY count(*) DESC, r.code LIMIT 1
"""
LAST_CYCLE = "SELECT number, started_at, finished_at, ok, rows FROM cycle WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"
ALERTS = """
SELECT id, severity, task, reason, context, seen, at, last_at FROM alert INDEXED BY alert_open WHERE state = 'open' AND state <> 'closed'
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, last_at DESC LIMIT 5
"""
SOURCE_NAMES = "SELECT id, name FROM source"


def gather(cockpit: Cockpit) -> dict[str, Any]:
    """The overview, as of now. Bounded work, however many leads there are."""
    database = cockpit.database
    with database.view():
        zone = settings.value(database, "timezone")
        midnight = local_day(database.clock(), zone)
        funnel = [_period(database, name, midnight - max(0, days - 1) * DAY) for name, days in PERIODS]
        viewer = viewer_of(database)
        records = top(database, viewer, COUNTED)
        calls = [viewer.entry(record, rank) for rank, record in enumerate(records[:CALLS], 1)]
        return {
            "tiles": {
                "calls": {
                    "count": len(records),
                    "more": len(records) == COUNTED,
                    "best": calls[0]["score"] if calls else None,
                },
                "new": {"count": funnel[0]["new"], "sources": funnel[0]["sources"]},
                "refused": {"count": funnel[0]["refused"], **_worst(database)},
                "needs": _needs(cockpit),
            },
            "calls": calls,
            "funnel": funnel,
            "quality": _quality(database),
            "work": {**running_work(database), "cycle": _cycle(database, cockpit)},
            "alerts": [_alert(row) for row in database.sql(ALERTS)],
            "leads": bool(database.value("SELECT max(id) FROM lead")),
            "as_of": iso(database.clock()),
        }


def _period(database: Database, name: str, since: int) -> dict[str, Any]:
    rows = database.sql(BY_SOURCE, (since,))
    read, refused, new, updated = (sum(row[i] for row in rows) for i in range(1, 5))
    called, closed = database.sql(OUTCOMES, (since,))[0]
    return {
        "period": name,
        "since": iso(since),
        "read": read,
        "accepted": read - refused,
        "refused": refused,
        "new": new,
        "scored": new + updated,
        "called": called,
        "closed": closed,
        "sources": [{"source": row[0], "new": row[3]} for row in rows if row[3]][:SOURCES],
    }


def _worst(database: Database) -> dict[str, Any]:
    """The commonest reason among the newest refused rows that are still open, and the import to look at."""
    row = database.one(REASONS)
    if row is None:
        return {"worst": None, "meaning": None, "import_id": None}
    code, _, import_id = row
    return {"worst": code, "meaning": CODES[code].meaning if code in CODES else None, "import_id": import_id}


def _needs(cockpit: Cockpit) -> dict[str, Any]:
    around = frame.gather(cockpit)["counts"]
    names = ("duplicates", "approvals", "uncertain", "changes", "alerts", "dead")
    return {"count": sum(around[name] for name in names), **{name: around[name] for name in names}}


def _quality(database: Database) -> list[dict[str, Any]]:
    """Each source with records: its score now, the scores of its newest imports oldest first, its worst dimension."""
    by_source: dict[int, list[quality.Counts]] = defaultdict(list)
    for counts in quality.standing(database):
        by_source[counts.source_id].append(counts)
    names = dict(database.sql(SOURCE_NAMES))
    largest = sorted(by_source, key=lambda source: -sum(each.records for each in by_source[source]))
    found = []
    for source in largest[:SOURCES]:
        parts = quality.dimensions(by_source[source])
        points = quality.score(parts)
        known = {name: part["value"] for name, part in parts.items() if part["value"] is not None}
        worst = min(known, key=lambda name: known[name]) if known else None
        history = quality.history(database, source, TREND)
        found.append(
            {
                "source": names.get(source, str(source)),
                "records": sum(each.records for each in by_source[source]),
                "score": points,
                "status": quality.status(parts, points),
                "worst": worst,
                "worst_percent": None if worst is None else round(100 * known[worst], 1),
                "trend": [quality.score(quality.dimensions([each])) for each in reversed(history)],
                "at": iso(max(each.at for each in by_source[source])),
            }
        )
    return found


def _cycle(database: Database, cockpit: Cockpit) -> dict[str, Any] | None:
    row = database.one(LAST_CYCLE)
    if row is None:
        return None
    number, began, ended, ok, rows = row
    return {
        "number": number,
        "seconds": (ended - began) / SECOND,
        "interval": cockpit.interval or settings.value(database, "interval"),
        "ok": bool(ok),
        "rows": rows,
        "at": iso(ended),
    }


def _alert(row: tuple[Any, ...]) -> dict[str, Any]:
    number, severity, task, reason, context, seen, at, last_at = row
    told = advice(task, json.loads(context))
    return {
        "id": number,
        "severity": severity,
        "task": task,
        "reason": reason,
        "seen": seen,
        "at": iso(at),
        "last_at": iso(last_at),
        "advice": told._asdict(),
    }
