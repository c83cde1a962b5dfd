"""What a day brought, as JSON values."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

from db import Database
from db.clock import DAY, HOUR, SECOND, iso
from valhalla.leads import deals, promises
from valhalla.leads.call_list import top
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.moments import clock_text, hour_text, local_day
from valhalla.reports import chart_figures, sql, week
from valhalla.sandbox import alerts
from valhalla.scoring import scripts
from valhalla.scoring.calibration import calibration
from valhalla.scoring.experiment_results import rate_text, results
from valhalla.scoring.store import latest_policy, policy_history

CALLS = 8
"""Leads of the call list: more than a person calls in the first hour do not help to decide."""

PROMISED = 12
"""Promises and deals of each kind that are named."""

ALERTS = 10
"""The worst open alerts; all are counted."""

COUNTS = ("rows", "new", "updated", "unchanged", "duplicate", "rejected")


def gather(database: Database, days: float = 1.0) -> dict[str, Any]:
    """The digest of the last ``days``, as of now."""
    values = settings.effective(database)
    now, zone = database.clock(), values["timezone"]
    since = now - int(days * DAY)
    with database.view():
        version, policy = latest_policy(database)
        viewer = Viewer.now(database, values)
        records = top(database, viewer, CALLS)
        calls = [_call(viewer.entry(record, rank), zone) for rank, record in enumerate(records, 1)]
        sources = _sources(database, since)
        totals = {name: sum(each[name] for each in sources) for name in COUNTS}
        experiments = [results(database, name) for (name,) in database.sql(sql.DIGEST_EXPERIMENTS, (since,))]
        judged = calibration(database, policy)
        return {
            "date": clock_text(now, zone, "%Y-%m-%d"),
            "made_at": iso(now),
            "made_local": clock_text(now, zone),
            "since": iso(since),
            "since_local": clock_text(since, zone),
            "sources": sources,
            "totals": totals,
            "failed": [
                {"file": PurePath(path).name, "message": m}
                for path, m in database.sql(sql.DIGEST_FAILED, (since,))
            ],
            "rejects": _rejects(database, since),
            "calls": calls,
            "yesterday": week.yesterday(database, zone),
            "promises": _promises(database, now, zone),
            "tomorrow": _tomorrow(database, now, zone),
            "deals": [
                {
                    "place": each.address or each.location or each.name,
                    "lead": each.deal.lead_id,
                    "why": wait.why,
                }
                for each, wait in deals.waiting(database, values)[:PROMISED]
            ],
            "outcomes": _outcomes(database, since),
            "experiments": [
                {
                    "name": each["name"],
                    "version": each["version"],
                    "state": each["state"],
                    "metric": each["metric"],
                    "verdict": each["verdict"],
                    "variants": [
                        {
                            "name": v["name"],
                            "script": v["script"],
                            "rate": rate_text(v),
                            "matured": v["matured"],
                        }
                        for v in each["variants"]
                    ],
                    "rates": [tuple(rate) for rate in chart_figures.rates_of(each)],
                }
                for each in experiments
            ],
            "moves": [
                {
                    "script": move.script,
                    "before": move.before,
                    "after": move.after,
                    "by": move.moved_by,
                    "why": move.why,
                }
                for move in scripts.moves_since(database, since)
            ],
            "policy": [
                {"version": each.version, "by": each.created_by, "reason": each.reason}
                for each in policy_history(database)
                if each.created_at >= since and each.version > 1  # the first one comes with the program
            ],
            "alerts": [
                {
                    "severity": alert.severity,
                    "task": alert.task,
                    "reason": alert.reason,
                    "seen": alert.seen,
                    "at": clock_text(alert.last_at, zone),
                }
                for alert in alerts.urgent(database, ALERTS)
            ],
            "open_alerts": sum(alerts.open_by_severity(database).values()),
            "calibration": {"says": judged.says, "alarm": judged.alarm, "brier": judged.brier},
            "bins": [tuple(each) for each in chart_figures.bins_of(judged.table)],
            "funnel": chart_figures.funnel_steps(database),
            "scores": chart_figures.score_counts(database),
            "bands": policy["score"]["bands"],
            "cycles": _cycles(database, since),
            "policy_version": version,
        }


def _promises(database: Database, now: int, zone: str | None) -> list[dict[str, Any]]:
    """What is promised until the end of today, with what is late."""
    end = local_day(local_day(now, zone) + 36 * HOUR, zone)
    return [_promise(each, now, zone) for each in _open(promises.listed(database, until=end))]


def _tomorrow(database: Database, now: int, zone: str | None) -> list[dict[str, Any]]:
    """The appointments of tomorrow: to be confirmed today."""
    first = local_day(local_day(now, zone) + 36 * HOUR, zone)
    last = local_day(first + 36 * HOUR, zone)
    return [_promise(each, now, zone) for each in _open(promises.appointments(database, first, last))]


def _open(found: list[promises.Listed]) -> list[promises.Listed]:
    return [each for each in found if each.suppressed is None][:PROMISED]


def _promise(each: promises.Listed, now: int, zone: str | None) -> dict[str, Any]:
    late = each.promise.at < local_day(now, zone)
    day = clock_text(each.promise.at, zone, "%Y-%m-%d ") if late else ""
    return {**each.to_json(now), "local": f"{day}{hour_text(each.promise.at, zone)}"}


def _call(entry: dict[str, Any], zone: str | None) -> dict[str, Any]:
    """An entry of the call list with its next action in words: one that has to wait says until when."""
    due = entry["next_action_due"]
    if entry["next_action"] == "hold" and due is not None:
        at = int(datetime.fromisoformat(due).timestamp()) * SECOND
        return {**entry, "do": f"{entry['channel'] or 'call'} from {clock_text(at, zone, '%a %H:%M')}"}
    return {**entry, "do": entry["next_action"]}


def _sources(database: Database, since: int) -> list[dict[str, Any]]:
    return [
        dict(zip(("source", "files", *COUNTS), row, strict=True))
        for row in database.sql(sql.DIGEST_IMPORTS, (since,))
    ]


def _cycles(database: Database, since: int) -> dict[str, int]:
    ((done, failed),) = database.sql(sql.DIGEST_RUNS, (since,))
    return {"done": done, "failed": failed}


def _rejects(database: Database, since: int) -> list[dict[str, Any]]:
    found = []
    for code, count, example in database.sql(sql.DIGEST_REJECTS, (since,)):
        ((path, line, message),) = database.sql(sql.DIGEST_EXAMPLE, (example,))
        found.append({"code": code, "count": count, "example": f"{PurePath(path).name}:{line}: {message}"})
    return found


def _outcomes(database: Database, since: int) -> dict[str, Any]:
    rows = database.sql(sql.DIGEST_OUTCOMES, (since,))
    fees = sum(amount or 0 for event, _, amount in rows if event == "won")
    return {"counts": {event: count for event, count, _ in rows}, "fees_cents": fees}
