"""What a day brought, as JSON values."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

from db import Database
from db.clock import DAY, HOUR, SECOND, iso
from db.orm import fn
from valhalla.intake.models import Import, Reject, Source
from valhalla.leads import deals, promises
from valhalla.leads.call_list import top
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.models import Cycle
from valhalla.program.moments import clock_text, hour_text, local_day
from valhalla.reports import chart_figures, week
from valhalla.sandbox import alerts
from valhalla.scoring import scripts
from valhalla.scoring.calibration import calibration
from valhalla.scoring.experiment_results import rate_text, results
from valhalla.scoring.models import Experiment, Outcome
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
        experiments = [results(database, name) for name in _experiments(database, since)]
        judged = calibration(database, policy)
        return {
            "date": clock_text(now, zone, "%Y-%m-%d"),
            "made_at": iso(now),
            "made_local": clock_text(now, zone),
            "since": iso(since),
            "since_local": clock_text(since, zone),
            "sources": sources,
            "totals": totals,
            "failed": [{"file": PurePath(path).name, "message": m} for path, m in _failed(database, since)],
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
    row, rows = Import, fn.sum(Import.rows)
    sums = [fn.sum(each) for each in (row.new, row.updated, row.unchanged, row.duplicate, row.rejected)]
    query = row.select(Source.name, fn.count(row.file_id.distinct()), rows, *sums)
    query = query.join(Source, on=Source.id == row.source_id).group_by(Source.name)
    # What was undone brought nothing.
    query = query.where(row.started_at >= since, row.state != "undone", row.rows > 0)
    found = query.order_by(rows.desc(), Source.name).tuples().execute(database)
    return [dict(zip(("source", "files", *COUNTS), each, strict=True)) for each in found]


def _failed(database: Database, since: int) -> Any:
    """Path and message, the newest first; five are enough to see what is wrong."""
    row = Import
    query = row.select(row.path, row.error_message).where(row.started_at >= since, row.state == "failed")
    query = query.where(row.error_message.is_null(False)).order_by(row.id.desc()).limit(5)
    return query.tuples().execute(database)


def _experiments(database: Database, since: int) -> list[str]:
    """Running ones first, then those that began or ended within the time."""
    row = Experiment
    recent = (row.state == "running") | (row.stopped_at >= since) | (row.started_at >= since)
    found = row.select(row.name).where(recent).order_by(row.state != "running", row.id)
    return [each.name for each in found.execute(database)]


def _cycles(database: Database, since: int) -> dict[str, int]:
    ended = Cycle.select().where(Cycle.started_at >= since, Cycle.finished_at.is_null(False))
    return {"done": ended.count(database), "failed": ended.where(Cycle.ok == 0).count(database)}


def _rejects(database: Database, since: int) -> list[dict[str, Any]]:
    row, found = Reject, []
    query = row.select(row.code, fn.count(), fn.min(row.id)).join(Import, on=Import.id == row.import_id)
    query = query.where(Import.started_at >= since, row.state == "open", row.code != "BUYER")
    query = query.group_by(row.code).order_by(fn.count().desc(), row.code).limit(6).tuples()
    for code, count, example in list(query.execute(database)):
        first = row.select(Import.path, row.line, row.message).join(Import, on=Import.id == row.import_id)
        ((path, line, message),) = first.where(row.id == example).tuples().execute(database)
        found.append({"code": code, "count": count, "example": f"{PurePath(path).name}:{line}: {message}"})
    return found


def _outcomes(database: Database, since: int) -> dict[str, Any]:
    # By when they were recorded, not by when they happened: the day's work.
    row = Outcome
    query = row.select(row.event, fn.count(), fn.sum(row.amount)).where(row.recorded_at >= since)
    rows = list(query.where(row.undone_at.is_null()).group_by(row.event).tuples().execute(database))
    fees = sum(amount or 0 for event, _, amount in rows if event == "won")
    return {"counts": {event: count for event, count, _ in rows}, "fees_cents": fees}
