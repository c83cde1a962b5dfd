"""Jobs whose worker died or went silent, back into the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db.clock import DAY
from jobs import liveness, sql
from jobs.state import DEAD

if TYPE_CHECKING:
    from jobs.queue import JobQueue


def rescue_dead(queue: JobQueue) -> list[tuple[int, int]]:
    """Free the rows of every worker that is dead; returns their ``(id, claims)``."""
    database = queue.database
    mine = queue._owner.id if queue._owner is not None else -1
    rescued: list[tuple[int, int]] = []
    for (owner,) in database.sql(sql.FOREIGN_OWNERS, (mine,)):
        if liveness.worker_is_dead(database, owner):
            rescued += _rescue(queue, sql.RESCUE_FROM_OWNER, {"owner": owner}, "its worker died")
            with database.write():
                liveness.forget(database, owner)
    return rescued


def sweep_workers(queue: JobQueue) -> None:
    """Close the rows of dead workers that left no job behind, with their locks, and bury what only they could run."""
    database = queue.database
    mine = queue._owner.id if queue._owner is not None else -1
    for (owner,) in database.sql(sql.OPEN_WORKERS, (mine,)):
        if liveness.worker_is_dead(database, owner):
            _rescue(queue, sql.RESCUE_FROM_OWNER, {"owner": owner}, "its worker died")
            with database.write():
                liveness.forget(database, owner)
    liveness.sweep_files(database)
    for lane in {lane for _, lane in queue.storage.find_lanes() if lane[:1] == "@" and lane != f"@{mine}"}:
        if not lane[1:].isdigit() or liveness.worker_is_dead(database, int(lane[1:])):
            _bury_lane(queue, lane)


def _bury_lane(queue: JobQueue, lane: str) -> None:
    database, now, why = queue.database, queue.database.clock(), "process ended: nobody else can run it"
    with database.write():
        rows = database.sql(sql.BURY_LANE, (why, now, lane))
        for job_id, claims in rows:
            database.sql(sql.EVENT, (job_id, now, DEAD, claims, None, why, None))
    for job_id, _ in rows:
        queue.endings.ended(job_id)


def rescue_stale(queue: JobQueue) -> list[tuple[int, int]]:
    """Free the rows whose lease is over; returns their ``(id, claims)``."""
    database = queue.database
    now = database.clock()
    limits = {"now": now, "latest": now + queue.lease + DAY}
    if not database.value(sql.STALE_CLAIMS, limits):
        return []
    return _rescue(queue, sql.RESCUE_STALE, limits, "its lease was over")


def _rescue(queue: JobQueue, statement: str, which: dict[str, Any], why: str) -> list[tuple[int, int]]:
    database = queue.database
    now = database.clock()
    with database.write():
        rows = database.sql(statement, {**which, "now": now, "max_lost": queue.max_lost})
        for job_id, claims, state, *_ in rows:
            event = DEAD if state == DEAD else "rescued"
            database.sql(sql.EVENT, (job_id, now, event, claims, which.get("owner"), why, None))
        database.after_commit(queue.storage.bell.ring_all)
    for job_id, _, state, name, of_queue, correlation_id in rows:
        event = DEAD if state == DEAD else "rescued"
        queue.events.send(event, job_id, name, of_queue, correlation_id, None, why)
        if state == DEAD:
            queue.endings.ended(job_id)
    return [(row[0], row[1]) for row in rows]
