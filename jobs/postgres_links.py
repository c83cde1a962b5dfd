"""A process's connections to the server of a queue: a few for statements, and one that keeps its workers alive.

A worker's advisory lock belongs to a session, and the server drops it with the session. So there is one session for that and
for the news (LISTEN), looked after by a thread of its own: when the session ends, the thread makes another, and takes the locks
again before anything is claimed.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import select
import threading
import time
from collections.abc import Callable
from typing import Any

from db import DatabaseError
from jobs import postgres_sql as text
from jobs.errors import JobsError

log = logging.getLogger("jobs")

CONNECT = 5
"""Seconds in which a connection has to come about."""

WAIT = 30.0
"""Seconds to wait for one of this process's connections, and for the locks of its workers."""

AGAIN = 0.1
"""Seconds between two tries at the session that keeps workers alive."""

OPTIONS = {
    "connect_timeout": CONNECT,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # The planner's statistics of a queue are always those of another hour: whatever has an index is found by it.
    "options": "-c enable_seqscan=off -c jit=off -c timezone=UTC -c lock_timeout=20s",
}


def call_function(connection: Any, function: str, *given: Any) -> list[tuple[Any, ...]]:
    """The rows that a function of the server returns, in a transaction of its own."""
    marks = ", ".join(["%s"] * len(given))
    rows: list[tuple[Any, ...]] = connection.execute(f"SELECT * FROM {function}({marks})", given).fetchall()
    return rows


class ServerLost(DatabaseError):
    """The server does not answer, or has ended the connection. What was not committed is undone; what was being committed
    may or may not be."""


class Refused(DatabaseError):
    """The server has refused a statement."""


def postgres_driver() -> Any:
    """The package ``psycopg``, which comes with the extra ``postgres``. Raises :class:`JobsError` without it."""
    try:
        return importlib.import_module("psycopg")
    except ImportError:
        raise JobsError(
            "a queue on PostgreSQL needs psycopg; install it with: pip install 'valhalla[postgres]'"
        ) from None


class Links:
    """At most ``most`` connections, lent to the threads that run statements."""

    def __init__(self, url: str, most: int) -> None:
        self.psycopg = postgres_driver()
        self._url = url
        self._most = most
        self._idle: list[Any] = []
        self._lent = 0
        self._free = threading.Condition()
        self._closed = False
        self.on_connect: Callable[[Any], object] | None = None
        """Called with each new connection for statements."""
        self.opened = 0
        """Connections that were ever made."""

    def connect(self, name: str) -> Any:
        """A new connection. Raises :class:`ServerLost`."""
        try:
            link = self.psycopg.connect(self._url, autocommit=True, application_name=name, **OPTIONS)
        except self.psycopg.Error as error:
            raise ServerLost(f"PostgreSQL does not answer: {words(error)}") from None
        link.prepare_threshold = 2
        self.opened += 1
        return link

    def borrow(self) -> Any:
        """A connection that works, as far as can be seen without asking the server. Give it back with :meth:`give_back`."""
        deadline = time.monotonic() + WAIT
        with self._free:
            while True:
                if self._closed:
                    raise ServerLost("the queue's connections were closed")
                while self._idle:
                    link = self._idle.pop()
                    if _sound(link):
                        self._lent += 1
                        return link
                    _end(link)
                if self._lent < self._most:
                    self._lent += 1
                    break
                if not self._free.wait(deadline - time.monotonic()):
                    raise ServerLost("all connections of this process to PostgreSQL are busy for too long")
        try:
            link = self.connect("valhalla-queue")
            if self.on_connect is not None:
                self.on_connect(link)
        except BaseException:
            self._returned(None)
            raise
        return link

    def give_back(self, link: Any) -> None:
        """It is lent no longer. One that is broken, or still in a transaction, is closed."""
        sound = not link.closed and link.info.transaction_status == self.psycopg.pq.TransactionStatus.IDLE
        if not sound:
            _end(link)
        self._returned(link if sound else None)

    def _returned(self, link: Any) -> None:
        with self._free:
            self._lent -= 1
            if link is not None:
                if self._closed:
                    _end(link)
                else:
                    self._idle.append(link)
            self._free.notify()

    def open(self) -> None:
        """Lend again after :meth:`close`."""
        self._closed = False

    def close(self) -> None:
        """Close what is not lent; what is, when it comes back."""
        with self._free:
            self._closed = True
            idle, self._idle = self._idle, []
            self._free.notify_all()
        for link in idle:
            _end(link)


class Presence:
    """The session that keeps the workers of this process alive, and hears of news."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._held: set[int] = set()
        self._mutex = threading.Lock()
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._link: Any = None
        self._pid = 0
        self._thread: threading.Thread | None = None
        self.news = 0
        """How often others have said that there is some, and this process may have missed it."""

    def hold(self, worker: int) -> None:
        """Take the lock of ``worker`` and keep it through ends of the session, until :meth:`let_go`."""
        with self._mutex:
            self._held.add(worker)
            self._ready.clear()
            if self._thread is None:
                self._stop.clear()
                self._thread = threading.Thread(target=self._keep, name="queue presence", daemon=True)
                self._thread.start()
        self.certain()

    def let_go(self, worker: int) -> None:
        """Give up its lock; after the last one the session ends."""
        with self._mutex:
            self._held.discard(worker)
            link, last = self._link, not self._held
        if link is not None:  # also the last one: the server ends a session some time after its client
            with contextlib.suppress(self._links.psycopg.Error):
                link.execute(text.LET_GO, (worker,))
        if last:
            self.close()

    def certain(self) -> None:
        """Return once the locks of this process's workers are held, as far as is known. Raises :class:`ServerLost`."""
        if self._thread is not None and not self._ready.wait(WAIT):
            raise ServerLost("PostgreSQL does not give this worker its lock back")

    def vouch(self, link: Any) -> None:
        """``link`` is new: perhaps the server was started again, and has forgotten the locks. If so, they are taken first."""
        with self._mutex:
            held, pid = list(self._held), self._pid
        if held and self._ready.is_set() and link.execute(text.HOLDS, (pid, held)).fetchone()[0] != len(held):
            self._ready.clear()

    def close(self) -> None:
        """End the session."""
        with self._mutex:
            thread, self._thread = self._thread, None
            self._held.clear()
            self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(10)

    # -- its thread ----------------------------------------------------------------------------------------

    def _keep(self) -> None:
        told = False
        while not self._stop.is_set():
            try:
                if self._link is None:
                    self._link = self._links.connect("valhalla-queue-presence")
                    self._link.execute(text.LISTEN)
                if not self._ready.is_set():
                    self._take_locks()
                self._listen()
                told = False
            except (self._links.psycopg.Error, DatabaseError, OSError, ValueError) as error:
                if not told:
                    log.warning("the session that keeps this worker alive ended: %s", words(error))
                told = True
                self._ready.clear()
                if self._link is not None:
                    _end(self._link)
                    self._link = None
                self._stop.wait(AGAIN)
        if self._link is not None:
            _end(self._link)
            self._link = None
        self._ready.clear()

    def _take_locks(self) -> None:
        """All of them: a former session that the server still keeps is ended."""
        link = self._link
        with self._mutex:
            held, former = list(self._held), self._pid
        mine = link.info.backend_pid
        if former and former != mine:
            link.execute(text.END_HOLDER, (former, held))
        had = link.execute(text.HOLDS, (mine, held)).fetchone()[0]
        missing = held if had != len(held) else []
        for worker in missing:
            if not link.execute(text.HOLD, (worker,)).fetchone()[0]:
                self._stop.wait(AGAIN)
                return
        with self._mutex:
            if set(held) == self._held:
                self._pid = mine
                self._ready.set()
                self.news += 1

    def _listen(self) -> None:
        readable, _, _ = select.select([self._link.fileno()], [], [], AGAIN)
        if readable:
            for _ in self._link.notifies(timeout=0):
                self.news += 1


def words(error: BaseException) -> str:
    """An error of the server in one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _sound(link: Any) -> bool:
    """Whether an idle connection is still one: the server says something to it only when it ends it."""
    if link.closed:
        return False
    try:
        return not select.select([link.fileno()], [], [], 0)[0]
    except (OSError, ValueError):
        return False


def _end(link: Any) -> None:
    with contextlib.suppress(Exception):
        link.close()
