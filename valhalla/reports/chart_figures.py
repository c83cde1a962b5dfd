"""The numbers that the charts draw, read from the file."""

from __future__ import annotations

from typing import Any

from db import Database
from db.orm import fn
from valhalla.intake.models import Import
from valhalla.leads import view
from valhalla.reports import sql
from valhalla.reports.charts import Bin, Rate
from valhalla.scoring.lead_model import Lead
from valhalla.scoring.stages import statistics


def funnel_steps(database: Database, since: int = 0) -> list[tuple[str, int]]:
    """From rows read to leads won, since a moment (UTC microseconds). Later steps count leads on which that was recorded."""
    sums = [fn.coalesce(fn.sum(each), 0) for each in (Import.rows, Import.rows - Import.rejected)]
    came = Import.select(*sums).where(Import.state != "undone", Import.started_at >= since)
    ((read, accepted),) = came.tuples().execute(database)
    new = Lead.select().where(Lead.created_at >= since)
    leads = new.count(database) if since else view.count(database)
    ((worked, appointments, contracts, won),) = database.sql(sql.CHART_REACHED, (since,))
    return [
        ("rows read", read),
        ("accepted", accepted),
        ("leads", leads),
        ("worked", worked),
        ("appointment", appointments),
        ("contract", contracts),
        ("won", won),
    ]


def score_counts(database: Database) -> list[int]:
    """How many open leads score 0-9, 10-19, ..., 90-100, by their stored scores. Looks at every lead."""
    counts = [0] * 10
    step = fn.min(Lead.score / 10, 9)
    able = Lead.suppressed.is_null(), Lead.status.not_in(("won", "lost", "dead", "opted_out"))
    query = Lead.select(step, fn.count()).where(*able).group_by(step).tuples()
    for step, count in query.execute(database):
        counts[step] = count
    return counts


def rates_of(results: dict[str, Any]) -> list[Rate]:
    """The variants of an experiment's results (:func:`valhalla.scoring.experiment_results.results`) that have enough leads to
    show a rate."""
    return [
        Rate(v["name"], v["conversions"], v["matured"], v["low"], v["high"])
        for v in results["variants"]
        if v["rate"] is not None
    ]


def bins_of(table: tuple[statistics.Bin, ...]) -> list[Bin]:
    """The groups of a reliability table."""
    return [
        Bin(each.predicted, each.observed, each.size, each.interval.low, each.interval.high) for each in table
    ]
