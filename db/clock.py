"""Time as the file stores it: whole microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """The wall clock, UTC microseconds."""
    return time.time_ns() // 1000


def to_datetime(at: int) -> datetime:
    """The moment ``at`` (UTC microseconds) as an aware datetime."""
    return datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND)


def iso(at: int) -> str:
    """The moment ``at`` (UTC microseconds) as ISO 8601 with zone, to the second."""
    return to_datetime(at).isoformat(timespec="seconds")
