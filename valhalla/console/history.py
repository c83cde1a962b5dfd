"""The boards' figures over days, kept small in the home's database: means of five minutes for two days, of an hour for sixty.

Once a minute, while a board is in use and its data is real, its figures are added. The table is working data: nothing is lost with it
but the past of the boards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import DAY, HOUR, SECOND
from db.orm import fn
from valhalla.console import trends
from valhalla.console.models import BoardHistory

if TYPE_CHECKING:
    from db import Database

FIGURES: dict[str, tuple[str, ...]] = {
    "federation": ("network_health", "data_integrity", "avg_latency", "total_peers", "active_syncs"),
    "memory": ("ingestion_rate", "consolidation_rate", "dedup_rate", "quarantine_count"),
}
"""What is kept of each board: keys of its frame."""

SHARES = frozenset({"network_health", "data_integrity", "dedup_rate"})
"""Figures in %: no forecast of them leaves 0 to 100."""


MILLISECOND = 1_000


class Kept(NamedTuple):
    """Rows of one length, in seconds, and for how many days they are kept."""

    step: int
    days: int


FINE, COARSE = Kept(300, 2), Kept(3_600, 60)


def remember(database: Database, board: str, frame: Mapping[str, Any]) -> None:
    """Add the figures of a frame that is real, and remove what is old. A figure that is not known is left out."""
    now = database.clock()
    values = {name: frame[name] for name in FIGURES[board] if frame.get(name) is not None}
    if not values:
        return
    with database.write():
        for kept in (FINE, COARSE):
            step = kept.step * SECOND
            row, at = BoardHistory, now - now % step
            same = row.board == board, row.step == kept.step
            found = json.loads(row.select(row.body).where(*same, row.at == at).scalar(database) or "{}")
            for name, value in values.items():
                count, total = found.get(name, (0, 0))
                found[name] = [count + 1, round(total + value, 6)]
            new = row.insert(board=board, step=kept.step, at=at, body=json.dumps(found))
            new.on_conflict_replace().execute(database)
            row.delete().where(*same, row.at < now - kept.days * DAY).execute(database)


def history(database: Database, board: str, hours: int = 24) -> dict[str, Any]:
    """A board's figures over the last ``hours``: ``{hours, step_seconds, since, figures: {name: {points: [[ms, mean]], trend,
    forecast}}}``. ``since``: the first moment that is kept, UTC milliseconds; None: nothing yet.

    Trend and forecast are always from the finer rows of the last two days; :mod:`valhalla.console.trends` has the formulas.
    """
    now = database.clock()
    kept = FINE if hours <= FINE.days * 24 else COARSE
    fine = _series(database, board, FINE, now - FINE.days * DAY)
    shown = fine if kept is FINE else _series(database, board, COARSE, now - COARSE.days * DAY)
    from_ = (now - hours * HOUR) // MILLISECOND
    first = BoardHistory.select(fn.min(BoardHistory.at)).where(BoardHistory.board == board).scalar(database)
    figures = {}
    for name in FIGURES[board]:
        top = 100.0 if name in SHARES else None
        figures[name] = {
            "points": [[at, value] for at, value in shown.get(name, []) if at >= from_],
            "trend": trends.trend(fine.get(name, [])),
            "forecast": trends.forecast(fine.get(name, []), FINE.step * 1_000, top=top),
        }
    return {
        "hours": hours,
        "step_seconds": kept.step,
        "since": first // MILLISECOND if first is not None else None,
        "figures": figures,
    }


def _series(database: Database, board: str, kept: Kept, since: int) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    row = BoardHistory
    query = row.select(row.at, row.body).where(row.board == board, row.step == kept.step, row.at >= since)
    for at, body in query.order_by(row.at).tuples().execute(database):
        for name, (count, total) in json.loads(body).items():
            found.setdefault(name, []).append((at // MILLISECOND, round(total / count, 4)))
    return found
