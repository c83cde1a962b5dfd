"""Continuous copies while the program runs: Litestream is started with it, watched, and ended after its last write."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from db import Database
from valhalla.fleet import litestream
from valhalla.fleet.bucket import Bucket
from valhalla.program import settings
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.later import later
from valhalla.sandbox.alerts import AlertSystem

if TYPE_CHECKING:
    import psutil
else:
    psutil = later("psutil")

PLACE, ENABLED = "protect.folder", "protect.continuous"
ALERT = "protect"
BUCKET = "s3://"

LOOK_EACH = 10.0
"""Seconds between two looks at the settings and at Litestream."""

AGAIN_AFTER = 60.0
"""Seconds until it is started again, when it ended by itself."""

PATIENCE = 30.0
"""Seconds in which it sends the last changes, when it is ended."""


def place_of(target: str) -> Path | Bucket:
    """A place of protected copies, as the setting or a person names it."""
    return Bucket(target) if target.startswith(BUCKET) else Path(target)


class Continuous:
    """Keeps Litestream running for one home, where the settings want it and it is installed."""

    def __init__(self, database: Database, home: Home, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._home = home
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._for: str | None = None
        """The place that it sends to."""
        self._next = 0.0
        self._lock = threading.RLock()

    @property
    def running(self) -> bool:
        """Whether Litestream is at work."""
        return self._process is not None and self._process.poll() is None

    def tick(self) -> None:
        """Asked often: start, end or start again what should run. A failure is an alert, and another try later."""
        now = self._clock()
        if now < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            self._next = now + LOOK_EACH
            self._look(now)
        finally:
            self._lock.release()

    def _look(self, now: float) -> None:
        wanted = settings.value(self._database, PLACE) if settings.value(self._database, ENABLED) else None
        if self._process is not None and self._process.poll() is not None:
            code, self._process = self._process.returncode, None
            self._next = now + AGAIN_AFTER
            if not _given_up(self._home):
                self._alert(
                    f"Litestream ended by itself ({code}); it is started again; see logs/{litestream.LOG}"
                )
            return
        if self._process is not None and wanted != self._for:
            self._stop()
        if self._process is None and wanted:
            self._start(wanted, now)

    def _start(self, wanted: str, now: float) -> None:
        found = litestream.find()
        if not found.usable:
            return
        try:
            end_orphan(self._home)
            place = place_of(wanted)
            self._process = litestream.start(self._home, found, place, litestream.life(self._database))
            self._for = wanted
            _note(self._home).write_text(str(self._process.pid), encoding="ascii")
        except (OSError, ValhallaError) as error:
            self._next = now + AGAIN_AFTER
            self._alert(f"Litestream could not be started: {error}")

    def end(self) -> None:
        """End it, after everything that was written has been sent (or the place has not answered for a while)."""
        with self._lock:
            if self._stop():
                litestream.send_rest(self._home, litestream.find(), PATIENCE)

    def _stop(self) -> bool:
        """Whether there may be something left to be sent."""
        process, self._process = self._process, None
        if process is None:
            return False
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:  # the place does not answer; the next start sends the rest
            process.kill()
            process.wait()
        given_up = _given_up(self._home)
        _note(self._home).unlink(missing_ok=True)
        return not given_up

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Without Litestream, which always reads and so keeps the log from being emptied; it is started again afterwards."""
        with self._lock:
            self._stop()
            try:
                yield
            finally:
                self._next = 0.0

    def _alert(self, reason: str) -> None:
        AlertSystem(database=self._database).repeat(ALERT, reason, "warning")


def end_orphan(home: Home) -> None:
    """End the Litestream of a program that was killed: two must not send the same database."""
    process = _noted(home)
    if process is not None:
        with contextlib.suppress(psutil.Error):
            process.terminate()
            try:
                process.wait(PATIENCE)
            except psutil.TimeoutExpired:
                _kill(process)
    _note(home).unlink(missing_ok=True)


def give_up(home: Home) -> None:
    """End the Litestream of a home at once. Its program, which is about to end, sends no rest: that goes with a whole copy."""
    process = _noted(home)
    _note(home).unlink(missing_ok=True)  # first: by this its program knows
    if process is not None:
        _kill(process)


def _kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.Error):
        process.kill()
        process.wait(PATIENCE)


def _noted(home: Home) -> psutil.Process | None:
    """The Litestream that was started for a home, if it runs."""
    note = _note(home)
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(note.read_text(encoding="ascii")))
        # The number may be another program's by now.
        if str(note.with_name(litestream.CONFIG)) in process.cmdline():
            return process
    return None


def _given_up(home: Home) -> bool:
    return not _note(home).exists()


def _note(home: Home) -> Path:
    return home.path / litestream.FOLDER / "pid"


def state(database: Database, home: Home) -> str:
    """What ``doctor`` says of continuous copies."""
    found = litestream.find()
    if not settings.value(database, PLACE):
        return f"no copies outside of this computer (valhalla protect FOLDER); {found}"
    if not found.usable:
        return (
            f"{found}, so whole copies go there every {settings.value(database, 'protect.minutes')} minutes"
        )
    if not settings.value(database, ENABLED):
        return f"{found} is off (setting {ENABLED})"
    log = database.log_bytes()
    kept = litestream.kept_bytes(home)
    at = "works" if _note(home).exists() else "works while Valhalla runs"
    return (
        f"{found} {at}; it keeps the database's log ({log / 1e6:,.1f} MB now) until it is sent, {kept / 1e6:,.1f} MB in "
        f"{litestream.FOLDER}, and says what went wrong in {home.logs / litestream.LOG}"
    )
