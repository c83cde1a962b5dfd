"""Where a figure is going, and where it will be in an hour: each said with how wrong it may be.

The trend is the median slope of all pairs of hourly means (Theil 1950, Sen 1968) of the last day, with Sen's 95 % interval: one strange
hour moves it little. A figure is said to rise or fall only if the interval leaves out 0.

The forecast is the best of four plain ones, by trying each on the past: at every earlier moment, what would it have said of an hour
later? Its error is the mean distance from what then was, and nine of ten were within ``within``.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

HOUR_MS = 3_600_000
FEWEST = 12
"""Hours for a trend, and tries for a forecast, under which nothing is said."""

DAY_HOURS = 24
MOST_TRIES = 288
Z = 1.96

Point = tuple[int, float]
"""UTC milliseconds and value."""


def trend(points: Sequence[Point]) -> dict[str, Any]:
    """``{says, per_hour, low, high, n}`` of the last day's hourly means; ``says`` is rising, falling or steady, or None while there
    are fewer than :data:`FEWEST` hours (``needs`` says how many more)."""
    hourly = _hourly(points)[-DAY_HOURS:]
    n = len(hourly)
    if n < FEWEST:
        return {"says": None, "per_hour": None, "low": None, "high": None, "n": n, "needs": FEWEST - n}
    slopes = sorted(
        (later - earlier) / (at - before)
        for place, (before, earlier) in enumerate(hourly)
        for at, later in hourly[place + 1 :]
    )
    # The variance of Kendall's S without ties; with ties it is smaller, so the interval is rather too wide.
    width = Z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = slopes[max(0, round((len(slopes) - width) / 2) - 1)]
    high = slopes[min(len(slopes) - 1, round((len(slopes) + width) / 2))]
    says = "rising" if low > 0 else "falling" if high < 0 else "steady"
    slope = statistics.median(slopes)
    return {
        "says": says,
        "per_hour": _short(slope),
        "low": _short(low),
        "high": _short(high),
        "n": n,
        "needs": 0,
    }


def forecast(points: Sequence[Point], step_ms: int, *, top: float | None = None) -> dict[str, Any]:
    """What the figure will be in an hour: ``{value, at, error, within, method, n, as_now_error}``. ``at``: an hour
    after the last point, UTC milliseconds; ``n``: the earlier moments it was tried
    on; ``as_now_error``: the error of saying "as now" at those; all None while there were fewer than :data:`FEWEST` (``needs``: steps
    more). Never below 0, nor above ``top``."""
    series = _Series(points, step_ms, top)
    best: tuple[float, str, float, list[float], float] | None = None
    for method, say in METHODS.items():
        value = say(series, series.last)
        tried = series.tried(say)
        if value is None or len(tried) < FEWEST:
            continue
        error = statistics.fmean(each for each, _ in tried)
        plain = statistics.fmean(each for _, each in tried)
        # Each against "as now" at the same moments: those that need more of the past were tried on fewer.
        rank = error / plain if plain else (math.inf if error else 1.0)
        if best is None or rank < best[0] - 1e-9:
            best = rank, method, value, [each for each, _ in tried], plain
    if best is None:
        empty: dict[str, Any] = dict.fromkeys(
            ("value", "at", "error", "within", "method", "n", "as_now_error")
        )
        return {**empty, "needs": max(1, FEWEST - len(series.tried(as_now)))}
    _, method, value, errors, plain = best
    nine_of_ten = sorted(errors)[math.ceil(0.9 * len(errors)) - 1]
    error = statistics.fmean(errors)
    return {
        "value": _short(value),
        "at": (series.last + 1 + series.ahead) * step_ms,
        "error": _short(error),
        "within": _short(nine_of_ten),
        "method": method,
        "n": len(errors),
        "as_now_error": _short(plain),
        "needs": 0,
    }


class _Series:
    """Means by the number of their step; steps may be missing."""

    def __init__(self, points: Sequence[Point], step_ms: int, top: float | None) -> None:
        self.values = {at // step_ms: value for at, value in points}
        self.last = max(self.values, default=0)
        self.ahead = HOUR_MS // step_ms
        self._top = top

    def between(self, first: int, last: int) -> list[tuple[int, float]]:
        """What is known of these steps."""
        return [(at, self.values[at]) for at in range(first, last + 1) if at in self.values]

    def possible(self, value: float) -> float:
        """The nearest value that the figure can have."""
        return max(0.0, value if self._top is None else min(value, self._top))

    def tried(self, say: Say) -> list[tuple[float, float]]:
        """For each earlier moment: how wrong ``say`` was about an hour later, and how wrong "as now" was."""
        found = []
        for at in range(self.last - self.ahead - MOST_TRIES + 1, self.last - self.ahead + 1):
            was = self.values.get(at + self.ahead)
            if was is None or at not in self.values:
                continue
            said = say(self, at)
            if said is not None:
                found.append((abs(said - was), abs(self.values[at] - was)))
        return found


Say = Callable[[_Series, int], float | None]
"""What a way to forecast says at a step about an hour later; None: it cannot."""


def as_now(series: _Series, at: int) -> float | None:
    """It stays as it is."""
    return series.values.get(at)


def as_the_last_hour(series: _Series, at: int) -> float | None:
    """It will be the mean of the last hour."""
    found = series.between(at - series.ahead + 1, at)
    return statistics.fmean(value for _, value in found) if found else None


def as_yesterday(series: _Series, at: int) -> float | None:
    """It will be as it was at that hour of the day before."""
    return series.values.get(at + series.ahead - DAY_HOURS * series.ahead)


def along_a_line(series: _Series, at: int) -> float | None:
    """It goes on along the line through the last six hours."""
    found = series.between(at - 6 * series.ahead + 1, at)
    if len(found) < FEWEST:
        return None
    slope, start = statistics.linear_regression([step for step, _ in found], [value for _, value in found])
    return series.possible(start + slope * (at + series.ahead))


METHODS: dict[str, Say] = {
    "as now": as_now,
    "mean of the last hour": as_the_last_hour,
    "as at that hour yesterday": as_yesterday,
    "along the line of the last six hours": along_a_line,
}


def _hourly(points: Sequence[Point]) -> list[tuple[int, float]]:
    hours: dict[int, list[float]] = {}
    for at, value in points:
        hours.setdefault(at // HOUR_MS, []).append(value)
    return [(hour, statistics.fmean(values)) for hour, values in sorted(hours.items())]


def _short(value: float) -> float:
    return round(value, 4)
