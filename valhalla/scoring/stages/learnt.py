"""A learnt score as a snapshot keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

MILLION = 1_000_000


class LearntScore(NamedTuple):
    """A learnt score as a snapshot keeps it: whole numbers only, so that it decides alike on every machine."""

    as_of: int
    """The day it was learnt, UTC microseconds."""
    resolved: int
    closes: int
    anchor: int
    """Hundredths of a point that every lead gets: with them resolved leads have the same mean score in both ways."""
    weights: tuple[int, ...]
    """Learnt hundredths of a point for each 1,000,000 of the rules', by the names of its formula."""
    brier: int
    """Parts per million, on leads it was not learnt from."""
    brier_of_rules: int
    better: bool
    says: str
    formula: int = 1
    """Of the policy whose contributions were learnt from."""

    def to_json(self) -> list[Any]:
        """What the JSON of a snapshot holds; by formula 1 as it was before there was another."""
        return list(self) if self.formula != 1 else list(self[:-1])

    def points(self, base: Sequence[int]) -> tuple[int, ...]:
        """The contributions in learnt hundredths of a point."""
        return tuple((w * x + MILLION // 2) // MILLION for w, x in zip(self.weights, base, strict=True))

    def total(self, base: Sequence[int]) -> int:
        """The part of the learnt score that time does not change, in hundredths of a point."""
        return self.anchor + sum(self.points(base))

    @classmethod
    def from_json(cls, values: list[Any]) -> LearntScore:
        """Read what the JSON of a snapshot holds."""
        as_of, resolved, closes, anchor, weights, *rest = values
        return cls(as_of, resolved, closes, anchor, tuple(weights), *rest)
