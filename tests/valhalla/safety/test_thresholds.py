"""Each shield with value, threshold and trend."""

from __future__ import annotations

from typing import Any

from db import Database
from db.clock import DAY
from valhalla.program import settings
from valhalla.safety.thresholds import thresholds


def test_a_value_beyond_its_threshold_speaks_and_its_trend_is_told(database: Database, load: Any) -> None:
    def of(rule: str) -> Any:
        return next(each for each in thresholds(database, settings.effective(database)) if each.rule == rule)

    assert (of("R2").value, of("R2").speaks, of("R2").trend) == (None, None, None)
    header = "name,email,value\n"
    load("A,a@x.com,1", "B,b@x.com,1", header=header)
    with database.write():
        database.sql("UPDATE import SET started_at = started_at - ?", (8 * DAY,))
    assert of("R2").before == 100.0
    load("C,c@x.com,1", "D,nobody,1", header=header)
    found = of("R2")
    assert (found.value, found.threshold, found.speaks, found.trend) == (50.0, 90, True, "worse")
    settings.save(database, "risk.validity_percent", "40")
    assert of("R2").speaks is False
