"""The queue's eight tables, for the schema of the database that they are in."""

from __future__ import annotations

from pathlib import Path

from db.schema import Migrations, Schema, SealedRanges

EVENTS = SealedRanges(
    table="job_event",
    columns=("id", "task_id", "at", "event", "claim", "worker", "reason", "detail"),
    sealed="jobs.sealed",
    pruned="jobs.pruned",
    domain="valhalla-job-events-1",
)
"""Job events are witnessed in sealed ranges."""

SCHEMA = Schema(
    migrations=(Migrations("jobs", Path(__file__).with_name("migrations")),),
    working=frozenset(
        {"task", "job_event", "job_seal", "kv", "counter", "queue_state", "cycle_slot", "worker"}
    ),
    ranges=(EVENTS,),
)
