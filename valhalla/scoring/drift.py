"""Do the predictions still hold? By month, as many closes as were expected, or not."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from db.clock import SECOND
from valhalla.scoring import store as stages
from valhalla.scoring.calibration import predictions
from valhalla.scoring.stages.statistics import calibration

if TYPE_CHECKING:
    from db import Database

ENOUGH = 20
"""Predictions that a month must have to be judged."""

ALARM = 3.0
"""|z| from which on a month's closes are not what was expected."""


def by_month(database: Database) -> list[dict[str, Any]]:
    """Of each month in which leads had their result: ``{month, n, expected, closed, z, drifted}``, oldest first. ``z`` and ``drifted`` are
    None under :data:`ENOUGH` predictions."""
    _, policy = stages.latest_policy(database)
    months: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for each in predictions(database, policy):
        month = datetime.fromtimestamp(each.resolved_at // SECOND, UTC).strftime("%Y-%m")
        months[month].append((each.p / 1_000_000, int(each.closed)))
    return [_judged(month, *zip(*pairs, strict=True)) for month, pairs in sorted(months.items())]


def _judged(month: str, predicted: tuple[float, ...], happened: tuple[int, ...]) -> dict[str, Any]:
    found = calibration(predicted, happened)
    enough = len(predicted) >= ENOUGH
    return {
        "month": month,
        "n": len(predicted),
        "expected": round(found.expected, 2),
        "closed": found.observed,
        "z": round(found.z, 2) if enough else None,
        "drifted": abs(found.z) >= ALARM if enough else None,
    }
