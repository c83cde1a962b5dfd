"""The load: processor, memory, lag of the cycles, age of the queue, size and growth of the file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.clock import SECOND
from db.orm import fn
from valhalla.program.file_models import CycleSlot, QueueState, Task
from valhalla.program.models import Cycle

if TYPE_CHECKING:
    from db import Database


QUEUE_SECONDS = 300.0
"""A job that has waited longer than this is a sign that nobody works."""

_MB = 2**20


def measure(database: Database, folder: Path | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """The report's ``system_performance``; what cannot be known is null with a reason."""
    now = database.clock()
    metrics: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    _process(metrics, reasons)
    ended = Cycle.select(Cycle.finished_at - Cycle.started_at).where(Cycle.finished_at.is_null(False))
    last = ended.order_by(Cycle.id.desc()).scalar(database)
    metrics["last_cycle_seconds"] = None if last is None else last / SECOND
    if last is None:
        reasons["last_cycle_seconds"] = "no cycle has ended yet"
    missed = CycleSlot.select(fn.sum(CycleSlot.missed + CycleSlot.overrun))
    metrics["missed_cycles"] = int(missed.where(CycleSlot.name == "ingest.cycle").scalar(database) or 0)
    paused = QueueState.select(QueueState.queue).where(QueueState.paused == 1)
    waiting = Task.select(fn.min(Task.created_at)).where(Task.state == "waiting", Task.queue.not_in(paused))
    oldest = waiting.scalar(database)
    metrics["queue_age_seconds"] = 0.0 if oldest is None else max(0, now - oldest) / SECOND
    metrics["file_mb"] = metrics["wal_mb"] = metrics["disk_free_mb"] = None
    if database.path is None or folder is None:
        reasons["file_mb"] = reasons["wal_mb"] = reasons["disk_free_mb"] = "the file is in memory"
    else:
        metrics["file_mb"] = round(_size(database.path) / _MB, 3)
        metrics["wal_mb"] = round(_size(database.path.with_name(database.path.name + "-wal")) / _MB, 3)
        metrics["disk_free_mb"] = shutil.disk_usage(folder).free // _MB
    checks = {
        "cpu": _at_most(metrics["cpu_percent"], values["risk.cpu_percent"]),
        "memory": _at_most(metrics["memory_mb"], values["risk.memory_mb"]),
        "cycle_time": _at_most(metrics["last_cycle_seconds"], values["interval"]),
        "queue_age": _at_most(metrics["queue_age_seconds"], QUEUE_SECONDS),
        "wal": _at_most(metrics["wal_mb"], values["risk.wal_mb"]),
        "disk": _at_least(metrics["disk_free_mb"], values["risk.disk_mb"]),
    }
    made = [ok for ok in checks.values() if ok is not None]
    return {
        "status": "UNKNOWN" if not made else "NORMAL" if all(made) else "DEGRADED",
        "checks_passed": sum(made),
        "checks_failed": len(made) - sum(made),
        "metrics": {**metrics, "checks": checks, "not_measured": reasons},
    }


def _process(metrics: dict[str, Any], reasons: dict[str, str]) -> None:
    import psutil

    metrics["cpu_percent"] = metrics["memory_mb"] = metrics["machine_cpu_percent"] = None
    try:
        process = _own()
        metrics["cpu_percent"] = process.cpu_percent() / (os.cpu_count() or 1)
        metrics["memory_mb"] = round(process.memory_info().rss / _MB, 1)
        metrics["machine_cpu_percent"] = psutil.cpu_percent()
    except (psutil.Error, OSError) as error:
        reasons["cpu_percent"] = reasons["memory_mb"] = f"the system does not say: {error}"


_process_seen: Any = None


def _own() -> Any:
    """One object for this process: psutil measures the load since its last question to the same object."""
    global _process_seen
    import psutil

    if _process_seen is None or _process_seen.pid != os.getpid():
        _process_seen = psutil.Process()
        _process_seen.cpu_percent()
    return _process_seen


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _at_most(value: float | None, limit: float) -> bool | None:
    return None if value is None else value <= limit


def _at_least(value: float | None, limit: float) -> bool | None:
    return None if value is None else value >= limit
