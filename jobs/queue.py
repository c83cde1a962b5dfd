"""The queue: Huey's API on the one file, with jobs that are neither lost nor done twice."""

from __future__ import annotations

import datetime
import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from huey import SqliteHuey
from huey import signals as S
from huey.api import chord, group
from huey.exceptions import RETRYING_EXCEPTIONS
from huey.utils import Error

from db.clock import SECOND
from jobs import message, operations, sql
from jobs.current import _current
from jobs.cycles import Cycle, Cycles
from jobs.deliverer import Deliverer
from jobs.delivery import Delivery
from jobs.errors import PayloadError, WaitTimeout
from jobs.kind import JobRegistry, JobTask, JobWrapper, Kind
from jobs.owners import Owner
from jobs.retry import Retry
from jobs.serializer import JsonSerializer, payload_from_json, to_json
from jobs.signals import Signals
from jobs.state import DEAD, ENDED, SCHEDULED, WAITING, JobEvent, JobState
from jobs.storage import Claim, JobStorage
from jobs.wake import Endings

if TYPE_CHECKING:
    from db import Database
    from jobs.consumer import JobWorker

logging.getLogger("huey").addHandler(
    logging.NullHandler()
)  # a failed job is in its history, not on standard error

When = datetime.datetime | int
"""A moment: an aware datetime, or UTC microseconds."""


class JobId(int):
    """The number of an enqueued job. An ``int`` that can also look the job up."""

    queue: JobQueue

    def state(self) -> JobState:
        """The job as it is now."""
        return self.queue.state(self)

    def wait(self, timeout: float | None = None) -> JobState:
        """See :meth:`JobQueue.wait`."""
        return self.queue.wait(self, timeout)


class JobQueue(SqliteHuey):  # type: ignore[misc]
    """A queue in ``database``. Handlers are declared on it with :meth:`task` and found by their names.

    ``name``: the queue that kinds belong to which name none. ``lease``: seconds after which a claim that nobody extends
    is over. ``max_lost``: a job whose workers died so often in a row while it ran goes to the dead letters.
    Making one does no work but on the file.
    """

    def __init__(
        self, database: Database, name: str = "default", *, lease: float = 30.0, max_lost: int = 10
    ) -> None:
        self.database = database
        self.lease = int(lease * SECOND)
        self.max_lost = max_lost
        self.kinds: dict[str, Kind] = {}
        self.nameless = Kind("", name)
        self.endings = Endings()
        self.events = Signals()
        self.deliverers: list[Deliverer] = []
        self._owner: Owner | None = None
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
        self.cycles = Cycles(self)

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
        return self._cycle(Cycle.each(name, seconds, at_start=at_start), options)

    def cron(
        self, expression: str, name: str, *, zone: datetime.tzinfo | None = datetime.UTC, **options: Any
    ) -> Callable[[Callable[..., Any]], JobWrapper]:
        """A handler that runs when ``expression`` (five fields: minute hour day month weekday) says so.

        ``zone``: whose clock it means (None: this machine's local time).
        """
        return self._cycle(Cycle.cron(name, expression, zone), options)

    def _cycle(self, cycle: Cycle, options: dict[str, Any]) -> Callable[[Callable[..., Any]], JobWrapper]:
        def declare(function: Callable[..., Any]) -> JobWrapper:
            wrapper = self.task(cycle.name, **options)(function)
            self.cycles.add(cycle)
            return wrapper

        return declare

    # -- enqueueing ----------------------------------------------------------------------------------------

    def enqueue(
        self,
        task: Any,
        *,
        unique: str | None = None,
        scope: str = "running",
        period: float | None = None,
        priority: int | None = None,
        delay: float | None = None,
        eta: When | None = None,
        expires: float | When | None = None,
        tags: Sequence[str] = (),
        correlation_id: str | None = None,
        lane: str | None = None,
    ) -> Any:
        """Put a job (what ``handler.s(...)`` returns) into the queue; returns its :class:`JobId`.

        Inside ``database.write()`` the job appears when that transaction commits, and not otherwise.

        ``unique``: at most one job with this key; while there is one, its id is returned and nothing is added.
        ``scope``: how long the key is taken: "waiting" (until the job first begins), "running" (until it ends), or
        "period" (``period`` seconds from now, whatever becomes of the job). ``delay`` (seconds) or ``eta``: not before.
        ``expires`` (seconds from now or a moment): not begun by then, it never is. Higher ``priority`` goes first.
        A Huey ``group`` gives a list of ids, a ``chord`` the ids of its members.
        """
        if isinstance(task, group):
            with self.database.write():
                return [self.enqueue(each, correlation_id=correlation_id) for each in task.tasks]
        if isinstance(task, chord):
            with self.database.write():
                return self._enqueue_chord(task)
        task = message.must_be_task(task)
        kind, now = task.kind, self.database.clock()
        due = self._due(task, delay, eta, now)
        state = WAITING if due is None or due <= now else SCHEDULED
        if priority is None:
            priority = int(task.priority or 0)
        until = None
        if unique is not None:
            if scope not in ("waiting", "running", "period") or (scope == "period") != (period is not None):
                raise ValueError('scope is "waiting", "running", or "period" with period= in seconds')
            until = None if period is None else now + int(period * SECOND)
        current = _current.get()
        parent = current.id if current is not None else None
        if correlation_id is None and current is not None:
            correlation_id = current.correlation_id
        payload = to_json(message.body_of(task), f"the arguments of {kind.name}")
        lane = kind.lane if lane is None else lane
        row = (
            kind.queue, lane, kind.name, state, priority, payload, due, self._expiry(task, expires, now), unique,
            None if unique is None else scope, until, int(unique is not None),
            to_json(list(tags), "tags") if tags else None, correlation_id, parent, now,
        )  # fmt: skip
        database = self.database
        with database.write(durable=kind.durable and not database.in_write()):
            if unique is not None:
                database.sql(sql.RELEASE_OLD_KEY, (kind.queue, unique, now))
            database.sql(sql.INSERT, row)
            if unique is not None and not database.changes():
                return self._job_id(database.value(sql.HOLDER_OF_KEY, (kind.queue, unique)))
            job_id = self._job_id(database.last_id())
            event = "enqueued" if state == WAITING else "scheduled"
            database.sql(sql.EVENT, (job_id, now, event, None, None, None, None))
            task.named(job_id)
            self._emit(S.SIGNAL_ENQUEUED if state == WAITING else S.SIGNAL_SCHEDULED, task)
            self.storage.add_lane((kind.queue, lane))
            database.after_commit(lambda: self.arrived(priority))
        return job_id

    def enqueue_many(
        self,
        handler: JobWrapper,
        arguments: Iterable[Sequence[Any]],
        *,
        priority: int | None = None,
        delay: float | None = None,
        correlation_id: str | None = None,
        block: int = 10_000,
    ) -> int:
        """Enqueue one job of ``handler`` for each tuple of positional ``arguments``; returns how many.

        ``block`` jobs at a time share a transaction (inside ``database.write()`` all of them do).
        """
        kind, database = handler.kind, self.database
        current = _current.get()
        parent = current.id if current is not None else None
        if correlation_id is None and current is not None:
            correlation_id = current.correlation_id
        rank = kind.priority if priority is None else priority
        what = f"the arguments of {kind.name}"
        total, rows = 0, iter(arguments)
        while part := list(itertools.islice(rows, block)):
            now = database.clock()
            due = None if not delay else now + int(delay * SECOND)
            state = WAITING if due is None else SCHEDULED
            head, tail = (kind.queue, kind.lane, kind.name, state, rank), (due, correlation_id, parent, now)
            values = [(*head, to_json({"args": list(args)}, what) if args else "{}", *tail) for args in part]
            with database.write(durable=kind.durable and not database.in_write()):
                database.many(sql.INSERT_BULK, values)
                last = database.last_id()
                database.sql(sql.EVENTS_OF_BULK, (last - len(values) + 1, last))
                database.after_commit(lambda: self.arrived(rank, everybody=True))
            total += len(values)
        return total

    def arrived(self, priority: int, everybody: bool = False) -> None:
        """Something was committed that may run: tell the workers of this process."""
        for deliverer in self.deliverers:
            if priority > deliverer.urgent:
                deliverer.urgent = priority
        if everybody:
            self.storage.bell.ring_all()
        else:
            self.storage.bell.ring()

    def _due(self, task: JobTask, delay: float | None, eta: When | None, now: int) -> int | None:
        if delay is not None and eta is not None:
            raise ValueError("delay or eta, not both")
        if delay is not None:
            return now + int(delay * SECOND)
        if eta is not None:
            return moment(eta)
        if task.eta is not None:
            return moment(task.eta.replace(tzinfo=datetime.UTC))  # Huey keeps naive UTC
        return None

    def _expiry(self, task: JobTask, expires: float | When | None, now: int) -> int | None:
        if expires is None:
            expires = task.expires
        if expires is None:
            return None
        if isinstance(expires, datetime.timedelta):
            return now + int(expires.total_seconds() * SECOND)
        if isinstance(expires, datetime.datetime):
            return moment(expires)
        return now + int(expires * SECOND)

    def _job_id(self, number: int) -> JobId:
        job_id = JobId(number)
        job_id.queue = self
        return job_id

    def _enqueue_chord(self, chord_obj: Any) -> list[JobId]:
        super()._enqueue_chord(chord_obj)
        return [self._job_id(int(task.id)) for task in chord_obj.tasks if isinstance(task, JobTask)]

    # -- waiting -------------------------------------------------------------------------------------------

    def state(self, job_id: int) -> JobState:
        """A job as it is now. Raises ``UnknownJob``."""
        return operations.show(self.database, job_id)

    def history(self, job_id: int) -> list[JobEvent]:
        """Every change of a job's state, oldest first."""
        return operations.history(self.database, job_id)

    def drain(self, timeout: float | None = None) -> None:
        """Wait until nothing waits or runs any more. Raises :class:`WaitTimeout`."""
        operations.drain(self.database, timeout=timeout)

    def wait(self, job_id: int, timeout: float | None = None) -> JobState:
        """Wait until a job has ended and return its last state. Raises :class:`WaitTimeout` after ``timeout`` seconds.

        A job that ends in this process is heard of at once; one in another process within about 25 ms.
        """
        if self.database.in_write():
            raise RuntimeError("a transaction must not wait for a job: the job could never be written")
        clock = _Patience(timeout)
        event = self.endings.expect(job_id)
        try:
            connection, seen = self.database.connection(), None
            while True:
                version = connection.data_version()
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
        from jobs.consumer import JobWorker

        return JobWorker(self, threads=threads, queues=queues)

    create_consumer = worker

    @property
    def owner(self) -> Owner:
        """This queue as a worker; registered in the file on first use."""
        if self._owner is None:
            with self._owner_mutex:
                if self._owner is None:
                    self._owner = Owner(self.database, self.name)
        return self._owner

    def close(self) -> None:
        """Stop being a worker of this file. What is still claimed is rescued by the next one."""
        with self._owner_mutex:
            owner, self._owner = self._owner, None
        if owner is not None:
            owner.close()

    def task_of(self, claim: Claim) -> JobTask:
        """The task that a claimed row describes. Raises ``BadRow`` or ``UnknownHandler``."""
        task = message.task_of(self._registry, claim.name, payload_from_json(claim.payload))
        task.named(claim.id)
        if task.retries:
            task.retries = max(0, task.retries - claim.failures)
        if claim.expires is not None:
            task.expires = task.expires_resolved = _naive(claim.expires)
        return task

    def settled(self, delivery: Delivery, state: str) -> None:
        """A job's end (or its retry) has been committed: tell those who listen."""
        if delivery.signals and self._has_receivers():
            for signal, task, args in delivery.signals:
                self._signal.send(signal, task, *args)
        if self.events:
            self.events.settled(delivery, state)
        if self.endings and state in ENDED:
            self.endings.ended(delivery.claim.id)
        if delivery.retry_due is not None or state == DEAD:
            self.storage.bell.ring()

    def report(self, event: str, claim: Claim, reason: str) -> None:
        """Something happened to a job that its own end does not tell."""
        self.events.send(
            event, claim.id, claim.name, claim.queue, claim.correlation_id, claim.parent_id, reason
        )

    # -- what Huey's execution calls -----------------------------------------------------------------------

    def _has_receivers(self) -> bool:
        receivers = self._signal.receivers
        return len(receivers) > 1 or bool(receivers["any"])

    def _emit(self, signal: str, task: Any, *args: Any, **kwargs: Any) -> None:
        delivery: Delivery | None = getattr(task, "delivery", None)
        heard = self._has_receivers()
        if delivery is not None and signal != S.SIGNAL_EXECUTING:
            delivery.note(signal, task, args, keep=heard)
        elif heard:
            self.database.after_commit(lambda: self._signal.send(signal, task, *args, **kwargs))

    def put_result(self, key: str, data: Any) -> None:
        """A job's own result goes into its row; members of a chord leave theirs in the key-value store."""
        current = _current.get()
        if not key or (isinstance(data, Error) and not key.startswith("chord:")):
            return  # the error is in the row and in its history
        if current is not None and key == str(current.id):
            delivery = current._delivery
            try:
                delivery.result = to_json(data, f"the result of {current.name}")
            except PayloadError as error:
                delivery.lost_result = str(error)
            return
        super().put_result(key, data)

    def delete(self, key: str) -> bool:
        current = _current.get()
        if current is not None and key.startswith("r:") and not current._delivery.may_be_revoked:
            return False  # Huey clears a revocation after each job; there are none
        return bool(super().delete(key))

    def put_if_empty(self, key: str, data: Any, ttl: float | None = None) -> bool:
        """Locks belong to the worker that takes them: they are freed when it dies."""
        owner = self._owner.id if self._owner is not None and ".lock." in key else None
        return self.storage.put_if_empty(key, self.serializer.serialize(data), ttl, owner)

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:
        delivery: Delivery | None = getattr(task, "delivery", None)
        if delivery is not None and not delivery.may_be_revoked:
            return False
        return bool(super().is_revoked(task, timestamp, peek))

    def _revoke_keys(self, task: Any) -> list[str]:
        if isinstance(task, int):
            return [f"r:{int(task)}"]
        return list(super()._revoke_keys(task))

    def _requeue_task(
        self, task: JobTask, timestamp: Any, retry_eta: datetime.datetime | None = None
    ) -> None:
        delivery = task.delivery
        if delivery is None:
            raise RuntimeError("only a delivered job can be tried again")
        task.retries -= 1
        asked_for = isinstance(delivery.error, RETRYING_EXCEPTIONS)
        delivery.again(delivery.claim.failures + (not asked_for), retry_eta)

    def add_schedule(self, task: JobTask) -> None:
        self.enqueue(task)

    def serialize_task(self, task: JobTask) -> str:
        return to_json(message.message_of(task), f"the arguments of {task.kind.name}")

    def deserialize_task(self, data: Any) -> JobTask:
        body = payload_from_json(data.decode("utf-8") if isinstance(data, bytes) else data)
        return message.task_of(self._registry, str(body.get("name")), body)


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


def moment(at: When) -> int:
    """UTC microseconds of ``at``. A datetime without zone is refused: it would be read as one zone or another."""
    if isinstance(at, int):
        return at
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give an aware datetime or UTC microseconds")
    return int(at.timestamp() * SECOND)


def _naive(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at / SECOND, datetime.UTC).replace(tzinfo=None)
