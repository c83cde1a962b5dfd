"""What the overview shows: who to call, what came in, what was refused, what waits for a person."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from db import Database
from db.clock import DAY, SECOND, iso
from valhalla.cockpit import frame
from valhalla.cockpit.gather.advice import advice
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.live import running_work
from valhalla.cockpit.state import Cockpit
from valhalla.intake.reading import CODES
from valhalla.leads import call_list
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.program.moments import local_day
from valhalla.safety import quality
from valhalla.safety.risk import REPORT_NAME
from valhalla.scoring.stages.calling import HOLD

CALLS = 5
COUNTED = 100
"""The call list is counted up to here: nobody calls more in a day."""

SOURCES = 6
TREND = 12
PERIODS = (("today", 0), ("7 days", 7), ("30 days", 30))

# What came in by source since each of three moments, ?1 the latest and ?3 the earliest.
BY_SOURCE = """
SELECT s.name, {}
FROM import AS i INDEXED BY import_by_start JOIN source AS s ON s.id = i.source_id
WHERE i.started_at >= ?3 AND i.state <> 'undone' GROUP BY s.id ORDER BY sum(i.new) DESC, s.name
""".format(
    ", ".join(
        f"sum(i.{name} * (i.started_at >= ?{number}))"
        for number in (1, 2, 3)
        for name in ("rows", "rejected", "new", "updated")
    )
)
# Leads that were worked on and closed since each of them.
OUTCOMES = "SELECT {} FROM outcome INDEXED BY outcome_by_time WHERE at >= ?3 AND undone_at IS NULL".format(
    ", ".join(
        f"count(DISTINCT CASE WHEN event {which} AND at >= ?{number} THEN lead_id END)"
        for number in (1, 2, 3)
        for which in ("<> 'paused'", "= 'won'")
    )
)
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
        values = settings.effective(database)
        viewer = viewer_of(database, values)
        funnel = _funnel(database, local_day(viewer.at, values["timezone"]))
        callable_now = call_list.numbers(database, viewer, COUNTED)
        records = call_list.records(database, viewer, callable_now[:CALLS])
        calls = [viewer.entry(record, rank) for rank, record in enumerate(records, 1)]
        return {
            "tiles": {
                "calls": {
                    "count": len(callable_now),
                    "more": len(callable_now) == COUNTED,
                    "best": calls[0]["score"] if calls else None,
                    "later": bool(calls) and all(call["next_action"] == HOLD for call in calls),
                },
                "new": {"count": funnel[0]["new"], "sources": funnel[0]["sources"]},
                "refused": {"count": funnel[0]["refused"], **_worst(database)},
                "needs": _needs(database),
            },
            "calls": calls,
            "funnel": funnel,
            "quality": _quality(database),
            "risk": _risk(cockpit.home),
            "work": {
                **running_work(database),
                "cycle": _cycle(database, cockpit.interval or values["interval"]),
            },
            "alerts": [_alert(row) for row in database.sql(ALERTS)],
            "leads": bool(database.value("SELECT max(id) FROM lead")),
            "as_of": iso(database.clock()),
        }


def _funnel(database: Database, midnight: int) -> list[dict[str, Any]]:
    """The steps from rows to deals for each of :data:`PERIODS`."""
    since = [midnight - max(0, days - 1) * DAY for _, days in PERIODS]
    rows = database.sql(BY_SOURCE, since)
    told = database.sql(OUTCOMES, since)[0]
    found = []
    for number, (name, _) in enumerate(PERIODS):
        first = 1 + 4 * number
        read, refused, new, updated = (sum(row[first + i] for row in rows) for i in range(4))
        found.append(
            {
                "period": name,
                "since": iso(since[number]),
                "read": read,
                "accepted": read - refused,
                "refused": refused,
                "new": new,
                "scored": new + updated,
                "called": told[2 * number],
                "closed": told[2 * number + 1],
                "sources": [{"source": row[0], "new": row[first + 2]} for row in rows if row[first + 2]][
                    :SOURCES
                ],
            }
        )
    return found


def _worst(database: Database) -> dict[str, Any]:
    """The commonest reason among the newest refused rows that are still open, and the import to look at."""
    row = database.one(REASONS)
    if row is None:
        return {"worst": None, "meaning": None, "import_id": None}
    code, _, import_id = row
    return {"worst": code, "meaning": CODES[code].meaning if code in CODES else None, "import_id": import_id}


def _needs(database: Database) -> dict[str, Any]:
    waiting = frame.waiting(database)
    names = ("duplicates", "approvals", "uncertain", "changes", "alerts", "dead")
    return {"count": sum(waiting[name] for name in names), **{name: waiting[name] for name in names}}


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


def _risk(home: Home) -> dict[str, Any] | None:
    """The last assessment in short, from its report; None: there is none."""
    path = home.logs / REPORT_NAME
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        return {
            "status": report["overall_status"],
            "level": report["risk_level"],
            "says": [each["reason"] for each in report["rules"]["speaking"]][:3],
            "quality": report["data_quality"]["score"],
            "at": report["timestamp"],
        }
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _cycle(database: Database, interval: int) -> dict[str, Any] | None:
    row = database.one(LAST_CYCLE)
    if row is None:
        return None
    number, began, ended, ok, rows = row
    return {
        "number": number,
        "seconds": (ended - began) / SECOND,
        "interval": interval,
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
