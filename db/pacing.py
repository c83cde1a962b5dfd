"""Long work in batches that shrink while somebody else waits to write."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.connection import Database

LOCK_SECONDS = 0.05
"""How long a batch may hold the write lock while somebody else waits for it."""


class Pace:
    """How many rows to take into the next write transaction."""

    def __init__(self, largest: int, smallest: int) -> None:
        self.largest = largest
        self.smallest = min(smallest, largest)
        self.rows = largest

    @contextlib.contextmanager
    def write(self, database: Database) -> Iterator[None]:
        """``database.write()``, after which :attr:`rows` is right for the next one."""
        with database.write():
            began = time.perf_counter()
            yield
            contended = database.contended()
        self.settle(contended, self.rows, time.perf_counter() - began)

    def settle(self, contended: bool, rows: int, held: float) -> None:
        """The last transaction, of ``rows``, held the lock for ``held`` seconds; ``contended``: somebody waited for it."""
        if contended:
            if held > LOCK_SECONDS:
                self.rows = max(self.smallest, int(rows * LOCK_SECONDS / held))
        else:
            self.rows = min(self.largest, self.rows * 2)
