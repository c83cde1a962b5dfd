"""The ten blocks on one database, connected: what one denies, blocks or loses, the alerts report.

Promises: a governor denial, a blocked action, a failed job, exhausted retries and a missed heartbeat each raise an alert.
:meth:`SandboxOrchestrator.is_ready` makes its four checks each time it is asked. :meth:`SandboxOrchestrator.cleanup` ends
every thread in under a second when nothing runs.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from db import Database
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.block import resolve
from valhalla.sandbox.database import SandboxDatabaseManager
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.sandbox.heartbeat import SchedulerHeartbeat
from valhalla.sandbox.idempotency import IdempotencyManager
from valhalla.sandbox.logger import StructuredLogger
from valhalla.sandbox.postgres_state import PostgresState
from valhalla.sandbox.readiness import SandboxReadinessChecker
from valhalla.sandbox.retry import RetryBackoffManager
from valhalla.sandbox.worker import WorkerProcess

DEFAULT_LIMITS = {"payment": (100, 3600), "api_call": (1000, 60), "data_export": (10, 3600)}
"""Resource: how often, in how many seconds."""


class SandboxOrchestrator:
    """All blocks. ``use_memory_db=False``: on the home's ``valhalla.db``; ``database``: on that file."""

    def __init__(
        self,
        use_memory_db: bool = True,
        *,
        database: Database | SandboxDatabaseManager | None = None,
    ) -> None:
        self._own = database is None
        if isinstance(database, Database):
            database = SandboxDatabaseManager.of(database)
        self.db_manager = database or SandboxDatabaseManager(use_memory=use_memory_db)
        used = resolve(self.db_manager)
        self.database = used
        self.alert_system = AlertSystem(database=used)
        self.dry_run_lock = DryRunLock(database=used, alerts=self.alert_system)
        # Jobs are this machine's: a callable cannot run on another one, so on PostgreSQL its queue is a file of its own in memory.
        jobs = None if isinstance(used, PostgresState) else used
        self.worker = WorkerProcess(database=jobs, alerts=self.alert_system)
        self.heartbeat = SchedulerHeartbeat(database=used, alerts=self.alert_system)
        self.retry_manager = RetryBackoffManager(database=used, alerts=self.alert_system)
        self.idempotency_manager = IdempotencyManager(database=used)
        self.governor = GovernorEnforcer(database=used, alerts=self.alert_system)
        self.logger = StructuredLogger(database=used)
        self.readiness_checker = SandboxReadinessChecker(database=used)

    def initialize(self) -> None:
        """Set the default limits, register the checks, start worker and heartbeat, make the checks once."""
        for resource, (most, seconds) in DEFAULT_LIMITS.items():
            if not self.governor.get_status(resource):  # one that was set by hand stays
                self.governor.set_limit(resource, most, seconds)
        check = self.readiness_checker.register_check
        check("database_connected", self.db_manager.health_check)
        check("worker_running", lambda: self.worker.is_running)
        check("heartbeat_active", self.heartbeat.is_healthy)
        check("governor_configured", lambda: bool(self.governor.get_status()))
        self.worker.start()
        self.heartbeat.start()
        self.readiness_checker.run_all_checks()

    def is_ready(self) -> bool:
        """Whether every check passes now."""
        self.readiness_checker.run_all_checks()
        return self.readiness_checker.is_ready()

    def get_status(self) -> dict[str, Any]:
        """``{readiness, heartbeat, governor, worker_queue_length, completed_jobs, alerts, idempotent_operations}``; alerts
        are counted."""
        return {
            "readiness": self.readiness_checker.get_status(),
            "heartbeat": self.heartbeat.get_health_status(),
            "governor": self.governor.get_status(),
            "worker_queue_length": self.worker.queue_length(),
            "completed_jobs": self.worker.completed(),
            "alerts": sum(self.alert_system.counts().values()),
            "idempotent_operations": self.idempotency_manager.count(),
        }

    def cleanup(self) -> None:
        """Stop worker and heartbeat; close the database if it is the orchestrator's own."""
        self.worker.close()
        self.heartbeat.stop()
        self.idempotency_manager.close()
        if self._own:
            self.db_manager.cleanup()

    def __enter__(self) -> Self:
        self.initialize()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()
