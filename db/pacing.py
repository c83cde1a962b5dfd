"""Long work in batches that shrink while somebody else waits to write.

What is held is the turn to write, so it is let go before the log is moved into the file: that waits for the disk, and a
commit that stopped to do it would make all who queue wait with it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from db.courtesy import give_way

if TYPE_CHECKING:
    from db.connection import Database

LOCK_SECONDS = 0.05
"""How long a batch may hold the write lock while somebody else waits for it."""

BRIEFLY = LOCK_SECONDS / 2
"""The same for work whose batches hold what they hold: half of it, because single ones take longer than they should."""

ALONE = 1.0
"""Who wrote a moment ago will write again: for so many seconds of holding the lock batches stay as small as they had to be,
also when nobody happened to wait for one of them."""

AT_ONCE = 0.0
"""Instead of that, for work that costs more in small batches and lets go as soon as somebody waits."""


class Pace:
    """How many rows to take into the next write transaction."""

    def __init__(self, largest: int, smallest: int, hold: float = LOCK_SECONDS, alone: float = ALONE) -> None:
        """``hold``: seconds for which a batch may hold the lock while somebody waits; ``alone``: for so many seconds of
        holding the lock batches stay small after somebody waited."""
        self.largest = largest
        self.smallest = min(smallest, largest)
        self.hold = hold
        self.alone = alone
        self.rows = largest
        self._alone = alone
        """Seconds of holding the lock since somebody waited for it."""

    @contextlib.contextmanager
    def write(self, database: Database) -> Iterator[None]:
        """``database.write()``, after which :attr:`rows` is right for the next one and the log is not long."""
        give_way()
        with database.log_left():
            with database.write():
                began = time.perf_counter()
                yield
                contended = database.contended()
            self.settle(contended, self.rows, time.perf_counter() - began)
            database.move_log()

    def settle(self, contended: bool, rows: int, held: float) -> None:
        """The last transaction, of ``rows``, held the lock for ``held`` seconds; ``contended``: somebody waited for it."""
        self._alone = 0.0 if contended else self._alone + held
        undisturbed = not contended and self._alone >= self.alone
        if undisturbed or held < self.hold / 2:  # a slow one is not to make all that follow small
            self.rows = min(self.largest, self.rows * 2)
        elif held > self.hold:
            self.rows = max(self.smallest, int(rows * self.hold / held))
