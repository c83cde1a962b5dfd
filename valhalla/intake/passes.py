"""One pass over the lists: look at each, import what is new through jobs, and say what became of every file."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import jobs
from db import Database, DatabaseError
from db.clock import SECOND
from db.errors import DiskFull
from valhalla.intake import results as result
from valhalla.intake import sources
from valhalla.intake.changed import Look, look
from valhalla.intake.contents import further
from valhalla.intake.disk_space import DiskSpace
from valhalla.intake.helper import changed_at
from valhalla.intake.reading import DEFAULT_SOURCE
from valhalla.intake.reading.container import on_disk
from valhalla.intake.request import Admitted, Hooks, Progress, Request
from valhalla.intake.results import FileResult, PassResult
from valhalla.intake.source_rules import rules_of
from valhalla.intake.sources import Candidate, Problem
from valhalla.intake.sql import ADOPTED_FILES
from valhalla.leads import source_pauses
from valhalla.program.errors import UsageError
from valhalla.program.home import Home
from valhalla.program.later import later

if TYPE_CHECKING:
    from jobs import JobQueue
    from valhalla.intake import advice, importer
    from valhalla.intake import jobs as chores
    from valhalla.sandbox import alerts
else:
    chores = later("valhalla.intake.jobs")
    advice = later("valhalla.intake.advice")
    importer = later("valhalla.intake.importer")
    alerts = later("valhalla.sandbox.alerts")

IMPORT_JOB = "import.file"

WATCH_SECONDS = 0.2

Watch = Callable[[Path, "dict[str, float] | None"], object]
"""Called with a list and how far its import has come (see ``request.Progress.as_json``); None: it has not begun."""


@dataclass
class Pass:
    """The result of a pass, what was passed over on the way, and which imports it made."""

    result: PassResult
    skipped: list[Problem] = field(default_factory=list)
    import_ids: list[int] = field(default_factory=list)


@dataclass
class Survey:
    """What a look at the lists found. No queue is needed for it."""

    done: Pass
    """What is known without reading."""
    unread: list[Look]
    """The lists that say something new."""


def look_through(
    database: Database, home: Home, given: Iterable[Path], *, standing: bool, final: bool
) -> Survey:
    """Look at the lists of a pass; see :meth:`Importing.run`, which also reads those that are new."""
    began = time.perf_counter()
    found = sources.find(database, home, given, standing=standing)
    done = Pass(PassResult([], 0.0), [problem for problem in found.problems if not problem.fatal])
    for problem in found.problems:
        if problem.fatal:
            done.result.files.append(result.of_problem(str(problem.path), problem.code, problem.message))
    survey = Survey(done, [])
    stops = {name for name, each in source_pauses.in_force(database).items() if each.kind == "stop"}
    adopted = dict(database.sql(ADOPTED_FILES))
    looked_at = list(found.files)
    for candidate in looked_at:
        if candidate.source == DEFAULT_SOURCE and str(candidate.path) in adopted:
            candidate = Candidate(candidate.path, adopted[str(candidate.path)])
        if candidate.source in stops:
            why = _stopped(candidate.path, candidate.source)
            done.skipped.append(Problem(candidate.path, "SOURCE_STOPPED", why, False))
            continue
        # in a run the import finds that out, whose modules are loaded there
        seen = look(database, candidate, rules_of(database, candidate.source), inside=final)
        looked_at += further(database, candidate, changed=seen.verdict == "changed")
        if seen.verdict == "unchanged":
            done.result.files.append(result.of_unchanged(database, str(candidate.path)))
            if final:  # somebody asked: what was advised holds still, and nobody has to remember it
                _advise(database, candidate, done.result.files[-1])
        elif seen.verdict == "gone":
            done.result.files.append(_gone(candidate))
        else:
            survey.unread.append(seen)
    done.result.seconds = time.perf_counter() - began
    return survey


class Importing:
    """The import jobs of one file, and the passes that enqueue them."""

    def __init__(self, database: Database, queue: JobQueue) -> None:
        self.database = database
        self.queue = queue
        self._handler = queue.task(name=IMPORT_JOB, retries=3)(self._import)
        self.chores = chores.Chores(database, queue)
        self.space = DiskSpace(database)
        queue.events.subscribe(lambda signal: self.space.note() if signal.event == "no space" else None)

    def _import(
        self, path: str, source: str, final: bool, again: bool = False, admit: Admitted = False
    ) -> int | None:
        """The job: read one file. Its result is the id of the import, or null when there was nothing to read."""
        job = jobs.current_job()
        if job is None:
            raise RuntimeError("an import job runs in a worker")

        def between(progress: Progress) -> None:
            job.progress(progress.as_json())
            job.check()

        request = Request(path, source, final, again, admit=admit)
        while True:
            try:
                return importer.import_file(self.database, request, Hooks(job.fence, between, job.check))
            except DiskFull:  # what was committed is kept, and the import goes on behind it
                self.space.note()
                self.space.wait(job.check)

    def run(
        self,
        home: Home,
        given: Iterable[Path],
        *,
        standing: bool,
        final: bool,
        watch: Watch | None = None,
        survey: Survey | None = None,
    ) -> Pass:
        """Look at the lists and import what is new; returns when every import has ended.

        ``final``: take a last line without a line end as complete although the file may still be being written.
        ``watch`` is called about five times a second while an import runs. Runs with or without a worker in this
        process: somebody's worker has to run the jobs. ``survey``: what such a look has just found.
        """
        began = time.perf_counter()
        survey = survey or look_through(self.database, home, given, standing=standing, final=final)
        done = survey.done
        waiting: list[tuple[Candidate, int]] = []
        for seen in survey.unread:
            candidate = seen.candidate
            if aside := self._set_aside(candidate):
                done.result.files.append(aside)
            else:
                waiting.append(
                    (candidate, self.ask(candidate.path, candidate.source, final=final or seen.settled))
                )
        for candidate, job_id in waiting:
            self._wait(candidate, job_id, watch)
            done.result.files.append(self._outcome(candidate, job_id, done.import_ids))
            _advise(self.database, candidate, done.result.files[-1])
        done.result.seconds += time.perf_counter() - began
        return done

    def _set_aside(self, candidate: Candidate) -> FileResult | None:
        """A list that ended the program each time it was read is not read again before it has changed, or a person asks for it."""
        path = str(candidate.path)
        killer = next((job for job in self.queue.killers(IMPORT_JOB) if job.unique_key == _key(path)), None)
        if (
            killer is None
            or killer.finished_at is None
            or int(changed_at(on_disk(candidate.path)) * SECOND) > killer.finished_at
        ):
            return None
        reason = (
            f"{path} is set aside: the program ended {killer.lost} times while it read it. It is read again when it has changed, "
            f"or with: valhalla jobs retry {killer.id}"
        )
        self._alert(reason)
        return result.of_problem(path, "SET_ASIDE", reason)

    def ask(
        self, path: Path, source: str, *, final: bool = True, again: bool = False, admit: Admitted = False
    ) -> int:
        """Have a list read by anyone who works on the queue; the job's number. ``again``: although it has not changed.
        ``admit``: see :class:`valhalla.intake.request.Request`. Raises :class:`UsageError` when its source is stopped."""
        if source_pauses.stopped(self.database, source) is not None:
            raise UsageError(_stopped(path, source))
        job_id: int = self.queue.enqueue(
            self._handler.s(
                str(path), source, final, again, admit if isinstance(admit, bool) else sorted(admit)
            ),
            unique=_key(str(path)),
        )
        return job_id

    def read_again(
        self, path: Path, source: str, watch: Watch | None = None, *, admit: Admitted = False
    ) -> Pass:
        """Read one list from its beginning although it has not changed; returns when that has ended."""
        began, candidate = time.perf_counter(), Candidate(path, source)
        job_id = self.ask(path, source, again=True, admit=admit)
        done = Pass(PassResult([], 0.0))
        self._wait(candidate, job_id, watch)
        done.result.files.append(self._outcome(candidate, job_id, done.import_ids))
        _advise(self.database, candidate, done.result.files[-1])
        done.result.seconds = time.perf_counter() - began
        return done

    def _wait(self, candidate: Candidate, job_id: int, watch: Watch | None) -> None:
        while watch is not None:
            try:
                self.queue.wait(job_id, timeout=WATCH_SECONDS)
                return
            except jobs.WaitTimeout:
                watch(
                    candidate.path, self.queue.state(job_id).progress
                )  # import jobs are kept when they have ended

    def _alert(self, reason: str) -> None:
        """Somebody has to know, unless the trouble is that nothing can be written."""
        with contextlib.suppress(DatabaseError):
            alerts.AlertSystem(database=self.database).repeat(IMPORT_JOB, reason, "error")

    def _outcome(self, candidate: Candidate, job_id: int, import_ids: list[int]) -> FileResult:
        path = str(candidate.path)
        state = self.queue.wait(job_id)
        if state.error is not None or state.state != "done":
            reason = f"{path} could not be imported: {state.error or state.state}"
            self._alert(reason)
            return result.of_problem(path, "FAILED", reason)
        import_id = state.result
        if import_id is None:
            return result.of_unchanged(self.database, path)
        import_ids.append(import_id)
        found = result.of_import(self.database, import_id)
        if found.error is not None and found.error["code"] == "NO_PROGRESS":
            self._alert(found.error["message"])
        return found


def _key(path: str) -> str:
    return f"{IMPORT_JOB}:{path}"


def _stopped(path: Path, source: str) -> str:
    return f"{path} was not read: the source {source} is stopped; let it be read again with: valhalla sources resume {source}"


def _advise(database: Database, candidate: Candidate, found: FileResult) -> None:
    if found.calls_for_advice:
        found.advice = advice.advice(database, candidate, found)


def _gone(candidate: Candidate) -> FileResult:
    return result.of_problem(str(candidate.path), "NOT_FOUND", f"The file '{candidate.path}' was not found.")
