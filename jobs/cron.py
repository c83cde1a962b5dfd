"""Five-field cron expressions."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

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
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)

    def matches(self, at: datetime.datetime) -> bool:
        """Whether the expression includes the minute of ``at`` (a clock reading; its zone is ignored)."""
        if at.minute not in self.minutes or at.hour not in self.hours or at.month not in self.months:
            return False
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return day or weekday if self.either_day else day and weekday


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
