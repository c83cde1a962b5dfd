"""Times as people say them: ``tue 3pm``, ``in 2 h``, ``next week``, ``tomorrow 9:30``, ``jan 5 2pm``.

A time is read on somebody's clock and may lie ahead (a promise) or behind (something that happened). Where the clocks change, an hour
that is skipped is taken as the one after the gap, and an hour that comes twice as the first; both are said.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from db.clock import DAY, HOUR, MINUTE, SECOND
from valhalla.program.errors import UsageError
from valhalla.program.patterns import pattern

EXAMPLES = "tue 3pm, in 2 h, tomorrow 9:30, jan 5 2pm, next week or 2027-01-15 14:30"

MORNING = 9
"""The hour of a day that is named without one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_UNITS = {
    **dict.fromkeys(("min", "mins", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 7 * DAY),
    **dict.fromkeys(("m", "mo", "month", "months"), 30 * DAY),
    **dict.fromkeys(("y", "year", "years"), 365 * DAY),
}
_PARTS = {
    "noon": 12,
    "midday": 12,
    "morning": MORNING,
    "afternoon": 14,
    "evening": 18,
    "tonight": 19,
}
_SPAN = pattern(r"(?:in )?(\d{1,4}|an?|half an?) ?([a-z]+)(?: from now)?", re.ASCII)
_CLOCK = pattern(r"(\d{1,2})(?:[:.](\d{2}))?(?::\d{2})? ?(a|p|am|pm)", re.ASCII)
_CLOCK_24 = pattern(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)
_SLASHES = pattern(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?", re.ASCII)
_DAY_NUMBER = pattern(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
_WHOSE = pattern(r"[ ,]+(their|his|her|my|our) time$")


class Spoken(NamedTuple):
    """A time that was read; ``note`` says what a person should know of it, such as a clock that changes."""

    at: int
    note: str | None = None


def whose(text: str) -> tuple[str, bool]:
    """The text without "my time" or "their time", and whether it is one's own."""
    bare = text.strip()
    found = _WHOSE.search(bare.lower())
    if found is None:
        return bare, False
    return bare[: found.start()], found[1] in ("my", "our")


def read(text: str, now: int, zone: str | None, *, ahead: bool = True, hour: int = MORNING) -> Spoken:
    """UTC microseconds of a time on the clock of ``zone`` (None: the computer's), as seen at ``now``.

    What leaves the day or the year open is taken as the next one, or without ``ahead`` as the last one. ``hour``: of a day without
    one. Raises :class:`UsageError`.
    """
    bare = re.sub(r"[,\s]+", " ", text.strip().lower().replace("p.m.", "pm").replace("a.m.", "am"))
    if bare == "now":
        return Spoken(now)
    span = _span(bare)
    if span is not None:
        return Spoken(now + span)
    words = [word for word in bare.split(" ") if word not in ("on", "at", "@", "the", "this", "in", "of")]
    here = _local(now, zone)
    try:
        hour_of, rest = _clock(words)
        day = _day(rest, here.date(), ahead)
    except ValueError:
        raise _unreadable(text) from None
    if day is None and hour_of is None:
        raise _unreadable(text)
    if day is not None:
        fixed, step = day
        found = _on(fixed, hour_of or time(hour), zone)
        if step and hour_of is not None and (found.at <= now if ahead else found.at > now):
            found = _on(fixed + timedelta(days=step), hour_of, zone)
        return found
    assert hour_of is not None
    found = _on(here.date(), hour_of, zone)
    if ahead and found.at <= now:
        found = _on(here.date() + timedelta(days=1), hour_of, zone)
    elif not ahead and found.at > now:
        found = _on(here.date() - timedelta(days=1), hour_of, zone)
    return found


def on_clock(wall: datetime, zone: str | None) -> Spoken:
    """The moment at which a clock in ``zone`` shows ``wall``, which has no zone of its own."""
    return _on(wall.date(), wall.time(), zone)


def clock(zone: str | None) -> tzinfo | None:
    """The clock of a zone; None: the computer's."""
    from zoneinfo import ZoneInfo  # an import of a list reads no clock time and does without

    return ZoneInfo(zone) if zone else None


def _unreadable(text: str) -> UsageError:
    return UsageError(f"{text.strip()!r} is not a time that can be read; write it as {EXAMPLES}")


def _span(bare: str) -> int | None:
    match = _SPAN.fullmatch(bare.removeprefix("+"))
    if match is None or match[2] not in _UNITS:
        return None
    unit = _UNITS[match[2]]
    if match[1].isdecimal():
        return int(match[1]) * unit
    return unit // 2 if match[1].startswith("half") else unit


def _clock(words: list[str]) -> tuple[time | None, list[str]]:
    """The time of day among the words, and the other words."""
    for size in (2, 1):
        for first in range(len(words) - size + 1):
            found = _one_clock(" ".join(words[first : first + size]))
            if found is not None:
                rest = words[:first] + words[first + size :]
                if words[first] == "tonight" and rest == []:
                    rest = ["today"]
                return found, rest
    return None, words


def _one_clock(text: str) -> time | None:
    if text in _PARTS:
        return time(_PARTS[text])
    match = _CLOCK.fullmatch(text)
    if match is not None:
        if not 1 <= int(match[1]) <= 12:
            raise ValueError(text)
        return time(int(match[1]) % 12 + (12 if match[3][0] == "p" else 0), int(match[2] or 0))
    match = _CLOCK_24.fullmatch(text)
    return time(int(match[1]), int(match[2])) if match is not None else None


def _day(words: list[str], today: date, ahead: bool) -> tuple[date, int] | None:
    """The day that the words name, and by how many days it moves when that is behind (or ahead) already; None: no words."""
    if not words:
        return None
    way = 1 if ahead else -1
    nexts = words[0] in ("next", "last")
    if nexts:
        way = 1 if words[0] == "next" else -1
        words = words[1:]
    if len(words) == 1:
        (word,) = words
        if nexts and word == "week":
            return today - timedelta(days=today.weekday()) + timedelta(weeks=way), 0
        if nexts and word == "month":
            first = today.replace(day=1)
            return (first + timedelta(days=32) if way > 0 else first - timedelta(days=1)).replace(day=1), 0
        if word in _RELATIVE and not nexts:
            return today + timedelta(days=_RELATIVE[word]), 0
        weekday = _named(word, _DAYS)
        if weekday is not None and nexts:
            return today + timedelta(days=weekday - today.weekday(), weeks=way), 0
        if weekday is not None:
            days = (weekday - today.weekday()) % 7 if ahead else -((today.weekday() - weekday) % 7)
            return today + timedelta(days=days), 7 * way
    found = None if nexts else _date(words)
    if found is None:
        raise ValueError(words)
    month, day, year = found
    if year is not None:
        return date(year, month, day), 0
    year = today.year
    if (month, day) < (today.month, today.day) and ahead:
        year += 1
    elif (month, day) > (today.month, today.day) and not ahead:
        year -= 1
    while (month, day) == (2, 29) and year % 4:
        year += way
    return date(year, month, day), 0


_RELATIVE = {"today": 0, "tomorrow": 1, "tmrw": 1, "tomorow": 1, "yesterday": -1}


def _date(words: list[str]) -> tuple[int, int, int | None] | None:
    """(month, day, year or None) of ``jan 5``, ``5 jan 2027``, ``1/5`` or ``1/5/2027``, the month first."""
    if len(words) == 1:
        match = _SLASHES.fullmatch(words[0])
        if match is None:
            return None
        return int(match[1]), int(match[2]), _year(match[3])
    if len(words) not in (2, 3):
        return None
    year = _year(words[2]) if len(words) == 3 else None
    for month, day in (words[:2], words[1::-1]):
        number, match = _named(month, _MONTHS), _DAY_NUMBER.fullmatch(day)
        if number is not None and match is not None:
            return number + 1, int(match[1]), year
    if _named(words[0], _DAYS) is not None:  # tue jan 5
        return _date(words[1:])
    return None


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    year = int(text)
    return year + 2000 if year < 100 else year


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Which of the names a word means, from its first three letters on."""
    word = word.removesuffix(".")
    found = [number for number, name in enumerate(names) if len(word) >= 3 and name.startswith(word)]
    if not found and word in ("tues", "weds", "thurs", "thur", "sept"):
        found = [number for number, name in enumerate(names) if name.startswith(word[:3])]
    return found[0] if len(found) == 1 else None


def _local(now: int, zone: str | None) -> datetime:
    return datetime.fromtimestamp(now // SECOND, UTC).astimezone(clock(zone))


def _on(day: date, at: time, zone: str | None) -> Spoken:
    wall = datetime.combine(day, at)
    first, second = (_micros(wall.replace(fold=fold), zone) for fold in (0, 1))
    shown = _local(first, zone).replace(tzinfo=None)
    # Skipped, the wall clock of the moment differs; by the offset before the gap it comes out after it.
    if shown.replace(second=0, fold=0) != wall.replace(second=0, microsecond=0):
        after = max(first, second)
        said = f"there is no {_hm(wall)} that day, the clocks go forward: it is taken as {_hm(_local(after, zone))}"
        return Spoken(after, said)
    if first != second:
        return Spoken(
            min(first, second),
            f"{_hm(wall)} comes twice that day, the clocks go back: the first one is meant",
        )
    return Spoken(first)


def _micros(wall: datetime, zone: str | None) -> int:
    placed = wall.replace(tzinfo=clock(zone)) if zone else wall.astimezone()
    return (placed.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def _hm(wall: datetime) -> str:
    return f"{wall.hour % 12 or 12}:{wall.minute:02d} {'pm' if wall.hour >= 12 else 'am'}"
