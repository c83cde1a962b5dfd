"""How threads hear that there is work, or that a job has ended, without asking the file again and again."""

from __future__ import annotations

import threading


class Bell:
    """Rung after something was committed. A ring while nobody listens is not lost: it changes :attr:`rings`."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.rings = 0

    def ring(self, listeners: int = 1) -> None:
        """Wake up to ``listeners`` of those who wait."""
        with self._condition:
            self.rings += 1
            self._condition.notify(listeners)

    def ring_all(self) -> None:
        """Wake everybody."""
        with self._condition:
            self.rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, timeout: float) -> bool:
        """Wait until it has rung since :attr:`rings` was ``heard``. False: ``timeout`` seconds went by."""
        with self._condition:
            return self._condition.wait_for(lambda: self.rings != heard, timeout)


class Endings:
    """Events for those who wait for one job to end."""

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
        """Nobody waits for ``event`` any more."""
        with self._mutex:
            events = self._waiting.get(job_id, [])
            if event in events:
                events.remove(event)
            if not events:
                self._waiting.pop(job_id, None)

    def ended(self, job_id: int) -> None:
        """Wake those who wait for ``job_id``."""
        with self._mutex:
            for event in self._waiting.get(job_id, ()):
                event.set()
