"""Puts jobs into the queue: one, many, groups and chords."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from db.clock import SECOND
from jobs import message
from jobs.here import CURRENT_JOB
from jobs.holding import HELD, needs
from jobs.huey import chord, group
from jobs.huey import signals as S
from jobs.kind import JobTask, JobWrapper, Kind
from jobs.serializer import from_json, to_json
from jobs.state import SCHEDULED, WAITING
from jobs.waiting import JobId, Waiting

When = datetime.datetime | int
"""A moment: an aware datetime, or UTC microseconds."""


class Producer(Waiting):
    """The part of the queue that producers use."""

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
        after: Iterable[int] = (),
        held: dict[str, Any] | None = None,
    ) -> Any:
        """Put a job (what ``handler.s(...)`` returns) into the queue; returns its :class:`JobId`.

        Inside ``database.write()`` the job appears when that transaction commits, and not otherwise.

        ``unique``: at most one job with this key; while there is one, its id is returned and nothing is added.
        ``scope``: how long the key is taken: "waiting" (until the job first begins), "running" (until it ends), or
        "period" (``period`` seconds from now, regardless of the job). ``delay`` (seconds) or ``eta``: not before.
        ``after``: jobs that have to be done before it begins, see :mod:`jobs.holding` (``held`` is for the queue itself).
        ``expires`` (seconds from now or a moment): if it has not started by then, it never does. Higher ``priority`` goes first.
        A Huey ``group`` gives a list of ids, a ``chord`` the ids of its members.
        """
        if not isinstance(task, JobTask):
            return self._enqueue_several(task, correlation_id)
        kind, now = task.kind, self.database.clock()
        due = self._due(task, delay, eta, now)
        if after:
            held = needs(after)
        if held is not None:
            if due is not None:
                raise ValueError("a job that waits for others has neither delay nor eta")
            due = HELD
        state = WAITING if due is None or due <= now else SCHEDULED
        if priority is None:
            priority = int(task.priority or 0)
        key = None if unique is None else _key(unique, scope, period, now)
        parent, correlation_id = _cause(correlation_id)
        payload = self._payload(message.body_of(task), held, kind)
        lane = kind.lane if lane is None else lane
        expiry = self._expiry(task, expires, now)
        head, tail = (
            (kind.queue, lane, kind.name, state, priority, payload, due),
            (correlation_id, parent, now),
        )
        database, engine = self.database, self.engine
        event = "enqueued" if state == WAITING else "scheduled"
        with database.write(durable=kind.durable and not database.in_write()):
            if key is None and expiry is None and not tags:
                number = engine.insert((*head, *tail), event, now)
            else:
                labels = to_json(list(tags), "tags") if tags else None
                row = (*head, expiry, *(key or NO_KEY), labels, *tail)
                number, added = engine.insert_unique(row, event, now)
                if not added:
                    return self._job_id(number)
            job_id = self._job_id(number)
            task.named(job_id)
            self._emit(S.SIGNAL_ENQUEUED if state == WAITING else S.SIGNAL_SCHEDULED, task)
            if (kind.queue, lane) not in self.storage.lanes:
                self.storage.add_lane((kind.queue, lane))
            database.after_commit(lambda: self.arrived(priority))
        return job_id

    def _enqueue_several(self, tasks: Any, correlation_id: str | None) -> list[JobId]:
        """A group's or a chord's tasks, in one transaction. Raises :class:`jobs.PayloadError` for what is neither."""
        if not isinstance(tasks, group | chord):
            message.must_be_task(tasks)
        with self.database.write():
            if isinstance(tasks, group):
                return [self.enqueue(each, correlation_id=correlation_id) for each in tasks.tasks]
            return self._enqueue_chord(tasks)

    def _payload(self, body: dict[str, Any], held: dict[str, Any] | None, kind: Kind) -> str:
        """A job's arguments as JSON, encrypted if the queue has a key, and what the queue itself adds to them."""
        if self.cipher is not None and body:
            body = from_json(self.sealed(to_json(body, f"the arguments of {kind.name}")), "a payload")
        body.update(held or {})
        for carrier in self.carriers:
            carrier(body)
        return to_json(body, f"the arguments of {kind.name}") if body else "{}"

    def batch(self, then: Any) -> Batch:
        """``with queue.batch(report.s("May")):`` what is enqueued inside is a batch. When all its jobs have ended, however they
        ended, ``then`` begins, once, with one more argument: ``{"jobs": 3, "done": 2, "dead": 1}``."""
        return Batch(self, message.must_be_task(then))

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
        parent, correlation_id = _cause(correlation_id)
        rank = kind.priority if priority is None else priority
        total, rows = 0, iter(arguments)
        while part := list(itertools.islice(rows, block)):
            now = database.clock()
            due = None if not delay else now + int(delay * SECOND)
            state = WAITING if due is None else SCHEDULED
            head, tail = (kind.queue, kind.lane, kind.name, state, rank), (due, correlation_id, parent, now)
            payloads = (self._payload({"args": list(args)} if args else {}, None, kind) for args in part)
            values = [(*head, payload, *tail) for payload in payloads]
            with database.write(durable=kind.durable and not database.in_write()):
                self.engine.insert_many(values)
                database.after_commit(lambda: self.arrived(rank, everyone=True))
            total += len(values)
        return total

    def run_now(self, name: str) -> Any:
        """Enqueue the handler ``name``, without arguments; returns the job's :class:`JobId`.

        It never runs twice at once: while a job of this kind from here or from its schedule waits or runs, that one is returned.
        Raises :class:`jobs.UnknownHandler`.
        """
        return self.enqueue(self.job(name), unique=periodic_key(name))

    def arrived(self, priority: int, everyone: bool = False) -> None:
        """Wake the workers of this process: a job was committed that may run."""
        for batch in self.batches:
            if priority > batch.urgent:
                batch.urgent = priority
        if everyone:
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


class Batch:
    """The jobs that are enqueued inside of ``with queue.batch(then):``. :attr:`job` is the one that follows them."""

    def __init__(self, queue: Producer, then: Any) -> None:
        self._queue = queue
        self._then = then
        self._write: Any = None
        self._last = 0
        self.job: JobId | None = None

    def __enter__(self) -> Batch:
        self._write = self._queue.database.write()
        self._write.__enter__()
        self._last = self._queue.engine.last_job()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                # nobody else can have enqueued meanwhile, so the numbers between are the batch
                last = self._queue.engine.last_job()
                self.job = self._queue.enqueue(self._then, held={"batch": [self._last + 1, last]})
        except BaseException as failure:
            self._write.__exit__(type(failure), failure, None)
            raise
        self._write.__exit__(kind, error, trace)


NO_KEY = (None, None, None, 0)
"""What :func:`_key` is without a key."""


def _key(unique: str, scope: str, period: float | None, now: int) -> tuple[str, str, int | None, int]:
    """A unique key, its scope, until when it is taken, and that it is."""
    if scope not in ("waiting", "running", "period") or (scope == "period") != (period is not None):
        raise ValueError('scope is "waiting", "running", or "period" with period= in seconds')
    return unique, scope, None if period is None else now + int(period * SECOND), 1


def _cause(correlation_id: str | None) -> tuple[int | None, str | None]:
    """The job that is running in this thread, which is a new one's parent, and the new one's correlation id."""
    current = CURRENT_JOB.get()
    if current is None:
        return None, correlation_id
    return current.id, current.correlation_id if correlation_id is None else correlation_id


def periodic_key(name: str) -> str:
    """The unique key of a handler's scheduled jobs: one at a time."""
    return f"cycle:{name}"


def moment(at: When) -> int:
    """UTC microseconds of ``at``. A datetime without zone is refused: it would be read as one zone or another."""
    if isinstance(at, int):
        return at
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give an aware datetime or UTC microseconds")
    return int(at.timestamp() * SECOND)
