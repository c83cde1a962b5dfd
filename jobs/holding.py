"""Jobs that are held until others have ended: the steps of a workflow, and what follows a batch.

A held job is scheduled for the end of time. What it waits for stands in its payload, so it is kept, found and canceled like
any other job, and a worker that dies changes nothing. A step (``after``) begins when all the jobs that it names are
done; while one of them is dead it stays, and goes on when that one was tried again with success; when one was
canceled or has expired it is canceled, too. What follows a batch begins when every job of the batch has ended, however.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from jobs import sql
from jobs.core import Core
from jobs.state import CANCELED, DONE, EXPIRED

HELD = 253_402_300_799_000_000
"""The last second of the year 9999, UTC microseconds: what a held job is due at."""

AT_A_TIME = 1_000
"""Held jobs that one check looks at."""


def release(queue: Core) -> int:
    """Let begin, or cancel, what need not wait any longer; returns how many jobs that were."""
    database = queue.database
    after = released = 0
    while rows := database.sql(sql.HELD_JOBS, (HELD, after, AT_A_TIME)):
        after = rows[-1][0]
        for number, payload in rows:
            released += _release(queue, number, payload)
    return released


def _release(queue: Core, number: int, payload: str) -> bool:
    database = queue.database
    if _verdict(queue, payload) is None:
        return False
    with database.write(durable=True):
        verdict = _verdict(queue, payload)  # as of this transaction
        if verdict is None or database.value(sql.IS_HELD, (number, HELD)) is None:
            return False
        now = database.clock()
        if isinstance(verdict, str):
            database.sql(sql.CANCEL_WAITING, (now, number))
            database.sql(sql.EVENT, (number, now, CANCELED, None, None, verdict, None))
        else:
            database.sql(sql.LET_GO, (json.dumps(verdict, separators=(",", ":")), number))
            database.sql(sql.EVENT, (number, now, "due", None, None, None, None))
            database.after_commit(queue.storage.bell.ring_all)
    return True


def _verdict(queue: Core, payload: str) -> dict[str, Any] | str | None:
    """The payload to begin with; or why the job is canceled; None: it has to wait."""
    database, body = queue.database, json.loads(payload)
    if "batch" in body:
        first, last = body["batch"]
        if database.value(sql.ANY_UNENDED_BETWEEN, (first, last)) is not None:
            return None
        counts: dict[str, int] = dict(database.sql(sql.STATES_BETWEEN, (first, last)))
        counts[DONE] = (
            counts.get(DONE, 0) + (last - first + 1) - sum(counts.values())
        )  # kinds that keep no row
        body.setdefault("more", []).append({"jobs": last - first + 1, **counts})
        return dict(body)
    states: dict[int, str] = dict(database.sql(sql.STATES_OF, (json.dumps(body["after"]),)))
    for job in body["after"]:
        if states.get(job) in (CANCELED, EXPIRED):
            return f"job {job}, which it waits for, has ended as {states[job]}"
    return dict(body) if all(states.get(job, DONE) == DONE for job in body["after"]) else None


def needs(after: Iterable[int]) -> dict[str, Sequence[int]]:
    """What a step's payload says of the jobs that it waits for."""
    return {"after": sorted({int(job) for job in after})}
