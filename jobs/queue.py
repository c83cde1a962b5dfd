"""The queue: Huey's API on the application's database, with jobs that are neither lost nor done twice."""

from __future__ import annotations

import datetime
import inspect
import logging
import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self, overload

from db import Database
from db.borrowed import borrow
from db.clock import DAY, SECOND
from jobs.core import Cipher, Duty
from jobs.coroutines import runs_on_loop
from jobs.current import CurrentJob
from jobs.engine import Engine, Store
from jobs.errors import JobsError
from jobs.file_engine import Connect, engine_of
from jobs.here import current_job
from jobs.kind import JobWrapper, Kind
from jobs.operating import Jobs
from jobs.periodic import PeriodicJob, PeriodicJobs
from jobs.poller import Poller
from jobs.producer import Producer
from jobs.retry import Retry
from jobs.schema import SCHEMA
from jobs.sealing import seal_events
from jobs.signals import EVENTS, JobSignal
from jobs.worker import JobWorker

logging.getLogger("huey").addHandler(
    logging.NullHandler()
)  # a failed job is in its history, not on standard error

MOST_BEGUN = 10_000
"""Jobs that a rate may admit: the time of each is kept."""

SEAL = 60.0
"""Seconds between two audit entries that witness the job events since the last one."""


class JobQueue(Producer):
    """A queue in ``database``. Handlers are declared on it with :meth:`task` and found by their names.

    ``name``: the queue of kinds that name none. ``lease``: seconds after which a claim that is not extended is over.
    ``max_lost``: a job whose workers died so often while it ran, without its coming further, becomes a dead letter.
    ``cipher``: encrypts arguments and results, see :class:`jobs.core.Cipher`; the names of handlers, keys, tags and errors are not.
    Creating one reads and writes nothing.
    """

    def __init__(
        self,
        database: Database | Engine,
        name: str = "default",
        *,
        lease: float = 30.0,
        max_lost: int = 3,
        cipher: Cipher | None = None,
    ) -> None:
        engine = engine_of(database)
        engine.install()
        super().__init__(engine, name, lease, max_lost)
        self.cipher = cipher
        self.periodic = PeriodicJobs(self)
        self.maintenance.append(Duty(SEAL, lambda: seal_events(engine.store)))

    @classmethod
    def open(cls, path: str | os.PathLike[str], name: str = "default", **options: Any) -> Self:
        """A queue with a database of its own at ``path``, which is made if need be; :meth:`shut` closes both. ``options``:
        ``lease``, ``max_lost``, ``cipher``."""
        return cls(Database.open(path, SCHEMA), name, **options)

    @classmethod
    def connected(cls, connect: Connect, name: str = "default", **options: Any) -> Self:
        """A queue in the program's own database. ``connect`` returns the calling thread's connection to it: what the program
        writes there in a transaction of its own and the jobs that it enqueues in it are committed together. ``options`` as in :meth:`open`."""
        return cls(borrow(connect, SCHEMA), name, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut()

    def shut(self) -> None:
        """Stop being a worker, and close the database."""
        self.close()
        self.database.close_all()

    def transaction(self, durable: bool = False) -> AbstractContextManager[Store]:
        """``with queue.transaction() as database:`` what ``database.sql(...)`` writes and the jobs that are enqueued are
        committed together at its end, or none of it when it raises. ``durable``: on the disk, also after a power failure."""
        return self.database.write(durable=durable)

    @property
    def jobs(self) -> Jobs:
        """Finds, shows, retries and cancels jobs."""
        return Jobs(self.database)

    # -- declaring -----------------------------------------------------------------------------------------

    @overload
    def task(self, name: Callable[..., Any], /) -> JobWrapper: ...

    @overload
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
        rate: tuple[int, float] | None = None,
        max_result: int | None = None,
        keep: bool = True,
        keep_result: bool = True,
        by_hand: bool = False,
        context: bool = False,
    ) -> Callable[[Callable[..., Any]], JobWrapper]: ...

    def task(
        self,
        name: str | Callable[..., Any] | None = None,
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
        rate: tuple[int, float] | None = None,
        max_result: int | None = None,
        keep: bool = True,
        keep_result: bool = True,
        by_hand: bool = False,
        context: bool = False,
    ) -> Callable[[Callable[..., Any]], JobWrapper] | JobWrapper:
        """Declare a handler: ``@queue.task`` or ``@queue.task(name="import.file", retries=3)``. See :class:`jobs.kind.Kind`.

        ``retries``: how often a failure is followed by another try, or a complete :class:`jobs.Retry`; ``retry_delay``
        (seconds) and ``retry_backoff`` (factor) shape the waits in the first form. A coroutine function runs on the event
        loop of its worker thread. A generator function is refused (``TypeError``): calling it would not run it.
        """
        if callable(name):
            return self.task()(name)
        if atomic and not self.engine.one_writer:
            raise JobsError(
                f"{name or 'a handler'} cannot be atomic here: the queue is kept on a server, and what the job writes in a file "
                "is not in the server's transaction; leave atomic out, and note the job in the file's own transaction"
            )
        retry = (
            retries if isinstance(retries, Retry) else Retry(retries, retry_delay, max(1.0, retry_backoff))
        )
        if concurrency is not None and concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        if rate is not None and not (1 <= rate[0] <= MOST_BEGUN and 0 < rate[1] <= DAY / SECOND):
            raise ValueError(
                f"a rate is (jobs, seconds): 1 to {MOST_BEGUN:,} jobs in at most a day, not {rate!r}"
            )

        def declare(function: Callable[..., Any]) -> JobWrapper:
            known = name or function.__name__
            _must_run_when_called(function, known)
            if _is_awaited(function):
                function = runs_on_loop(function, time_limit)
            kind = Kind(
                known, queue or self.name, atomic, durable, time_limit, retry, priority, concurrency, rate, max_result,
                keep, keep_result, by_hand,
            )  # fmt: skip
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
            self.handlers[known] = wrapper
            lane = (kind.queue, kind.lane)
            if concurrency is not None:
                self.storage.limits[lane] = concurrency
            if rate is not None:
                self.storage.rates[lane] = (rate[0], int(rate[1] * SECOND))
            self.storage.add_lane(lane)
            return wrapper

        return declare

    def every(
        self, seconds: float, name: str | None = None, *, at_start: bool = False, **options: Any
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        """A handler that runs each ``seconds`` (at least 0.1), never twice at once.

        Slots are multiples of ``seconds`` since 1970, the same for every process; with ``at_start`` the first one is
        when a worker starts and the others follow from there. A slot that comes while the job still runs or waits, or
        while no worker is running, is skipped and counted.
        """
        return self._repeat(lambda known: PeriodicJob.each(known, seconds, at_start=at_start), name, options)

    def cron(
        self,
        expression: str,
        name: str | None = None,
        *,
        tz: str | datetime.tzinfo | None = datetime.UTC,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        """A handler that runs when ``expression`` (five fields: minute hour day month weekday) says so.

        ``tz``: the time zone of ``expression``, also as "America/Chicago" (None: this machine's local time). When its clock is put forward or back,
        fixed times run once for readings that are skipped or come twice, and intervals go on (see :mod:`jobs.cron`).
        """
        zone = _zone(tz) if isinstance(tz, str) else tz
        return self._repeat(lambda known: PeriodicJob.cron(known, expression, zone), name, options)

    def _repeat(
        self, job: Callable[[str], PeriodicJob], name: str | None, options: dict[str, Any]
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        if name is not None:
            job(name)  # what is wrong with it is said where it stands

        def declare(function: Callable[..., Any]) -> JobWrapper:
            known = name or function.__name__
            wrapper = self.task(known, **options)(function)
            self.periodic.add(job(known))
            return wrapper

        return declare

    def on(self, event: str) -> Callable[[Callable[[JobSignal], Any]], Callable[[JobSignal], Any]]:
        """``@queue.on("dead")``: call a function with each :class:`jobs.JobSignal` of that event, after its commit."""
        if event not in EVENTS:
            raise ValueError(f"{event!r} is not an event of jobs; there are {', '.join(EVENTS)}")

        def subscribe(receiver: Callable[[JobSignal], Any]) -> Callable[[JobSignal], Any]:
            self.events.subscribe(lambda signal: receiver(signal) if signal.event == event else None)
            return receiver

        return subscribe

    def middleware(
        self, wrapper: Callable[[CurrentJob, Callable[[], Any]], Any]
    ) -> Callable[[CurrentJob, Callable[[], Any]], Any]:
        """``@queue.middleware``: a function that is called instead of each handler, with the job and a function that calls
        the handler; it returns the result. The first that was added is the outermost."""
        before = self.around

        def around(body: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def wrapped(task: Any) -> Any:
                job = current_job()
                return body(task) if job is None else wrapper(job, lambda: body(task))

            return wrapped if before is None else before(wrapped)

        self.around = around
        return wrapper

    # -- working -------------------------------------------------------------------------------------------

    def worker(
        self, threads: int = 1, queues: Iterable[str] | None = None, poller: Poller | None = None
    ) -> JobWorker:
        """Threads that run jobs, until :meth:`JobWorker.stop`. ``queues``: the ones to serve (None: all); ``poller``: does the
        maintenance, together with that of others (None: a thread of its own)."""
        return JobWorker(self, self.periodic, threads=threads, queues=queues, poller=poller)

    create_consumer = worker

    @property
    def own_lane(self) -> str:
        """For ``enqueue(lane=...)``: a job that only this worker may run, and that is dead once this worker is."""
        return f"@{self.owner.id}"

    @property
    def immediate(self) -> bool:
        """Always False: to run jobs without a worker use :mod:`jobs.testing`."""
        return False


def _is_awaited(function: Any) -> bool:
    return any(map(inspect.iscoroutinefunction, (function, getattr(function, "__call__", None))))  # noqa: B004


def _must_run_when_called(function: Any, name: str) -> None:
    """Raises ``TypeError`` for a function whose body does not run when it is called."""
    for is_one, what in (
        (inspect.isgeneratorfunction, "a generator function"),
        (inspect.isasyncgenfunction, "an asynchronous generator function"),
    ):
        if is_one(function) or is_one(getattr(function, "__call__", None)):  # noqa: B004
            raise TypeError(f"{name} cannot be a handler: it is {what}, which does nothing when it is called")


Queue = JobQueue
"""What a program of its own calls it."""


def _zone(name: str) -> datetime.tzinfo:
    import zoneinfo  # slow to load, and most programs name no zone

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; zones are called like America/Chicago") from None
