"""When somebody may be called: by state or province, weekday and holiday, in their own time.

The table says what the law allows as far as it is narrower than the federal hours; it is not legal advice, and each line names its source
and the day on which it was read. The operator's quiet hours narrow it further and never widen it. Somebody who may be in two places is
called only in hours that are open in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from valhalla.scoring.stages.quiet import COMPUTER, QuietHours
from valhalla.scoring.stages.zones import Place

Span = tuple[int, int] | None
"""From and until, minutes after midnight; None: not at all."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_READ = date(2026, 11, 1)
_GUIDE = "as listed by dropcowboy.com/state-compliance (2025-11-01)"

AHEAD = 10
"""Days in which an open hour is looked for: longer than any run of closed days."""


class Rule(NamedTuple):
    """The hours of a state or province."""

    weekday: Span
    saturday: Span
    sunday: Span
    holidays: bool
    """Whether nobody is called on its holidays."""
    source: str
    read: date
    """When the source was read."""


_SAME: Span = (-1, -1)


def _rule(
    weekday: Span, source: str, *, saturday: Span = _SAME, sunday: Span = _SAME, holidays: bool = False
) -> Rule:
    on_saturday, on_sunday = (weekday if each == _SAME else each for each in (saturday, sunday))
    return Rule(weekday, on_saturday, on_sunday, holidays, source, _READ)


def _h(start: float, end: float) -> tuple[int, int]:
    return round(start * 60), round(end * 60)


FEDERAL = _rule(_h(8, 21), "47 CFR 64.1200(c)(1) and 16 CFR 310.4(c)")
"""The United States where no state says less."""

CANADA = _rule(
    _h(9, 21.5),
    "CRTC Unsolicited Telecommunications Rules, part III, section 23",
    saturday=_h(10, 18),
    sunday=_h(10, 18),
)
"""Every province and territory, Quebec too."""

PROVINCES = ("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT")

RULES: Mapping[str, Rule] = {
    "AL": _rule(_h(8, 20), f"Alabama Public Service Commission, {_GUIDE}", sunday=None, holidays=True),
    "CT": _rule(_h(9, 20), "Conn. Gen. Stat. 42-288a as amended by Public Act 23-98"),
    "FL": _rule(_h(8, 20), "Fla. Stat. 501.616(6)"),
    "KY": _rule(_h(10, 21), "KRS 367.46955"),
    "LA": _rule(
        _h(8, 20),
        f"Louisiana Public Service Commission, General Order R-29617, {_GUIDE}",
        sunday=None,
        holidays=True,
    ),
    "MA": _rule(_h(8, 20), "M.G.L. c. 159C, s. 3"),
    "MD": _rule(_h(8, 20), "Stop the Spam Calls Act of 2023, Md. Code, Com. Law 14-4503"),
    "MI": _rule(_h(9, 21), _GUIDE),
    "MN": _rule(_h(9, 21), "Minn. Stat. 325E.30"),
    "MS": _rule(
        _h(8, 20),
        "Miss. Code 77-3-723(1): no Sundays, until 8 pm in the text kept here (until 9 pm in 77-3-603(a) and in other texts of it)",
        sunday=None,
    ),
    "NM": _rule(_h(9, 21), "N.M. Stat. 57-12-22"),
    "NV": _rule(_h(9, 20), f"NRS 597.814(2) (automated dialing; kept for all calls), {_GUIDE}"),
    "OK": _rule(_h(8, 20), "Okla. Stat. tit. 15, 775C.4"),
    "OR": _rule(_h(8, 20), "Oregon House Bill 3865 (2025)"),
    "PA": _rule(_h(8, 21), "73 P.S. 2245(a)(1) and 2245.2 as amended in 2019", holidays=True),
    "RI": _rule(_h(9, 18), "R.I. Gen. Laws 5-61-3.6", saturday=_h(10, 17), sunday=None, holidays=True),
    "SD": _rule(_h(9, 21), "SDCL 37-30-28 (automated dialing; kept for all calls)", sunday=None),
    "TX": _rule(_h(9, 21), "Tex. Bus. & Com. Code 301.051", sunday=_h(12, 21)),
    "UT": _rule(_h(8, 21), "Utah Code 13-25a-103", sunday=None, holidays=True),
    "WA": _rule(_h(8, 20), "RCW 80.36.390"),
    **dict.fromkeys(PROVINCES, CANADA),
}
"""States that say less than :data:`FEDERAL`, and Canada."""


class Window(NamedTuple):
    """Whether somebody may be called now; times are UTC microseconds."""

    open: bool
    opens: int | None
    """From when: now where it is open; None: in no hour of the next days."""
    until: int | None
    """While it is open: until when."""
    region: str | None
    """While it is closed: the state or province that is closed longest."""
    zone: str
    """The time zone that is closed longest, or the first one."""
    because: str
    """While it is closed: why."""


def rule_of(region: str | None) -> Rule:
    """The hours of a state or province."""
    return RULES.get(region or "", FEDERAL)


@lru_cache(maxsize=4_096)
def window(now: int, places: Sequence[Place], quiet: QuietHours) -> Window:
    """Whether somebody who may be in any of the places may be called at ``now`` (UTC microseconds), until when, else from when."""
    moment = _EPOCH + timedelta(microseconds=now)
    limit = moment + timedelta(days=AHEAD)
    zones = [(place.region, zone) for place in places for zone in place.zones]
    closed = [
        (opens, region, zone)
        for region, zone in zones
        if (opens := _opens(moment, region, zone, quiet)) != moment
    ]
    if not closed:
        end = min(_closes(moment, region, zone, quiet) for region, zone in zones)
        return Window(True, now, _micros(end), None, zones[0][1], "")
    _, region, zone = max(closed, key=lambda each: each[0] or limit)
    because = _because(moment, region, zone, quiet)
    while moment < limit:
        later = [_opens(moment, *each, quiet) for each in zones]
        if None in later:
            break
        latest = max(each for each in later if each is not None)
        if latest == moment:
            return Window(False, _micros(moment), None, region, zone, because)
        moment = latest
    return Window(False, None, None, region, zone, because)


def spans(day: date, rule: Rule, quiet: QuietHours, region: str | None = None) -> list[tuple[int, int]]:
    """The open hours of a day, in order: what the rule allows, without the operator's quiet hours."""
    allowed = (rule.weekday, rule.saturday, rule.sunday)[max(0, day.weekday() - 4)]
    if allowed is None or (rule.holidays and holiday(day, region) is not None):
        return []
    start, end = allowed
    if quiet.start == quiet.end:
        return [allowed]
    busy = [(quiet.start, quiet.end)] if quiet.start < quiet.end else [(0, quiet.end), (quiet.start, 1440)]
    found = []
    for first, last in busy:
        if start < first:
            found.append((start, min(first, end)))
        start = max(start, last)
    return [*(each for each in found if each[0] < each[1]), *([(start, end)] if start < end else [])]


@lru_cache(maxsize=1_024)
def holiday(day: date, region: str | None) -> str | None:
    """The holiday that a day is in a state: the federal ones and its own, on their day and on the one on which they are observed."""
    for name, on in _holidays(day.year, region):
        if day == on or day == _observed(on):
            return name
    if day.month == 12 and _observed(date(day.year + 1, 1, 1)) == day:
        return "New Year's Day"
    return None


def _holidays(year: int, region: str | None) -> Iterator[tuple[str, date]]:
    yield "New Year's Day", date(year, 1, 1)
    yield "Martin Luther King Jr. Day", _nth(year, 1, 0, 3)
    yield "Presidents' Day", _nth(year, 2, 0, 3)
    yield "Memorial Day", _last(year, 5, 0)
    yield "Juneteenth", date(year, 6, 19)
    yield "Independence Day", date(year, 7, 4)
    yield "Labor Day", _nth(year, 9, 0, 1)
    yield "Columbus Day", _nth(year, 10, 0, 2)
    yield "Veterans Day", date(year, 11, 11)
    yield "Thanksgiving", _nth(year, 11, 3, 4)
    yield "Christmas Day", date(year, 12, 25)
    election = _nth(year, 11, 0, 1) + timedelta(days=1)
    easter = _easter(year)
    if region == "AL":
        yield "Confederate Memorial Day", _nth(year, 4, 0, 4)
        yield "Jefferson Davis' Birthday", _nth(year, 6, 0, 1)
    elif region == "LA":
        yield "Mardi Gras", easter - timedelta(days=47)
        yield "Good Friday", easter - timedelta(days=2)
        yield "Election Day", election
        yield "the day after Thanksgiving", _nth(year, 11, 3, 4) + timedelta(days=1)
    elif region == "PA":
        yield "Good Friday", easter - timedelta(days=2)
        yield "Flag Day", date(year, 6, 14)
        yield "Election Day", election
    elif region == "RI":
        yield "Rhode Island Independence Day", date(year, 5, 4)
        yield "Victory Day", _nth(year, 8, 0, 2)
        yield "Election Day", election
    elif region == "UT":
        yield "Pioneer Day", date(year, 7, 24)


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last(year: int, month: int, weekday: int) -> date:
    after = _nth(year, month, weekday, 4)
    return after + timedelta(days=7) if (after + timedelta(days=7)).month == month else after


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _easter(year: int) -> date:
    """The Gregorian computus of Meeus, Jones and Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _opens(moment: datetime, region: str | None, zone: str, quiet: QuietHours) -> datetime | None:
    """The first open moment at or after ``moment`` in one zone; None: there is none in the next days."""
    rule, here = rule_of(region), moment.astimezone(_zone(zone))
    for days in range(AHEAD):
        day = here.date() + timedelta(days=days)
        for start, end in spans(day, rule, quiet, region):
            if moment < _at(day, end, zone):
                return max(moment, _at(day, start, zone))
    return None


def _closes(moment: datetime, region: str | None, zone: str, quiet: QuietHours) -> datetime:
    """When the hours that are open at ``moment`` end in one zone."""
    day = moment.astimezone(_zone(zone)).date()
    ends = (_at(day, end, zone) for _, end in spans(day, rule_of(region), quiet, region))
    return next(end for end in ends if moment < end)


def _because(moment: datetime, region: str | None, zone: str, quiet: QuietHours) -> str:
    here = moment.astimezone(_zone(zone))
    rule, day = rule_of(region), here.date()
    name = holiday(day, region) if rule.holidays else None
    if name is not None:
        return f"no calls on {name}"
    if not spans(day, rule, quiet, region):
        return "no calls on Sundays" if day.weekday() == 6 else "no calls that day"
    return f"it is {here.hour % 12 or 12}:{here.minute:02d} {'pm' if here.hour >= 12 else 'am'} there"


def _at(day: date, minute: int, zone: str) -> datetime:
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    if zone == COMPUTER:
        return wall.astimezone(UTC)
    return wall.replace(tzinfo=_zone(zone)).astimezone(UTC)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name != COMPUTER else None
