"""Whose turn it is to write: first come, first served, among the threads of a process and among processes.

SQLite's own busy handler polls with growing pauses, so a second writer next to a busy one can starve for seconds.
Threads therefore queue here, in order, and processes take turns on a lock file that is held only while the write
transaction begins.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from db.filelock import FileLock

TURN_FILE = "writer.turn"
"""The lock file next to the database."""

_of_this_thread = threading.local()


def others_wait() -> bool:
    """Whether another thread or process waits for the turn that this thread took last and still has."""
    lock: FairLock | None = getattr(_of_this_thread, "lock", None)
    return lock is not None and lock.contended()


class FairLock:
    """A mutual exclusion lock that is handed to its waiters in the order in which they came."""

    def __init__(self, elsewhere: Callable[[], bool] = lambda: False) -> None:
        """``elsewhere``: whether anybody waits for the same who does not queue here."""
        self._elsewhere = elsewhere
        self._mutex = threading.Lock()
        self._gates: deque[threading.Lock] = deque()
        self._held = False

    @property
    def waiting(self) -> int:
        """How many threads wait for it now."""
        return len(self._gates)

    def contended(self) -> bool:
        """Whether anybody waits. To be asked by the one who has it."""
        return self.waiting > 0 or self._elsewhere()

    def acquire(self, timeout: float) -> bool:
        """Take the lock, waiting up to ``timeout`` seconds for those who came before. False: not in that time."""
        with self._mutex:
            if not self._held:
                self._held = True
                _of_this_thread.lock = self
                return True
            gate = threading.Lock()
            gate.acquire()
            self._gates.append(gate)
        try:
            handed_over = gate.acquire(timeout=timeout)
        except BaseException:  # Ctrl+C: no one waits at this gate any more
            if not self._leave(gate):
                self.release()
            raise
        taken = handed_over or not self._leave(gate)
        if taken:
            _of_this_thread.lock = self
        return taken

    def _leave(self, gate: threading.Lock) -> bool:
        """Stop waiting. False: too late, the lock was handed over in this moment."""
        with self._mutex:
            try:
                self._gates.remove(gate)
            except ValueError:
                return False
        return True

    def release(self) -> None:
        """Hand the lock to the next in line."""
        _of_this_thread.lock = None
        with self._mutex:
            if self._gates:
                self._gates.popleft().release()
            else:
                self._held = False


class Turn:
    """The turn to write to one file: a :class:`FairLock` for this process and ``writer.turn`` among processes."""

    def __init__(self, lock_file: Path | None) -> None:
        self.processes = FileLock(lock_file) if lock_file else None
        # Of the lock file alone: a lock that knew the turn would keep it, and the file open, until the collector comes.
        self.threads = FairLock(partial(_is_held, self.processes) if self.processes else lambda: False)

    def contended(self) -> bool:
        """Whether anybody waits. To be asked by the one whose turn it is, after its transaction has begun."""
        return self.threads.contended()


def _is_held(lock: FileLock) -> bool:
    if not lock.try_acquire():
        return True
    lock.release()
    return False


_turns: WeakValueDictionary[Path, Turn] = WeakValueDictionary()
_turns_mutex = threading.Lock()


def turn_for(database: Path) -> Turn:
    """The turn of the file at ``database``; the same object for everybody in this process who opens that file."""
    lock_file = database.parent / TURN_FILE
    with _turns_mutex:
        turn = _turns.get(database)
        if turn is None:
            turn = _turns[database] = Turn(lock_file)
        return turn
