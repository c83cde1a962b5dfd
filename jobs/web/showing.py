"""The queue as pages show it: what waits, runs, has failed, and everything that happened to one job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from db.clock import SECOND, iso
from jobs import by_hand
from jobs.admin import (
    QueueLoad,
    count_up_to,
    find_jobs,
    job_history,
    queue_loads,
    show_job,
    worker_processes,
)
from jobs.huey_hooks import SEALED
from jobs.queue import JobQueue
from jobs.state import ENDED, JobEvent, JobState

PAGE = 50
STATES = ("running", "waiting", "scheduled", "dead", "done", "canceled", "expired")
"""In the order of a page: what needs somebody first, what is over last."""

RELATED = 20

PATH = re.compile(r"(/|[A-Za-z]:[\\/]|\\\\)\S")
"""How the path of a file begins; of one its name is shown."""


def gather(
    queue: JobQueue,
    titles: Mapping[str, str],
    *,
    state: str | None = None,
    of_queue: str | None = None,
    name: str | None = None,
    text: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> dict[str, Any]:
    """``limit`` jobs, the newest first, and the queues. ``before``: the job after which to go on; ``next``: that of the
    next page, None: this is the last."""
    database = queue.database
    with database.view():
        found = find_jobs(
            database, state=state, queue=of_queue, name=name, text=text, before=before, limit=limit + 1
        )
        counts = count_up_to(database)._asdict()
        queues = queue_loads(database, known_queues(queue))
    now = database.clock()
    return {
        "jobs": [entry(job, now, titles) for job in found[:limit]],
        "counts": counts,
        "queues": [_queue(each) for each in queues],
        "kinds": [
            {"name": each, "title": title_of(each, titles)} for each in sorted({*queue.kinds} | {*titles})
        ],
        "by_hand": by_hand.kinds(queue),
        "state": state,
        "queue": of_queue,
        "name": name,
        "text": text,
        "before": before,
        "next": found[limit - 1].id if len(found) > limit else None,
    }


def one(queue: JobQueue, number: int, titles: Mapping[str, str]) -> dict[str, Any]:
    """One job with its arguments, result, attempts, events, and what the same cause led to."""
    database = queue.database
    with database.view():
        job = show_job(database, number)
        events = job_history(database, number)
        related = find_jobs(
            database, correlation_id=job.correlation_id, limit=RELATED + 1
        ) if not job.correlation_id.startswith("job-") else []  # fmt: skip
        numbers = {event.worker for event in events if event.worker is not None}
        processes = worker_processes(database, numbers)
    workers = {
        each: f"process {processes[each]}" if each in processes else f"worker {each}" for each in numbers
    }
    now = database.clock()
    return {
        **entry(job, now, titles),
        "may_edit": by_hand.may_edit(queue, job),
        "may_repeat": by_hand.allows(queue, job.name),
        "given": by_hand.given(queue, job) if by_hand.allows(queue, job.name) else None,
        "priority": job.priority,
        "unique_key": job.unique_key,
        "tags": job.tags,
        "correlation_id": job.correlation_id,
        "failures": job.failures,
        "lost": job.lost,
        "arguments": arguments(job.payload),
        "progress": job.progress,
        "result": job.result,
        "attempts": attempts(events, workers),
        "events": [
            {
                "at": iso(event.at),
                "event": event.event,
                "claim": event.claim,
                "worker": workers.get(event.worker or 0),
                "reason": event.reason,
                "detail": event.detail,
            }
            for event in events
        ],
        "related": [entry(each, now, titles) for each in related if each.id != job.id][:RELATED],
    }


def entry(job: JobState, now: int, titles: Mapping[str, str]) -> dict[str, Any]:
    """A job in a list. ``seconds``: how long it has run, or ran the last time."""
    ended = job.finished_at if job.ended else now if job.state == "running" else None
    took = (ended - job.started_at) / SECOND if ended is not None and job.started_at is not None else None
    return {
        "id": job.id,
        "name": job.name,
        "title": title_of(job.name, titles),
        "queue": job.queue,
        "state": job.state,
        "tries": job.tries,
        "what": _about(job),
        "error": job.error,
        "cancel_asked": job.cancel_asked,
        "created_at": iso(job.created_at),
        "due": _iso(job.due) if job.state == "scheduled" else None,
        "started_at": _iso(job.started_at),
        "finished_at": _iso(job.finished_at),
        "seconds": max(0.0, round(took, 3)) if took is not None else None,
        "may_retry": job.state in ENDED,
        "may_cancel": job.state not in ENDED and not job.cancel_asked,
    }


def attempts(events: Iterable[JobEvent], workers: dict[int, str]) -> list[dict[str, Any]]:
    """Each time the job was begun: when, by whom, for how long, and how it ended (None: it has not)."""
    found: dict[int | None, dict[str, Any]] = {}
    began: dict[int | None, int] = {}
    for event in events:
        if event.event == "started":
            began[event.claim] = event.at
            found[event.claim] = {
                "number": len(found) + 1,
                "began": iso(event.at),
                "worker": workers.get(event.worker or 0),
                "seconds": None,
                "ended": None,
                "reason": None,
            }
        elif event.claim in found and found[event.claim]["ended"] is None and event.event != "cancel asked":
            found[event.claim] |= {
                "seconds": round((event.at - began[event.claim]) / SECOND, 3),
                "ended": event.event,
                "reason": event.reason,
            }
    return list(found.values())


def arguments(payload: str) -> list[Any] | str:
    """What a job was given; the text itself where somebody has edited it into something else."""
    try:
        found = json.loads(payload)
        if SEALED in found:
            return "encrypted"
        return [
            *found.get("args", []),
            *(f"{name} = {value}" for name, value in found.get("kwargs", {}).items()),
        ]
    except (ValueError, AttributeError, TypeError):
        return payload


def title_of(name: str, titles: Mapping[str, str]) -> str:
    """What people call a kind of job."""
    return titles.get(name) or name.replace(".", " ").replace("_", " ").capitalize()


def _about(job: JobState) -> str | None:
    """What the job is about, where its first argument says so."""
    given = arguments(job.payload)
    if not isinstance(given, list) or not given:
        return None
    first = str(given[0])
    return re.split(r"[\\/]", first)[-1] if PATH.match(first) else first[:200]


def known_queues(queue: JobQueue) -> set[str]:
    """The queues that kinds of jobs are declared for."""
    return {queue.name, *(kind.queue for kind in queue.kinds.values())}


def _queue(load: QueueLoad) -> dict[str, Any]:
    shown = {**load._asdict(), "at": _iso(load.at), "by": load.actor}
    del shown["actor"]
    return shown


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)
