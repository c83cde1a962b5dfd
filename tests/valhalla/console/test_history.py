"""The boards' figures over days, in the file."""

from __future__ import annotations

from typing import Any

from db import Database
from db.clock import DAY, HOUR, MINUTE
from valhalla.console.history import history, remember


def frame(**figures: Any) -> dict[str, Any]:
    return {
        "ingestion_rate": None,
        "consolidation_rate": 1.0,
        "dedup_rate": None,
        "quarantine_count": 2,
        **figures,
    }


def test_figures_become_means_of_five_minutes_and_what_is_not_known_is_no_zero(
    database: Database, clock: Any
) -> None:
    begin = clock.at - clock.at % HOUR
    for minute in range(10):
        clock.at = begin + minute * MINUTE
        remember(database, "memory", frame(ingestion_rate=float(minute) if minute % 2 else None))
    found = history(database, "memory")
    assert (found["step_seconds"], found["since"]) == (300, begin // 1_000)
    assert found["figures"]["ingestion_rate"]["points"] == [
        [begin // 1_000, 2.0],  # 1 and 3
        [(begin + 5 * MINUTE) // 1_000, 7.0],  # 5, 7 and 9
    ]
    assert found["figures"]["dedup_rate"]["points"] == []
    hourly = history(database, "memory", 200)
    assert hourly["step_seconds"] == 3_600
    assert hourly["figures"]["ingestion_rate"]["points"] == [[begin // 1_000, 5.0]]
    assert history(database, "federation")["since"] is None


def test_it_stays_small(database: Database, clock: Any) -> None:
    for _ in range(3):
        remember(database, "memory", frame())
        clock.advance(59)
    remember(database, "memory", frame())
    steps = database.sql("SELECT step, count(*), min(at) FROM board_history GROUP BY step ORDER BY step")
    assert [(step, count) for step, count, _ in steps] == [(300, 1), (3_600, 2)]
    assert steps[1][2] >= clock.at - 60 * DAY
    at, body = database.sql("SELECT at, body FROM board_history WHERE step = 300")[0]
    # As many rows as fit, each as long as this one with five figures: less than a megabyte for both boards.
    assert 2 * (2 * 288 + 60 * 24) * (len(body) * 5 / 2 + len(str(at)) + 30) < 1_000_000


def test_a_day_of_readings_has_a_trend_and_a_forecast(database: Database, clock: Any) -> None:
    for reading in range(14 * 12):
        remember(database, "memory", frame(ingestion_rate=1 + reading / 12))
        clock.at += 5 * MINUTE
    found = history(database, "memory")["figures"]["ingestion_rate"]
    assert (found["trend"]["says"], found["trend"]["per_hour"]) == ("rising", 1.0)
    assert (
        found["forecast"]["value"] == round(1 + (14 * 12 - 1) / 12 + 1, 4)
        and found["forecast"]["error"] < 0.001
    )
    assert (
        history(database, "memory", 2)["figures"]["ingestion_rate"]["points"][0][0]
        >= clock.at // 1_000 - 7_200_000
    )
