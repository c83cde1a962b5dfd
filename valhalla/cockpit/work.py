"""What the queue is doing, and how far each running import has come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from db import Database
from db.clock import iso
from jobs import count_up_to, running_jobs
from valhalla.intake.passes import IMPORT_JOB


def running_work(database: Database) -> dict[str, Any]:
    """How many jobs wait, run and have failed (counting ends at 1,000), and the imports that run."""
    counts = count_up_to(database)
    imports = [
        {
            "job": job.id,
            "file": _file_of(job.payload),
            "started_at": iso(job.started_at) if job.started_at is not None else None,
            **_progress(job.progress or {}),
        }
        for job in running_jobs(database)
        if job.name == IMPORT_JOB
    ]
    return {"waiting": counts.waiting, "running": counts.running, "dead": counts.dead, "imports": imports}


def percent_read(progress: Mapping[str, Any] | None) -> float | None:
    """How much of its list an import has read, by its progress; None where it has not reported yet."""
    known = progress.get("of") if progress else None
    return min(100.0, round(100 * progress.get("bytes", 0) / known, 1)) if progress and known else None


def _progress(found: Mapping[str, Any]) -> dict[str, Any]:
    """How far an import has come; null where it has not reported yet."""
    return {
        "percent": percent_read(found),
        "rows": found.get("rows"),
        "rejected": found.get("rejected"),
        "rows_per_second": found.get("rows_per_second"),
        "seconds_left": found.get("seconds_left"),
    }


def _file_of(payload: str) -> str:
    try:
        return PurePath(str(json.loads(payload)["args"][0])).name
    except (ValueError, LookupError, TypeError):
        return "a list"
