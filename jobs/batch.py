"""What a worker's thread has claimed and what it runs; the maintenance thread reads both."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jobs.engine import Claim

if TYPE_CHECKING:
    from jobs.current import CurrentJob

LOWEST = -(2**63)
"""Below every priority."""


class Batch:
    """Claimed jobs that have not begun. The maintenance thread may take them while their thread runs a long one."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._claims: deque[Claim] = deque()
        self.urgent = LOWEST
        """The highest priority that was enqueued since the last claim."""

    def __len__(self) -> int:
        return len(self._claims)

    def put(self, claims: Iterable[Claim]) -> None:
        with self._mutex:
            self._claims.extend(claims)

    def is_outranked(self) -> bool:
        """Whether something more urgent than its next job was enqueued."""
        if self.urgent == LOWEST or not self._claims:
            return False
        with self._mutex:
            return bool(self._claims) and self._claims[0].priority < self.urgent

    def pop(self, wanted: Callable[[Claim], bool] | None = None) -> Claim | None:
        """The next job, if there is one (and it is ``wanted``)."""
        with self._mutex:
            if not self._claims or (wanted is not None and not wanted(self._claims[0])):
                return None
            return self._claims.popleft()

    def put_first(self, claim: Claim) -> None:
        """Back to where :meth:`pop` took it from."""
        with self._mutex:
            self._claims.appendleft(claim)

    def take_all(self) -> list[Claim]:
        """Everything that has not begun."""
        with self._mutex:
            claims = list(self._claims)
            self._claims.clear()
            return claims


class Running:
    """The job that a thread runs, for the maintenance thread. Times are UTC microseconds, ``since`` is monotonic seconds."""

    __slots__ = ("alerted", "claim", "job", "lease_until", "since")

    def __init__(self, job: CurrentJob, claim: Claim, lease_until: int) -> None:
        self.job = job
        self.claim = claim
        self.since = time.monotonic()
        self.lease_until = lease_until
        self.alerted = False
