"""Jobs around the lists: the search index after imports, and imports that are undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db import Database, pacing
from db.pacing import Pace
from jobs import JobQueue, current_job
from valhalla.leads import call_list_index, search
from valhalla.program.errors import ValhallaError
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.intake import sample_leads, undo, unfolding
    from valhalla.leads import indexing
else:
    sample_leads = later("valhalla.intake.sample_leads")
    undo = later("valhalla.intake.undo")
    unfolding = later("valhalla.intake.unfolding")
    indexing = later("valhalla.leads.indexing")

INDEX_JOB = "leads.index"
LINE_JOB = "leads.line"
UNDO_JOB = "import.undo"
UNFOLD_JOB = "leads.unfold"
REFOLD_JOB = "leads.refold"
SAMPLES_JOB = "samples.leave"
LOW = -10


class Chores:
    """The handlers, on one queue."""

    def __init__(self, database: Database, queue: JobQueue) -> None:
        self.database = database
        self.queue = queue
        self._index = queue.task(name=INDEX_JOB, priority=LOW, concurrency=1, keep=False)(self._index_all)
        self._line = queue.task(name=LINE_JOB, priority=LOW, concurrency=1, keep=False)(self._move_line)
        self._leads = -1
        self._samples = queue.task(name=SAMPLES_JOB, priority=LOW, concurrency=1, retries=2)(
            self._let_samples_go
        )
        self._undo = queue.task(name=UNDO_JOB, retries=2)(self._take_back)
        self._unfold = queue.task(name=UNFOLD_JOB, concurrency=1, retries=2)(self._take_apart)
        self._refold = queue.task(name=REFOLD_JOB, concurrency=1, retries=2)(self._put_together)

    def index_soon(self) -> int | None:
        """Have the search index brought up to date; the job's number, or None when it is."""
        if indexing.complete(self.database):
            return None
        return int(self.queue.enqueue(self._index.s(), unique=INDEX_JOB))

    def line_soon(self) -> None:
        """After new leads: see to it that the call list's index holds enough of them."""
        leads = call_list_index.newest_lead(self.database)
        if leads != self._leads:
            self._leads = leads
            self.queue.enqueue(self._line.s(), unique=LINE_JOB)

    def samples_soon(self) -> None:
        """When a real list has come in: have the sample leads taken out."""
        if sample_leads.overtaken(self.database):
            self.queue.enqueue(self._samples.s(), unique=SAMPLES_JOB)

    def _let_samples_go(self) -> dict[str, Any]:
        job = current_job()
        if job is None:
            raise RuntimeError("the sample leads are taken out by a job")
        return sample_leads.leave(self.database, undo.Hooks(job.fence, lambda progress: job.check()))

    def _move_line(self) -> int | None:
        return call_list_index.adapt(self.database)

    def undo(self, import_id: int, actor: str = "operator") -> dict[str, Any]:
        """Undo an import and wait until it is done. Raises :class:`ValhallaError` with the reason when it cannot be."""
        return self.undone(import_id, self.ask_undo(import_id, actor))

    def ask_undo(self, import_id: int, actor: str = "operator") -> int:
        """Have an import undone by anyone who works on the queue; the job's number."""
        return int(self.queue.enqueue(self._undo.s(import_id, actor), unique=f"{UNDO_JOB}:{import_id}"))

    def undone(self, import_id: int, job_id: int, timeout: float | None = None) -> dict[str, Any]:
        """What came of :meth:`ask_undo`. Raises as :meth:`undo`, and ``WaitTimeout`` when it is not done in time."""
        return self.answer(job_id, timeout, f"import {import_id} could not be undone")

    def ask_unfold(self, actor: str = "operator") -> int:
        """Have leads taken apart that are several houses of one owner; the job's number."""
        number = unfolding.begin(self.database, actor)
        return int(self.queue.enqueue(self._unfold.s(number), unique=f"{UNFOLD_JOB}:{number}"))

    def ask_refold(self, number: int, actor: str = "operator") -> int:
        """Have a run of that undone; the job's number."""
        return int(self.queue.enqueue(self._refold.s(number, actor), unique=f"{REFOLD_JOB}:{number}"))

    def answer(
        self, job_id: int, timeout: float | None = None, otherwise: str = "it could not be done"
    ) -> dict[str, Any]:
        """What came of a job that was asked for. Raises :class:`ValhallaError` with the reason when nothing did; ``otherwise``: how
        the sentence begins when the job failed."""
        state = self.queue.wait(job_id, timeout)
        if state.state != "done":
            raise ValhallaError(f"{otherwise}: {state.error or state.state}")
        if "error" in state.result:
            raise ValhallaError(state.result["error"])
        result: dict[str, Any] = state.result
        return result

    def _take_apart(self, number: int) -> dict[str, Any]:
        return unfolding.unfold(self.database, number, _hooks())

    def _put_together(self, number: int, actor: str) -> dict[str, Any]:
        try:
            return unfolding.undo(self.database, number, actor, _hooks())
        except ValhallaError as error:  # the answer, not a failure of the job
            return {"error": str(error)}

    def _index_all(self) -> None:
        job = current_job()
        if job is None:
            raise RuntimeError("the index is filled by a job")
        pace = Pace(search.BATCH, search.SMALLEST, pacing.BRIEFLY)
        while True:
            with pace.write(self.database):
                job.fence({"indexed_percent": search.percent(self.database)})
                more = indexing.index_some(self.database, pace.rows)
            if not more:
                return
            job.check()

    def _take_back(self, import_id: int, actor: str) -> dict[str, Any]:
        try:
            return undo.undo_import(self.database, import_id, actor, _hooks())
        except ValhallaError as error:  # the answer, not a failure of the job
            return {"error": str(error)}


def _hooks() -> undo.Hooks:
    job = current_job()
    if job is None:
        raise RuntimeError("this is done by a job")

    def between(progress: dict[str, int]) -> None:
        job.progress(progress)
        job.check()

    return undo.Hooks(job.fence, between)
