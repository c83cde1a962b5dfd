"""What is stuck: deals that wait too long in a stage, and people who were talked to and then left. Alerts of it escalate.

Which deals wait, and since when, says :mod:`valhalla.leads.deals`, for Today and the digest as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import DAY
from valhalla.leads import deals
from valhalla.program.wording import several
from valhalla.safety import sql
from valhalla.sandbox.alerts import AlertSystem

if TYPE_CHECKING:
    from db import Database

TASK = "stuck:"
"""What the tasks of these alerts begin with."""

HIGH, CRITICAL = 3, 7
"""Days beyond what is allowed from which on a deal is high, and critical."""

SEVERITY = {"medium": "warning", "high": "error", "critical": "critical"}


class Stuck(NamedTuple):
    """Something that waits too long."""

    task: str
    level: str
    """``medium``, ``high`` or ``critical``: money is at risk."""
    reason: str
    facts: dict[str, Any]


def find(database: Database, values: Mapping[str, Any]) -> list[Stuck]:
    """What is stuck now, the most pressing deal first, then the people."""
    found = [
        Stuck(
            f"{TASK}deal:{each.deal.id}",
            level(wait),
            f"Deal {each.deal.id} (lead {each.deal.lead_id}): {wait.why}",
            {
                "deal": each.deal.id,
                "lead": each.deal.lead_id,
                "stage": each.deal.stage,
                "days_over": wait.over,
            },
        )
        for each, wait in deals.waiting(database, values)
    ]
    return found + _people(database, int(values["stuck.contact_days"]))


def level(wait: deals.Wait) -> str:
    """How pressing a deal is. A closing date that has passed is critical at once: the contract may be lost."""
    if wait.code == "closing" or wait.over >= CRITICAL:
        return "critical"
    if wait.over >= HIGH or (wait.code in ("inspection", "contract") and wait.over >= -1):
        return "high"
    return "medium"


def raise_alerts(database: Database, values: Mapping[str, Any]) -> list[Stuck]:
    """Raise an alert for each that is stuck, escalate those that got worse, and close those that moved on."""
    system, found = AlertSystem(database=database), find(database, values)
    for each in found:
        system.repeat(each.task, each.reason, SEVERITY[each.level], each.facts, about_task=True)
    tasks = {each.task for each in found}
    for alert in system.standing(TASK):
        if alert.task not in tasks:
            system.close(alert.id)
    return found


def _people(database: Database, days: int) -> list[Stuck]:
    """One for all of them: a condition is counted once."""
    now = database.clock()
    count, oldest = database.sql(sql.LEFT_AFTER_CONTACT, {"now": now, "since": now - days * DAY})[0]
    if not count:
        return []
    waited = (now - oldest) // DAY
    reason = f"{several(count, 'lead')} talked to {days} days ago or longer without another step"
    facts = {"leads": count, "days": waited, "days_over": waited - days}
    return [Stuck(f"{TASK}contact", "high" if waited >= 2 * days else "medium", reason, facts)]
