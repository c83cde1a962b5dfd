"""The assessment: everything measured together, the alerts opened, escalated and closed, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.clock import SECOND, iso
from valhalla.effects import live
from valhalla.program import correlation
from valhalla.program.files import write_report
from valhalla.program.instance import running
from valhalla.safety import performance, quality, risk_rules, security, stuck, thresholds
from valhalla.sandbox.alerts import AlertSystem
from valhalla.scoring import store as stages

if TYPE_CHECKING:
    from db import Database
    from valhalla.program.home import Home

REPORT_NAME = "risk_monitoring_results.json"

CALM = 90 * SECOND
"""A risk alert closes when its rule has been silent for so long: one good look between two bad ones closes nothing."""

OFF_TASK = "risk:monitoring"


def assess(
    database: Database, home: Home | None, values: Mapping[str, Any], *, alerting: bool = True
) -> dict[str, Any]:
    """Measure everything now. ``alerting``: open and close alerts (a command that only reads does not)."""
    now = database.clock()
    folder = home.path if home else None
    data = quality.measure(database, values["risk.fresh_days"]) if alerting else quality.measured(database)
    load = performance.measure(database, folder, values)
    safety = security.measure(database, folder, values, running(folder) if folder else None)
    if alerting:
        stages.note_quality(database, data["score"])
    found, silent = risk_rules.findings(risk_rules.Ground(database, values, load, now))
    system = AlertSystem(database=database)
    if alerting:
        with correlation.using(None):
            _raise_alerts(system, found)
            stuck.raise_alerts(database, values)
            if values["risk_monitoring"]:
                system.settle(OFF_TASK)
            else:
                system.repeat(OFF_TASK, "risk monitoring is switched off", "info")
    counts = system.counts()
    # A deal that waits is money at risk and an alert of its own; it says nothing about the data or the program.
    waiting = Counter(each.severity for each in system.standing(stuck.TASK))
    broken = counts["critical"] - waiting["critical"]
    open_levels = {each.level for each in found} | ({"critical"} if broken else set())
    level = max(open_levels, key=risk_rules.LEVELS.index).upper() if open_levels else None
    asked = len(risk_rules.RULES) - len(silent)
    return {
        "timestamp": iso(now),
        "monitoring_active": bool(values["risk_monitoring"]),
        "dry_run_enabled": live.current(database) is None,
        "overall_status": _overall(level, data, load, safety),
        "risk_level": level or "LOW",
        "risk_level_reason": None
        if level
        else f"no rule speaks ({asked} of {len(risk_rules.RULES)} could be asked)",
        "data_quality": data,
        "system_performance": load,
        "security": safety,
        "alerts": {
            "critical": counts["critical"] + counts["error"],
            "warnings": counts["warning"],
            "info": counts["info"],
            "total": sum(counts.values()),
        },
        "deals": {
            "waiting": sum(waiting.values()),
            "critical": waiting["critical"],
            "high": waiting["error"],
        },
        "rules": {
            "speaking": [
                {
                    "rule": each.rule,
                    "level": each.level,
                    "subject": each.subject,
                    "reason": each.reason,
                    **each.facts,
                }
                for each in found
            ],
            "not_asked": silent,
            "thresholds": [each.to_json() for each in thresholds.thresholds(database, values, folder)],
        },
    }


def save(report: Mapping[str, Any], logs: Path) -> Path:
    """Write the report into ``logs``; returns its path."""
    path = logs / REPORT_NAME
    write_report(path, dict(report))
    return path


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """The ``risk_assessment`` of a production report."""
    return {
        "overall_status": report["overall_status"],
        "data_quality_score": report["data_quality"]["score"],
        "data_quality_score_reason": report["data_quality"]["score_reason"],
        "system_performance": report["system_performance"]["status"],
        "security_status": report["security"]["status"],
        "alerts": [each["reason"] for each in report["rules"]["speaking"]],
    }


def _raise_alerts(system: AlertSystem, found: list[risk_rules.Finding]) -> None:
    worst: dict[str, risk_rules.Finding] = {}
    for each in sorted(
        (each for each in found if not each.is_alerted), key=lambda each: risk_rules.LEVELS.index(each.level)
    ):
        worst[each.task] = each
    for each in worst.values():
        system.repeat(each.task, each.reason, risk_rules.SEVERITY[each.level], each.facts, about_task=True)
    standing = system.standing("risk:R")
    now = (
        system.database.clock()
    )  # after they were read: one raised or acknowledged during the assessment is not of the future
    for alert in standing:
        if alert.task not in worst and not 0 <= now - alert.last_at < CALM:
            system.close(alert.id)


def _overall(
    level: str | None, data: Mapping[str, Any], load: Mapping[str, Any], safety: Mapping[str, Any]
) -> str:
    """CRITICAL, WARNING, HEALTHY, or UNKNOWN when nothing has been read yet and nothing is wrong.

    That the file is not encrypted stands in the security status; it is so on every home and would hide the rest here.
    """
    weak = [
        name
        for name, each in safety["details"].items()
        if each["result"] == security.WARNING and name not in ("encryption_at_rest", "dry_run")
    ]
    if level in ("HIGH", "CRITICAL") or safety["status"] == "CRITICAL":
        return "CRITICAL"
    if level == "MEDIUM" or data["status"] in ("WATCH", "POOR") or load["status"] == "DEGRADED" or weak:
        return "WARNING"
    return "UNKNOWN" if data["status"] == "NO_DATA" or load["status"] == "UNKNOWN" else "HEALTHY"
