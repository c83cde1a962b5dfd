"""Exponential backoff with jitter for failed jobs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Retry:
    """How often and after what delay a failed job is tried again.

    Before the n-th retry the job waits ``min(cap, base * factor ** (n - 1))`` seconds, of which jitter takes away up to
    the share ``jitter`` ("equal jitter": at 0.5 the wait lies between one half and the whole), so that jobs that failed
    together do not come back together. The wait is never above ``cap`` and never below zero.
    """

    retries: int = 0
    """How many tries may follow the first one."""
    base: float = 1.0
    """Seconds before the first retry."""
    factor: float = 2.0
    cap: float = 300.0
    """Seconds."""
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if self.retries < 0 or self.base < 0 or self.cap < 0 or self.factor < 1 or not 0 <= self.jitter <= 1:
            raise ValueError(
                "retries, base and cap must not be negative, factor at least 1, jitter between 0 and 1"
            )

    def delay(self, failures: int, chance: Callable[[], float] = random.random) -> float:
        """Seconds to wait after the ``failures``-th failure (from 1). ``chance`` gives numbers in [0, 1)."""
        try:
            whole = min(self.cap, self.base * self.factor ** (max(1, failures) - 1))
        except OverflowError:
            whole = self.cap
        return whole * (1.0 - self.jitter * chance())
