"""Wakes threads when there is work or a job has ended, so that they need not poll the database."""

from __future__ import annotations

import threading


class Bell:
    """Rung after a commit. A ring while no thread waits is not lost: it changes :attr:`rings`."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.rings = 0

    def ring(self, listeners: int = 1) -> None:
        """Wake up to ``listeners`` of the waiting threads."""
        with self._condition:
            self.rings += 1
            self._condition.notify(listeners)

    def ring_all(self) -> None:
        """Wake all waiting threads."""
        with self._condition:
            self.rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, timeout: float) -> bool:
        """Wait until it has rung since :attr:`rings` was ``heard``. False: ``timeout`` seconds went by."""
        with self._condition:
            return self._condition.wait_for(lambda: self.rings != heard, timeout)


class Endings:
    """Events of threads that wait for a job to end."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: dict[int, list[threading.Event]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def expect(self, job_id: int) -> threading.Event:
        """An event that is set when job ``job_id`` ends in this process."""
        event = threading.Event()
        with self._mutex:
            self._waiting.setdefault(job_id, []).append(event)
        return event

    def forget(self, job_id: int, event: threading.Event) -> None:
        """Discard ``event``; its thread no longer waits."""
        with self._mutex:
            events = self._waiting.get(job_id, [])
            if event in events:
                events.remove(event)
            if not events:
                self._waiting.pop(job_id, None)

    def ended(self, job_id: int) -> None:
        """Wake the threads that wait for ``job_id``."""
        with self._mutex:
            for event in self._waiting.get(job_id, ()):
                event.set()
