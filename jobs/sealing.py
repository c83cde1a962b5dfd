"""Job events into the audit chain: not one by one, but a range at a time, by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from db import audit
from jobs import sql

if TYPE_CHECKING:
    from db import Database

DOMAIN = "valhalla-job-events-1"
"""First line of what is hashed."""

RANGE = 10_000
"""Events that one audit entry witnesses at most."""


def digest(rows: Iterable[Sequence[Any]]) -> str:
    """SHA-256 over :data:`DOMAIN` and the events, a line of JSON each: ``[id, task_id, at, event, claim, worker, reason, detail]``."""
    hashed = hashlib.sha256(DOMAIN.encode("ascii"))
    for row in rows:
        hashed.update(b"\n")
        hashed.update(json.dumps(list(row), separators=(",", ":")).encode("ascii"))
    return hashed.hexdigest()


def seal(database: Database) -> int:
    """Witness all events that are not witnessed yet; returns how many. Safe to call from several processes."""
    total = 0
    while True:
        last = database.value(sql.LAST_SEAL)
        rows = database.sql(sql.UNSEALED, (last, RANGE))
        if not rows:
            return total
        first, newest, found = rows[0][0], rows[-1][0], digest(rows)
        with database.write():
            if database.value(sql.LAST_SEAL) != last:
                continue  # another process was faster
            database.sql(sql.SEAL, (newest, first, len(rows), found, database.clock()))
            audit.append(
                database,
                "jobs.sealed",
                f"job_event:{first}-{newest}",
                {"first": first, "last": newest, "events": len(rows), "sha256": found},
            )
        total += len(rows)


def check(database: Database) -> list[str]:
    """What is wrong with sealed events that are still there, a sentence each. Ranges that were pruned in part are passed over."""
    problems = []
    for last, first, count, expected in database.sql(sql.SEALS):
        rows = database.sql(sql.EVENTS_BETWEEN, (first, last))
        if len(rows) == count and digest(rows) != expected:
            problems.append(f"job events {first} to {last} were changed after they were sealed")
        elif len(rows) > count:
            problems.append(f"there are more job events between {first} and {last} than were sealed")
    return problems


def unsealed(database: Database) -> int:
    """How many events the chain does not witness yet."""
    return int(database.value(sql.COUNT_UNSEALED))
