"""The shields' thresholds: of each the value now, the threshold, and how the value moves."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import DAY
from db.orm import fn
from valhalla.intake.models import Import
from valhalla.leads.models import LeadChange, Scrub, Suppression

if TYPE_CHECKING:
    from pathlib import Path

    from db import Database

SPAN = 7 * DAY
"""What is compared: the last seven days and the seven before."""


class Threshold(NamedTuple):
    """One figure that a rule watches."""

    rule: str
    name: str
    unit: str
    value: float | None
    """None: not known yet."""
    threshold: float
    low: bool
    """Whether the rule speaks below the threshold; else above."""
    before: float | None
    """The value seven days ago, or of the seven days before; None: not known."""
    setting: str

    @property
    def speaks(self) -> bool | None:
        """Whether it is beyond the threshold; None: not known."""
        if self.value is None:
            return None
        return self.value < self.threshold if self.low else self.value > self.threshold

    @property
    def trend(self) -> str | None:
        """``better``, ``worse`` or ``same``; None: not known."""
        if self.value is None or self.before is None:
            return None
        if abs(self.value - self.before) < 1e-9:
            return "same"
        return "better" if (self.value > self.before) == self.low else "worse"

    def to_json(self) -> dict[str, Any]:
        """As shown."""
        return {**self._asdict(), "speaks": self.speaks, "trend": self.trend}


def _read(database: Database, since: int, until: int) -> list[int]:
    """Rows, refused ones and repeated ones of the lists that were read in a span of time."""
    sums = [fn.coalesce(fn.sum(each), 0) for each in (Import.rows, Import.rejected, Import.duplicate)]
    query = Import.select(*sums).where(Import.started_at >= since, Import.started_at < until)
    (row,) = query.where(Import.state == "done").tuples().execute(database)
    return list(row)


def _waited(database: Database, at: int) -> int:
    """Changes that lists asked for and that nobody had decided on then."""
    open_then = LeadChange.decided_at.is_null() | (LeadChange.decided_at >= at)
    return int(LeadChange.select().where(LeadChange.at < at, open_then).count(database))


def _newest_check(database: Database) -> int:
    """When somebody was last put on the do-not-contact list, or it was compared with the registry; 0: never."""
    times = Suppression.select(fn.max(Suppression.created_at)), Scrub.select(fn.max(Scrub.at))
    return max(each.scalar(database) or 0 for each in times)


def thresholds(database: Database, values: Mapping[str, Any], folder: Path | None = None) -> list[Threshold]:
    """Each of them, measured now. A rule's threshold is a setting."""
    now = database.clock()
    rows, refused, twice = _read(database, now - SPAN, now + 1)
    old_rows, old_refused, old_twice = _read(database, now - 2 * SPAN, now - SPAN)
    days = (now - newest) / DAY if (newest := _newest_check(database)) else None
    free = shutil.disk_usage(folder).free / 2**20 if folder is not None else None

    def percent(part: int, whole: int) -> float | None:
        return round(100 * part / whole, 2) if whole else None

    return [
        Threshold(
            *(
                "R2",
                "rows that are valid",
                "%",
                percent(rows - refused, rows),
                values["risk.validity_percent"],
                True,
            ),
            *(percent(old_rows - old_refused, old_rows), "risk.validity_percent"),
        ),
        Threshold(
            *(
                "R5",
                "rows that are there twice",
                "%",
                percent(twice, rows),
                values["risk.duplicate_percent"],
                False,
            ),
            *(percent(old_twice, old_rows), "risk.duplicate_percent"),
        ),
        Threshold(
            *("R6", "changes that wait for review", "", _waited(database, now + 1)),
            *(
                values["risk.review_waiting"],
                False,
                _waited(database, now - SPAN),
                "risk.review_waiting",
            ),
        ),
        Threshold(
            *("R15", "free space", "MB", None if free is None else round(free), values["risk.disk_mb"], True),
            *(None, "risk.disk_mb"),
        ),
        Threshold(
            *("R16", "age of the do-not-contact list", "days", None if days is None else round(days, 1)),
            *(
                values["risk.dnc_days"],
                False,
                None if days is None else max(0.0, round(days - 7, 1)),
                "risk.dnc_days",
            ),
        ),
    ]
