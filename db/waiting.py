"""Whether a person waits for this process, and long work that stands aside for them.

The threads of a process take turns at the interpreter. A page needs many short turns, each time it comes back from the
database, and waits for each until the background work's own turn is over, up to five milliseconds: together that takes
longer than the page itself. So background work checks between its steps whether a request waits, and yields to it: not
when the request waits for the turn to write that the work has, which is then given back sooner by going on.

All of this is the process's, as the interpreter is; but long work may be another process's, which competes for the processors. Whoever
started that one passes on what :func:`somebody_waits` says, and there :func:`waits_elsewhere` notes it.
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
_nobody, _somebody = threading.Event(), threading.Event()
_nobody.set()
_waiting = 0
_elsewhere = False
"""Whether one of those who wait does so in another process."""
_since = 0.0
_person_at = -math.inf
_for_this = ContextVar("for_this", default=False)
"""Whether somebody waits for what this thread does: it does not stand aside for itself."""


@contextlib.contextmanager
def waited_for() -> Iterator[None]:
    """Somebody waits for what is done inside, and in threads that it is handed to with its context."""
    before = _for_this.set(True)
    with _mutex:
        _count(1)
    try:
        yield
    finally:
        _for_this.reset(before)
        with _mutex:
            _count(-1)


def _count(change: int) -> None:
    global _waiting, _since
    if not _waiting:
        _since = time.monotonic()
        _nobody.clear()
        _somebody.set()
    _waiting += change
    if not _waiting:
        _somebody.clear()
        _nobody.set()


def somebody_waits(seen: bool, seconds: float) -> bool:
    """Whether somebody waits: as soon as that is not as ``seen`` before, and after so many seconds at the latest."""
    (_nobody if seen else _somebody).wait(seconds)
    return _waiting > 0


def waits_elsewhere(does: bool) -> None:
    """Note that somebody waits, or waits no longer, for another process of this program, with which this one competes."""
    global _elsewhere
    with _mutex:
        if does != _elsewhere:
            _elsewhere = does
            _count(1 if does else -1)


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
    """Stand aside while somebody waits, though not for long, nor with the turn to write while another thread or process waits for
    it. Costs next to nothing when nobody does."""
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
