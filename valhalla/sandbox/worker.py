"""Block 3, the worker: work that goes on in the background, on the queue in the file.

Promises: a submitted job is in the file when :meth:`WorkerProcess.submit_job` returns, and a thread begins it at once
when one is free. Jobs of a registered handler survive the process and are run by the next worker. A plain callable cannot
be written down: it runs in this process only, its row says so, and when the process ends first the row fails as "process
ended". :meth:`WorkerProcess.stop` lets running jobs finish and keeps what waits.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jobs import JobQueue, JobSignal, JobWrapper, UnknownJob, count_jobs, current_job, show_job
from valhalla.sandbox.block import Block, stamp
from valhalla.sandbox.errors import PostgresUnsupported
from valhalla.sandbox.postgres_state import PostgresState

if TYPE_CHECKING:
    from db import Database
    from jobs import JobWorker
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.database import SandboxDatabaseManager

LOCAL_JOB = "sandbox.call"
"""Name of the handler behind plain callables."""

QUEUE_NAME = "sandbox"

STATUS = {"waiting": "pending", "scheduled": "pending", "running": "running", "done": "completed"}

RESULTS_KEPT = 1_000
"""Results without a JSON form that are kept in this process."""


class _Queue(JobQueue):
    """A queue that stays a worker of the file while nothing runs, so that callables wait for the next start."""

    def close(self) -> None:
        """Not at each stop; see :meth:`leave`."""

    def leave(self) -> None:
        """Stop being a worker of the file."""
        super().close()


class WorkerProcess(Block):
    """Up to ``max_workers`` jobs at a time, in threads. ``poll_interval`` is kept for those who pass it: threads are woken,
    not polled. ``alerts``: where failed jobs are reported."""

    def __init__(
        self,
        poll_interval: float = 5.0,
        max_workers: int = 1,
        *,
        database: Database | SandboxDatabaseManager | None = None,
        alerts: AlertSystem | None = None,
    ) -> None:
        super().__init__(database)
        if max_workers < 1:
            raise ValueError("max_workers is at least 1")
        self.poll_interval = poll_interval
        self.max_workers = max_workers
        self._alerts = alerts
        self._mutex = threading.Lock()
        self._worker: JobWorker | None = None
        self._calls: dict[str, Callable[[], Any]] = {}
        self._originals: OrderedDict[int, Any] = OrderedDict()
        if isinstance(self.database, PostgresState):
            raise PostgresUnsupported(
                "the worker keeps its jobs in a SQLite file: a function cannot run on another machine"
            )
        self.queue = _Queue(self.database, QUEUE_NAME)
        self._local = self.queue.task(name=LOCAL_JOB)(self._run_local)
        self._handlers: dict[str, JobWrapper] = {}
        self.queue.events.subscribe(self._hear)

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._worker is not None and self._worker.is_running

    def register(self, job_name: str, func: Callable[..., Any], **options: Any) -> None:
        """Make ``func`` the handler of ``job_name``: its jobs (arguments in JSON) survive this process.

        ``options``: those of :meth:`jobs.JobQueue.task`, such as ``retries``.
        """
        self._handlers[job_name] = self.queue.task(name=job_name, **options)(func)

    def start(self) -> None:
        """Begin to work. A second call changes nothing."""
        with self._mutex:
            if not self.is_running:
                self._worker = self.queue.worker(threads=self.max_workers, queues=[QUEUE_NAME])
                self._worker.start()

    def stop(self) -> None:
        """Let what runs finish; what waits is kept for the next start."""
        with self._mutex:
            worker = self._worker
            if worker is not None:
                worker.stop()
                self._worker = None

    def close(self) -> None:
        """Stop for good: callables that still wait fail as "process ended" when the next worker looks."""
        self.stop()
        self.queue.leave()

    def submit_job(self, job_name: str, func: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
        """Put a job into the queue; returns its id. With a registered ``job_name`` its handler runs, else ``func``, here.

        Raises :class:`jobs.PayloadError` when the arguments for a registered handler are no JSON.
        """
        handler = self._handlers.get(job_name)
        if handler is not None:
            return int(self.queue.enqueue(handler.s(*args, **kwargs)))
        token = uuid.uuid4().hex
        self._calls[token] = lambda: func(*args, **kwargs)
        try:
            return int(self.queue.enqueue(self._local.s(job_name, token), lane=self.queue.own_lane))
        except BaseException:
            self._calls.pop(token, None)
            raise

    def get_job_status(self, job_id: int) -> dict[str, Any] | None:
        """``{name, status, result|error, timestamp}`` of a job, ``status`` being pending, running, completed or failed;
        None for an unknown id."""
        try:
            job = show_job(self.database, int(job_id))
        except (UnknownJob, TypeError, ValueError):
            return None
        status = STATUS.get(job.state, "failed")
        found: dict[str, Any] = {
            "name": json.loads(job.payload)["args"][0] if job.name == LOCAL_JOB else job.name,
            "status": status,
            "timestamp": stamp(job.finished_at or job.started_at or job.created_at),
        }
        if status == "completed":
            found["result"] = self._originals.get(int(job_id), job.result)
        elif status == "failed":
            found["error"] = job.error or job.state
        return found

    def queue_length(self) -> int:
        """How many jobs wait."""
        return count_jobs(self.database, QUEUE_NAME, "waiting", "scheduled")

    def completed(self) -> int:
        """How many jobs have been completed."""
        return count_jobs(self.database, QUEUE_NAME, "done")

    @property
    def completed_jobs(self) -> int:
        """The same as :meth:`completed`."""
        return self.completed()

    # -- inside --------------------------------------------------------------------------------------------

    def _run_local(self, job_name: str, token: str) -> Any:
        call = self._calls.pop(token, None)
        job = current_job()
        if call is None or job is None:
            raise RuntimeError(f"process ended: the callable of {job_name} was in another process")
        result = call()
        if _exact(result) or inspect.isgenerator(result) or inspect.isawaitable(result):
            return result  # of the latter the queue says that nothing has run
        self._originals[job.id] = result
        while len(self._originals) > RESULTS_KEPT:
            self._originals.popitem(last=False)
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            return json.loads(json.dumps(result, allow_nan=False))
        return None

    def _hear(self, signal: JobSignal) -> None:
        if self._alerts is not None and signal.event == "dead" and signal.queue == QUEUE_NAME:
            context = {"job": signal.job_id, "correlation_id": signal.correlation_id}
            status = self.get_job_status(signal.job_id)
            name = status["name"] if status else signal.name
            self._alerts.repeat(f"job:{name}", f"a job failed: {signal.reason}", "error", context)


def _exact(value: Any) -> bool:
    """Whether JSON gives ``value`` back as it is."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except Exception:
        return False
