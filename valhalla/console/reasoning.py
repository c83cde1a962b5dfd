"""What reasoning_logs.db says: rates, confidence, and the log. Never all of a large table for a frame that is made again
in two seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from valhalla.console import sql
from valhalla.console.moments import milliseconds
from valhalla.console.sqlite import ForeignFile, Mark

WINDOW = 60
"""Seconds that rates are taken over."""

CONFIDENT = 0.7
"""A stage from here on counts as consolidated."""

DOUBTFUL = 0.5

TAIL = 400
"""Rows written last that are always read."""

AHEAD = 8
"""Rows read for each one that is wanted: most stages find the one before them among those."""

SMALL = 20_000
"""A table up to this is looked through at every change, which takes some milliseconds. In a larger one, times that were
changed in old rows are noticed after :data:`TRUST_FOR`."""

TRUST_FOR = 60.0
PLACES = 9
"""Decimals of a difference: enough for any confidence, and 0.9 - 0.8 is 0.1."""

HISTORY_STEPS, HISTORY_WIDTH = 60, 10
"""The lines of the board: ten minutes in steps of ten seconds."""

SESSION_COLUMNS = ("agent_name", "query", "overall_confidence", "timestamp", "created_at")
STAGE_COLUMNS = ("session_id", "confidence", "created_at")

Rates = dict[str, float]


class Stage(NamedTuple):
    """A step of a session; ``at`` in seconds since 1970. Other programs write anything into a column."""

    id: int
    at: float | None
    session: Any
    confidence: Any


class Session(NamedTuple):
    """A question to an agent. ``written``: its time as the agent wrote it, for when ``at`` is not a time."""

    id: int
    at: float | None
    agent: Any
    query: Any
    confidence: Any
    written: Any


class Checked(NamedTuple):
    """The newest time among the rows below ``first``, and when (monotonic) that was last read in full."""

    opening: object
    first: int
    latest: float | None
    at: float


class Counted(NamedTuple):
    """Up to which row moments were counted, at which mark, and when (monotonic) the count was begun."""

    mark: Mark
    last: int
    began: float


Row = TypeVar("Row", Stage, Session)


class Tail(Generic[Row]):
    """The rows of one table that were written last, and whether they are the newest by their own times."""

    def __init__(
        self, table: str, text: str, row: Callable[..., Row], keep: Callable[[Row], bool], more: str
    ) -> None:
        """``text`` reads the rows written last; ``keep``, and ``more`` in SQL, say which rows :meth:`count` counts."""
        self._row: Callable[..., Row] = row
        self._table = table
        self._text = text
        self._keep: Callable[[Row], bool] = keep
        self._more = more
        self._moments: dict[float, int] = {}
        self._counted: Counted | None = None
        self._mark: object = None
        self._rows: list[Row] = []
        self._before: float | None = None
        self._checked: Checked | None = None

    @property
    def rows(self) -> list[Row]:
        """Newest first by (time, rowid)."""
        return self._rows

    @property
    def before(self) -> float | None:
        """The newest time among the rows that are not in :attr:`rows`; None when there is none."""
        return self._before

    def read(self, file: ForeignFile, mark: Mark, wanted: int) -> None:
        """Bring it up to date; ``mark`` is what :meth:`ForeignFile.begin` returned."""
        size = max(TAIL, AHEAD * wanted)
        if (mark, size) == self._mark:
            return
        found = [self._row(*values) for values in file.ask(self._text, (size,))]
        if len(found) < size:
            self._before, self._checked = None, None
        else:
            self._before = self._latest_before(file, mark.opening, found[-1].id)
        found.sort(key=_by_time, reverse=True)
        self._rows, self._mark = found, (mark, size)

    def _latest_before(self, file: ForeignFile, opening: object, first: int) -> float | None:
        question = sql.LATEST_BELOW.format(table=self._table)
        now = time.monotonic()
        old = self._checked
        result: float | None
        if old and old.opening == opening and old.first <= first > SMALL and now - old.at < TRUST_FOR:
            ((latest,),) = file.ask(question, (old.first, first))
            result = max((each for each in (old.latest, latest) if each is not None), default=None)
            self._checked = Checked(opening, first, result, old.at)
        else:
            ((result,),) = file.ask(question, (-(2**63), first))
            self._checked = Checked(opening, first, result, now)
        return result

    def count(self, file: ForeignFile, mark: Mark, since: float, now: float) -> int:
        """Rows in (since, now] that are to be counted. After :meth:`read`."""
        if self._before is None or self._before <= since:
            times = (row.at for row in self._rows if row.at is not None and self._keep(row))
            return sum(since < at <= now for at in times)
        self._count_moments(file, mark, since)
        return sum(count for at, count in self._moments.items() if since < at <= now)

    def _count_moments(self, file: ForeignFile, mark: Mark, since: float) -> None:
        """Keep :attr:`_moments` the number of rows at each moment after ``since``."""
        old = self._counted
        if old and old.mark == mark:
            return
        now = time.monotonic()
        if old and old.mark.opening == mark.opening and old.last > SMALL and now - old.began < TRUST_FOR:
            after, began = old.last, old.began
            self._moments = {at: count for at, count in self._moments.items() if at > since}
        else:
            after, began = -(2**63), now
            self._moments = {}
        ((last,),) = file.ask(sql.LAST.format(table=self._table))
        values = {"after": after, "since": since}
        for at, count, written in file.ask(sql.MOMENTS.format(table=self._table, more=self._more), values):
            self._moments[at] = self._moments.get(at, 0) + count
            last = max(last, written)
        self._counted = Counted(mark, last, began)


class Reasoning:
    """Reads one file. Each method is called after :meth:`ForeignFile.begin`, with what that returned as ``mark``."""

    def __init__(self, file: ForeignFile) -> None:
        self.file = file
        self._sessions = Tail("reasoning_sessions", sql.SESSION_TAIL, Session, lambda row: True, "")
        self._stages = Tail(
            "reasoning_stages", sql.STAGE_TAIL, Stage, _confident, f"AND confidence >= {CONFIDENT}"
        )
        self._kept: dict[tuple[str, int], tuple[object, Any]] = {}

    def rates(self, mark: Mark, now: float) -> Rates:
        """Sessions and confident stages per second over the last minute; a table that is not there yet counts 0."""
        since = now - WINDOW
        sessions = stages = 0
        if self.file.has("reasoning_sessions", *SESSION_COLUMNS):
            self._sessions.read(self.file, mark, 0)
            sessions = self._sessions.count(self.file, mark, since, now)
        if self.file.has("reasoning_stages", *STAGE_COLUMNS):
            self._stages.read(self.file, mark, 0)
            stages = self._stages.count(self.file, mark, since, now)
        return {"ingestion_rate": sessions / WINDOW, "consolidation_rate": stages / WINDOW}

    def deltas(self, mark: Mark, count: int) -> list[float]:
        """Differences between consecutive stages of a session, the newest ``count`` of them, oldest first."""
        if count < 1 or not self.file.has("reasoning_stages", *STAGE_COLUMNS):
            return []
        return list(self._once("deltas", mark, count, self._deltas))

    def logs(self, mark: Mark, limit: int) -> list[dict[str, Any]]:
        """The newest sessions as lines of a log, newest first."""
        if limit < 1 or not self.file.has("reasoning_sessions", *SESSION_COLUMNS):
            return []
        return list(self._once("logs", mark, limit, self._logs))

    def history(self, now: float) -> list[dict[str, float]]:
        """What :meth:`rates` would have said each ten seconds of the last ten minutes, oldest first: ``at`` (UTC
        milliseconds) and both rates over the minute before it."""
        end = now - now % HISTORY_WIDTH
        per_window = WINDOW // HISTORY_WIDTH
        start = end - (HISTORY_STEPS + per_window - 1) * HISTORY_WIDTH
        values = {"start": start, "width": HISTORY_WIDTH, "now": end}
        rates: list[list[float]] = []
        for table, columns, more in (
            ("reasoning_sessions", SESSION_COLUMNS, ""),
            ("reasoning_stages", STAGE_COLUMNS, f"AND confidence >= {CONFIDENT}"),
        ):
            question = sql.HISTORY.format(table=table, more=more)
            counts = dict(self.file.ask(question, values)) if self.file.has(table, *columns) else {}
            windows = (range(step, step + per_window) for step in range(HISTORY_STEPS))
            rates.append([sum(counts.get(bucket, 0) for bucket in each) / WINDOW for each in windows])
        return [
            {
                "at": round((end - (HISTORY_STEPS - 1 - step) * HISTORY_WIDTH) * 1000),
                "ingestion_rate": sessions,
                "consolidation_rate": stages,
            }
            for step, (sessions, stages) in enumerate(zip(*rates, strict=True))
        ]

    def _once(self, name: str, mark: Mark, count: int, work: Callable[[Mark, int], Any]) -> Any:
        made_at, kept = self._kept.get((name, count), (None, None))
        if made_at != mark:
            if len(self._kept) > 8:
                self._kept.clear()
            kept = work(mark, count)
            self._kept[name, count] = mark, kept
        return kept

    def _logs(self, mark: Mark, limit: int) -> list[dict[str, Any]]:
        self._sessions.read(self.file, mark, limit)
        rows, before = self._sessions.rows, self._sessions.before
        if before is not None and not (len(rows) >= limit and (rows[limit - 1].at or 0.0) >= before):
            rows = [Session(*values) for values in self.file.ask(sql.NEWEST_SESSIONS, (limit,))]
        return [_log_line(row) for row in rows[:limit]]

    def _deltas(self, mark: Mark, count: int) -> list[float]:
        self._stages.read(self.file, mark, count)
        before = self._stages.before
        usable = [
            stage
            for stage in self._stages.rows
            if _number(stage.confidence) and isinstance(stage.session, str | int)
        ]
        if before is None:
            return [delta for _, delta in _differences(usable)[-count:]]
        zone = [stage for stage in usable if stage.at is not None and stage.at >= before]
        newest: set[int] = set()
        seen: set[object] = set()
        known = 0
        for stage in zone:
            known += stage.session in seen
            seen.add(stage.session)
            newest.add(stage.id)
            if known >= count:
                break
        # The stage that one follows may lie further back than the tail: ask for all stages of the sessions concerned.
        rows = [Stage(*values) for values in self.file.ask(sql.STAGES_OF, (json.dumps(list(seen)),))]
        found = _differences(rows)[-count:]
        if len(found) == count and found[0].stage in newest:
            return [delta for _, delta in found]
        slowly = self.file.ask(sql.NEWEST_DELTAS, (count,))
        return [round(delta, PLACES) for (delta,) in reversed(slowly)]


class Difference(NamedTuple):
    """How much more confident a stage is than the one before it in its session."""

    stage: int
    delta: float


def _differences(stages: list[Stage]) -> list[Difference]:
    """In the order of (time, rowid)."""
    last: dict[object, float] = {}
    found = []
    for stage in sorted(stages, key=_by_time):
        if stage.session in last:
            found.append(Difference(stage.id, round(stage.confidence - last[stage.session], PLACES)))
        last[stage.session] = stage.confidence
    return found


def _by_time(row: Stage | Session) -> tuple[bool, float, int]:
    return row.at is not None, row.at or 0.0, row.id


def _confident(stage: Stage) -> bool:
    return _number(stage.confidence) and stage.confidence >= CONFIDENT


def _number(value: object) -> bool:
    return isinstance(value, int | float)


def _log_line(session: Session) -> dict[str, Any]:
    confidence = session.confidence
    try:
        moment = milliseconds(session.at if session.at is not None else session.written)
    except (ValueError, OverflowError):
        moment = None
    who = str(session.agent or "an unnamed agent")
    what = f": {session.query}" if session.query else ""
    if not _number(confidence):
        kind, severity, how = "reasoning", "info", "confidence unknown"
    elif confidence >= CONFIDENT:
        kind, severity, how = "consolidation", "info", f"confidence {confidence:.2f}"
    elif confidence >= DOUBTFUL:
        kind, severity, how = "reasoning", "info", f"confidence {confidence:.2f}"
    else:
        kind, severity, how = "doubt", "warning", f"low confidence {confidence:.2f}"
    return {"timestamp": moment, "message": f"{who}{what} ({how})", "type": kind, "severity": severity}
