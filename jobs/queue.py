"""The queue: Huey's API on the one file, with jobs that are neither lost nor done twice."""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from db.clock import SECOND
from jobs import admin, sql
from jobs.errors import WaitTimeout
from jobs.kind import JobRegistry, JobWrapper, Kind
from jobs.liveness import WorkerRegistration
from jobs.notify import Endings
from jobs.periodic import PeriodicJob, PeriodicJobs
from jobs.producer import Enqueueing
from jobs.retry import Retry
from jobs.serializer import JsonSerializer
from jobs.signals import Signals
from jobs.state import ENDED, JobEvent, JobState
from jobs.storage import JobStorage
from jobs.worker_thread import Deliverer

if TYPE_CHECKING:
    from db import Database
    from jobs.worker import JobWorker

logging.getLogger("huey").addHandler(
    logging.NullHandler()
)  # a failed job is in its history, not on standard error

When = datetime.datetime | int
"""A moment: an aware datetime, or UTC microseconds."""


class JobQueue(Enqueueing):
    """A queue in ``database``. Handlers are declared on it with :meth:`task` and found by their names.

    ``name``: the queue that kinds belong to which name none. ``lease``: seconds after which a claim that nobody extends
    is over. ``max_lost``: a job whose workers died so often in a row while it ran goes to the dead letters.
    Making one does no work but on the file.
    """

    def __init__(
        self, database: Database, name: str = "default", *, lease: float = 30.0, max_lost: int = 10
    ) -> None:
        if not 0 < lease <= 3600:
            raise ValueError("a lease is between 0 and 3600 seconds")
        self.database = database
        self.lease = int(lease * SECOND)
        self.max_lost = max_lost
        self.kinds: dict[str, Kind] = {}
        self.nameless = Kind("", name)
        self.endings = Endings()
        self.events = Signals()
        self.deliverers: list[Deliverer] = []
        self._owner: WorkerRegistration | None = None
        self._owner_mutex = threading.Lock()
        super().__init__(
            name,
            results=True,
            store_intermediate_errors=False,
            serializer=JsonSerializer(),
            storage_class=JobStorage,
            database=database,
        )
        self._registry = JobRegistry()
        self.periodic = PeriodicJobs(self)

    storage: JobStorage

    def get_task_wrapper_class(self) -> type[JobWrapper]:
        return JobWrapper

    # -- declaring -----------------------------------------------------------------------------------------

    def task(
        self,
        name: str | None = None,
        *,
        retries: int | Retry = 0,
        retry_delay: float = 1.0,
        retry_backoff: float = 2.0,
        priority: int = 0,
        atomic: bool = False,
        durable: bool = False,
        time_limit: float | None = None,
        concurrency: int | None = None,
        queue: str | None = None,
        keep: bool = True,
        context: bool = False,
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        """Declare a handler: ``@queue.task(name="import.file", retries=3)``. See :class:`jobs.kind.Kind`.

        ``retries``: how often a failure is followed by another try, or a whole :class:`jobs.Retry`; ``retry_delay``
        (seconds) and ``retry_backoff`` (factor) shape the waits in the first form.
        """
        retry = (
            retries if isinstance(retries, Retry) else Retry(retries, retry_delay, max(1.0, retry_backoff))
        )
        if concurrency is not None and concurrency < 1:
            raise ValueError("concurrency must be at least 1")

        def declare(function: Callable[..., Any]) -> JobWrapper:
            known = name or function.__name__
            kind = Kind(
                known, queue or self.name, atomic, durable, time_limit, retry, priority, concurrency, keep
            )
            wrapper = JobWrapper(
                self,
                function.func if isinstance(function, JobWrapper) else function,
                context=context,
                name=known,
                kind=kind,
                default_retries=retry.retries,
                default_retry_delay=retry.base,
                default_retry_backoff=retry.factor,
                default_priority=priority,
                default_timeout=time_limit,
            )
            self.kinds[known] = kind
            lane = (kind.queue, kind.lane)
            if concurrency is not None:
                self.storage.limits[lane] = concurrency
            self.storage.add_lane(lane)
            return wrapper

        return declare

    def every(
        self, seconds: int, name: str, *, at_start: bool = False, **options: Any
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        """A handler that runs each ``seconds`` (a whole number, at least 1), never twice at once.

        Slots are multiples of ``seconds`` since 1970, the same for every process; with ``at_start`` the first one is
        when a worker starts and the others follow from there. A slot that comes while the job still runs or waits, or
        while no worker is there, is skipped and counted.
        """
        return self._cycle(PeriodicJob.each(name, seconds, at_start=at_start), options)

    def cron(
        self, expression: str, name: str, *, zone: datetime.tzinfo | None = datetime.UTC, **options: Any
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        """A handler that runs when ``expression`` (five fields: minute hour day month weekday) says so.

        ``zone``: whose clock it means (None: this machine's local time).
        """
        return self._cycle(PeriodicJob.cron(name, expression, zone), options)

    def _cycle(
        self, cycle: PeriodicJob, options: dict[str, Any]
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        def declare(function: Callable[..., Any]) -> JobWrapper:
            wrapper = self.task(cycle.name, **options)(function)
            self.periodic.add(cycle)
            return wrapper

        return declare

    # -- waiting -------------------------------------------------------------------------------------------

    def state(self, job_id: int) -> JobState:
        """A job as it is now. Raises ``UnknownJob``."""
        return admin.show_job(self.database, job_id)

    def exists(self, job_id: int) -> bool:
        """Whether the file still has the job."""
        return self.database.value(sql.STATE_OF, (job_id,)) is not None

    def history(self, job_id: int) -> list[JobEvent]:
        """Every change of a job's state, oldest first."""
        return admin.job_history(self.database, job_id)

    def drain(self, timeout: float | None = None) -> None:
        """Wait until nothing waits or runs any more. Raises :class:`WaitTimeout`."""
        admin.wait_until_empty(self.database, timeout=timeout)

    def wait(self, job_id: int, timeout: float | None = None) -> JobState:
        """Wait until a job has ended and return its last state. Raises :class:`WaitTimeout` after ``timeout`` seconds.

        A job that ends in this process is heard of at once; one in another process within about 25 ms.
        """
        if self.database.in_write():
            raise RuntimeError("a transaction must not wait for a job: the job could never be written")
        clock = _Patience(timeout)
        event = self.endings.expect(job_id)
        try:
            seen = None
            while True:
                version = self.database.version()
                if version != seen or event.is_set():
                    event.clear()
                    seen = version
                    if self.database.value(sql.STATE_OF, (job_id,)) in (*ENDED, None):
                        return self.state(job_id)
                if clock.is_over():
                    raise WaitTimeout(f"job {int(job_id)} has not ended after {timeout:g} s")
                event.wait(clock.next_nap())
        finally:
            self.endings.forget(job_id, event)

    # -- working -------------------------------------------------------------------------------------------

    def worker(self, threads: int = 1, queues: Iterable[str] | None = None) -> JobWorker:
        """Threads that run jobs, until :meth:`JobWorker.stop`. ``queues``: the ones to serve (None: all)."""
        from jobs.worker import JobWorker

        return JobWorker(self, threads=threads, queues=queues)

    create_consumer = worker

    @property
    def owner(self) -> WorkerRegistration:
        """This queue as a worker; registered in the file on first use."""
        if self._owner is None:
            with self._owner_mutex:
                if self._owner is None:
                    self._owner = WorkerRegistration(self.database, self.name)
        return self._owner

    @property
    def own_lane(self) -> str:
        """For ``enqueue(lane=...)``: a job that only this worker may run, and that dies with it."""
        return f"@{self.owner.id}"

    @property
    def immediate(self) -> bool:
        """Always False: to run jobs without a worker use :mod:`jobs.testing`."""
        return False

    def close(self) -> None:
        """Stop being a worker of this file. What is still claimed is rescued by the next one."""
        with self._owner_mutex:
            owner, self._owner = self._owner, None
        if owner is not None:
            owner.close()


class _Patience:
    """How long to wait still, in naps short enough to notice other processes."""

    NAP = 0.025

    def __init__(self, timeout: float | None) -> None:
        from time import monotonic

        self._now = monotonic
        self._deadline = None if timeout is None else monotonic() + timeout

    def is_over(self) -> bool:
        return self._deadline is not None and self._now() >= self._deadline

    def next_nap(self) -> float:
        if self._deadline is None:
            return self.NAP
        return max(0.0, min(self.NAP, self._deadline - self._now()))
