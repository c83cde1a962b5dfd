"""Block 5, retries: what fails for a moment is tried again, later and later.

Promises: the first try and at most ``max_retries`` more; before the n-th retry a wait of ``base_delay *
backoff_multiplier ** (n - 1)`` seconds, never above ``max_delay`` (jitter takes away up to half of it); the last
exception reaches the caller. Every try is in the retry log, across restarts. The arithmetic is the queue's
(:class:`jobs.Retry`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jobs import Retry
from valhalla.program import correlation
from valhalla.sandbox import sql
from valhalla.sandbox.block import Block, stamp

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.database import SandboxDatabaseManager


KEPT = 10_000
"""Entries of the retry log that are kept."""

SHOWN = 200
"""Characters of a result that the log keeps."""


class RetryBackoffManager(Block):
    """Retries within a call. ``sleep``: what waits between tries. ``alerts``: where exhausted retries are reported."""

    def __init__(
        self,
        max_retries: int = 3,
        base_delay: float = 1.0,
        max_delay: float = 60.0,
        *,
        database: Database | SandboxDatabaseManager | None = None,
        alerts: AlertSystem | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(database)
        Retry(max_retries, base_delay, cap=max_delay)  # refuses what makes no sense
        self.max_retries = max_retries
        self.base_delay = base_delay
        self.max_delay = max_delay
        self._alerts = alerts
        self._sleep = sleep

    def rule(self, backoff_multiplier: float = 2.0, jitter: bool = True) -> Retry:
        """When the tries come, as the queue understands it."""
        return Retry(
            self.max_retries, self.base_delay, backoff_multiplier, self.max_delay, 0.5 if jitter else 0.0
        )

    def execute_with_retry(
        self,
        func: Callable[..., Any],
        task_name: str,
        *args: Any,
        backoff_multiplier: float = 2.0,
        jitter: bool = True,
        **kwargs: Any,
    ) -> Any:
        """The result of ``func(*args, **kwargs)``; raises the last exception when all tries have failed."""
        rule = self.rule(backoff_multiplier, jitter)
        attempt = 0
        while True:
            attempt += 1
            try:
                result = func(*args, **kwargs)
            except Exception as error:
                self._note(task_name, attempt, "failed", None, f"{type(error).__name__}: {error}")
                if attempt > self.max_retries:
                    self._alert(task_name, attempt, error)
                    raise
                self._sleep(rule.delay(attempt))
            else:
                self._note(task_name, attempt, "success", repr(result)[:SHOWN], None)
                return result

    def get_retry_log(self, task_name: str | None = None) -> list[dict[str, Any]]:
        """Every try, oldest first: ``{timestamp, task, attempt, status, result|error, correlation_id}``; ``status`` is
        success or failed."""
        log = []
        for at, task, attempt, status, result, error, correlation_id in self.database.sql(
            sql.READ_TRIES, (task_name,)
        ):
            outcome = {"result": result} if status == "success" else {"error": error}
            log.append(
                {
                    "timestamp": stamp(at),
                    "task": task,
                    "attempt": attempt,
                    "status": status,
                    **outcome,
                    "correlation_id": correlation_id,
                }
            )
        return log

    @property
    def retry_log(self) -> list[dict[str, Any]]:
        """Every try of every task, oldest first."""
        return self.get_retry_log()

    def _note(self, task: str, attempt: int, status: str, result: str | None, error: str | None) -> None:
        database = self.database
        with database.write():
            row = (database.clock(), task, attempt, status, result, error, correlation.current())
            ((number,),) = database.sql(sql.ADD_TRY, row)
            if number % 100 == 0:
                database.sql(sql.FORGET_TRIES, (number - KEPT,))

    def _alert(self, task: str, attempts: int, error: Exception) -> None:
        if self._alerts is not None:
            reason = f"{task} failed {attempts} times: {type(error).__name__}: {error}"
            self._alerts.repeat(f"retry:{task}", reason, "error")
