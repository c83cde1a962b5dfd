"""The ten safety blocks, from the dry-run lock to the readiness check, and the orchestrator that connects them.

Their state is in the file, so that limits, keys and alerts survive a restart and hold across processes; every method may
be called from any thread. Each class takes ``database=``: the program passes its own file, without it a block works on a
private file in memory. docs/blocks.md shows each at work.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.database import SandboxDatabaseManager
    from valhalla.sandbox.dry_run import DryRunLock
    from valhalla.sandbox.errors import PostgresUnsupported, ResultElsewhere, SandboxError
    from valhalla.sandbox.governor import GovernorEnforcer
    from valhalla.sandbox.heartbeat import SchedulerHeartbeat
    from valhalla.sandbox.idempotency import IdempotencyManager
    from valhalla.sandbox.logger import StructuredLogger
    from valhalla.sandbox.orchestrator import SandboxOrchestrator
    from valhalla.sandbox.readiness import SandboxReadinessChecker
    from valhalla.sandbox.retry import RetryBackoffManager
    from valhalla.sandbox.worker import WorkerProcess

_MODULES = {
    "AlertSystem": "alerts",
    "DryRunLock": "dry_run",
    "GovernorEnforcer": "governor",
    "IdempotencyManager": "idempotency",
    "PostgresUnsupported": "errors",
    "ResultElsewhere": "errors",
    "RetryBackoffManager": "retry",
    "SandboxDatabaseManager": "database",
    "SandboxError": "errors",
    "SandboxOrchestrator": "orchestrator",
    "SandboxReadinessChecker": "readiness",
    "SchedulerHeartbeat": "heartbeat",
    "StructuredLogger": "logger",
    "WorkerProcess": "worker",
}

__all__ = [
    "AlertSystem",
    "DryRunLock",
    "GovernorEnforcer",
    "IdempotencyManager",
    "PostgresUnsupported",
    "ResultElsewhere",
    "RetryBackoffManager",
    "SandboxDatabaseManager",
    "SandboxError",
    "SandboxOrchestrator",
    "SandboxReadinessChecker",
    "SchedulerHeartbeat",
    "StructuredLogger",
    "WorkerProcess",
]


def __getattr__(name: str) -> object:
    # A block is imported when it is asked for: the lock alone needs neither the queue nor the logging library.
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
