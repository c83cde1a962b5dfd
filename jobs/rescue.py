"""Puts jobs whose worker died or went silent back into the queue."""

from __future__ import annotations

from typing import Any

from db.clock import DAY
from jobs import sql
from jobs.core import Core
from jobs.state import DEAD


def rescue_dead(queue: Core) -> list[tuple[int, int]]:
    """Free the jobs of every worker that is dead; returns their ``(id, claims)``."""
    database = queue.database
    rescued: list[tuple[int, int]] = []
    for (owner,) in database.sql(sql.FOREIGN_OWNERS, (queue.owner_id,)):
        if queue.engine.is_dead(owner):
            rescued += _rescue_from(queue, owner)
    return rescued


def sweep_workers(queue: Core) -> None:
    """End the registration of dead workers that left no job behind, and bury the jobs that only they could run."""
    database, mine = queue.database, queue.owner_id
    for (owner,) in database.sql(sql.OPEN_WORKERS, (mine,)):
        if queue.engine.is_dead(owner):
            _rescue_from(queue, owner)
    queue.engine.sweep()
    for lane in {lane for _, lane in queue.storage.find_lanes() if lane[:1] == "@" and lane != f"@{mine}"}:
        if not lane[1:].isdigit() or queue.engine.is_dead(int(lane[1:])):
            _bury_lane(queue, lane)


def rescue_stale(queue: Core) -> list[tuple[int, int]]:
    """Free the jobs whose lease is over; returns their ``(id, claims)``."""
    database = queue.database
    now = database.clock()
    limits = {"now": now, "latest": now + queue.lease + DAY}
    if not database.value(sql.STALE_CLAIMS, limits):
        return []
    return _rescue(queue, sql.RESCUE_STALE, limits, "its lease was over")


def rescue_one(queue: Core, job_id: int, claims: int, why: str) -> None:
    """Free a job of this process whose handler died elsewhere, as if its worker had."""
    _rescue(queue, sql.RESCUE_ONE, {"id": job_id, "claims": claims}, why)


def _rescue_from(queue: Core, owner: int) -> list[tuple[int, int]]:
    rescued = _rescue(queue, sql.RESCUE_FROM_OWNER, {"owner": owner}, "its worker died")
    with queue.database.write():
        queue.engine.forget(owner)
    return rescued


def _rescue(queue: Core, statement: str, which: dict[str, Any], why: str) -> list[tuple[int, int]]:
    database = queue.database
    with database.write():
        rows = database.sql(statement, {**which, "now": database.clock(), "max_lost": queue.max_lost})
        for job_id, claims, state, _, of_queue, _, lane in rows:
            queue.storage.add_lane((of_queue, lane))
            queue.storage.event(job_id, _event(state), claims, which.get("owner"), why)
        database.after_commit(queue.storage.bell.ring_all)
    for job_id, _, state, name, of_queue, correlation_id, _ in rows:
        queue.events.send(_event(state), job_id, name, of_queue, correlation_id, None, why)
        if state == DEAD:
            queue.endings.ended(job_id)
    return [(row[0], row[1]) for row in rows]


def _event(state: str) -> str:
    return DEAD if state == DEAD else "rescued"


def _bury_lane(queue: Core, lane: str) -> None:
    database, why = queue.database, "process ended: nobody else can run it"
    with database.write():
        rows = database.sql(sql.BURY_LANE, (why, database.clock(), lane))
        for job_id, claims in rows:
            queue.storage.event(job_id, DEAD, claims, reason=why)
    for job_id, _ in rows:
        queue.endings.ended(job_id)
