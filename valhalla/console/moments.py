"""Points in time as other programs write them, in milliseconds."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

MILLISECONDS_FROM = 10**11
"""Numbers from here on are milliseconds: as seconds they would lie after the year 5000."""

LATEST = 10**14
"""The last millisecond that is believed (year 5138)."""


def now_ms() -> int:
    """Wall clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def milliseconds(value: object) -> int | None:
    """``value`` in UTC milliseconds: a number or digits in seconds or milliseconds, or ISO 8601 (without a zone: UTC).

    None for nothing (None, an empty text). Raises ValueError for what is not a point in time.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise ValueError("a truth value is not a point in time")
    if isinstance(value, int | float):
        return _of_number(float(value))
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return _of_iso(text)
    return _of_number(number)


def _of_number(number: float) -> int:
    if not math.isfinite(number) or number < 0 or number >= LATEST:
        raise ValueError("no point in time")
    return round(number if number >= MILLISECONDS_FROM else number * 1000)


def _of_iso(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
