"""How many of those who can be called share what: counted once a day, frozen in the snapshot that an explanation names."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

FROM = 20
"""Callable leads from which a share says something."""
COMMON = 4
"""A reason that more than one in so many share is common."""
USUAL = 50
"""One that more than one in so many share is said in a finer form where there is one."""


class Shares(NamedTuple):
    """Counts over the callable leads, or over a sample of them."""

    day: int
    """When it was counted, the start of that day, UTC microseconds."""
    callable: int
    """Leads that can be called."""
    counted: int
    """Of these, those that were looked at: all of them, or a sample of a large file."""
    codes: tuple[tuple[str, int], ...]
    """Reason code and on how many of the counted it is true, by code; those of fewer than :func:`least_of` are left out."""
    scores: tuple[int, ...]
    """How many of the counted have 0, 1, 2 ... 100 points."""

    @property
    def speaks(self) -> bool:
        """Whether there are enough to ask for shares."""
        return self.counted >= FROM

    def better_than(self, score: int) -> int | None:
        """Of how many in a hundred a score is above that of those who can be called, rounded down; None with too few. Nobody is
        better than all: of many leads only a sample was counted."""
        return min(99, sum(self.scores[:score]) * 100 // self.counted) if self.speaks else None

    def to_json(self) -> list[Any]:
        """As a snapshot holds it."""
        return [self.day, self.callable, self.counted, [list(code) for code in self.codes], list(self.scores)]

    @classmethod
    def from_json(cls, values: list[Any]) -> Shares:
        """Read what :meth:`to_json` wrote."""
        day, callable_, counted, codes, scores = values
        return cls(day, callable_, counted, tuple((code, count) for code, count in codes), tuple(scores))


def least_of(counted: int) -> int:
    """On how many leads a code must be true to be kept: a snapshot does not hold what is true of single leads."""
    return max(2, counted // 500)


class Counts:
    """Shares by code, as reasons ask for them."""

    def __init__(self, shares: Shares | None) -> None:
        self.shares = shares
        self.of = shares.counted if shares is not None and shares.speaks else 0
        """Of how many; 0: no share is asked."""
        self.least = least_of(self.of)
        self.sampled = shares is not None and shares.counted < shares.callable
        self._codes = dict(shares.codes) if self.of and shares is not None else {}

    def count(self, code: str) -> int:
        """On how many a code is true; for one that is not kept the most that it can be."""
        return self._codes.get(code, self.least - 1)

    def rare(self, code: str) -> bool:
        """Whether a code is not kept, and its count is a bound that is more than one."""
        return code not in self._codes and self.least > 2

    def common(self, code: str) -> bool:
        """Whether more than a quarter of those who can be called share it."""
        return self.of > 0 and self.count(code) * COMMON > self.of

    def usual(self, code: str) -> bool:
        """Whether more than one in fifty of them share it, so that a finer form says more; always while no share is asked."""
        return self.count(code) * USUAL > self.of

    def surprise(self, code: str) -> int:
        """-log2 of its share, thousandths; 1,000 while no share is asked."""
        return round(math.log2(self.of / self.count(code)) * 1_000) if self.of else 1_000
