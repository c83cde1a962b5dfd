"""Quiet hours across midnight, zones and changes of the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages.quiet import COMPUTER, QuietHours, open_from

NIGHT = QuietHours.of("20:00", "08:00")
CHICAGO, ANGELES, YORK = "America/Chicago", "America/Los_Angeles", "America/New_York"


def at(text: str, zone: str = CHICAGO) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-07-01 07:59", "2026-07-01 08:00"),
        ("2026-07-01 08:00", "2026-07-01 08:00"),
        ("2026-07-01 19:59", "2026-07-01 19:59"),
        ("2026-07-01 20:00", "2026-07-02 08:00"),
        ("2026-07-01 23:30", "2026-07-02 08:00"),
        ("2026-03-07 21:00", "2026-03-08 08:00"),  # clocks go forward
        ("2026-10-31 21:00", "2026-11-01 08:00"),  # and back
        ("2026-11-01 01:30", "2026-11-01 08:00"),
    ],
)
def test_in_one_zone(now: str, opens: str) -> None:
    assert open_from(at(now), [CHICAGO], NIGHT) == at(opens)


def test_two_zones_must_both_be_open() -> None:
    assert open_from(at("2026-07-01 08:00", YORK), [YORK, ANGELES], NIGHT) == at("2026-07-01 08:00", ANGELES)
    assert open_from(at("2026-07-01 20:00", YORK), [YORK, ANGELES], NIGHT) == at("2026-07-02 08:00", ANGELES)


def test_zones_that_leave_nothing_open_fall_back_to_the_first() -> None:
    narrow = QuietHours.of("09:00", "08:00")
    assert open_from(at("2026-07-01 10:00", YORK), [YORK, ANGELES], narrow) == at("2026-07-02 08:00", YORK)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the computer's zone cannot be set for a test here")
def test_the_computers_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", CHICAGO)
    time.tzset()
    try:
        for night in ("2026-07-01 21:00", "2026-03-07 21:00", "2026-10-31 21:00", "2026-07-01 12:00"):
            assert open_from(at(night), [COMPUTER], NIGHT) == open_from(at(night), [CHICAGO], NIGHT)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_quiet_hours_by_day_and_none_at_all() -> None:
    assert open_from(at("2026-07-01 13:00"), [CHICAGO], QuietHours.of("12:00", "14:00")) == at(
        "2026-07-01 14:00"
    )
    assert open_from(at("2026-07-01 03:00"), [CHICAGO], QuietHours.of("08:00", "08:00")) == at(
        "2026-07-01 03:00"
    )


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)), st.sampled_from([[CHICAGO], [YORK, ANGELES]])
)
def test_what_opens_is_open(moment: datetime, zones: list[str]) -> None:
    now = int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000
    opens = open_from(now, zones, NIGHT)
    assert now <= opens <= now + 24 * 3_600_000_000
    for zone in zones:
        local = datetime.fromtimestamp(opens / 1e6, ZoneInfo(zone))
        assert 8 <= local.hour < 20
