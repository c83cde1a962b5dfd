"""Five-field cron expressions, and when they come on the clock of a time zone.

When a clock is put forward or back, they do as Vixie cron does (cron(8), "local time changes of less than three hours"):
an expression for fixed times runs for readings that were skipped when the clock has jumped, and once for those that come
twice; one whose minute or hour begins with ``*`` is an interval and runs by the time that passes.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from db.clock import MINUTE, SECOND

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = dict(
    zip(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        range(1, 13),
        strict=True,
    )
)
_DAYS = dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True))
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


@dataclass(frozen=True)
class Cron:
    """A parsed expression: the allowed values of each field."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either_day: bool
    """Day and weekday are both restricted: as in every cron, one of them is enough."""
    interval: bool
    """The minute or the hour begins with ``*``."""

    @classmethod
    def parse(cls, expression: str) -> Cron:
        """Read ``*``, ``a``, ``a-b``, ``a,b``, ``*/n``, ``a-b/n``, month and day names. Raises ``ValueError`` with the field."""
        parts = _NAMED.get(expression.strip().lower(), expression).split()
        if len(parts) != 5:
            raise ValueError(
                f"a cron expression has five fields (minute hour day month weekday), not {len(parts)}: {expression!r}"
            )
        sets = [_field(text.lower(), *field) for text, field in zip(parts, _FIELDS, strict=True)]
        minutes, hours, days, months, weekdays = sets
        either = not parts[2].startswith("*") and not parts[4].startswith("*")
        interval = parts[0].startswith("*") or parts[1].startswith("*")
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either, interval)

    def matches(self, at: datetime.datetime) -> bool:
        """Whether the expression includes the minute of ``at`` (a clock reading; its zone is ignored)."""
        return at.minute in self.minutes and at.hour in self.hours and self._has_day(at)

    def _has_day(self, at: datetime.datetime) -> bool:
        if at.month not in self.months:
            return False
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return day or weekday if self.either_day else day and weekday

    def following(self, reading: datetime.datetime) -> datetime.datetime | None:
        """The next reading of a clock after ``reading`` (without zone) that is included; None: there is none in 12 years."""
        at = reading.replace(second=0, microsecond=0, fold=0) + _MINUTE
        last = min(reading.year + 12, datetime.MAXYEAR - 1)
        while at.year <= last:
            if at.month not in self.months:
                at = (at.replace(day=1) + datetime.timedelta(days=32)).replace(day=1, hour=0, minute=0)
            elif not self._has_day(at):
                at = at.replace(hour=0, minute=0) + datetime.timedelta(days=1)
            else:
                minute = min((each for each in self.minutes if each >= at.minute), default=None)
                if minute is not None and at.hour in self.hours:
                    return at.replace(minute=minute)
                at = at.replace(minute=0) + datetime.timedelta(hours=1)
        return None

    def after(self, at: int, zone: datetime.tzinfo | None) -> int | None:
        """The next moment after ``at`` (UTC microseconds) at which it comes on the clock of ``zone`` (None: this machine's)."""
        now = at - at % MINUTE
        reading = _reading(now, zone)
        repeated = self._repeated(now, reading, zone) if self.interval else None
        following = self.following(reading)
        while following is not None:
            for moment in self._moments(following, zone):
                if moment > at:
                    return moment if repeated is None else min(moment, repeated)
            following = self.following(following)
        return repeated

    def _repeated(self, now: int, reading: datetime.datetime, zone: datetime.tzinfo | None) -> int | None:
        """The first reading not after this one that comes again, when the clock is about to be put back over it."""
        again = _moment(reading, 1, zone)
        if again <= now:
            return None
        first = self.following(_reading(_change(now, again, zone), zone) - _MINUTE)
        return _moment(first, 1, zone) if first is not None and first <= reading else None

    def _moments(self, reading: datetime.datetime, zone: datetime.tzinfo | None) -> tuple[int, ...]:
        """When it runs for a reading of the clock."""
        early, late = _moment(reading, 0, zone), _moment(reading, 1, zone)
        if early == late:
            return (early,)
        if early > late:  # the clock never shows it
            return () if self.interval else (_change(late, early, zone),)
        return (early, late) if self.interval else (early,)


_MINUTE = datetime.timedelta(minutes=1)
_EPOCH = datetime.datetime(1970, 1, 1)


def _reading(at: int, zone: datetime.tzinfo | None) -> datetime.datetime:
    """What the clock of ``zone`` shows."""
    return datetime.datetime.fromtimestamp(at // SECOND, zone).replace(tzinfo=None, fold=0)


def _moment(reading: datetime.datetime, fold: int, zone: datetime.tzinfo | None) -> int:
    """When it shows ``reading``: by its offset before a change (``fold`` 0) or after it (1), if one is near."""
    return round(reading.replace(tzinfo=zone, fold=fold).timestamp()) * SECOND


def _change(before: int, after: int, zone: datetime.tzinfo | None) -> int:
    """The minute after ``before`` and not after ``after`` in which the clock is put forward or back."""

    def offset(at: int) -> datetime.timedelta:
        return _reading(at, zone) - _EPOCH - datetime.timedelta(seconds=at // SECOND)

    was = offset(before)
    while after - before > MINUTE:
        middle = before + (after - before) // (2 * MINUTE) * MINUTE
        before, after = (middle, after) if offset(middle) == was else (before, middle)
    return after


def _field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        every = _number(step, name, part) if step else 1
        if every < 1 or part.endswith("/"):
            raise ValueError(f"the step in {part!r} ({name}) must be at least 1")
        if span == "*":
            first, last = low, high if name != "weekday" else 6
        elif "-" in span:
            begin, _, end = span.partition("-")
            first, last = _number(begin, name, part), _number(end, name, part)
        else:
            first = _number(span, name, part)
            last = high if step else first
        if not low <= first <= last <= high:
            raise ValueError(f"{part!r} is not within {low}-{high} ({name})")
        chosen.update(range(first, last + 1, every))
    return frozenset(chosen)


def _number(text: str, name: str, part: str) -> int:
    names = _MONTHS if name == "month" else _DAYS if name == "weekday" else {}
    if text in names:
        return names[text]
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{part!r} is not a {name}")
    return int(text)
