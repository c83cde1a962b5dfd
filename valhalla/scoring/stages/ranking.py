"""The exact first k of the call list without looking at every lead.

A score is its stored, time-free part plus freshness, and freshness is at most ``fresh[0]`` hundredths. So leads are read in falling
order of the stored part, and once that part plus the most that time can add is below the k-th best total, nothing that follows can be
among the first k.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from valhalla.scoring.stages.score import Scale, decide_score, freshness

_UNKNOWN = -(1 << 62)
_ANY_BASE = 1 << 62
_ANY_AGE = 36_500
"""Days: older than any lead."""


class Candidate(NamedTuple):
    """What ranking reads of a lead."""

    id: int
    score_base: int
    since: int
    """``list_date``, else ``created_at``; UTC microseconds."""
    expected_value: int | None
    identity: int = 0
    """Who it is: the last word between equals, because the number says only in which row they came."""
    list_date: int | None = None
    """The date of the list; without one ``since`` is the day it came."""


class Ranked(NamedTuple):
    """A lead in the call list; ``total`` is in hundredths of a point, ``score`` what is shown."""

    id: int
    total: int
    score: int


def least_base(total: int, rules: Scale) -> int:
    """The smallest stored part with which a lead can still reach ``total`` hundredths today."""
    return total - rules.fresh[0]


class Best:
    """The first ``count`` leads by score, then expected value (unknown last), then the newest, of those that were offered;
    equals by who they are."""

    def __init__(self, count: int, now: int, rules: Scale) -> None:
        self._count = count
        self._now = now
        self._rules = rules
        self._heap: list[tuple[int, int, int, int, int]] = []

    def offer(self, candidate: Candidate) -> None:
        """Consider a lead."""
        number, base, since, value, identity, list_date = candidate
        dated = list_date is not None or self._rules.fresh_without_date
        entry = (
            base + (freshness(since, self._now, self._rules) if dated else 0),
            _UNKNOWN if value is None else value,
            since,
            -identity,
            -number,
        )
        if len(self._heap) < self._count:
            heapq.heappush(self._heap, entry)
        elif self._heap and entry > self._heap[0]:
            heapq.heapreplace(self._heap, entry)

    def least_base(self, *, dated: bool = True) -> int:
        """The smallest stored part with which a lead can still belong to the first ``count``, however fresh. ``dated``: its list
        has a date, which some rules ask for before anything counts as fresh."""
        if len(self._heap) < self._count:
            return -_ANY_BASE
        return self._heap[0][0] - (self._rules.fresh[0] if dated or self._rules.fresh_without_date else 0)

    def days_left(self, base: int) -> int:
        """How many whole days old a lead with this stored part may be and still belong to the first ``count``;
        -1 when none can, however fresh, and then neither can one with a smaller stored part."""
        if self._count <= 0:
            return -1
        fresh = self._rules.fresh
        if len(self._heap) < self._count:
            return _ANY_AGE
        missing = self._heap[0][0] - base
        if missing <= 0:
            return _ANY_AGE
        return bisect_right(fresh, -missing, key=lambda points: -points) - 1

    def ranked(self) -> list[Ranked]:
        """The list, best first."""
        return [
            Ranked(-number, total, decide_score(total, 0))
            for total, _, _, _, number in sorted(self._heap, reverse=True)
        ]


def first(candidates: Iterable[Candidate], count: int, now: int, rules: Scale) -> list[Ranked]:
    """The first ``count`` leads in the order of :class:`Best`.

    ``candidates`` come in falling order of ``score_base``; reading stops as soon as the answer is certain, so the caller's
    query should be read in pages.
    """
    best = Best(count, now, rules)
    for candidate in candidates:
        if best.days_left(candidate.score_base) < 0:
            break
        best.offer(candidate)
    return best.ranked()
