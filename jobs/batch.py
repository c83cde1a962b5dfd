"""What a worker's thread has in its hands: rows it has claimed, and the job it is busy with. The keeper looks at both."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jobs.storage import Claim

if TYPE_CHECKING:
    from jobs.current import CurrentJob
    from jobs.kind import Kind


class Batch:
    """Claimed rows that have not begun. The keeper may take them away while the thread is busy with a long one."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._claims: deque[Claim] = deque()

    def __len__(self) -> int:
        return len(self._claims)

    def put(self, claims: Iterable[Claim]) -> None:
        with self._mutex:
            self._claims.extend(claims)

    def peek(self) -> Claim | None:
        """The next row, without taking it."""
        with self._mutex:
            return self._claims[0] if self._claims else None

    def pop(self, wanted: Callable[[Claim], bool] | None = None) -> Claim | None:
        """The next row, if there is one (and it is ``wanted``)."""
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
    """The job that a thread is busy with, for the keeper."""

    __slots__ = ("alerted", "claim", "job", "kind", "lease_until", "since")

    def __init__(self, job: CurrentJob, claim: Claim, kind: Kind, lease_until: int) -> None:
        self.job = job
        self.claim = claim
        self.kind = kind
        self.since = time.monotonic()
        self.lease_until = lease_until
        self.alerted = False
