"""Whether estimates still hold, by month."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla.scoring.drift import ENOUGH, by_month


def test_a_month_with_far_more_closes_than_expected_has_drifted(
    database: Database, clock: Any, people: Any, tell: Any
) -> None:
    people(2 * ENOUGH)
    with database.write():
        database.sql("UPDATE lead SET p_close = 20000")
    tell(ENOUGH + 1, "lost")
    clock.advance(40)
    for lead in range(1, ENOUGH + 1):
        tell(lead, "won" if lead % 2 else "lost")
    found = by_month(database)
    assert [each["n"] for each in found] == [1, ENOUGH] and found[0]["drifted"] is None
    assert (found[1]["expected"], found[1]["closed"], found[1]["drifted"]) == (
        0.02 * ENOUGH,
        ENOUGH // 2,
        True,
    )
