"""A full disk: reported once, as an alert too, and waited out."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from db import Database, DatabaseError
from db.errors import DiskFull
from valhalla.program.later import later
from valhalla.program.terminal import FULL

if TYPE_CHECKING:
    from valhalla.sandbox import alerts
else:
    alerts = later("valhalla.sandbox.alerts")

TASK = "disk"

ENOUGH = 8 * 2**20
"""Bytes that must be free before what waits is tried again."""

LOOK_SECONDS = 1.0
STEP_SECONDS = 0.1
"""How soon somebody who waits notices that he is to stop."""


def is_full(error: BaseException) -> bool:
    """Whether ``error`` says that there is no space left, in the file or next to it."""
    return isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL)


class DiskSpace:
    """Whether the disk that holds the file is known to be full. May be used from all threads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.say: Callable[[str], object] = lambda line: None
        """Called when it is full, and when there is space again, once each."""
        self._full = threading.Event()
        self._mutex = threading.Lock()
        self._next_look = 0.0
        self._reason = (
            f"the disk that holds {database.path} is full; what is to be written waits until there is space"
        )
        self._reported = False

    def note(self) -> None:
        """Something could not be written for want of space."""
        with self._mutex:
            self._next_look = time.monotonic() + LOOK_SECONDS
            if self._full.is_set():
                return
            self._full.set()
            self._reported = False
            self.say(f"[WARNING] {self._reason}")
            self._report()

    def is_back(self) -> bool:
        """Whether there is space, or, where it was full, space again: then that has been reported, in the database too."""
        if not self._full.is_set():
            return True
        with self._mutex:
            if not self._full.is_set():
                return True
            if time.monotonic() < self._next_look:
                return False
            self._next_look = time.monotonic() + LOOK_SECONDS
            if not self._has_space() or not self._report(settled=True):
                return False
            self._full.clear()
            self.say("[OK] There is space on the disk again; work continues")
            return True

    def wait(self, check: Callable[[], object]) -> None:
        """Return when there is space again. ``check`` is called all the while and may raise; call it outside of transactions."""
        while not self.is_back():
            check()
            time.sleep(STEP_SECONDS)

    def _has_space(self) -> bool:
        try:
            return self.database.path is None or shutil.disk_usage(self.database.path.parent).free >= ENOUGH
        except OSError:
            return False

    def _report(self, *, settled: bool = False) -> bool:
        """The alert. A full disk may have no space for it, but one that takes it can be worked with."""
        system = alerts.AlertSystem(database=self.database)
        try:
            if not self._reported:
                system.repeat(TASK, self._reason, "critical")
                self._reported = True
            if settled:
                system.settle(TASK)
        except DatabaseError:
            return False
        return True
