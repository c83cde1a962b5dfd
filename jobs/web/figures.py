"""What the queue did over time: how many jobs ended, failed and were tried again, how long they waited and how long they ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from markupsafe import Markup, escape

from db.clock import HOUR, MINUTE, SECOND, iso
from jobs import sql
from jobs.admin import first_event_since
from jobs.engine import Store

Span = Literal["hour", "day", "week"]

SPANS: dict[Span, tuple[int, int, str]] = {
    "hour": (MINUTE, 60, "minute"),
    "day": (30 * MINUTE, 48, "half-hour"),
    "week": (3 * HOUR, 56, "three hours"),
}
"""The width of each part of the time, how many there are, and what one is called."""

MOST = 200_000
"""Events that are looked at, so that the page costs the same in any database."""

TIMES = 20_000
"""Jobs whose times are looked at."""

WIDE, HIGH = 600, 120


def gather(database: Store, span: Span) -> dict[str, Any]:
    """``times``: from when, how many were done, failed for good (dead), were tried again, how long they waited and ran: the
    middle one and the slowest of 20, in seconds. ``complete``: false when only the newest events were looked at."""
    width, count, each = SPANS[span]
    now = database.clock()
    until = now - now % width + width
    since = until - width * count
    with database.view():
        first = first_event_since(database, since)
        last = int(database.sql(sql.EVENT_RANGE)[0][1])
        beyond = max(first, last - MOST)
        given = {"first": beyond, "since": since, "until": until, "width": width}
        ends = database.sql(sql.ENDS_OVER_TIME, given)
        times = database.sql(sql.TIMES_OVER_TIME, given | {"most": TIMES})
    parts: list[dict[str, Any]] = [
        {"from": iso(since + number * width), "done": 0, "dead": 0, "retry": 0} for number in range(count)
    ]
    for number, event, found in ends:
        parts[number][event] = found
    waited: list[list[int]] = [[] for _ in parts]
    ran: list[list[int]] = [[] for _ in parts]
    for number, before, took in times:
        waited[number].append(max(0, before))
        ran[number].append(max(0, took))
    for number, part in enumerate(parts):
        part |= {"waited": _middle(waited[number]), "waited_slow": _slow(waited[number])}
        part |= {"ran": _middle(ran[number]), "ran_slow": _slow(ran[number])}
    return {
        "span": span,
        "seconds": width // SECOND,
        "each": each,
        "complete": beyond == first and len(times) < TIMES,
        "totals": {event: sum(part[event] for part in parts) for event in ("done", "dead", "retry")},
        "times": parts,
    }


def _middle(times: list[int]) -> float | None:
    return sorted(times)[len(times) // 2] / SECOND if times else None


def _slow(times: list[int]) -> float | None:
    return sorted(times)[min(len(times) - 1, 19 * len(times) // 20)] / SECOND if times else None


def bars(parts: Sequence[dict[str, Any]], label: str, *series: tuple[str, str]) -> Markup:
    """Stacked counts: for each of ``series`` its key in ``parts`` and its kind (ok, warn, bad)."""
    most = max((sum(part[key] for key, _ in series) for part in parts), default=0) or 1
    step = WIDE / max(1, len(parts))
    shapes = []
    for number, part in enumerate(parts):
        base = float(HIGH)
        for key, kind in series:
            tall = HIGH * part[key] / most
            base -= tall
            if tall:
                shapes.append(
                    f'<rect class="chart-{kind}" x="{number * step + 0.5:.1f}" y="{base:.1f}" width="{step - 1:.1f}" '
                    f'height="{tall:.1f}"/>'
                )
    return _drawing(label, shapes, f"{most:,}")


def lines(parts: Sequence[dict[str, Any]], label: str, *series: tuple[str, str]) -> Markup:
    """Seconds over time: for each of ``series`` its key in ``parts`` and its kind. Parts without a job are left out."""
    most = max((part[key] for part in parts for key, _ in series if part[key] is not None), default=0) or 1e-6
    step = WIDE / max(1, len(parts))
    shapes = []
    for key, kind in series:
        points = [
            (number * step + step / 2, HIGH - HIGH * part[key] / most)
            for number, part in enumerate(parts)
            if part[key] is not None
        ]
        shapes.append(
            f'<polyline class="chart-line chart-{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        )
        shapes += [f'<circle class="chart-{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in points]
    return _drawing(label, shapes, f"{most:.3g} s")


def _drawing(label: str, shapes: list[str], most: str) -> Markup:
    axis = f'<line class="chart-axis" x1="0" y1="{HIGH}" x2="{WIDE}" y2="{HIGH}"/>'
    top = f'<line class="chart-axis" x1="0" y1="0" x2="{WIDE}" y2="0"/>'
    return Markup(
        f'<svg class="chart" viewBox="0 -14 {WIDE} {HIGH + 16}" role="img" aria-label="{escape(label)}">'
        f'{top}{axis}{"".join(shapes)}<text class="chart-most" x="2" y="-4">{escape(most)}</text></svg>'
    )


__all__ = ["SPANS", "Span", "bars", "gather", "lines"]
