"""Block 7, the governor: what may happen how often.

Promises: never more than ``max_actions`` allowed calls in any ``window_seconds``, however many threads, processes and
restarts there are in between, and wherever the window's edge lies. A denied call counts only as denied. When the
computer's clock is set back, the calls of before move with it: nothing is allowed too early, and nobody is locked out
for longer than a window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw

from db import audit
from db.clock import SECOND
from valhalla.program.errors import UsageError
from valhalla.sandbox import sql
from valhalla.sandbox.block import Block, microseconds, stamp
from valhalla.sandbox.postgres_state import PostgresState

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.database import SandboxDatabaseManager


VIOLATIONS_KEPT = 1_000

NO_LIMIT = "No limit configured"
WITHIN = "Within limit"


class Violation(NamedTuple):
    """An action that was denied: when (UTC microseconds) and what was used up."""

    at: int
    resource: str


def latest_violations(database: Database, limit: int) -> list[Violation]:
    """The actions that were denied last, the newest first."""
    return [Violation(*row) for row in database.sql(sql.LATEST_VIOLATIONS, (limit,))]


def violations_since(database: Database, at: int) -> int:
    """How many actions were denied after a time."""
    return int(database.value(sql.VIOLATIONS_SINCE, (at,)))


class Limit(NamedTuple):
    """A limit as it stands now; ``window`` in microseconds, ``current``: actions within it."""

    resource: str
    max_actions: int
    window: int
    denied: int
    current: int


class GovernorEnforcer(Block):
    """Limits per resource. ``alerts``: where denials are reported."""

    def __init__(
        self,
        *,
        database: Database | SandboxDatabaseManager | None = None,
        alerts: AlertSystem | None = None,
    ) -> None:
        super().__init__(database)
        self._alerts = alerts

    def set_limit(self, resource_name: str, max_actions: int, window_seconds: float = 3600) -> None:
        """Allow ``resource_name`` at most ``max_actions`` times in any ``window_seconds`` (0: never).

        A limit that is changed goes on counting what was allowed before. Raises :class:`ValueError`.
        """
        if isinstance(max_actions, bool) or not isinstance(max_actions, int) or max_actions < 0:
            raise ValueError(f"max_actions is a whole number of at least 0, not {max_actions!r}")
        window = microseconds(window_seconds, "window_seconds", least=1e-6)
        database = self.database
        with database.write():
            old = database.value(sql.READ_LIMIT, (resource_name,))
            database.sql(sql.SET_LIMIT, (resource_name, max_actions, window, database.clock()))
            if old is not None and old != max_actions:
                kept = [at for (at,) in database.sql(sql.NEWEST_SLOTS, (resource_name, max_actions))]
                database.sql(sql.CLEAR_SLOTS, (resource_name,))
                database.many(sql.FILL_SLOT, [(resource_name, n, at) for n, at in enumerate(reversed(kept))])
                database.sql(sql.RESTART_RING, (len(kept), resource_name))

    def change_limit(
        self, resource_name: str, max_actions: int, window_seconds: float = 3600, *, actor: str = "operator"
    ) -> dict[str, Any]:
        """A person sets a limit: audited and durable. Returns the limit's status. Raises :class:`UsageError`."""
        try:
            with self.database.write(durable=True):
                self.set_limit(resource_name, max_actions, window_seconds)
                body = {"max_actions": max_actions, "window_us": round(window_seconds * SECOND)}
                if not isinstance(self.database, PostgresState):  # the chain is the home's
                    audit.append(
                        self.database, "governor.set", f"governor:{resource_name}", body, actor=actor
                    )
        except ValueError as error:
            raise UsageError(str(error)) from None
        return self.get_status(resource_name)

    def check_limit(self, resource_name: str) -> tuple[bool, str]:
        """Whether ``resource_name`` may happen now, and why; a call that is allowed is counted."""
        try:
            return self._checked(resource_name)
        except apsw.Error as error:
            raise self.database.translated(error) or error from error

    def _checked(self, resource_name: str) -> tuple[bool, str]:
        database = self.database
        with database.write():
            # the connection is asked for once: this is called thousands of times a second
            execute: Callable[..., Any] = database.connection().execute
            rows = execute(sql.READ_LIMIT, (resource_name,)).fetchall()
            if not rows:
                return True, NO_LIMIT
            ((max_actions, window, allowed, last_at, oldest),) = rows
            now = database.clock()
            if now < last_at:  # the clock was set back: what was allowed moves with it
                oldest = self._shift(resource_name, last_at - now, oldest)
            if max_actions > 0 and (oldest is None or oldest <= now - window):
                execute(sql.FILL_SLOT, (resource_name, allowed % max_actions, now))
                execute(sql.COUNT_ALLOWED, (now, resource_name))
                return True, WITHIN
            execute(sql.COUNT_DENIED, (resource_name,))
            ((number,),) = execute(sql.ADD_VIOLATION, (now, resource_name, max_actions, window)).fetchall()
            if number % 100 == 0:
                execute(sql.FORGET_VIOLATIONS, (number - VIOLATIONS_KEPT,))
        reason = f"Rate limit exceeded for {resource_name}: {max_actions} per {window / SECOND:g} s"
        if self._alerts is not None:
            self._alerts.repeat(f"governor:{resource_name}", reason, "warning")
        if oldest is None:
            return False, reason
        return False, f"{reason}; the next one is possible in {(oldest + window - now) / SECOND:.1f} s"

    def _shift(self, resource: str, by: int, oldest: int | None) -> int | None:
        self.database.sql(sql.SHIFT_SLOTS, (by, resource))
        self.database.sql(sql.SHIFT_LIMIT, (by, resource))
        return None if oldest is None else oldest - by

    def get_status(self, name: str | None = None) -> dict[str, Any]:
        """``{resource, current_actions, max_actions, window_seconds, denied_count}`` of one resource (empty: it has no
        limit), or of all by name."""
        limits = [Limit(*row) for row in self.database.sql(sql.LIMIT_STATUS, (self.database.clock(), name))]
        found = {
            limit.resource: {
                "resource": limit.resource,
                "current_actions": limit.current,
                "max_actions": limit.max_actions,
                "window_seconds": limit.window / SECOND if limit.window % SECOND else limit.window // SECOND,
                "denied_count": limit.denied,
            }
            for limit in limits
        }
        return found if name is None else found.get(name, {})

    @property
    def limits(self) -> dict[str, Any]:
        """Every limit by its resource, as :meth:`get_status` has it."""
        return self.get_status()

    @property
    def violation_log(self) -> list[dict[str, Any]]:
        """The newest denials (about a thousand), oldest first: ``{timestamp, resource, max_actions, window_seconds}``."""
        return [
            {
                "timestamp": stamp(at),
                "resource": resource,
                "max_actions": most,
                "window_seconds": window / SECOND,
            }
            for at, resource, most, window in self.database.sql(sql.READ_VIOLATIONS)
        ]
