"""Whether a person waits for this process, and long work that stands aside for them.

The threads of a process take turns at the interpreter. A page needs many short turns, each time it comes back from the
database, and waits for each until the background work's own turn is over, up to five milliseconds: together that takes
longer than the page itself. So background work checks between its steps whether a request waits, and yields to it: not
when the request waits for the turn to write that the work has, which is then given back sooner by going on.

All of this is the process's, as the interpreter is.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TypeVar

from db.turn import others_wait

_T = TypeVar("_T")

PATIENCE = 0.1
"""Seconds for which long work stands aside, counted from when somebody began to wait and nobody else did: what takes longer
than a page, or many who ask all the time, do not stop it."""

LOOK = 0.002
"""Seconds between two looks, by work that stands aside with the turn to write, at whether the turn is wanted by now."""

AT_WORK = 30.0
"""Seconds by the clock for which all batches stay small after a person wrote something: who calls one lead calls the next, and is to
get it at once."""

_mutex = threading.Lock()
_nobody = threading.Event()
_nobody.set()
_waiting = 0
_since = 0.0
_person_at = -math.inf
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


def wants_turn() -> None:
    """This thread is about to ask for the turn to write. Costs next to nothing."""
    if _for_this.get():
        person_writes()


def person_writes() -> None:
    """A person wants the turn to write, here or in another process of this program."""
    global _person_at
    _person_at = time.monotonic()


def at_work() -> bool:
    """Whether a person wanted the turn to write a moment ago."""
    return time.monotonic() - _person_at < AT_WORK


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
