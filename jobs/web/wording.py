"""Times and numbers as pages write them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache

from db.clock import DAY, HOUR, MINUTE, SECOND, now


def micros(at: int | str) -> int:
    """UTC microseconds of a time as the file or the JSON has it."""
    if isinstance(at, int):
        return at
    found = datetime.fromisoformat(at)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * SECOND)


def ago(at: int | str) -> str:
    """3 min ago, in 2 h; more than a day away: the date on this computer's clock."""
    away = micros(at) - now()
    far = abs(away)
    if far >= DAY:
        return f"{_here(micros(at)):%Y-%m-%d}"
    if far < 10 * SECOND:
        return "now"
    if far < MINUTE:
        text = f"{far // SECOND} s"
    elif far < HOUR:
        text = f"{far // MINUTE} min"
    else:
        text = f"{far // HOUR} h"
    return f"in {text}" if away > 0 else f"{text} ago"


def stamp(at: int | str) -> str:
    """For a title: the exact time, UTC and on this computer's clock."""
    return _stamp(micros(at) // SECOND, time.tzname)


def moment(at: int | str) -> str:
    """ISO 8601, for the ``datetime`` attribute."""
    return _moment(micros(at) // SECOND)


# Pages name the same moments again and again.


@lru_cache(maxsize=2_000)
def _stamp(second: int, zone: tuple[str, str]) -> str:
    """``zone``: this computer's, which may be set to another one."""
    here = _here(second * SECOND)
    return f"{_utc(second)} UTC · {here.replace(tzinfo=None)} {here.tzname() or 'here'}"


@lru_cache(maxsize=2_000)
def _moment(second: int) -> str:
    return f"{_utc(second).isoformat()}+00:00"


def _utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None)


def _here(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND).astimezone()


def number(value: float) -> str:
    """1,234 or 12.5."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def words(name: str) -> str:
    """An enumeration's word as people write it: opted_out is opted out."""
    return name.replace("_", " ")


def span(seconds: float) -> str:
    """A duration: 40 ms, 0.4 s, 12 s, 3:07 min, 2 h 5 min."""
    if seconds < 0.1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
