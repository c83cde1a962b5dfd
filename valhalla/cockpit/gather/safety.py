"""Safety as pages show it: GO or NO-GO, the thirty blocks, limits, heartbeat, risk by dimension, the last validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from db import Database
from db.clock import HOUR, iso
from jobs import JobState, count_up_to, newest_jobs, newest_of_each_kind
from valhalla.cockpit.state import Cockpit
from valhalla.effects import live
from valhalla.program import settings
from valhalla.program.database import schema_version
from valhalla.safety import jobs, quality, validation
from valhalla.safety import risk as assessing
from valhalla.safety.risk_rules import LEVELS
from valhalla.sandbox import alerts, governor
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.sandbox.heartbeat import seen_from_outside
from valhalla.sandbox.idempotency import count_keys
from valhalla.service import production

DENIED = 5
BIGGEST_REPORT = 2**21

FORMULAS = {
    "validity": "records that pass every rule / records",
    "completeness": "0.7 · filled required cells / (3 · records) + 0.3 · filled cells of mapped optional columns / those cells",
    "uniqueness": "(valid records − duplicates within the list) / valid records",
    "consistency": "stored leads without a warning, a price above 1.5 · ARV or an outlying price / stored leads",
    "timeliness": "leads whose list date is fresh / leads with a list date",
}
"""docs/risk.md has them, too."""


def gather(cockpit: Cockpit) -> dict[str, Any]:
    """Everything, as of now, or as of when it was last checked."""
    database = cockpit.database
    values = settings.effective(database)
    with database.view():
        work = {job.name: _work(job) for job in newest_of_each_kind(database, jobs.JOBS)}
        checks = _checks(database)
        limits = list(GovernorEnforcer(database=database).get_status().values())
        denied = [
            {**each._asdict(), "at": iso(each.at)} for each in governor.latest_violations(database, DENIED)
        ]
        heart = seen_from_outside(database)
        states = _states(database, limits, heart)
    for block in checks["blocks"] if checks else []:
        block["now"] = states.get(block.get("number"))
    risk = _report(cockpit.home.logs / assessing.REPORT_NAME) or _last(database, jobs.RISK_JOB)
    return {
        "verdict": _verdict(checks, risk),
        "checks": checks,
        "limits": limits,
        "denied": denied,
        "heartbeat": heart,
        "risk": _with_formulas(risk) if risk else None,
        "limits_of": {name: value for name, value in values.items() if name.startswith("risk.")},
        "validation": _report(cockpit.home.logs / validation.REPORT_NAME),
        "production": _report(cockpit.home.logs / production.REPORT_NAME),
        "can_run": cockpit.background.checking.workflow is not None,
        "work": work,
        "working": [
            name for name, each in work.items() if each["state"] in ("waiting", "running", "scheduled")
        ],
    }


def _verdict(checks: dict[str, Any] | None, risk: dict[str, Any] | None) -> dict[str, Any] | None:
    """``go``: whether every check passed and the risk is not critical; ``why`` not, in words. None: not checked yet."""
    if checks is None:
        return None
    failed = [check["name"] for check in checks["checks"] if not check["ok"]]
    if failed:
        return {"go": False, "why": f"failed: {', '.join(failed)}"}
    if risk is None or risk["overall_status"] != "CRITICAL":
        return {"go": True, "why": None}
    speaking = max(risk["rules"]["speaking"], key=lambda each: LEVELS.index(each["level"]), default=None)
    return {"go": False, "why": "the risk is critical" + (f": {speaking['reason']}" if speaking else "")}


def _checks(database: Database) -> dict[str, Any] | None:
    found = _last(database, jobs.CHECKS_JOB)
    return found if found and "checks" in found and "blocks" in found else None


def _last(database: Database, name: str) -> dict[str, Any] | None:
    found = newest_jobs(database, (name,), state="done")
    return found[0].result if found and isinstance(found[0].result, dict) else None


def _work(job: JobState) -> dict[str, Any]:
    ended = job.result if job.state == "done" and job.name == jobs.PRODUCTION_JOB else None
    return {
        "job": job.id,
        "state": job.state,
        "steps": (ended or {}).get("steps") or (job.progress or {}).get("steps") or [],
        "error": job.error,
        "at": iso(job.finished_at or job.started_at or job.created_at),
    }


def _report(path: Path) -> dict[str, Any] | None:
    """A report as it lies in the logs folder; None: there is none that can be read."""
    try:
        if path.stat().st_size > BIGGEST_REPORT:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "timestamp" in found else None


def _with_formulas(report: dict[str, Any]) -> dict[str, Any]:
    parts = report["data_quality"]["details"]["dimensions"]
    weight = sum(part["weight"] for part in parts.values() if part["value"] is not None)
    for name, part in parts.items():
        part["formula"] = FORMULAS[name]
        known = part["value"] is not None
        part["points"] = round(100 * part["weight"] * part["value"] / weight, 2) if known else None
    report["weakest"] = min(
        (name for name in parts if parts[name]["value"] is not None),
        key=lambda name: parts[name]["value"],
        default=None,
    )
    report["thresholds"] = {"good": quality.GOOD, "ok": quality.OK, "watch": quality.WATCH}
    return report


def _states(
    database: Database, limits: list[dict[str, Any]], heart: dict[str, Any] | None
) -> dict[int | None, str]:
    """What each block is doing in this file, in a few words, by its number."""
    counts = count_up_to(database)
    session = live.current(database)
    beat = "has not beaten yet"
    if heart is not None:
        beat = f"{heart['seconds_since_heartbeat']:.0f} s ago" if heart["is_running"] else "stopped"
    keys = count_keys(database)
    denied = governor.violations_since(database, database.clock() - HOUR)
    open_alerts = sum(alerts.open_by_severity(database).values())
    return {
        1: f"schema {schema_version(database)}",
        2: "dry run" if session is None else "LIVE",
        3: f"{counts.waiting} waiting, {counts.running} running, {counts.dead} failed",
        4: beat,
        6: f"{'1,000 or more' if keys >= 1000 else keys} keys kept",
        7: f"{len(limits)} limits, {denied} denied in the last hour",
        8: f"{open_alerts} open",
    }
