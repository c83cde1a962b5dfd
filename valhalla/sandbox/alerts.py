"""Block 8, alerts: what went wrong, or was not allowed, is reported and kept.

Promises: an alert is in the file before its subscribers hear of it; a subscriber that raises is logged and stops nobody;
opening, acknowledging and closing are in the audit chain. What repeats itself (:meth:`AlertSystem.repeat`) is one alert
with a count, not one a second.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import SECOND
from valhalla.program import correlation
from valhalla.program.errors import NotFound
from valhalla.sandbox import sql
from valhalla.sandbox.block import Block, stamp
from valhalla.sandbox.postgres_state import PostgresState

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.database import SandboxDatabaseManager

log = logging.getLogger("valhalla.alerts")
log.addHandler(
    logging.NullHandler()
)  # where nobody set up logging, an alert is in the file, not on standard error

SEVERITIES = ("info", "warning", "error", "critical")


Callback = Callable[[dict[str, Any]], object]


class Alert(NamedTuple):
    """A row of table ``alert``; times are UTC microseconds, ``context`` holds JSON facts."""

    id: int
    task: str
    severity: str
    reason: str
    context: dict[str, Any]
    correlation_id: str
    state: str
    seen: int
    at: int
    last_at: int


def page(database: Database, state: str, severity: str | None, before: int | None, limit: int) -> list[Alert]:
    """``limit`` alerts after the alert ``before``: open or acknowledged ones the worst first, ``all`` of them the newest first."""
    given = {"state": state, "severity": severity, "before": before, "limit": limit}
    return _alerts(database.sql(sql.ALL_ALERTS if state == "all" else sql.STANDING_ALERTS, given))


def urgent(database: Database, limit: int) -> list[Alert]:
    """The worst open alerts, of those the ones that were seen last."""
    return _alerts(database.sql(sql.URGENT_ALERTS, (limit,)))


def newest_number(database: Database) -> int:
    """The number of the newest alert; 0: there was none yet."""
    return int(database.value(sql.NEWEST_ALERT_NUMBER))


def since(database: Database, number: int, limit: int) -> list[Alert]:
    """The newest alerts after the one called ``number``, the newest first."""
    return _alerts(database.sql(sql.ALERTS_SINCE, (number, limit)))


def forget(database: Database, mentions: Callable[[str], bool]) -> None:
    """Leave out what alerts say of people who are erased; inside the caller's transaction."""
    for number, task, reason, context in database.sql(sql.TEXTS_OF_ALERTS):
        if mentions(reason) or mentions(context) or mentions(task):
            database.sql(sql.BLANK_ALERT, ("left out" if mentions(task) else task, number))


def open_by_severity(database: Database) -> dict[str, int]:
    """How many alerts are open, by severity; a severity without any is left out."""
    return dict(database.sql(sql.OPEN_BY_SEVERITY))


def standing_counts(database: Database) -> dict[str, dict[str, int]]:
    """How many alerts are open and acknowledged, by severity."""
    found = {state: dict.fromkeys(SEVERITIES, 0) for state in ("open", "acknowledged")}
    for state, severity, count in database.sql(sql.STANDING_COUNTS):
        found[state][severity] = count
    return found


def _alerts(rows: Iterable[tuple[Any, ...]]) -> list[Alert]:
    found = map(Alert._make, rows)
    return [each._replace(context=json.loads(str(each.context))) for each in found]


class Standing(NamedTuple):
    """An alert that is not closed; ``last_at`` in UTC microseconds."""

    id: int
    task: str
    severity: str
    last_at: int


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
            ((number,),) = database.sql(sql.ADD_ALERT, row)
            self._audit("alert.open", number, {"task": task_name, "severity": severity})
            raised = self._entry(*database.sql(sql.FIND_ALERT, (number,)))
            database.after_commit(lambda: self._notify(raised))
        return raised

    def subscribe(self, event: str, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` with each alert whose task or severity is ``event`` (``*``: each), once it is in the file.
        Returns what ends that."""
        pair = (event, callback)
        self._subscribers = [*self._subscribers, pair]

        def end() -> None:
            self._subscribers = [each for each in self._subscribers if each is not pair]

        return end

    @property
    def subscribers(self) -> dict[str, list[Callback]]:
        """Who hears of which event."""
        found: dict[str, list[Callback]] = {}
        for event, callback in self._subscribers:
            found.setdefault(event, []).append(callback)
        return found

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
            self._entry(row)
            for row in self.database.sql(sql.NEWEST_ALERTS, (severity, task_name, state, max(0, limit)))
        ]

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The newest 1,000 alerts, oldest first."""
        return self.get_alerts(limit=1_000)

    def counts(self) -> dict[str, int]:
        """How many alerts are not closed, by severity."""
        standing = standing_counts(self.database).values()
        return {severity: sum(counts[severity] for counts in standing) for severity in SEVERITIES}

    def standing(self, prefix: str) -> list[Standing]:
        """The alerts that are not closed and whose task begins with ``prefix``."""
        return [Standing(*row) for row in self.database.sql(sql.STANDING_ALERTS_OF, (prefix,))]

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
        find, key = (
            (sql.STANDING_ALERT_OF_TASK, (task_name,))
            if about_task
            else (sql.STANDING_ALERT, (task_name, reason))
        )
        standing = self._find_standing(find, key)
        if (
            standing is not None
            and not _above(severity, standing.severity)
            and 0 <= now - standing.last_at < SECOND
        ):
            return standing.id
        with database.write():
            standing = self._find_standing(find, key)
            if standing is None:
                return int(self.alert(task_name, reason, severity, context)["id"])
            number = standing.id
            if _above(severity, standing.severity):
                database.sql(sql.ESCALATE_ALERT, (severity, now, _json(context), reason, number))
                self._audit("alert.escalate", number, {"severity": severity})
                raised = self._entry(*database.sql(sql.FIND_ALERT, (number,)))
                database.after_commit(lambda: self._notify(raised))
            else:
                database.sql(sql.COUNT_ALERT_AGAIN, (now, reason, number))
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
        numbers = [
            number for (number,) in self.database.sql(sql.STANDING_ALERTS_EXCEPT, (task_name, except_for))
        ]
        for number in numbers:
            self.close(number)
        return len(numbers)

    # -- inside --------------------------------------------------------------------------------------------

    def _find_standing(self, find: str, key: tuple[str, ...]) -> Standing | None:
        row = self.database.one(find, key)
        return None if row is None else Standing(*row)

    def _move(self, number: int, state: str, action: str, actor: str) -> dict[str, Any]:
        database = self.database
        with database.write(durable=not database.in_write()):
            database.sql(sql.SET_ALERT_STATE, (state, database.clock(), number, state))
            if database.changes():
                self._audit(action, number, {}, actor)
            row = database.one(sql.FIND_ALERT, (number,))
        if row is None:
            raise NotFound(f"there is no alert {number}; see: valhalla alerts list")
        return self._entry(row)

    def _audit(self, action: str, number: int, body: dict[str, Any], actor: str = "valhalla") -> None:
        if isinstance(self.database, PostgresState):  # the chain is the home's
            return
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

    def _notify(self, raised: dict[str, Any]) -> None:
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
