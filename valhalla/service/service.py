"""The running program: cycles over the sources until it is stopped, each recorded and reported."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import DatabaseError, heads
from db.pacing import Rest
from jobs import JobsError, Poller, current_job
from valhalla.audit import signing
from valhalla.fleet.continuous import Continuous
from valhalla.intake import unread
from valhalla.intake.disk_space import is_full
from valhalla.intake.passes import Pass
from valhalla.intake.results import COUNTS
from valhalla.intake.sql import READ_SOURCES
from valhalla.intake.stats import RunStats
from valhalla.intake.watch import Places, Watcher
from valhalla.program.later import later
from valhalla.program.stopping import asked_to_stop, forget_request
from valhalla.safety.guards import Safety
from valhalla.safety.workflow import Report, Workflow
from valhalla.scoring import store as stages
from valhalla.service import runs
from valhalla.service.apart import Apart
from valhalla.service.reminding import Reminder
from valhalla.service.whole import WholeProgram

if TYPE_CHECKING:
    from valhalla.service import production
else:
    production = later("valhalla.service.production")

CYCLE_JOB = "ingest.cycle"

WORKERS = 3
"""Threads: a cycle waits in one while its imports run in the others."""

TICK = 0.1
"""Seconds between two looks of :meth:`Service.tick`."""

STOP_SECONDS = 1.5
"""How long a stop waits for the current chunk."""


@dataclass(frozen=True)
class Plan:
    """What a run is asked to do."""

    sources: Sequence[Path]
    interval: int
    """Seconds between the beginnings of two cycles."""
    cycles: int | None
    """End after so many; None: when stopped."""
    live: bool = False
    """Effects may go out during this run."""
    workspace: str | None = None
    """What the hub calls this home, where one process runs several."""
    pages: bool = False
    """This process serves pages, so large jobs run in another one."""


@dataclass(frozen=True)
class Events:
    """Called as things happen, from a worker thread."""

    cycle_begins: Callable[[int, int], object] = lambda number, at: None
    cycle_ends: Callable[[int, int, Pass], object] = lambda number, at, done: None
    disk: Callable[[str], object] = lambda line: None
    """The disk is full, or has space again."""
    working: Callable[[Service], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    """Entered before the workers start, left before they stop: what runs along with them, such as the cockpit."""


class Service:
    """One run on a home. The caller holds the home's instance lock.

    ``poller``: what does the queue's maintenance, where several services share it (None: a thread of its own).
    """

    def __init__(
        self,
        program: WholeProgram,
        plan: Plan,
        settings: dict[str, Any],
        events: Events,
        poller: Poller | None = None,
    ) -> None:
        self.program = program.all_kinds()
        self.database = program.database
        self.home = program.home
        self.plan = plan
        self.settings = settings
        self.events = events
        self.stats = RunStats(program.database.clock())
        self.last: Pass | None = None
        self.error: BaseException | None = None
        self.queue = program.queue
        self.space = program.importing.space
        self.space.say = events.disk
        self.safety: Safety | None = None
        self.continuous = Continuous(program.database, program.home)
        program.background.alone = self.continuous.paused
        self._poller = poller
        self._rest, self._reminder = Rest(self.database), Reminder(self.database)
        self._done = threading.Event()
        self._run_id = 0

    @property
    def run_id(self) -> int:
        """The number of the run; 0 before it has begun."""
        return self._run_id

    @property
    def assessment(self) -> dict[str, Any] | None:
        """The last risk assessment of this run; None before the first."""
        return self.safety.assessment if self.safety else None

    def run(self, stop: threading.Event) -> RunStats:
        """Cycle until ``stop`` is set or the planned cycles are done. The file is complete when it returns."""
        with self.running():
            if self.plan.cycles != 0:
                while not stop.wait(TICK) and self.tick():
                    pass
        return self.stats

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While inside, lists are read and jobs are done, as long as :meth:`tick` is called. The file is complete afterwards."""
        database = self.database
        self._run_id = runs.begin(database, "run", self.settings, self.stats.started_at)
        self.safety = self.program.guard(self.settings, self._run_id, self.plan.workspace)
        self.safety.begin(is_live=self.plan.live)
        forget_request(database)
        self.stats.status = "RUNNING"
        self._save_stats()
        reason = "stopped"
        try:
            with self._working() if self.plan.cycles != 0 else contextlib.nullcontext():
                yield
            if self._done.is_set() or self.plan.cycles == 0:
                reason = "finished"
        except BaseException:
            reason = "failed"
            raise
        finally:
            self._close(reason)

    def tick(self) -> bool:
        """What one thread does each :data:`TICK` seconds. False: the planned cycles are done, or somebody asked it to stop.

        Raises what a cycle ended in.
        """
        if self._done.is_set():
            return False
        self.database.require_in_place()
        if self.error is not None:
            raise self.error
        try:
            if asked_to_stop(self.database):
                return False
            self._rest.tick()
            self._reminder.tick()
            self.continuous.tick()
            self.space.is_back()
        except DatabaseError as error:
            if not is_full(error):
                raise
            self.space.note()
        return True

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        self.queue.every(self.plan.interval, name=CYCLE_JOB, at_start=True, durable=True)(self._cycle_job)
        self.program.background.schedule(self.settings["timezone"])
        self.program.background.checking.workflow = self._production
        if self.plan.pages:
            self.queue.middleware(Apart(self.program))
        worker = self.queue.worker(threads=WORKERS, poller=self._poller)
        with contextlib.ExitStack() as ends:
            ends.callback(worker.stop, timeout=STOP_SECONDS)
            ends.enter_context(
                self.events.working(self)
            )  # first: a person waits for pages, nobody for a cycle
            for watcher in self._watch():
                ends.callback(watcher.stop)
            worker.start()
            yield

    def _production(self, on_step: Report) -> Workflow:
        assert self.safety is not None
        return production.within(self.program, self.safety, self.settings, on_step)

    def _watch(self) -> list[Watcher]:
        """Wake a cycle at once when a list appears or changes; the interval remains for what nobody reports."""
        way = self.settings["watch"]
        if way == "off":
            return []
        patterns = [pattern for _, _, pattern, _ in self.database.sql(READ_SOURCES) if pattern]
        polling = way == "poll"
        watchers = [Watcher([self.home.inbox], self._wake, deep=True, polling=polling)]
        places = Places(self.plan.sources, patterns)
        if places.folders:
            watchers.append(Watcher(places.folders, self._wake, which=places.hold, polling=polling))
        for watcher in watchers:
            watcher.start()
        return watchers

    def _wake(self) -> None:
        """One cycle now. A cycle that is running may have looked already, so another one follows it."""
        with contextlib.suppress(JobsError):
            job_id = self.queue.run_now(CYCLE_JOB)
            if self.queue.state(job_id).state == "running":
                self.queue.wait(job_id, timeout=600)
                if not self._done.is_set():
                    self.queue.run_now(CYCLE_JOB)

    def _cycle_job(self) -> None:
        try:
            self._cycle()
        except Exception as error:
            if is_full(error):  # the next cycle does it
                self.space.note()
            else:
                self.error = error
            raise

    def _cycle(self) -> None:
        if self._done.is_set():
            return
        database, number, began = self.database, self.stats.cycles + 1, self.database.clock()
        job = current_job()
        if job is None:
            raise RuntimeError("a cycle runs as a job")
        job.progress(
            {"run": self._run_id, "cycle": number}
        )  # it is not to blame for what its imports do to a run
        self.events.cycle_begins(number, began)
        with database.write():
            cycle_id = runs.begin_cycle(database, self._run_id, number, began)
        done = self.program.importing.run(self.home, self.plan.sources, standing=True, final=False)
        self.program.importing.chores.index_soon()
        self.program.importing.chores.line_soon()
        self.program.importing.chores.samples_soon()
        if stages.shares_due(database):
            self.program.reevaluating.ask()
        ended = database.clock()
        failed = any(file.error for file in done.result.files)
        job.begin()  # the job is declared durable: a cycle that was announced as done stays done, and all before it
        with database.write():
            runs.end_cycle(database, cycle_id, ended, done.result, ok=not failed)
        database.after_commit(lambda: signing.note(database, self.home.audit, f"cycle {number}"))
        unread.report(database, done)
        self.stats.add(done.result, ended)
        self.last = done
        self._save_stats()
        self.events.cycle_ends(number, ended, done)
        if self.safety is not None:
            totals = {name: done.result.total(name) for name in COUNTS}
            self.safety.after_cycle(number, totals, done.result.seconds)
            if self.plan.live and self.settings["json_export"]:
                source = ", ".join(map(str, self.plan.sources)) or str(self.home.inbox)
                production.save(self.home, production.report(database, source, totals, self.assessment))
        if self.plan.cycles is not None and self.stats.cycles >= self.plan.cycles:
            self._done.set()

    def _close(self, reason: str) -> None:
        database = self.database
        self.stats.status = "STOPPED"
        facts = {"reason": reason, "cycles": self.stats.cycles}
        with contextlib.ExitStack() as rest:  # also of a file that may not be written any more
            rest.callback(self.continuous.end)
            try:
                self._unless_full(lambda: runs.end(database, "run", self._run_id, reason, facts))
                self._save_stats()
            finally:
                if self.safety is not None:
                    self._unless_full(self.safety.end)
            self._unless_full(lambda: signing.note(database, self.home.audit, f"run {self._run_id} {reason}"))
        self._unless_full(database.checkpoint)

    def _unless_full(self, step: Callable[[], object]) -> None:
        """A part of the end; on a full disk the next start finds a run that was not ended, as after a kill."""
        try:
            step()
        except (DatabaseError, OSError) as error:
            if not is_full(error):
                raise
            self.space.note()

    def _save_stats(self) -> None:
        if self.settings["json_export"]:
            self.stats.audit = heads.report(self.database)
            self._unless_full(lambda: self.stats.save(self.home.logs, self.database.clock()))
