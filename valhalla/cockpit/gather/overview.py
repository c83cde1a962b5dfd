"""What the overview shows: who to call, what came in, what was refused, what waits for a person."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from db import Database
from db.clock import DAY, iso
from valhalla.cockpit import frame
from valhalla.cockpit.advice import advice
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit
from valhalla.cockpit.work import running_work
from valhalla.intake import source_settings
from valhalla.intake.reading import CODES
from valhalla.leads import call_list, call_list_index
from valhalla.program.home import Home
from valhalla.program.moments import local_day
from valhalla.reports import overview
from valhalla.safety import quality
from valhalla.safety.risk import REPORT_NAME
from valhalla.sandbox import alerts
from valhalla.sandbox.alerts import Alert
from valhalla.scoring.stages.calling import HOLD
from valhalla.service import runs

CALLS = 5
ALERTS = 5
COUNTED = 100
"""The call list is counted up to here: nobody calls more in a day."""

SOURCES = 6
TREND = 12
PERIODS = (("today", 0), ("7 days", 7), ("30 days", 30))


def gather(cockpit: Cockpit) -> dict[str, Any]:
    """The overview, as of now. Bounded work, however many leads there are."""
    database = cockpit.database
    with database.view():
        viewer = viewer_of(database)
        values = viewer.values
        funnel = _funnel(database, local_day(viewer.at, values["timezone"]))
        callable_now = call_list.numbers(database, viewer, COUNTED)
        records = viewer.some(callable_now[:CALLS])
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
            "alerts": [_alert(each) for each in alerts.urgent(database, ALERTS)],
            "leads": call_list_index.newest_lead(database) > 0,
            "as_of": iso(database.clock()),
        }


def _funnel(database: Database, midnight: int) -> list[dict[str, Any]]:
    """The steps from rows to deals for each of :data:`PERIODS`."""
    since = [midnight - max(0, days - 1) * DAY for _, days in PERIODS]
    return [
        {
            "period": name,
            "since": iso(at),
            "read": step.read,
            "accepted": step.read - step.refused,
            "refused": step.refused,
            "new": step.new,
            "scored": step.new + step.updated,
            "called": step.worked,
            "closed": step.closed,
            "sources": [{"source": source, "new": new} for source, new in step.sources[:SOURCES]],
        }
        for (name, _), at, step in zip(PERIODS, since, overview.funnel(database, since), strict=True)
    ]


def _worst(database: Database) -> dict[str, Any]:
    """The commonest reason among the newest refused rows that are still open, and the import to look at."""
    found = overview.commonest_reason(database)
    if found is None:
        return {"worst": None, "meaning": None, "import_id": None}
    meaning = CODES[found.code].meaning if found.code in CODES else None
    return {"worst": found.code, "meaning": meaning, "import_id": found.import_id}


def _needs(database: Database) -> dict[str, Any]:
    waiting = frame.waiting(database)
    names = ("duplicates", "approvals", "uncertain", "changes", "alerts", "dead")
    return {"count": sum(waiting[name] for name in names), **{name: waiting[name] for name in names}}


def _quality(database: Database) -> list[dict[str, Any]]:
    """Each source with records: its score now, the scores of its newest imports oldest first, its worst dimension."""
    by_source: dict[int, list[quality.Counts]] = defaultdict(list)
    for counts in quality.standing(database):
        by_source[counts.source_id].append(counts)
    names = source_settings.names(database)
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
    found = runs.last_cycle(database, of_any_run=True)
    if found is None:
        return None
    return {
        "number": found.number,
        "seconds": found.seconds,
        "interval": interval,
        "ok": found.ok,
        "rows": found.counts["rows"],
        "at": iso(found.finished_at),
    }


def _alert(found: Alert) -> dict[str, Any]:
    shown = {**found._asdict(), "at": iso(found.at), "last_at": iso(found.last_at)}
    for name in ("context", "correlation_id", "state"):
        del shown[name]
    return {**shown, "advice": advice(found.task, found.context)._asdict()}
