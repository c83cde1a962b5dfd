"""One thread that does the maintenance of several workers, for a process that works on many queues."""

from __future__ import annotations

import logging
import threading
import time

from jobs.maintenance import Maintenance

log = logging.getLogger("jobs")

TICK = 0.2
"""Seconds between two rounds, where each worker's own thread would look eight times as often: news from another process may take as
long; what this one brings is seen at once."""

PATIENCE = 5.0
"""Seconds after which a worker with a seat looks by itself."""


class Seat:
    """A worker's place with the poller: what its own maintenance thread would be."""

    def __init__(self, poller: Poller, maintenance: Maintenance) -> None:
        self._poller = poller
        self.maintenance = maintenance
        self.left = threading.Event()

    def start(self) -> None:
        """Take the seat."""
        self._poller.take(self)

    def join(self, timeout: float | None = None) -> None:
        """Leave it, and wait until the poller does nothing more for this worker."""
        self._poller.leave(self, timeout)

    def is_alive(self) -> bool:
        """Whether the poller still works for it."""
        return not self.left.is_set()


class Poller:
    """Ticks every worker that has a seat. Its thread begins with the first one and ends with the last."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._seats: list[Seat] = []
        self._leaving: list[Seat] = []
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def seat(self, maintenance: Maintenance) -> Seat:
        """A place for a worker."""
        return Seat(self, maintenance)

    def take(self, seat: Seat) -> None:
        """Tick ``seat`` from now on."""
        with self._mutex:
            self._seats.append(seat)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
                self._thread.start()

    def leave(self, seat: Seat, timeout: float | None) -> None:
        """Tick ``seat`` no more; wait for a tick that is under way."""
        with self._mutex:
            if seat not in self._seats:
                seat.left.set()
                return
            self._leaving.append(seat)
        self._woken.set()
        seat.left.wait(timeout)

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            with self._mutex:
                for seat in self._leaving:
                    self._seats.remove(seat)
                    seat.left.set()
                self._leaving.clear()
                self._woken.clear()
                seats = list(self._seats)
                if not seats:
                    self._thread = None
                    return
            for seat in seats:
                try:
                    seat.maintenance.tick()
                except Exception:  # one queue must not stop the others
                    log.exception("the maintenance of a queue failed")
            self._woken.wait(max(0.0, TICK - (time.monotonic() - began)))
