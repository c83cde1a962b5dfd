"""Data quality: five dimensions with their inputs, counted once per import and summed over the lists as they stand.

Accuracy, the sixth of the DAMA dimensions (2013), cannot be measured without a trusted reference and is not claimed.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.clock import DAY
from db.orm import fn
from valhalla.intake.models import Import, Reject
from valhalla.safety import sql
from valhalla.safety.models import Quality
from valhalla.scoring.lead_model import Lead
from valhalla.scoring.stages.statistics import wilson

if TYPE_CHECKING:
    from db import Database

WEIGHTS = {
    "validity": 0.35,
    "completeness": 0.25,
    "uniqueness": 0.15,
    "consistency": 0.15,
    "timeliness": 0.10,
}
REQUIRED = ("name", "email", "value")
OPTIONAL = ("phone", "location", "list_date", "address", "arv", "repairs", "sqft", "condition", "beds")
GOOD, OK, WATCH = 95.0, 90.0, 85.0
LEAST_VALIDITY = 0.90
ENOUGH = 20
"""Under so many records the fraction is shown with its interval, and no rule applies."""

MAD_LIMIT = 5.0
SAMPLE = 50_000
"""Leads of an import among which outliers and equal prices are looked for."""


@dataclass(frozen=True)
class Counts:
    """What was counted in one import, or in several together."""

    import_id: int
    source_id: int
    file_id: int
    at: int
    records: int
    rejected: int
    duplicates: int
    missing_cells: int
    stored: int
    optional_cells: int
    optional_filled: int
    inconsistent: int
    outliers: int
    dated: int
    fresh: int
    same_value: int
    required: int
    """How many of :data:`REQUIRED` the list has columns for: of those a blank cell is missing."""

    @property
    def valid(self) -> int:
        """Records that passed every rule."""
        return self.records - self.rejected


def count(database: Database, fresh_days: int = 90) -> int:
    """Count the imports that have ended since the last time; returns how many."""
    rows = database.sql(sql.UNCOUNTED_IMPORTS)
    for number, source, file, at, records, rejected, duplicates, fields in rows:
        known = set(json.loads(fields).values())
        mapped = [field for field in OPTIONAL if field in known]
        required = [field for field in REQUIRED if field in (known or REQUIRED) or field == "name"]
        filled = " + ".join(f"count({field})" for field in mapped) or "0"
        stored, optional, inconsistent, dated, fresh, unpriced = database.sql(
            sql.FILLED_CELLS.format(filled=filled),
            (at - fresh_days * DAY, number),
        )[0]
        priced = Lead.select(Lead.value).where(Lead.last_import_id == number, Lead.value.is_null(False))
        values = priced.limit(SAMPLE).tuples().execute(database)
        outliers, same = _values([value for (value,) in values])
        # Every code for a required cell without a value begins so.
        blank = Reject.select().where(Reject.import_id == number, Reject.code.startswith("MISSING_"))
        missing = blank.count(database) + (unpriced if "value" in required else 0)
        row = (
            *(number, source, file, at, records, rejected, duplicates, missing, stored),
            *(stored * len(mapped), optional, inconsistent, outliers, dated, fresh, same, len(required)),
        )
        with database.write():
            # Two processes may count the same import; the first is kept.
            Quality.insert_many([row], Quality._meta.sorted_fields).on_conflict_ignore().execute(database)
    return len(rows)


def _values(values: list[int]) -> tuple[int, int]:
    """How many prices lie more than five median absolute deviations from the median on a log scale, and how many
    records have the commonest price."""
    if len(values) < ENOUGH:
        return 0, 0
    logs = [math.log(value) for value in values]
    middle = statistics.median(logs)
    spread = statistics.median(abs(each - middle) for each in logs)
    outliers = sum(abs(each - middle) > MAD_LIMIT * spread for each in logs) if spread > 0 else 0
    return outliers, Counter(values).most_common(1)[0][1]


def standing(database: Database) -> list[Counts]:
    """The newest counted import of each file."""
    newest = Quality.select(fn.max(Quality.import_id)).join(Import, on=Import.id == Quality.import_id)
    newest = newest.where(Import.state == "done").group_by(Quality.file_id)
    rows = Quality.select().where(Quality.import_id.in_(newest)).tuples().execute(database)
    return [Counts(*row) for row in rows]


def history(database: Database, source_id: int, limit: int = 21) -> list[Counts]:
    """The newest counted imports of a source, newest first."""
    rows = Quality.select().where(Quality.source_id == source_id).order_by(Quality.import_id.desc())
    return [Counts(*row) for row in rows.limit(limit).tuples().execute(database)]


def dimensions(counts: list[Counts]) -> dict[str, dict[str, Any]]:
    """Each dimension's value (0 to 1), numerator and denominator; value None with a reason where it is not measured."""

    def total(name: str) -> int:
        return sum(getattr(each, name) for each in counts)

    records, valid, stored = total("records"), total("valid"), total("stored")
    needed = sum(each.required * each.records for each in counts)
    filled = needed - total("missing_cells")
    optional, optional_filled = total("optional_cells"), total("optional_filled")
    found = {
        "validity": _part(valid, records, "no record was read"),
        "completeness": _part(filled, needed, "no record was read"),
        "uniqueness": _part(valid - total("duplicates"), valid, "no valid record"),
        "consistency": _part(
            stored - min(stored, total("inconsistent") + total("outliers")),
            stored,
            "no lead of these imports is stored as they left it",
        ),
        "timeliness": _part(total("fresh"), total("dated"), "no lead has a list date"),
    }
    if found["completeness"]["value"] is not None and optional:
        found["completeness"]["value"] = 0.7 * filled / needed + 0.3 * optional_filled / optional
        found["completeness"]["optional"] = [optional_filled, optional]
    return {name: {**part, "weight": WEIGHTS[name]} for name, part in found.items()}


def _part(numerator: int, denominator: int, otherwise: str) -> dict[str, Any]:
    if denominator <= 0:
        return {"value": None, "reason": otherwise}
    return {"value": numerator / denominator, "numerator": numerator, "denominator": denominator}


def score(parts: dict[str, dict[str, Any]]) -> float | None:
    """100 times the weighted mean over the dimensions that were measured; None when none was."""
    measured = [(part["weight"], part["value"]) for part in parts.values() if part["value"] is not None]
    weight = sum(weight for weight, _ in measured)
    return round(100 * sum(weight * value for weight, value in measured) / weight, 2) if weight else None


def status(parts: dict[str, dict[str, Any]], points: float | None) -> str:
    """GOOD from 95, OK from 90, WATCH from 85, else POOR; POOR whatever the score under 90 % validity; NO_DATA."""
    validity = parts["validity"]["value"]
    if points is None or validity is None:
        return "NO_DATA"
    if validity < LEAST_VALIDITY:
        return "POOR"
    return "GOOD" if points >= GOOD else "OK" if points >= OK else "WATCH" if points >= WATCH else "POOR"


def measure(database: Database, fresh_days: int = 90) -> dict[str, Any]:
    """Count what is new, then the report's ``data_quality``."""
    count(database, fresh_days)
    return measured(database)


def measured(database: Database) -> dict[str, Any]:
    """The report's ``data_quality`` of what has been counted so far; writes nothing."""
    counts = standing(database)
    parts = dimensions(counts)
    points = score(parts)
    records = sum(each.records for each in counts)
    details: dict[str, Any] = {"records": records, "imports": len(counts), "dimensions": parts}
    if 0 < records < ENOUGH:
        low, high = wilson(sum(each.valid for each in counts), records)
        details["validity_interval"] = [round(low, 4), round(high, 4)]
        details["note"] = f"only {records} records: the interval is wide and no rule applies"
    known = [part for part in parts.values() if part["value"] is not None]
    passed = sum(part["value"] >= LEAST_VALIDITY for part in known)
    return {
        "status": status(parts, points),
        "score": points,
        "score_reason": None if points is not None else "no record has been read yet",
        "checks_passed": passed,
        "checks_failed": len(known) - passed,
        "details": details,
    }
