"""One pass over the lists: look at each, import what is new through jobs, and say what became of every file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from db import Database
from jobs import JobQueue, current_job
from valhalla.home import Home
from valhalla.importing import result, sources
from valhalla.importing.importer import Hooks, Progress, Request, import_file, rules_of
from valhalla.importing.look import look
from valhalla.importing.result import FileResult, PassResult
from valhalla.importing.sources import Candidate, Problem
from valhalla.leads import sql
from valhalla.leads.view import Record, Viewer

IMPORT_JOB = "import.file"


@dataclass
class Pass:
    """The result of a pass, what was passed over on the way, and which imports it made."""

    result: PassResult
    skipped: list[Problem] = field(default_factory=list)
    import_ids: list[int] = field(default_factory=list)


class Importing:
    """The import jobs of one file, and the passes that enqueue them."""

    def __init__(self, database: Database, queue: JobQueue) -> None:
        self.database = database
        self.queue = queue
        self._handler = queue.task(name=IMPORT_JOB, retries=3)(self._import)

    def _import(self, path: str, source: str, final: bool) -> int | None:
        """The job: read one file. Its result is the id of the import, or null when there was nothing to read."""
        job = current_job()
        if job is None:
            raise RuntimeError("an import job runs in a worker")

        def between(progress: Progress) -> None:
            job.progress(progress.as_json())
            job.check()

        return import_file(self.database, Request(path, source, final), Hooks(job.fence, between))

    def run(self, home: Home, given: Iterable[Path], *, standing: bool, final: bool) -> Pass:
        """Look at the lists and import what is new; returns when every import has ended.

        ``final``: take a last line without a line end as complete although the file may still be being written.
        Runs with or without a worker in this process: somebody's worker has to run the jobs.
        """
        began = time.perf_counter()
        found = sources.find(self.database, home, given, standing=standing)
        done = Pass(PassResult([], 0.0), [problem for problem in found.problems if not problem.fatal])
        for problem in found.problems:
            if problem.fatal:
                done.result.files.append(result.of_problem(str(problem.path), problem.code, problem.message))
        waiting: list[tuple[Candidate, int]] = []
        for candidate in found.files:
            seen = look(self.database, candidate, rules_of(self.database, candidate.source))
            if seen.verdict == "unchanged":
                done.result.files.append(result.of_unchanged(self.database, str(candidate.path)))
            elif seen.verdict == "gone":
                done.result.files.append(_gone(candidate))
            else:
                waiting.append((candidate, self._enqueue(candidate, final or seen.settled)))
        for candidate, job_id in waiting:
            done.result.files.append(self._outcome(candidate, job_id, done.import_ids))
        done.result.seconds = time.perf_counter() - began
        return done

    def _enqueue(self, candidate: Candidate, final: bool) -> int:
        path = str(candidate.path)
        job_id: int = self.queue.enqueue(
            self._handler.s(path, candidate.source, final), unique=f"{IMPORT_JOB}:{path}"
        )
        return job_id

    def _outcome(self, candidate: Candidate, job_id: int, import_ids: list[int]) -> FileResult:
        path = str(candidate.path)
        state = self.queue.wait(job_id)
        if state.error is not None or state.state != "done":
            return result.of_problem(
                path, "FAILED", f"{path} could not be imported: {state.error or state.state}"
            )
        import_id = state.result
        if import_id is None:
            return result.of_unchanged(self.database, path)
        import_ids.append(import_id)
        return result.of_import(self.database, import_id)


def _gone(candidate: Candidate) -> FileResult:
    return result.of_problem(str(candidate.path), "NOT_FOUND", f"The file '{candidate.path}' was not found.")


def touched_leads(database: Database, viewer: Viewer, import_ids: Iterable[int]) -> Iterator[Record]:
    """The leads that imports made or changed, in order of their numbers, a page at a time."""
    for import_id in import_ids:
        after = 0
        while page := viewer.records(database.sql(sql.TOUCHED, (import_id, after))):
            yield from page
            after = page[-1].lead.id
