"""Block 2, the dry-run lock: while it is closed, nothing irreversible happens.

Promises: with ``dry_run`` an irreversible action is not called, only noted; actions that read run. In the form that the
program itself uses (``fail_closed``) an action runs only if it was declared reversible or the lock is off: what nobody
thought of is blocked too. What was blocked or run is in the execution log, across restarts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from valhalla.program import correlation
from valhalla.sandbox import sql
from valhalla.sandbox.block import Block, stamp

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.database import SandboxDatabaseManager


KEPT = 10_000
"""Entries of the execution log that are kept."""

SENDING = ("email", "sms", "webhook", "letter")


class DryRunLock(Block):
    """The lock. ``strict_mode``: raise :class:`PermissionError` instead of returning what was blocked.

    ``dry_run`` may be changed at any time; a function is asked each time. ``fail_closed``: only what is in ``reversible``
    runs while the lock is closed. ``alerts``: where blocked actions are reported.
    """

    IRREVERSIBLE_ACTIONS = frozenset(
        {
            "payment",
            "transfer",
            "delete_permanent",
            "external_call",
            "financial_commit",
            "data_export_external",
            "user_deletion",
            "bulk_update_production",
            *SENDING,
            *(f"send_{word}" for word in SENDING),
        }
    )

    def __init__(
        self,
        dry_run: bool | Callable[[], bool] = True,
        strict_mode: bool = False,
        *,
        database: Database | SandboxDatabaseManager | None = None,
        fail_closed: bool = False,
        reversible: Collection[str] = (),
        alerts: AlertSystem | None = None,
    ) -> None:
        super().__init__(database)
        self._dry_run = dry_run
        self.strict_mode = strict_mode
        self._fail_closed = fail_closed
        self._reversible = frozenset(map(_plain, reversible))
        self._alerts = alerts

    @property
    def dry_run(self) -> bool:
        """Whether the lock is closed now."""
        return bool(self._dry_run() if callable(self._dry_run) else self._dry_run)

    @dry_run.setter
    def dry_run(self, closed: bool) -> None:
        self._dry_run = closed

    def blocks(self, action_name: str) -> bool:
        """Whether ``action_name`` would be blocked now. Notes nothing."""
        if not self.dry_run:
            return False
        name = _plain(action_name)
        return name not in self._reversible if self._fail_closed else name in self.IRREVERSIBLE_ACTIONS

    def execute(self, action_name: str, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The result of ``action(*args, **kwargs)``, or ``{'dry_run': True, 'action': name, 'result': None}`` when it was
        blocked (strict: :class:`PermissionError`). Raises what ``action`` raises."""
        if self.blocks(action_name):
            self.note_blocked(action_name)
            if self.strict_mode:
                raise PermissionError(f"{action_name} is blocked: dry run is on")
            return {"dry_run": True, "action": action_name, "result": None}
        try:
            result = action(*args, **kwargs)
        except Exception as error:
            self._note(action_name, "error", f"{type(error).__name__}: {error}")
            raise
        self._note(action_name, "executed")
        return result

    def note_blocked(self, action_name: str) -> None:
        """Record and report that ``action_name`` was blocked."""
        self._note(action_name, "dry_run_blocked")
        if self._alerts is not None:
            self._alerts.repeat(f"dry_run:{action_name}", f"{action_name} was blocked: dry run is on", "info")

    def get_execution_log(
        self, action_name: str | None = None
    ) -> list[dict[str, Any]] | dict[str, list[dict[str, Any]]]:
        """What was blocked, executed or failed under one name, oldest first; without a name all of it, by name."""
        entries: dict[str, list[dict[str, Any]]] = {}
        for row in self.database.sql(sql.READ_DRY_RUNS, (action_name,)):
            entry = self._entry(*row)
            entries.setdefault(entry["action"], []).append(entry)
        return entries if action_name is None else entries.get(action_name, [])

    @property
    def execution_log(self) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        rows = self.database.sql(sql.READ_DRY_RUNS, (None,))
        return [self._entry(*row) for row in rows]

    @staticmethod
    def _entry(
        at: int, action: str, status: str, error: str | None, correlation_id: str | None
    ) -> dict[str, Any]:
        return {
            "timestamp": stamp(at),
            "action": action,
            "status": status,
            "error": error,
            "correlation_id": correlation_id,
        }

    def _note(self, action: str, status: str, error: str | None = None) -> None:
        database = self.database
        with database.write():
            row = (database.clock(), action, status, error, correlation.current())
            ((number,),) = database.sql(sql.ADD_DRY_RUN, row)
            if number % 100 == 0:
                database.sql(sql.FORGET_DRY_RUNS, (number - KEPT,))


def _plain(name: str) -> str:
    """Case, spaces and hyphens make no difference: "Send Email" is send_email."""
    return re.sub(r"[\s\-]+", "_", name.strip().casefold())
