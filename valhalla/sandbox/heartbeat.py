"""Block 4, the heartbeat: somebody notices when the program has stopped working.

Promises: healthy from the moment :meth:`SchedulerHeartbeat.start` returns; unhealthy as soon as ``timeout`` seconds have
gone by since the last beat, however that came about; never started, or stopped, is not healthy. A beat is a write to the
file: when the file cannot be written there is no beat. Intervals are measured by a clock that nobody can set.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import apsw

from db import DatabaseError
from db.clock import SECOND
from valhalla.sandbox import sql
from valhalla.sandbox.block import Block, microseconds, stamp
from valhalla.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.database import SandboxDatabaseManager

log = logging.getLogger("valhalla.heartbeat")


class SchedulerHeartbeat(Block):
    """A thread that beats each ``interval`` seconds. ``name``: the row of table heartbeat that others look at."""

    def __init__(
        self,
        interval: float = 10.0,
        timeout: float = 30.0,
        *,
        database: Database | SandboxDatabaseManager | None = None,
        alerts: AlertSystem | None = None,
        name: str = "scheduler",
    ) -> None:
        super().__init__(database)
        self._interval_us = microseconds(interval, "interval", least=0.001)
        self._timeout_us = microseconds(timeout, "timeout", least=0.001)
        self.interval, self.timeout, self.name = interval, timeout, name
        self._alerts = alerts
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_at: float | None = None
        self._beat_wall: int | None = None
        self._beats = 0
        self._missed = False

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def last_heartbeat(self) -> str | None:
        """When it last beat, ISO 8601; None before the first beat."""
        return None if self._beat_wall is None else stamp(self._beat_wall)

    def start(self) -> None:
        """Beat once, and from then on each interval. A second call changes nothing."""
        with self._mutex:
            if self.is_running:
                return
            self._stop = threading.Event()
            now = self.database.clock()
            row = (self.name, os.getpid(), self._interval_us, self._timeout_us, now, now)
            with self.database.write():
                self.database.sql(sql.BEGIN_HEARTBEAT, row)
            self._beats = 0
            self._note(now)
            self._thread = threading.Thread(
                target=self._run, args=(self._stop,), name="heartbeat", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop beating; returns at once. Nothing is reported: this is not a missed beat."""
        with self._mutex:
            thread, self._thread = self._thread, None
            self._stop.set()
            if thread is None:
                return
            if thread is not threading.current_thread():
                thread.join(5.0)
            with self.database.write():
                self.database.sql(sql.END_HEARTBEAT, (self.database.clock(), self.name, os.getpid()))

    def is_healthy(self) -> bool:
        """Whether it runs and has beaten within the last ``timeout`` seconds."""
        silence = self._silence()
        healthy = self.is_running and silence is not None and silence < self.timeout
        if not healthy and self.is_running:
            self._report_missed(silence)
        return healthy

    def get_health_status(self) -> dict[str, Any]:
        """``{is_running, is_healthy, last_heartbeat, seconds_since_heartbeat, total_checks}``; None before the first beat."""
        healthy = self.is_healthy()
        return {
            "is_running": self.is_running,
            "is_healthy": healthy,
            "last_heartbeat": self.last_heartbeat,
            "seconds_since_heartbeat": self._silence(),
            "total_checks": self._beats,
        }

    # -- inside --------------------------------------------------------------------------------------------

    def _run(self, stop: threading.Event) -> None:
        due = time.monotonic() + self.interval
        while True:
            # Looks once more when the timeout is over: nobody may be asking, and a missed beat must be reported.
            silence = self._silence() or 0.0
            wait = due - time.monotonic()
            if not self._missed and silence < self.timeout:
                wait = min(wait, self.timeout - silence)
            if stop.wait(max(wait, 0.0)):
                return
            if time.monotonic() >= due:
                due = max(due + self.interval, time.monotonic())
                self._beat()
            if (silence := self._silence() or 0.0) >= self.timeout:
                self._report_missed(silence)

    def _beat(self) -> None:
        now = self.database.clock()
        try:
            with self.database.write():
                self.database.sql(sql.BEAT, (now, self.name))
        except (DatabaseError, SandboxError, apsw.Error) as error:
            log.warning("the heartbeat could not be written: %s", error)
            return
        self._note(now)

    def _note(self, now: int) -> None:
        self._beat_at, self._beat_wall = time.monotonic(), now
        self._beats += 1
        self._missed = False

    def _silence(self) -> float | None:
        return None if self._beat_at is None else time.monotonic() - self._beat_at

    def _report_missed(self, silence: float | None) -> None:
        if self._missed or self._alerts is None:
            return
        self._missed = True
        reason = f"no heartbeat for more than {self.timeout:g} s"
        try:
            self._alerts.repeat(
                f"heartbeat:{self.name}", reason, "error", {"seconds": round(silence or 0.0, 1)}
            )
        except (DatabaseError, SandboxError, apsw.Error) as error:
            log.error("%s, and the alert could not be written: %s", reason, error)


def seen_from_outside(database: Database, name: str = "scheduler") -> dict[str, Any] | None:
    """What the file says about the heartbeat ``name`` of whichever process beats it; None: it never did."""
    row = database.one(sql.READ_HEARTBEAT, (name,))
    if row is None:
        return None
    pid, interval, timeout, beats, started_at, beat_at, stopped_at = row
    age = max(0, database.clock() - beat_at)
    return {
        "pid": pid,
        "interval": interval / SECOND,
        "is_running": stopped_at is None,
        "is_healthy": stopped_at is None and age < timeout,
        "last_heartbeat": stamp(beat_at),
        "seconds_since_heartbeat": age / SECOND,
        "total_checks": beats,
        "started_at": stamp(started_at),
    }
