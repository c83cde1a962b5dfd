"""Runs and their cycles as they stand in the database."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from db import Database, audit
from db.clock import SECOND
from valhalla import __version__
from valhalla.intake.results import COUNTS
from valhalla.program import settings
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
            database.value(sql.BEGIN_RUN, (pid, __version__, json.dumps(settings.recorded(values)), began))
        )
        body = {"version": __version__, "pid": pid} if kind == "run" else {"version": __version__}
        audit.append(database, f"{kind}.start", f"run:{run_id}", body)
    return run_id


def end(database: Database, kind: str, run_id: int, reason: str, facts: Mapping[str, Any]) -> None:
    """Record that a run has ended, and why."""
    with database.write(durable=True):
        database.sql(sql.END_RUN, (database.clock(), reason, run_id))
        audit.append(database, f"{kind}.stop", f"run:{run_id}", dict(facts))


def newest(database: Database, queue: str, cycle: str) -> RunStatus | None:
    """The newest run; None: nothing ran yet. ``queue`` and ``cycle``: where its cycles are, and the name of their job."""
    row = database.one(sql.NEWEST_RUN, {"queue": queue, "cycle": cycle})
    return RunStatus(*row) if row else None


def last_cycle(database: Database, *, of_any_run: bool = False) -> LastCycle | None:
    """The last cycle of the newest run, or of any; None: none has ended."""
    row = database.one(sql.LAST_CYCLE_OF_ANY_RUN if of_any_run else sql.LAST_CYCLE)
    if row is None:
        return None
    number, started_at, finished_at, ok, *counts = row
    return LastCycle(number, started_at, finished_at, bool(ok), dict(zip(COUNTS, counts, strict=True)))
