"""Witnesses job events in the audit chain, a range at a time, by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs import sql
from jobs.file_engine import engine_of
from jobs.schema import EVENTS

if TYPE_CHECKING:
    from jobs.engine import Store

JOBS_DOMAIN = "valhalla-jobs-1"
"""First line of what is hashed of jobs that are removed: ``[id, name, state, tries, finished_at, result, error]`` each."""

MOST = 2**63 - 1

_encode = json.JSONEncoder(separators=(",", ":")).encode

_PLAIN = frozenset({"started", "done"})

RANGE = 10_000
"""Events that one audit entry witnesses at most."""


def digest(rows: Iterable[Sequence[Any]], domain: str = EVENTS.domain) -> str:
    """SHA-256 over the ``domain`` and the events, a line of JSON each: ``[id, task_id, at, event, claim, worker, reason, detail]``."""
    hashed = hashlib.sha256(domain.encode("ascii"))
    hashed.update("".join(["\n" + _line(row) for row in rows]).encode("ascii"))
    return hashed.hexdigest()


def _line(row: Sequence[Any]) -> str:
    """``row`` as JSON. Most are events without words, which are written without the encoder in a quarter of its time."""
    if len(row) == len(EVENTS.columns):
        number, job, at, event, claim, worker, reason, detail = row
        if reason is None and detail is None and event in _PLAIN and None not in (claim, worker):
            return f'[{number},{job},{at},"{event}",{claim},{worker},null,null]'
    return _encode(row)


def seal_events(database: Store) -> int:
    """Witness all events that are not witnessed yet; returns how many. Safe to call from several processes."""
    total, engine = 0, engine_of(database)
    while True:
        last = database.value(sql.LAST_SEAL)
        settled = engine.settled_events()
        rows = database.sql(sql.UNSEALED, (last, MOST if settled is None else settled, RANGE))
        if not rows:
            return total
        first, newest, found = rows[0][0], rows[-1][0], digest(rows)
        with database.write():
            if database.value(sql.LAST_SEAL) != last:
                continue  # another process was faster
            database.sql(sql.SEAL, (newest, first, len(rows), found, database.clock()))
            engine.witness(
                "jobs.sealed",
                f"job_event:{first}-{newest}",
                {"first": first, "last": newest, "events": len(rows), "sha256": found},
            )
        total += len(rows)


def seal_anew(database: Store) -> int:
    """Seal all events again, into the audit chain that the database has after the chain was restarted; returns how many."""
    with database.write():
        database.sql(sql.FORGET_SEALS, (0, MOST))
    return seal_events(database)


class SealedRange(NamedTuple):
    """Events that were sealed together, as they are now."""

    rows: list[tuple[Any, ...]]
    problem: str | None
    """In what they are not what was sealed; None: in nothing."""


def sealed_ranges(database: Store, first: int = 0, last: int = MOST) -> Iterator[SealedRange]:
    """The ranges that end from ``first`` to ``last``, in order, each compared with its seal."""
    for end, start, count, expected in database.sql(sql.SEALS):
        if first <= end <= last:
            rows = database.sql(sql.EVENTS_BETWEEN, (start, end))
            same = (len(rows), digest(rows)) == (count, expected)
            problem = None if same else f"job events {start} to {end} were changed after they were sealed"
            yield SealedRange(rows, problem)


def check_sealed_events(database: Store) -> list[str]:
    """Problems of sealed events, a sentence each."""
    return [each.problem for each in sealed_ranges(database) if each.problem is not None]


def prune_events(database: Store) -> int:
    """Delete the events of deleted jobs, and witness the rest of each range; returns how many were deleted.

    A range that has changed since it was sealed is left alone: pruning must not remove the traces of the change.
    """
    total = 0
    ranges: list[
        tuple[int, int]
    ] = []  # first and last of neighbouring seals that together hold about RANGE events
    for last, first, _, _ in database.sql(sql.SEALS):
        if ranges and last - ranges[-1][0] < RANGE:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    for first, last in ranges:
        with database.write():
            total += _prune_range(database, first, last)
    return total


def _prune_range(database: Store, first: int, last: int) -> int:
    if any(each.problem is not None for each in sealed_ranges(database, first, last)):
        return 0
    database.sql(sql.PRUNE_EVENTS, (first, last))
    pruned = database.changes()
    if pruned:
        rows = database.sql(sql.EVENTS_BETWEEN, (first, last))
        found = digest(rows)
        database.sql(sql.FORGET_SEALS, (first, last))
        database.sql(sql.SEAL, (last, first, len(rows), found, database.clock()))
        body = {"first": first, "last": last, "events": len(rows), "sha256": found, "pruned": pruned}
        engine_of(database).witness("jobs.pruned", f"job_event:{first}-{last}", body)
    return pruned


def count_unsealed_events(database: Store) -> int:
    """How many events the chain does not witness yet."""
    return int(database.value(sql.COUNT_UNSEALED))
