"""Block 10, readiness: GO only when every check has been made and passed.

Promises: nothing is ready by default. No checks, checks that have not been run, a check that raises or answers with
anything but True: not ready.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from valhalla.sandbox.block import Block, stamp

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.database import SandboxDatabaseManager

CheckFunction = Callable[[], object]


class SandboxReadinessChecker(Block):
    """Named checks, each a function that answers whether something holds now."""

    def __init__(self, *, database: Database | SandboxDatabaseManager | None = None) -> None:
        super().__init__(database)
        self._mutex = threading.Lock()
        self.checks: dict[str, CheckFunction] = {}
        self._results: dict[str, bool] = {}
        self._errors: dict[str, str] = {}
        self._last_check: int | None = None

    def register_check(self, name: str, func: CheckFunction) -> None:
        """Add a check; one of the same name is replaced. It counts as failed until it has been run."""
        if not callable(func):
            raise TypeError(f"check {name!r} must be a function")
        with self._mutex:
            self.checks[name] = func
            self._results.pop(name, None)

    def run_all_checks(self) -> dict[str, bool]:
        """Make every check now: ``{name: result}``."""
        with self._mutex:
            checks = dict(self.checks)
        results: dict[str, bool] = {}
        errors: dict[str, str] = {}
        for name, func in checks.items():
            try:
                results[name] = bool(func())
            except Exception as error:
                results[name] = False
                errors[name] = f"{type(error).__name__}: {error}"
        with self._mutex:
            self._results, self._errors = results, errors
            self._last_check = self.database.clock()
        return dict(results)

    @property
    def results(self) -> dict[str, bool]:
        """What the checks said when they were last made."""
        with self._mutex:
            return dict(self._results)

    def is_ready(self) -> bool:
        """Whether every check passed when they were last made (:meth:`run_all_checks`); none made: False."""
        return bool(self.get_status()["is_ready"])

    def get_status(self) -> dict[str, Any]:
        """``{is_ready, last_check, checks, errors, total_checks, passed_checks, failed_checks}`` as of the last run."""
        with self._mutex:
            checks = {name: self._results.get(name, False) for name in self.checks}
            passed = sum(checks.values())
            return {
                "is_ready": bool(checks) and passed == len(checks),
                "last_check": None if self._last_check is None else stamp(self._last_check),
                "checks": checks,
                "errors": dict(self._errors),
                "total_checks": len(checks),
                "passed_checks": passed,
                "failed_checks": len(checks) - passed,
            }
