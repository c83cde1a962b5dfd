"""When background work pauses: for page requests, for other writers, and for the disk.

The threads of a process take turns at the interpreter. A page needs many short turns, each time it comes back from the
database, and waits for each until the background work's own turn is over, up to five milliseconds: together that takes
longer than the page itself. So background work checks between its steps whether a request waits, and yields to it: not
when the request waits for the turn to write that the work has, which is then given back sooner by going on.

What writers hold is the turn to write, so it is released before the WAL is moved into the database: that waits for the
disk, and a commit that stopped to do it would make all who queue wait with it.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import apsw

from db import errors
from db.turn import others_wait

if TYPE_CHECKING:
    from db.connection import Connections

# -- yielding to page requests -----------------------------------------------------------------------------
# This state is the process's, as the interpreter is.

_T = TypeVar("_T")

PATIENCE = 0.1
"""Seconds for which long work stands aside, counted from when somebody began to wait and nobody else did: what takes longer
than a page, or many who ask all the time, do not stop it."""

LOOK = 0.002
"""Seconds between two looks, by work that stands aside with the turn to write, at whether the turn is wanted by now."""

_mutex = threading.Lock()
_nobody = threading.Event()
_nobody.set()
_waiting = 0
_since = 0.0
_delayed_at = -math.inf
_for_this = ContextVar("for_this", default=False)
"""Whether somebody waits for what this thread does: it does not stand aside for itself."""


@contextlib.contextmanager
def waited_for() -> Iterator[None]:
    """Somebody waits for what is done inside, and in threads that it is handed to with its context."""
    global _waiting, _since
    before = _for_this.set(True)
    with _mutex:
        if not _waiting:
            _since = time.monotonic()
            _nobody.clear()
        _waiting += 1
    try:
        yield
    finally:
        _for_this.reset(before)
        with _mutex:
            _waiting -= 1
            if not _waiting:
                _nobody.set()


def somebody_waits() -> bool:
    """Whether somebody waits now."""
    return _waiting > 0


def _note_delay() -> None:
    global _delayed_at
    _delayed_at = time.monotonic()


def at_work() -> bool:
    """Whether a person had to wait for the turn to write a moment ago."""
    return time.monotonic() - _delayed_at < AT_WORK


def give_way() -> None:
    """Stand aside while somebody waits, though not for long, nor with the turn to write while another thread waits for it.
    Costs next to nothing when nobody does."""
    if not _waiting or _for_this.get():
        return
    while not others_wait():
        left = _since + PATIENCE - time.monotonic()
        if left <= 0 or _nobody.wait(min(left, LOOK)):
            return


def in_steps(rows: Sequence[_T], step: int) -> Iterator[Sequence[_T]]:
    """``rows`` in parts of ``step``, giving way before each."""
    for first in range(0, len(rows), step):
        give_way()
        yield rows[first : first + step]


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

AT_WORK = 30.0
"""Seconds by the clock for which all batches stay small after a person had to wait for one: who calls one lead calls the next,
and is to get it at once."""


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
            database.move_log()

    def settle(self, contended: bool, rows: int, held: float) -> None:
        """The last transaction, of ``rows``, held the lock for ``held`` seconds; ``contended``: somebody waited for it."""
        self._alone = 0.0 if contended else self._alone + held
        if contended and somebody_waits():
            _note_delay()
        hold = min(self.hold, BRIEFLY) if at_work() else self.hold
        undisturbed = not contended and self._alone >= self.alone and not at_work()
        if undisturbed or held < hold / 2:  # a slow one is not to make all that follow small
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
