"""Emptying the log into the file when nobody writes, so that somebody who copies only the file misses next to nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import apsw

from db import errors

if TYPE_CHECKING:
    from db.connection import Database

QUIET = 1.0
"""Seconds without a commit that count as rest."""

APART = 20.0
"""Seconds between two attempts: signs of life are written all the time, and a disk is not to be kept busy by them."""

WAIT = 0.05
"""Seconds to wait for readers; the next rest is not far."""


class Rest:
    """Asked often by one thread that hardly writes itself, whose connection therefore notices the commits of others."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._version = 0
        self._since = clock()
        self._next = 0.0

    def tick(self) -> bool:
        """Empty the log if everybody rests; whether that was done now. Never raises: a fault is told by whoever works."""
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
