"""Quiet hours: when nobody may be called or texted, in the lead's own time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

COMPUTER = ""
"""The zone of the computer that the program runs on, beside the IANA names."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class QuietHours(NamedTuple):
    """From and until, minutes after midnight; the end belongs to the open hours. Equal ends: there are none."""

    start: int
    end: int

    @classmethod
    def of(cls, start: str, end: str) -> QuietHours:
        """``20:00`` and ``08:00``."""
        return cls(_minutes(start), _minutes(end))

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day is quiet."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def open_from(now: int, zones: Sequence[str], quiet: QuietHours) -> int:
    """The first moment at or after ``now`` (UTC microseconds) that is quiet in none of the zones.

    When the zones together leave no such moment within two days, that of the first zone alone.
    """
    moment = _EPOCH + timedelta(microseconds=now)
    limit = moment + timedelta(days=2)
    while moment < limit:
        later = max(_end(moment, zone, quiet) for zone in zones)
        if later == moment:
            return (moment - _EPOCH) // _MICROSECOND
        moment = later
    return open_from(now, zones[:1], quiet) if len(zones) > 1 else now


def closes_at(now: int, zones: Sequence[str], quiet: QuietHours) -> int | None:
    """The first moment after ``now`` (UTC microseconds) at which quiet hours begin in one of the zones; None: there are none."""
    if quiet.start == quiet.end:
        return None
    moment = _EPOCH + timedelta(microseconds=now)
    return min((_start(moment, zone, quiet) - _EPOCH) // _MICROSECOND for zone in zones)


def _start(moment: datetime, zone: str, quiet: QuietHours) -> datetime:
    local = moment.astimezone(_zone(zone))
    start = local.replace(hour=quiet.start // 60, minute=quiet.start % 60, second=0, microsecond=0, fold=0)
    if start <= local:
        start += timedelta(days=1)
    if zone == COMPUTER:
        start = start.replace(tzinfo=None)
    return start.astimezone(UTC)


def _end(moment: datetime, zone: str, quiet: QuietHours) -> datetime:
    """When the quiet hours that hold at ``moment`` end in a zone; ``moment`` itself when none do."""
    local = moment.astimezone(_zone(zone))
    if not quiet.holds(local.hour * 60 + local.minute):
        return moment
    end = local.replace(hour=quiet.end // 60, minute=quiet.end % 60, second=0, microsecond=0, fold=0)
    if end <= local:
        end += timedelta(days=1)
    if zone == COMPUTER:
        end = end.replace(tzinfo=None)  # the offset of now need not be that of then
    return max(end.astimezone(UTC), moment + timedelta(minutes=1))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name != COMPUTER else None


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
