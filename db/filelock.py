"""Locks that the operating system drops when the process that holds them dies."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

_LOCK_BYTE = 2**30
"""Windows locks are mandatory for the bytes they cover, so the one that is locked lies far behind any content."""

if sys.platform == "win32":
    import msvcrt

    def _try(fd: int) -> bool:
        os.lseek(fd, _LOCK_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _drop(fd: int) -> None:
        os.lseek(fd, _LOCK_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _drop(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


class FileLock:
    """An exclusive lock on ``path``, held by this object. The file is made when missing and is never removed.

    One object is used by one thread at a time. Two objects on one path exclude each other, also within a process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def _descriptor(self) -> int:
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        return self._fd

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it."""
        return _try(self._descriptor())

    def acquire(self, timeout: float) -> bool:
        """Take the lock, waiting up to ``timeout`` seconds. False: somebody else still has it."""
        fd = self._fd if self._fd is not None else self._descriptor()
        if _try(fd):
            return True
        deadline = time.monotonic() + timeout
        nap = 0.0002
        while time.monotonic() < deadline:
            time.sleep(nap)
            if _try(fd):
                return True
            nap = min(nap * 2, 0.005)
        return False

    def release(self) -> None:
        """Give the lock back."""
        if self._fd is not None:
            _drop(self._fd)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back, if held, and close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def write_content(self, content: bytes) -> None:
        """Replace what the file says (readable by others while it is locked)."""
        fd = self._descriptor()
        os.lseek(fd, 0, os.SEEK_SET)
        os.write(fd, content)
        os.ftruncate(fd, len(content))
