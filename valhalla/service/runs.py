"""Runs and their cycles as they stand in the database."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from db import Database, audit
from db.clock import SECOND
from db.orm import fn
from valhalla import __version__
from valhalla.intake.results import COUNTS, PassResult
from valhalla.program import settings
from valhalla.program.models import Cycle, Run
from valhalla.service import sql


class RunStatus(NamedTuple):
    """A run with the last cycle it has begun (None: none yet); times are UTC microseconds."""

    id: int
    started_at: int
    stopped_at: int | None
    cycle: int | None
    cycle_began: int | None
    cycle_ended: int | None
    cycle_ok: int | None
    paused: int | None
    """Whether its queue is paused."""
    slot: int | None
    """When the last cycle was due."""


class LastCycle(NamedTuple):
    """A cycle that has ended; times are UTC microseconds."""

    number: int
    started_at: int
    finished_at: int
    ok: bool
    counts: dict[str, int]
    """By :data:`valhalla.intake.results.COUNTS`."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at) / SECOND


def begin(database: Database, kind: str, values: Mapping[str, Any], at: int | None = None) -> int:
    """Record that a run begins; its number. ``kind``: run or production. ``values``: the settings in force."""
    began, pid = database.clock() if at is None else at, os.getpid()
    with database.write(durable=True):
        run_id = int(
            Run.insert(
                pid=pid,
                version=__version__,
                settings=json.dumps(settings.recorded(values)),
                started_at=began,
            ).execute(database)
        )
        body = {"version": __version__, "pid": pid} if kind == "run" else {"version": __version__}
        audit.append(database, f"{kind}.start", f"run:{run_id}", body)
    return run_id


def end(database: Database, kind: str, run_id: int, reason: str, facts: Mapping[str, Any]) -> None:
    """Record that a run has ended, and why."""
    with database.write(durable=True):
        ended = Run.update(stopped_at=database.clock(), stop=reason)
        ended.where(Run.id == run_id).execute(database)
        audit.append(database, f"{kind}.stop", f"run:{run_id}", dict(facts))


def newest(database: Database, queue: str, cycle: str) -> RunStatus | None:
    """The newest run; None: nothing ran yet. ``queue`` and ``cycle``: where its cycles are, and the name of their job."""
    row = database.one(sql.NEWEST_RUN, {"queue": queue, "cycle": cycle})
    return RunStatus(*row) if row else None


def last_cycle(database: Database, *, of_any_run: bool = False) -> LastCycle | None:
    """The last cycle of the newest run, or of any; None: none has ended."""
    query = Cycle.select().where(Cycle.finished_at.is_null(False))
    if not of_any_run:  # a run that has just begun shows no cycle of the one before it
        query = query.where(Cycle.run_id == Run.select(fn.max(Run.id)))
    row = query.order_by(Cycle.id.desc()).namedtuples().first(database)
    if row is None:
        return None
    counts = {name: getattr(row, name) for name in COUNTS}
    return LastCycle(row.number, row.started_at, row.finished_at, bool(row.ok), counts)


def begin_cycle(database: Database, run_id: int, number: int, began: int) -> int:
    """Record that a cycle of a run begins; its row's number. Inside a write transaction."""
    return int(Cycle.insert(run_id=run_id, number=number, started_at=began).execute(database))


def end_cycle(database: Database, cycle_id: int, ended: int, result: PassResult, *, ok: bool) -> None:
    """Record what a cycle has done. Inside a write transaction."""
    counts = {name: result.total(name) for name in COUNTS}
    done = Cycle.update(finished_at=ended, ok=int(ok), files=len(result.files), **counts)
    done.where(Cycle.id == cycle_id).execute(database)
