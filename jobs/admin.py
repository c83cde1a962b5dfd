"""What an operator does with jobs: find, show, try again, cancel, pause, resume, prune, wait for the queue to empty."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs import sealing, sql
from jobs.errors import UnknownJob, WaitTimeout, WrongState
from jobs.file_engine import engine_of
from jobs.state import CANCELED, ENDED, RUNNING, STATES, WAITING, JobEvent, JobState, from_row

if TYPE_CHECKING:
    from jobs.engine import Store


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: whether it is paused, since when and by whom, and how many of its jobs are in each state."""

    name: str
    paused: bool
    at: int | None
    actor: str | None
    reason: str | None
    counts: dict[str, int]


class QueueCounts(NamedTuple):
    """How many jobs are in the states that may need attention; counting stops at the given limit."""

    running: int
    waiting: int
    scheduled: int
    dead: int


class QueueLoad(NamedTuple):
    """One queue as a page shows it; ``waiting`` is counted up to a limit."""

    name: str
    paused: bool
    at: int | None
    actor: str | None
    reason: str | None
    running: int
    waiting: int


def show_job(database: Store, job_id: int) -> JobState:
    """A job as it is now. Raises :class:`UnknownJob`."""
    row = database.one(sql.SHOW, (job_id,))
    if row is None:
        raise UnknownJob(f"there is no job {int(job_id)}; it may have been pruned")
    return from_row(row)


def job_history(database: Store, job_id: int) -> list[JobEvent]:
    """Every change of a job's state, oldest first: when, by which worker, in which claim, why."""
    job = show_job(database, job_id)
    events = database.sql(sql.HISTORY, (job_id, first_event_since(database, job.created_at)))
    if not events or events[0][2] not in ("enqueued", "scheduled"):  # the clock was set back in between
        events = database.sql(sql.HISTORY, (job_id, 0))
    return [JobEvent(*row) for row in events]


def first_event_since(database: Store, at: int) -> int:
    """The number from which on events are not older than ``at``. They are in order of time, so halving finds it."""
    low, high = database.sql(sql.EVENT_RANGE)[0]
    while low < high:
        middle = (low + high) // 2
        if database.value(sql.EVENT_AT, (middle,)) < at:
            low = middle + 1
        else:
            high = middle
    return int(low)


def find_jobs(
    database: Store,
    *,
    state: str | None = None,
    queue: str | None = None,
    name: str | None = None,
    tag: str | None = None,
    text: str | None = None,
    correlation_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[JobState]:
    """Jobs, the newest first. ``text`` is searched in name, arguments, error and unique key; ``before`` is the id to continue from."""
    if state is not None and state not in STATES:
        raise WrongState(f"{state!r} is not a state of a job; the states are {', '.join(STATES)}")
    pattern = None
    if text is not None:
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
    rows = database.sql(
        sql.LIST,
        {
            "state": state,
            "queue": queue,
            "name": name,
            "tag": tag,
            "text": pattern,
            "correlation_id": correlation_id,
            "before": before,
            "limit": limit,
        },
    )
    return [from_row(row) for row in rows]


def list_queues(database: Store) -> list[QueueState]:
    """All queues that hold jobs or were ever paused."""
    counts: dict[str, dict[str, int]] = {}
    for queue, state, count in database.sql(sql.COUNT_BY_STATE):
        counts.setdefault(queue, {})[state] = count
    marks = {row[0]: row[1:] for row in database.sql(sql.QUEUE_STATES)}
    found = []
    for queue in sorted({*counts, *marks}):
        paused, at, actor, reason = marks.get(queue, (0, None, None, None))
        found.append(QueueState(queue, bool(paused), at, actor, reason, counts.get(queue, {})))
    return found


def count_by_state(database: Store) -> dict[str, int]:
    """How many jobs are in each state, over all queues; states without jobs are left out."""
    return dict(database.sql(sql.COUNT_OF_STATES))


def count_jobs(database: Store, queue: str, *states: str) -> int:
    """How many jobs of ``queue`` are in one of ``states``."""
    return int(database.value(sql.COUNT_IN_STATES, (queue, json.dumps(states))))


def count_up_to(database: Store, most: int = 1_000) -> QueueCounts:
    """How many jobs run, wait, are scheduled and have failed, each counted up to ``most``: bounded work in any database."""
    return QueueCounts(*database.sql(sql.COUNT_TO, {"most": most})[0])


def queue_loads(database: Store, names: Iterable[str], most: int = 1_000) -> list[QueueLoad]:
    """The queues called ``names`` and those that were ever paused, each with what runs and waits (up to ``most``)."""
    marks = {name: mark for name, *mark in database.sql(sql.QUEUE_STATES)}
    found = []
    for name in sorted({*names, *marks}):
        running, waiting = database.sql(sql.COUNT_OF_QUEUE_TO, {"queue": name, "most": most})[0]
        paused, at, actor, reason = marks.get(name, (0, None, None, None))
        found.append(QueueLoad(name, bool(paused), at, actor, reason, running, waiting))
    return found


def running_jobs(database: Store, limit: int = 50) -> list[JobState]:
    """The jobs that run now."""
    return [from_row(row) for row in database.sql(sql.RUNNING_NOW, (limit,))]


def newest_jobs(
    database: Store, names: Iterable[str], *, state: str | None = None, limit: int = 1
) -> list[JobState]:
    """The newest jobs of some kinds among the last 5,000 jobs, the newest first."""
    given = {"names": json.dumps(list(names)), "state": state, "limit": limit}
    return [from_row(row) for row in database.sql(sql.NEWEST_OF_KINDS, given)]


def newest_of_each_kind(database: Store, names: Iterable[str]) -> list[JobState]:
    """The newest job of each of some kinds among the last 5,000 jobs."""
    return [from_row(row) for row in database.sql(sql.NEWEST_OF_EACH_KIND, (json.dumps(list(names)),))]


def worker_processes(database: Store, workers: Iterable[int]) -> dict[int, int]:
    """The process ids of workers by their numbers, of those that are still known."""
    found = {}
    for number in workers:
        for _, _, pid, _ in database.sql(sql.WORKER, (number,)):
            found[number] = int(pid)
    return found


def retry_job(database: Store, job_id: int, actor: str = "operator") -> str:
    """Put a job that has ended back into the queue, its failures counted again from zero; returns its state afterwards.

    Raises :class:`UnknownJob`, :class:`WrongState`.
    """
    with database.write(durable=not database.in_write()):
        job = show_job(database, job_id)
        if job.state not in ENDED:
            raise WrongState(
                f"job {int(job_id)} is {job.state}; only a job that has ended can be tried again"
            )
        holder = database.value(sql.HOLDER_OF_KEY, (job.queue, job.unique_key)) if job.unique_key else None
        if holder is not None and holder != job_id:
            raise WrongState(
                f"job {int(job_id)} cannot be tried again: job {holder} has the same key {job.unique_key!r}"
            )
        database.sql(sql.RETURN, (job_id,))
        _event(database, job_id, "returned", f"by {actor}")
        return WAITING


def cancel_job(database: Store, job_id: int, actor: str = "operator") -> str:
    """Cancel a job; returns its state afterwards. A running one ends at its next check and is "running" until then.

    Raises :class:`UnknownJob`, :class:`WrongState`.
    """
    with database.write(durable=not database.in_write()):
        job = show_job(database, job_id)
        database.sql(sql.CANCEL_WAITING, (database.clock(), job_id))
        if database.changes():
            _event(database, job_id, CANCELED, f"by {actor}")
            return CANCELED
        database.sql(sql.ASK_TO_CANCEL, (job_id,))
        if database.changes():
            _event(database, job_id, "cancel asked", f"by {actor}")
            return RUNNING
        raise WrongState(f"job {int(job_id)} is {job.state} already")


def retry_jobs(database: Store, job_ids: Iterable[int], actor: str = "operator") -> list[str]:
    """Put jobs back into the queue, all of them or none; durable. Returns their states."""
    with database.write(durable=not database.in_write()):
        return [retry_job(database, number, actor) for number in job_ids]


def cancel_jobs(database: Store, job_ids: Iterable[int], actor: str = "operator") -> list[str]:
    """Cancel jobs, all of them or none; durable. Returns their states."""
    with database.write(durable=not database.in_write()):
        return [cancel_job(database, number, actor) for number in job_ids]


def pause_queue(database: Store, queue: str, actor: str = "operator", reason: str | None = None) -> None:
    """Start no more jobs of ``queue``; running ones continue."""
    with database.write(durable=not database.in_write()):
        database.sql(sql.SET_PAUSED, (queue, 1, database.clock(), actor, reason))


def resume_queue(database: Store, queue: str, actor: str = "operator") -> None:
    """Start jobs of ``queue`` again."""
    with database.write(durable=not database.in_write()):
        database.sql(sql.SET_PAUSED, (queue, 0, database.clock(), actor, None))


def prune_jobs(database: Store, *, older_than: int, state: str = "done", queue: str | None = None) -> int:
    """Delete jobs in ``state`` that ended more than ``older_than`` microseconds ago, with their events; returns how many."""
    if state not in ENDED:
        raise WrongState(
            f"only jobs that have ended can be pruned ({', '.join(sorted(ENDED))}), not {state!r}"
        )
    now = database.clock()
    which: dict[str, Any] = {
        "state": state,
        "before": now - older_than,
        "now": now,
        "queue": queue,
        "after": 0,
    }
    sealing.seal_events(database)  # deleted events have been witnessed
    total = 0
    while removed := _remove_some(database, which):
        total += removed
    if total:
        sealing.prune_events(database)
    return total


def _remove_some(database: Store, which: dict[str, Any]) -> int:
    with database.write():  # no job that is found here can be given another try meanwhile
        rows = database.sql(sql.PRUNABLE, which)
        if not rows:
            return 0
        database.many(sql.PRUNE, [(row[0],) for row in rows])
        removed = {"state": which["state"], "jobs": len(rows), "first": rows[0][0], "last": rows[-1][0]}
        removed["sha256"] = sealing.digest(rows, sealing.JOBS_DOMAIN)
        engine_of(database).witness("jobs.removed", f"task:{rows[0][0]}-{rows[-1][0]}", removed)
    which["after"] = rows[-1][0]
    return len(rows)


class ForgottenJobs(NamedTuple):
    """What became of the jobs whose texts mention somebody."""

    removed: int
    running: list[int]
    """The numbers of those that run now: they can be deleted only when they have ended."""


def forget_jobs(database: Store, mentions: Callable[[str], bool], actor: str = "operator") -> ForgottenJobs:
    """Delete the jobs that have a text which ``mentions`` somebody, with their events; waiting ones are canceled first. A summary
    stays in the audit chain."""
    found = _mentioning(database, sql.TEXTS_OF_JOBS, mentions, 1) | _mentioning(
        database, sql.TEXTS_OF_EVENTS, mentions, 2
    )
    running = []
    with database.write(durable=True):
        for number in sorted(found):
            state = database.value(sql.STATE_OF, (number,))
            if state == RUNNING:
                running.append(number)
            elif state is not None and state not in ENDED:
                cancel_job(database, number, actor)
    sealing.seal_events(database)
    with database.write(durable=True):
        rows = [row for number in sorted(found) for row in database.sql(sql.REMOVABLE, (number,))]
        database.many(sql.PRUNE, [(row[0],) for row in rows])
        if rows:
            removed = {"state": "ended", "jobs": len(rows), "first": rows[0][0], "last": rows[-1][0]}
            removed["sha256"] = sealing.digest(rows, sealing.JOBS_DOMAIN)
            engine_of(database).witness("jobs.removed", f"task:{rows[0][0]}-{rows[-1][0]}", removed)
    if rows:
        sealing.prune_events(database)
    return ForgottenJobs(len(rows), running)


def _mentioning(database: Store, statement: str, mentions: Callable[[str], bool], first: int) -> set[int]:
    """The jobs of the rows whose texts, the columns from ``first`` on, mention somebody; the column before has the job's number."""
    found: set[int] = set()
    after = 0
    while page := database.sql(statement, (after,)):
        found.update(row[first - 1] for row in page if any(text and mentions(text) for text in row[first:]))
        after = page[-1][0]
    return found


def wait_until_empty(database: Store, *, queue: str | None = None, timeout: float | None = None) -> None:
    """Wait until the queue is empty (jobs that are scheduled for later do not count). Raises :class:`WaitTimeout`."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while left := database.value(sql.UNFINISHED, {"queue": queue}):
        if deadline is not None and time.monotonic() >= deadline:
            raise WaitTimeout(f"{left} jobs have not ended after {timeout:g} s")
        time.sleep(0.01)


def _event(database: Store, job_id: int, event: str, reason: str) -> None:
    database.sql(sql.EVENT, (job_id, database.clock(), event, None, None, reason, None))
