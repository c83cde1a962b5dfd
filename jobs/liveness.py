"""Registers workers and finds those that died.

Every worker holds a lock file in a folder next to the database. The operating system drops that lock when the process
dies, however it dies: no heartbeat has to time out before its jobs are rescued, and a worker that is merely slow,
stopped or suspended is not considered dead.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import DiskFull
from db.filelock import FileLock
from jobs import sql

if TYPE_CHECKING:
    from db import Database

log = logging.getLogger("jobs")

STALE = 3600.0
"""Seconds after which a lock file without a worker is removed."""

_here: set[str] = set()
"""Tokens of the workers of this process (their files need no probing, and databases in memory have none)."""


def folder(database: Database) -> Path | None:
    """The folder of the lock files of a database's workers; None for a database in memory."""
    return database.path.with_name(database.path.stem + ".workers") if database.path else None


class WorkerRegistration:
    """One worker, registered in the database and holding its lock file, until :meth:`close`."""

    def __init__(self, database: Database, queue: str, threads: int = 0) -> None:
        self.database = database
        self.token = uuid.uuid4().hex
        self._lock = _lock_file(database, self.token)
        if self._lock is not None:
            self._lock.path.parent.mkdir(mode=0o700, exist_ok=True)
            self._lock.acquire(timeout=10.0)
        _here.add(self.token)
        now = database.clock()
        with database.write():
            database.sql(
                sql.REGISTER_WORKER,
                (
                    self.token,
                    queue,
                    socket.gethostname(),
                    os.getpid(),
                    _started(os.getpid()),
                    threads,
                    now,
                    now,
                ),
            )
            self.id = database.last_id()

    def beat(self, threads: int) -> None:
        """Record that this worker is alive (for people; rescue does not depend on it)."""
        with self.database.write():
            self.database.sql(sql.BEAT, (self.database.clock(), threads, self.id))

    def close(self) -> None:
        """Stop being a worker. Jobs that are still claimed are rescued by the next worker."""
        try:
            with self.database.write():
                self.database.sql(sql.END_WORKER, (self.database.clock(), self.id))
        except DiskFull as error:  # the lock that is released says the same
            log.warning("the end of a worker could not be noted: %s", error)
        finally:
            self.release_lock()

    def release_lock(self) -> None:
        """Release the lock, nothing else, as the operating system does for a process that dies."""
        _here.discard(self.token)
        if self._lock is not None:
            self._lock.close()
            with contextlib.suppress(OSError):
                self._lock.path.unlink()


def worker_is_dead(database: Database, owner: int) -> bool:
    """Whether the worker ``owner`` has died.

    It has if its lock can be taken or its file is gone. Where the file cannot be probed, it has if no process with its
    number and start time runs here; a worker of another machine cannot be judged and is left to its lease.
    """
    row = database.one(sql.WORKER, (owner,))
    if row is None:
        return True  # no worker was ever registered under this number
    token, host, pid, process_started = row
    if token in _here:
        return False
    if database.path is None:
        return True
    if host != socket.gethostname():
        return False
    lock = _lock_file(database, token)
    if lock is None or not lock.path.exists():
        return True
    try:
        return lock.try_acquire()
    except OSError:
        return bool(_started(pid) != process_started)
    finally:
        lock.close()


def forget(database: Database, owner: int) -> None:
    """End the registration of a dead worker, free its locks and remove its file."""
    row = database.one(sql.WORKER, (owner,))
    database.sql(sql.END_WORKER, (database.clock(), owner))
    database.sql(sql.FREE_LOCKS_OF, (owner,))
    if row is not None:
        lock = _lock_file(database, row[0])
        if lock is not None:
            with contextlib.suppress(OSError):
                lock.path.unlink()


def sweep_files(database: Database) -> None:
    """Remove lock files of workers that died before they were registered, or whose registration was not ended."""
    place = folder(database)
    if place is None or not place.is_dir():
        return
    for path in place.glob("*.lock"):
        with contextlib.suppress(OSError):
            if path.stem in _here or time.time() - path.stat().st_mtime < STALE:
                continue  # a new one may belong to a worker that is just starting
            if database.value(sql.WORKER_IS_OPEN, (path.stem,)):
                continue
            lock = FileLock(path)
            try:
                if lock.try_acquire():
                    lock.close()
                    path.unlink()
            finally:
                lock.close()


def _lock_file(database: Database, token: str) -> FileLock | None:
    place = folder(database)
    return FileLock(place / f"{token}.lock") if place is not None else None


def _started(pid: int) -> int:
    """When process ``pid`` began, UTC microseconds to the hundredth of a second; 0: there is no such process."""
    if sys.platform != "linux":
        return _started_by_psutil(pid)
    # What psutil does there, without loading it, which takes longer than all else that a worker needs; see proc(5).
    try:
        process, system = (Path(f"/proc/{name}").read_bytes() for name in (f"{pid}/stat", "stat"))
    except OSError:
        return 0
    ticks = int(process.rpartition(b")")[2].split()[19])  # the name in the brackets may hold anything
    booted = int(system.partition(b"\nbtime ")[2].split()[0])
    return round((booted + ticks / os.sysconf("SC_CLK_TCK")) * 100) * 10_000


def _started_by_psutil(pid: int) -> int:
    try:
        import psutil
    except ImportError:  # then a worker whose lock file cannot be probed is left to its lease
        return 0
    try:
        return round(psutil.Process(pid).create_time() * 100) * 10_000
    except psutil.Error:
        return 0
