"""Were the predictions right? Calibration of stored probabilities against what came of the leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from valhalla.program.wording import several
from valhalla.scoring.stages import statistics


class Prediction(NamedTuple):
    """A probability that was stored before the outcome, and the outcome; times are UTC microseconds."""

    p: int
    """Parts per million."""
    decided_at: int
    resolved_at: int
    closed: bool


class Evaluation(NamedTuple):
    """How good the predictions were; the measures are None while there are not enough."""

    resolved: int
    needed: int
    brier: float | None
    skill: float | None
    """Above 0: better than always saying the mean rate. None also while all outcomes are alike."""
    expected: float | None
    closes: int
    z: float | None
    table: tuple[statistics.Bin, ...]
    top_fifth: float | None
    """Share of closes among the fifth of leads with the highest predictions."""
    alarm: bool
    says: str


def evaluate(predictions: Sequence[Prediction], policy: Mapping[str, Any]) -> Evaluation:
    """Judge predictions. Those made at or after their outcome are left out: they knew."""
    settings = policy["outcome"]
    fair = [x for x in predictions if x.decided_at < x.resolved_at]
    needed = settings["calibration_from"]
    closes = sum(x.closed for x in fair)
    if len(fair) < needed:
        says = f"Not enough outcomes yet: {len(fair)} of {needed}."
        return Evaluation(len(fair), needed, None, None, None, closes, None, (), None, False, says)
    p = [x.p / 1_000_000 for x in fair]
    o = [int(x.closed) for x in fair]
    large = statistics.calibration(p, o)
    alarm = abs(large.z) > settings["calibration_alarm"] and len(fair) >= 100
    says = f"Of {several(len(fair), 'lead')}, {large.expected:.1f} were expected to close and {closes} did"
    says += f": off by more than chance allows (z = {large.z:+.1f})." if alarm else f" (z = {large.z:+.1f})."
    return Evaluation(
        len(fair),
        needed,
        statistics.brier(p, o),
        statistics.brier_skill(p, o),
        large.expected,
        closes,
        large.z,
        tuple(statistics.reliability(p, o)),
        top_fifth(p, o),
        alarm,
        says,
    )


def top_fifth(p: Sequence[float], o: Sequence[int]) -> float | None:
    """Share of all closes among the fifth with the highest ``p``; leads at the edge count in part. None without closes."""
    total = sum(o)
    if total == 0:
        return None
    left = len(p) / 5
    caught = 0.0
    by_p: dict[float, list[int]] = {}
    for value, closed in zip(p, o, strict=True):
        by_p.setdefault(value, []).append(closed)
    for value in sorted(by_p, reverse=True):
        group = by_p[value]
        taken = min(left, len(group))
        caught += sum(group) * taken / len(group)
        left -= taken
        if left <= 0:
            break
    return caught / total
