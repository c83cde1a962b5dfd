"""Block 8, alerts: what went wrong, or was not allowed, is told and kept.

Promises: an alert is in the file before its subscribers hear of it; a subscriber that raises is logged and stops nobody;
opening, acknowledging and closing are in the audit chain. What repeats itself (:meth:`AlertSystem.repeat`) is one alert
with a count, not one a second.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from db import audit
from db.clock import SECOND
from valhalla.program import correlation
from valhalla.program.errors import NotFound
from valhalla.sandbox.block import Block, stamp

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.database import SandboxDatabaseManager

log = logging.getLogger("valhalla.alerts")
log.addHandler(
    logging.NullHandler()
)  # where nobody set up logging, an alert is in the file, not on standard error

SEVERITIES = ("info", "warning", "error", "critical")

ADD = """
INSERT INTO alert (task, severity, reason, context, correlation_id, at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
"""
COLUMNS = "id, task, severity, reason, context, correlation_id, state, seen, at, last_at"
NEWEST = f"""
SELECT {COLUMNS} FROM (SELECT * FROM alert WHERE (?1 IS NULL OR severity = ?1) AND (?2 IS NULL OR task = ?2)
  AND (?3 IS NULL OR state = ?3 OR (?3 = 'standing' AND state <> 'closed')) ORDER BY id DESC LIMIT ?4) ORDER BY id
"""
FIND = f"SELECT {COLUMNS} FROM alert WHERE id = ?"
STANDING = "SELECT id, severity, last_at FROM alert WHERE task = ? AND reason = ? AND state <> 'closed'"
STANDING_ABOUT = (
    "SELECT id, severity, last_at FROM alert WHERE task = ? AND state <> 'closed' ORDER BY id LIMIT 1"
)
STANDING_OF_TASK = (
    "SELECT id FROM alert WHERE task = ? AND state <> 'closed' AND (?2 IS NULL OR reason <> ?2)"
)
SEEN_AGAIN = "UPDATE alert SET seen = seen + 1, last_at = ?, reason = ? WHERE id = ?"
ESCALATE = "UPDATE alert SET severity = ?, seen = seen + 1, last_at = ?, context = ?, reason = ?, state = 'open' WHERE id = ?"
SET_STATE = "UPDATE alert SET state = ?, last_at = ? WHERE id = ? AND state <> ? AND state <> 'closed'"
COUNTS = "SELECT severity, count(*) FROM alert WHERE state <> 'closed' GROUP BY severity"

Callback = Callable[[dict[str, Any]], object]


class AlertSystem(Block):
    """Alerts, and those who want to hear of them."""

    def __init__(self, *, database: Database | SandboxDatabaseManager | None = None) -> None:
        super().__init__(database)
        self._subscribers: list[tuple[str, Callback]] = []

    # -- for everybody -------------------------------------------------------------------------------------

    def alert(
        self,
        task_name: str,
        reason: str,
        severity: str = "warning",
        context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Raise an alert and return it. ``context``: JSON facts. Raises :class:`ValueError` for an unknown severity."""
        _known(severity)
        database, now = self.database, self.database.clock()
        with database.write():
            row = (task_name, severity, reason, _json(context), correlation.current(), now, now)
            ((number,),) = database.sql(ADD, row)
            self._audit("alert.open", number, {"task": task_name, "severity": severity})
            raised = self._entry(database.sql(FIND, (number,))[0])
            database.after_commit(lambda: self._tell(raised))
        return raised

    def subscribe(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` with each alert whose task or severity is ``event`` (``*``: each), once it is in the file.
        Returns what ends that."""
        pair = (event, callback)
        self._subscribers = [*self._subscribers, pair]

        def end() -> None:
            self._subscribers = [each for each in self._subscribers if each is not pair]

        return end

    def get_alerts(
        self,
        severity: str | None = None,
        task_name: str | None = None,
        limit: int = 100,
        *,
        state: str | None = None,
    ) -> list[dict[str, Any]]:
        """The newest ``limit`` alerts, oldest first: ``{id, timestamp, task, reason, severity, context, correlation_id,
        state, seen, last_seen}``. ``state``: open, acknowledged, closed, or standing (the first two)."""
        return [
            self._entry(row) for row in self.database.sql(NEWEST, (severity, task_name, state, max(0, limit)))
        ]

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The newest 1,000 alerts, oldest first."""
        return self.get_alerts(limit=1_000)

    def counts(self) -> dict[str, int]:
        """How many alerts are not closed, by severity."""
        return {**dict.fromkeys(SEVERITIES, 0), **dict(self.database.sql(COUNTS))}

    # -- alerts that come, stay and go ---------------------------------------------------------------------

    def repeat(
        self,
        task_name: str,
        reason: str,
        severity: str = "warning",
        context: Mapping[str, Any] | None = None,
        *,
        about_task: bool = False,
    ) -> int:
        """Raise an alert, or, while one of the same task and reason is not closed, count it once more; returns its number.
        ``about_task``: one of the same task whatever its reason, which becomes this one.

        A severity above the standing one raises that and opens the alert again. Within a second a repetition that says
        nothing new is not counted (a storm of denials must not become a storm of writes).
        """
        _known(severity)
        database = self.database
        now = database.clock()
        find, key = (STANDING_ABOUT, (task_name,)) if about_task else (STANDING, (task_name, reason))
        standing = database.one(find, key)
        if standing is not None and not _above(severity, standing[1]) and 0 <= now - standing[2] < SECOND:
            return int(standing[0])
        with database.write():
            standing = database.one(find, key)
            if standing is None:
                return int(self.alert(task_name, reason, severity, context)["id"])
            number = int(standing[0])
            if _above(severity, standing[1]):
                database.sql(ESCALATE, (severity, now, _json(context), reason, number))
                self._audit("alert.escalate", number, {"severity": severity})
                raised = self._entry(database.sql(FIND, (number,))[0])
                database.after_commit(lambda: self._tell(raised))
            else:
                database.sql(SEEN_AGAIN, (now, reason, number))
        return number

    def acknowledge(self, number: int, actor: str = "operator") -> dict[str, Any]:
        """Say that somebody has seen to it. Raises :class:`NotFound`."""
        return self._move(number, "acknowledged", "alert.ack", actor)

    def reopen(self, number: int, actor: str = "operator") -> dict[str, Any]:
        """Take an acknowledgement back; one that is closed stays so. Raises :class:`NotFound`."""
        return self._move(number, "open", "alert.reopen", actor)

    def acknowledge_all(self, numbers: Iterable[int], actor: str = "operator") -> list[dict[str, Any]]:
        """Acknowledge alerts, all of them or none; durable. Raises :class:`NotFound`."""
        with self.database.write(durable=True):
            return [self.acknowledge(number, actor) for number in numbers]

    def reopen_all(self, numbers: Iterable[int], actor: str = "operator") -> list[dict[str, Any]]:
        """Undo acknowledgements, all of them or none; durable. Raises :class:`NotFound`."""
        with self.database.write(durable=True):
            return [self.reopen(number, actor) for number in numbers]

    def close(self, number: int, actor: str = "valhalla") -> dict[str, Any]:
        """What it says no longer holds. Raises :class:`NotFound`."""
        return self._move(number, "closed", "alert.close", actor)

    def settle(self, task_name: str, *, except_for: str | None = None) -> int:
        """Close what stands of ``task_name`` (but not the alert whose reason is ``except_for``); returns how many."""
        numbers = [number for (number,) in self.database.sql(STANDING_OF_TASK, (task_name, except_for))]
        for number in numbers:
            self.close(number)
        return len(numbers)

    # -- inside --------------------------------------------------------------------------------------------

    def _move(self, number: int, state: str, action: str, actor: str) -> dict[str, Any]:
        database = self.database
        with database.write(durable=not database.in_write()):
            database.sql(SET_STATE, (state, database.clock(), number, state))
            if database.changes():
                self._audit(action, number, {}, actor)
            row = database.one(FIND, (number,))
        if row is None:
            raise NotFound(f"there is no alert {number}; see: valhalla alerts list")
        return self._entry(row)

    def _audit(self, action: str, number: int, body: dict[str, Any], actor: str = "valhalla") -> None:
        audit.append(
            self.database,
            action,
            f"alert:{number}",
            body,
            actor=actor,
            correlation_id=correlation.current(),
        )

    def _entry(self, row: tuple[Any, ...]) -> dict[str, Any]:
        number, task, severity, reason, context, correlation_id, state, seen, at, last_at = row
        return {
            "id": number,
            "timestamp": stamp(at),
            "task": task,
            "reason": reason,
            "severity": severity,
            "context": json.loads(context),
            "correlation_id": correlation_id,
            "state": state,
            "seen": seen,
            "last_seen": stamp(last_at),
        }

    def _tell(self, raised: dict[str, Any]) -> None:
        level = {"info": 20, "warning": 30, "error": 40, "critical": 50}[raised["severity"]]
        log.log(level, "alert %d (%s): %s", raised["id"], raised["task"], raised["reason"])
        for event, callback in self._subscribers:
            if event in ("*", raised["task"], raised["severity"]):
                try:
                    callback(dict(raised))
                except Exception:
                    log.exception("a subscriber of alerts failed")


def _known(severity: str) -> None:
    if severity not in SEVERITIES:
        raise ValueError(f"severity is one of {', '.join(SEVERITIES)}, not {severity!r}")


def _above(severity: str, other: str) -> bool:
    return SEVERITIES.index(severity) > SEVERITIES.index(other)


def _json(context: Mapping[str, Any] | None) -> str:
    """Facts as JSON; what JSON has no word for is kept as text."""
    return json.dumps(dict(context or {}), default=str, ensure_ascii=False)
