"""Group commit: the ends of jobs that several threads finish at the same time, in one transaction and one flush of the disk.

The first thread to come leads: it waits a little for those whose ends shared the last transaction, writes the statements
of all of them, claims the next jobs for those who have no more, and commits. The others sleep until that is on the disk. An end is reported only after the commit, as if
each thread had made its own. When the shared transaction fails, or one of the jobs is no longer this worker's, nothing of
it is kept and each thread writes its end by itself.
"""

from __future__ import annotations

import logging
import threading
import time

from jobs.engine import Change, Engine, Request, Taken

WINDOW = 0.005
"""Seconds for which a leader waits for others at most; half of the last commit's time when that is shorter."""

log = logging.getLogger("jobs")


class _Member:
    """One thread's end in a shared transaction."""

    __slots__ = ("changes", "gate", "leads", "request", "taken", "thread")

    def __init__(self, changes: list[Change], request: Request | None) -> None:
        self.changes = changes
        self.request = request
        self.thread = threading.get_ident()
        self.gate = threading.Lock()
        self.leads = False
        self.taken: Taken | None = None
        """What was claimed for it with its end; None: its end was not kept."""


class GroupCommit:
    """The ends that share transactions: one for kinds that are ``durable``, one for the others."""

    def __init__(self, engine: Engine, durable: bool) -> None:
        self._engine = engine
        self._durable = durable
        self._mutex = threading.Lock()
        self._waiting: list[_Member] = []
        self._led = False
        self._expected: set[int] = set()
        """The threads that took part in the last commit: their next ends are likely to come soon."""
        self._seconds = 0.0
        """How long the last commit took."""
        self._complete: threading.Lock | None = None
        """Released when all threads that the leader waits for are there."""

    def commit(self, changes: list[Change], request: Request | None = None) -> Taken | None:
        """Commit ``changes`` and claim what is requested, together with others. None: nothing of it was kept, do it alone."""
        me = _Member(changes, request)
        with self._mutex:
            alone = not (self._led or self._waiting or (self._durable and not self._expected <= {me.thread}))
            if alone:
                self._led = True
        if alone:
            try:
                self._write([me])
                return me.taken
            finally:
                self._let_lead()
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
                return me.taken
        self._lead(me)
        return me.taken

    def _all_here(self) -> bool:
        return self._expected <= {each.thread for each in self._waiting}

    def _lead(self, me: _Member) -> None:
        group: list[_Member] = []
        try:
            if self._durable:
                self._gather()
            with self._mutex:
                group, self._waiting = self._waiting, []
            self._write(group)
        finally:
            self._hand_over(me, group)

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

    def _write(self, group: list[_Member]) -> None:
        """One transaction for what ``group`` has to write, and for what it claims."""
        engine = self._engine
        self._expected = {each.thread for each in group}
        began = time.perf_counter()
        changes = group[0].changes if len(group) == 1 else [one for each in group for one in each.changes]
        try:
            with engine.store.write(durable=self._durable):
                if engine.change(changes):
                    raise _Lost
                taken = [Taken() if each.request is None else engine.take(each.request) for each in group]
        except _Lost:
            return
        except engine.errors as error:
            log.warning("%d ends of jobs could not share a commit: %s", len(group), error)
            return
        for member, claimed in zip(group, taken, strict=True):
            member.taken = claimed
        self._seconds = time.perf_counter() - began

    def _hand_over(self, me: _Member, group: list[_Member]) -> None:
        """Wake the threads of ``group``, and first of all the next leader, if there is one."""
        if me in self._waiting:  # interrupted before its group was formed
            with self._mutex:
                self._waiting.remove(me)
        self._let_lead()
        for each in group:
            if each is not me:
                each.gate.release()

    def _let_lead(self) -> None:
        """Make the thread that has waited longest the leader, if any waits."""
        with self._mutex:
            if self._waiting:
                following = self._waiting[0]
                following.leads = True
                following.gate.release()
            else:
                self._led = False


class _Lost(Exception):
    """A job of the group is no longer this worker's."""
