"""Moments as people type them on a command line or in a spreadsheet, and as they read them, on the operator's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.clock import DAY, SECOND
from valhalla.program import spoken_times
from valhalla.program.spoken_times import Spoken, clock


def moment(text: str, now: int, zone: str | None, *, noon: bool = False) -> int:
    """UTC microseconds of a date or time on the operator's clock (``zone``; None: the computer's).

    Read are ``2026-11-20``, ``2026-11-20 14:30``, ISO 8601 with a zone, and what :mod:`valhalla.program.spoken_times` reads, the
    last one where it leaves that open. A date alone means its first minute, with ``noon`` twelve o'clock or now, whichever is
    earlier. Raises :class:`UsageError`.
    """
    bare = text.strip()
    try:
        found = datetime.fromisoformat(bare)
    except ValueError:
        at = spoken_times.read(bare, now, zone, ahead=False, hour=12 if noon else 0).at
        return min(at, now) if noon and at - now < DAY else at
    dated = len(bare) <= 10
    if dated and noon:
        found = found.replace(hour=12)
    at = _micros(found, zone)
    return min(at, now) if dated and noon and at - now < DAY else at


def ahead(text: str, now: int, zone: str | None) -> int:
    """A moment to come, such as the end of a pause: like :func:`moment`, and where the words leave it open the next one; ``3d``,
    ``2w``, ``6m`` or ``1y`` are from now (a month is 30 days)."""
    return resolve(text, now, zone, hour=0).at


def resolve(text: str, now: int, zone: str | None, *, hour: int = spoken_times.MORNING) -> Spoken:
    """A moment to come, with what a person should know of it (a clock that changes). ``hour``: of a day without one. Raises
    :class:`UsageError`."""
    bare = text.strip()
    try:
        found = datetime.fromisoformat(bare)
    except ValueError:
        return spoken_times.read(bare, now, zone, hour=hour)
    if len(bare) <= 10:
        found = found.replace(hour=hour)
    if found.tzinfo is None:
        return spoken_times.on_clock(found, zone)
    return Spoken(_micros(found, zone))


def local_day(now: int, zone: str | None) -> int:
    """The first moment of the operator's day, UTC microseconds."""
    here = datetime.fromtimestamp(now // SECOND, UTC).astimezone(clock(zone))
    return _micros(here.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), zone)


def clock_text(at: int, zone: str | None, shape: str = "%Y-%m-%d %H:%M") -> str:
    """A moment on the operator's clock."""
    return datetime.fromtimestamp(at // SECOND, UTC).astimezone(clock(zone)).strftime(shape)


def hour_text(at: int, zone: str | None) -> str:
    """The time of day on the operator's clock, as Americans write it: ``2:35 pm``."""
    return clock_text(at, zone, "%I:%M %p").lstrip("0").lower()


def _micros(found: datetime, zone: str | None) -> int:
    if found.tzinfo is None:
        found = found.replace(tzinfo=clock(zone)) if zone else found.astimezone()
    return (found.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
