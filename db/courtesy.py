"""Long work lets whoever waits for a page go first.

The threads of a process take turns at the interpreter. A page needs many short turns, each time it comes back from the
file, and waits for each until the long work's own turn is over, up to five milliseconds: together that takes longer than
the page itself. So long work looks between its steps whether somebody waits, and stands aside.

What is here is the process's, as the interpreter is.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")

PATIENCE = 0.1
"""Seconds for which long work stands aside, counted from when somebody began to wait and nobody else did: what takes longer
than a page, or many who ask all the time, do not stop it."""

_mutex = threading.Lock()
_nobody = threading.Event()
_nobody.set()
_waiting = 0
_since = 0.0


@contextlib.contextmanager
def waited_for() -> Iterator[None]:
    """Somebody waits for what is done inside. Long work must not be called there: it would stand aside for itself."""
    global _waiting, _since
    with _mutex:
        if not _waiting:
            _since = time.monotonic()
            _nobody.clear()
        _waiting += 1
    try:
        yield
    finally:
        with _mutex:
            _waiting -= 1
            if not _waiting:
                _nobody.set()


def somebody_waits() -> bool:
    """Whether somebody waits now."""
    return _waiting > 0


def give_way() -> None:
    """Stand aside while somebody waits, though not for long. Costs next to nothing when nobody does."""
    if _waiting:
        left = _since + PATIENCE - time.monotonic()
        if left > 0:
            _nobody.wait(left)


def in_steps(rows: Sequence[_T], step: int) -> Iterator[Sequence[_T]]:
    """``rows`` in parts of ``step``, giving way before each."""
    for first in range(0, len(rows), step):
        give_way()
        yield rows[first : first + step]
