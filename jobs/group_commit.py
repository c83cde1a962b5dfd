"""Group commit: the ends of jobs that several threads finish at the same time, in one transaction and one flush of the disk.

The first thread to come leads: it waits a little for those whose ends shared the last transaction, writes the statements
of all of them, and commits. The others sleep until that is on the disk. An end is reported only after the commit, as if
each thread had made its own. When the shared transaction fails, or one of the jobs is no longer this worker's, nothing of
it is kept and each thread writes its end by itself.
"""

from __future__ import annotations

import logging
import threading
import time

from jobs.engine import Change, Engine

WINDOW = 0.005
"""Seconds for which a leader waits for others at most; half of the last commit's time when that is shorter."""

log = logging.getLogger("jobs")


class _Member:
    """One thread's end in a shared transaction."""

    __slots__ = ("changes", "committed", "gate", "leads", "thread")

    def __init__(self, changes: list[Change]) -> None:
        self.changes = changes
        self.thread = threading.get_ident()
        self.gate = threading.Lock()
        self.leads = self.committed = False


class GroupCommit:
    """The ends that share transactions: one for kinds that are ``durable``, one for the others."""

    def __init__(self, engine: Engine, durable: bool) -> None:
        self._engine = engine
        self._durable = durable
        self._mutex = threading.Lock()
        self._waiting: list[_Member] = []
        self._led = False
        self._expected: set[int] = set()
        """The threads that took part in the last commit: they are likely to be back soon."""
        self._seconds = 0.0
        """How long the last commit took."""
        self._complete: threading.Lock | None = None
        """Released when all that the leader waits for have come."""

    def commit(self, changes: list[Change]) -> bool:
        """Commit ``changes``, together with those of others. False: nothing of them was kept, write them alone."""
        thread = threading.get_ident()
        with self._mutex:
            alone = not (self._led or self._waiting or (self._durable and not self._expected <= {thread}))
            if alone:
                self._led = True
        if alone:
            try:
                return self._write({thread}, changes)
            finally:
                self._let_lead()
        me = _Member(changes)
        with self._mutex:
            self._waiting.append(me)
            if self._led:
                me.gate.acquire()
                complete = self._complete
                if complete is not None and self._all_here():
                    self._complete = None
                    complete.release()
            else:
                self._led = me.leads = True
        if not me.leads:
            me.gate.acquire()
            if not me.leads:
                return me.committed
        return self._lead(me)

    def _all_here(self) -> bool:
        return self._expected <= {each.thread for each in self._waiting}

    def _lead(self, me: _Member) -> bool:
        group: list[_Member] = []
        committed = False
        try:
            if self._durable:
                self._gather()
            with self._mutex:
                group, self._waiting = self._waiting, []
            committed = self._write(
                {each.thread for each in group}, [one for each in group for one in each.changes]
            )
        finally:
            self._hand_over(me, group, committed)
        return committed

    def _gather(self) -> None:
        """Wait for the threads of the last commit, as long as that costs less than a flush of their own."""
        with self._mutex:
            if self._all_here():
                return
            complete = self._complete = threading.Lock()
            complete.acquire()
        complete.acquire(timeout=min(WINDOW, self._seconds / 2))
        with self._mutex:
            self._complete = None

    def _write(self, threads: set[int], changes: list[Change]) -> bool:
        """One transaction for what ``threads`` have to write."""
        self._expected = threads
        began = time.perf_counter()
        try:
            with self._engine.store.write(durable=self._durable):
                if self._engine.change(changes):
                    raise _Lost
        except _Lost:
            return False
        except self._engine.errors as error:
            log.warning("%d ends of jobs could not share a commit: %s", len(threads), error)
            return False
        self._seconds = time.perf_counter() - began
        return True

    def _hand_over(self, me: _Member, group: list[_Member], committed: bool) -> None:
        """Wake the threads of ``group``, and first of all the next leader, if there is one."""
        if me in self._waiting:  # interrupted before its group was formed
            with self._mutex:
                self._waiting.remove(me)
        self._let_lead()
        for each in group:
            if each is not me:
                each.committed = committed
                each.gate.release()

    def _let_lead(self) -> None:
        """Give the lead to who waits first, if anyone does."""
        with self._mutex:
            if self._waiting:
                following = self._waiting[0]
                following.leads = True
                following.gate.release()
            else:
                self._led = False


class _Lost(Exception):
    """A job of the group is no longer this worker's."""
