"""The exact first k of the call list without looking at every lead.

A score is its stored, time-free part plus freshness, and freshness is at most ``fresh[0]`` hundredths. So leads are read in falling
order of the stored part, and once that part plus the most that time can add is below the k-th best total, nothing that follows can be
among the first k.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import NamedTuple

from valhalla.stages.score import ScoreRules, decide_score, freshness

_UNKNOWN = -(1 << 62)


class Candidate(NamedTuple):
    """What ranking reads of a lead."""

    id: int
    score_base: int
    since: int
    """``list_date``, else ``created_at``; UTC microseconds."""
    expected_value: int | None


class Ranked(NamedTuple):
    """A lead in the call list; ``total`` is in hundredths of a point, ``score`` what is shown."""

    id: int
    total: int
    score: int


def least_base(total: int, rules: ScoreRules) -> int:
    """The smallest stored part with which a lead can still reach ``total`` hundredths today."""
    return total - rules.fresh[0]


def first(candidates: Iterable[Candidate], count: int, now: int, rules: ScoreRules) -> list[Ranked]:
    """The first ``count`` leads by score, then expected value (unknown last), then id.

    ``candidates`` come in falling order of ``score_base``; reading stops as soon as the answer is certain, so the caller's
    query should be read in pages.
    """
    if count <= 0:
        return []
    best: list[tuple[int, int, int]] = []
    most = rules.fresh[0]
    for number, base, since, value in candidates:
        if len(best) == count and base + most < best[0][0]:
            break
        entry = (base + freshness(since, now, rules), _UNKNOWN if value is None else value, -number)
        if len(best) < count:
            heapq.heappush(best, entry)
        elif entry > best[0]:
            heapq.heapreplace(best, entry)
    best.sort(reverse=True)
    return [Ranked(-number, total, decide_score(total, 0)) for total, _, number in best]
