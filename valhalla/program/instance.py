"""One running instance per home."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from db import clock, errors
from db.filelock import FileLock

LOCK_NAME = "valhalla.lock"


@dataclass(frozen=True)
class Running:
    """The process that holds a home."""

    pid: int
    started_at: int
    """UTC microseconds."""
    command: str
    url: str | None = None


class Instance:
    """The instance lock of a home. It is dropped by the operating system when the process dies, however it dies."""

    def __init__(self, home: Path) -> None:
        self._lock = FileLock(home / LOCK_NAME)
        self._running: Running | None = None

    def acquire(self, command: str) -> Running:
        """Become the instance of this home. Raises :class:`db.errors.InstanceRunning` when there is one."""
        if not self._lock.acquire(timeout=0.5):  # a moment's patience: running() may just be looking
            other = running(self._lock.path.parent)
            pid = other.pid if other else None
            raise errors.InstanceRunning(
                f"another Valhalla (process {pid or 'unknown'}) already runs on {self._lock.path.parent}; stop it first, "
                "or use its cockpit",
                pid,
                other.url if other else None,
            )
        self._running = Running(os.getpid(), clock.now(), command)
        self._publish()
        return self._running

    def announce(self, url: str) -> None:
        """Say where the cockpit of this instance answers."""
        if self._running is None:
            raise RuntimeError("announce() belongs to an acquired instance")
        self._running = Running(**{**asdict(self._running), "url": url})
        self._publish()

    def release(self) -> None:
        """Stop being the instance of this home."""
        if self._running is not None:
            self._lock.write_content(b"{}")
            self._running = None
        self._lock.close()

    def _publish(self) -> None:
        assert self._running is not None
        self._lock.write_content(json.dumps(asdict(self._running)).encode())


def running(home: Path) -> Running | None:
    """The instance that runs on ``home``, or None. Looks only; takes nothing."""
    path = home / LOCK_NAME
    if not path.exists():
        return None
    probe = FileLock(path)
    try:
        if probe.acquire(timeout=0.005):  # somebody else may just be looking, too
            return None
        content = json.loads(path.read_bytes() or b"{}")
        return Running(**content)
    except (OSError, ValueError, TypeError):
        return Running(0, 0, "unknown")
    finally:
        probe.close()
