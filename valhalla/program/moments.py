"""Moments as people type them on a command line or in a spreadsheet, and as they read them, on the operator's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from db.clock import DAY, SECOND
from valhalla.program.errors import UsageError

_AHEAD = re.compile(r"\+?(\d{1,4})\s*([dwmy])", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def moment(text: str, now: int, zone: str | None, *, noon: bool = False) -> int:
    """UTC microseconds of a date or time on the operator's clock (``zone``; None: the computer's).

    Read are ``2026-11-20``, ``2026-11-20 14:30`` and ISO 8601 with a zone. A date alone means its first minute, with
    ``noon`` twelve o'clock or now, whichever is earlier. Raises :class:`UsageError`.
    """
    bare = text.strip()
    try:
        found = datetime.fromisoformat(bare)
    except ValueError:
        raise UsageError(f"{text!r} is no time; write it as 2026-11-20 or 2026-11-20 14:30") from None
    dated = len(bare) <= 10
    if dated and noon:
        found = found.replace(hour=12)
    at = _micros(found, zone)
    return min(at, now) if dated and noon and at - now < DAY else at


def ahead(text: str, now: int, zone: str | None) -> int:
    """Like :func:`moment`, and also ``3d``, ``2w``, ``6m`` or ``1y`` from now (a month is 30 days)."""
    match = _AHEAD.fullmatch(text.strip().lower())
    if match:
        return now + int(match[1]) * _DAYS[match[2]] * DAY
    return moment(text, now, zone)


def local_day(now: int, zone: str | None) -> int:
    """The first moment of the operator's day, UTC microseconds."""
    here = datetime.fromtimestamp(now // SECOND, UTC).astimezone(_clock(zone))
    return _micros(here.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), zone)


def clock_text(at: int, zone: str | None, shape: str = "%Y-%m-%d %H:%M") -> str:
    """A moment on the operator's clock."""
    return datetime.fromtimestamp(at // SECOND, UTC).astimezone(_clock(zone)).strftime(shape)


def _micros(found: datetime, zone: str | None) -> int:
    if found.tzinfo is None:
        found = found.replace(tzinfo=_clock(zone)) if zone else found.astimezone()
    return (found.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _clock(zone: str | None) -> tzinfo | None:
    """The clock of a zone; None: the computer's."""
    from zoneinfo import ZoneInfo  # an import of a list, which tells no time, does without

    return ZoneInfo(zone) if zone else None
