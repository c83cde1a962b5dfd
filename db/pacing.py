"""How much background work takes into a transaction, and what it does between two of them.

Its batches shrink while another writer waits. What writers hold is the turn to write, so it is released before the WAL is moved into
the database: that waits for the disk, and a commit that stopped to do it would make all who queue wait with it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import apsw

from db import errors
from db.flushing import flush_log
from db.waiting import at_work, give_way

if TYPE_CHECKING:
    from db.connection import Connections

# -- batches that shrink while another writer waits --------------------------------------------------------

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
        self.rows = self.smallest if at_work() else largest
        self._alone = alone
        """Seconds of holding the lock since somebody waited for it."""

    @contextlib.contextmanager
    def write(self, database: Connections) -> Iterator[None]:
        """``database.write()``, after which :attr:`rows` is right for the next one and the log is not long."""
        give_way()
        with database.log_left():
            with database.write():
                began = time.perf_counter()
                yield
                contended = database.contended()
            self.settle(contended, self.rows, time.perf_counter() - began)
            self.pause(database)

    def pause(self, database: Connections, longest: int | None = None) -> None:
        """Between two transactions, while others may write: leave little of this work in the log for a person's durable commit to
        wait for, and move the log into the file when it is more than ``longest`` pages (:meth:`Connections.move_log`)."""
        if at_work():
            flush_log(database)
        database.move_log(longest)

    def settle(self, contended: bool, rows: int, held: float) -> None:
        """The last transaction, of ``rows``, held the lock for ``held`` seconds; ``contended``: somebody waited for it."""
        self._alone = 0.0 if contended else self._alone + held
        hold = min(self.hold, BRIEFLY) if at_work() else self.hold
        undisturbed = not contended and self._alone >= self.alone and not at_work()
        if undisturbed and self.alone == AT_ONCE:
            self.rows = self.largest
        elif undisturbed or held < hold / 2:  # a slow one is not to make all that follow small
            self.rows = min(self.largest, self.rows * 2)
        elif held > hold:
            self.rows = max(self.smallest, int(rows * hold / held))


# -- checkpoints while nobody writes -----------------------------------------------------------------------

QUIET = 1.0
"""Seconds without a commit that count as rest."""

APART = 20.0
"""Seconds between two attempts: signs of life are written all the time, and a disk is not to be kept busy by them."""

WAIT = 0.05
"""Seconds to wait for readers; the next rest is not far."""


class Rest:
    """Asked often by one thread that hardly writes itself, whose connection therefore notices the commits of others."""

    def __init__(self, database: Connections, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._version = 0
        self._since = clock()
        self._next = 0.0

    def tick(self) -> bool:
        """Checkpoint the WAL if no one has written lately. Returns whether it did. Never raises: a fault is reported by the next to write."""
        try:
            return self._tick(self._clock())
        except (errors.DatabaseError, apsw.Error):
            return False

    def _tick(self, now: float) -> bool:
        version = self._database.version()
        if version != self._version:
            self._version, self._since = version, now
        if now - self._since < QUIET or now < self._next or not self._database.log_bytes():
            return False
        self._next = now + APART
        return self._database.checkpoint(WAIT)
