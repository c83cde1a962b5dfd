"""Counts of all leads by market, source and state."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from valhalla.leads import facets, merge


@pytest.mark.parametrize("step", [1, 3, 20_000])
def test_every_lead_is_counted_once_whatever_is_counted_at_a_time(
    desk: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    places = ["Houston TX", "Portland OR", "", "Portland ME", "Houston TX", "Houston TX", "Austin TX"]
    desk.take("a.csv", "".join(f"L {n},l{n}@example.com,1,,{place}\n" for n, place in enumerate(places)))
    desk.take("b.csv", "M,m@example.com,1,,Austin TX\n", source="mail")
    database = desk.database
    merge.merge(database, 1, 6)
    monkeypatch.setattr(facets, "STEP", step)
    counted = facets.count(database)
    rows = database.sql("SELECT market, source, status, suppressed FROM lead WHERE id <> 6")
    assert counted.total == len(rows) == 7
    assert dict(counted.markets) == Counter(row[0] for row in rows if row[0])
    assert dict(counted.sources) == Counter(row[1] for row in rows)
    assert dict(counted.statuses) == Counter(row[2] for row in rows)
    assert counted.suppressed == sum(row[3] is not None for row in rows)
