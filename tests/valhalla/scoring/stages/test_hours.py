"""When somebody may be called: states and provinces, weekdays, holidays, two zones, changes of the clock."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages.hours import FEDERAL, PROVINCES, RULES, holiday, rule_of, spans, window
from valhalla.scoring.stages.quiet import COMPUTER, QuietHours
from valhalla.scoring.stages.zones import STATE_ZONES, Place

NONE = QuietHours.of("00:00", "00:00")
NIGHT = QuietHours.of("20:00", "08:00")
CHICAGO, ANGELES, YORK = "America/Chicago", "America/Los_Angeles", "America/New_York"
ILLINOIS, CALIFORNIA, NEW_YORK = Place("IL", (CHICAGO,)), Place("CA", (ANGELES,)), Place("NY", (YORK,))


def at(text: str, zone: str = CHICAGO) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def opens(now: int, *places: Place, quiet: QuietHours = NIGHT) -> int | None:
    return window(now, places, quiet).opens


@pytest.mark.parametrize(
    ("now", "then"),
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
def test_in_one_zone(now: str, then: str) -> None:
    assert opens(at(now), ILLINOIS) == at(then)


@pytest.mark.parametrize(
    ("region", "zone", "now", "then"),
    [
        ("TX", CHICAGO, "2026-11-28 08:30", "2026-11-28 09:00"),  # a Saturday
        ("TX", CHICAGO, "2026-11-29 09:30", "2026-11-29 12:00"),  # a Sunday
        ("LA", CHICAGO, "2026-11-29 12:30", "2026-11-30 08:00"),  # no Sundays
        ("RI", YORK, "2026-11-27 18:00", "2026-11-28 10:00"),
        ("RI", YORK, "2026-11-28 17:00", "2026-11-30 09:00"),
        ("UT", "America/Denver", "2026-12-25 12:00", "2026-12-26 08:00"),
        ("UT", "America/Denver", "2026-07-24 12:00", "2026-07-25 08:00"),
        ("PA", YORK, "2026-12-25 12:00", "2026-12-26 08:00"),
        ("NY", YORK, "2026-12-25 12:00", "2026-12-25 12:00"),
        ("QC", "America/Toronto", "2026-11-27 21:29", "2026-11-27 21:29"),
        ("QC", "America/Toronto", "2026-11-27 21:30", "2026-11-28 10:00"),
        ("ON", "America/Toronto", "2026-11-29 18:00", "2026-11-30 09:00"),
        ("KY", YORK, "2026-11-30 09:59", "2026-11-30 10:00"),
        ("FL", YORK, "2026-11-30 20:00", "2026-12-01 08:00"),
        (None, YORK, "2026-11-30 20:59", "2026-11-30 20:59"),
    ],
)
def test_states_that_say_less(region: str | None, zone: str, now: str, then: str) -> None:
    assert opens(at(now, zone), Place(region, (zone,)), quiet=NONE) == at(then, zone)


def test_two_places_must_both_be_open() -> None:
    assert opens(at("2026-07-01 08:00", YORK), NEW_YORK, CALIFORNIA) == at("2026-07-01 08:00", ANGELES)
    assert opens(at("2026-07-01 20:00", YORK), NEW_YORK, CALIFORNIA) == at("2026-07-02 08:00", ANGELES)
    found = window(at("2026-07-01 12:00", YORK), (NEW_YORK, CALIFORNIA), NIGHT)
    assert (found.open, found.until) == (True, at("2026-07-01 20:00", YORK))


def test_no_hour_that_is_open_in_both_is_no_hour() -> None:
    narrow = QuietHours.of("09:00", "08:00")
    found = window(at("2026-07-01 10:00", YORK), (NEW_YORK, CALIFORNIA), narrow)
    assert (found.open, found.opens) == (False, None)


def test_it_says_why_it_is_closed() -> None:
    assert (
        window(at("2026-12-25 12:00"), (Place("LA", (CHICAGO,)),), NONE).because
        == "no calls on Christmas Day"
    )
    assert window(at("2026-11-29 12:00"), (Place("LA", (CHICAGO,)),), NONE).because == "no calls on Sundays"
    late = window(at("2026-07-01 21:30"), (ILLINOIS, CALIFORNIA), NONE)
    assert (late.because, late.zone) == ("it is 9:30 pm there", CHICAGO)


def test_the_operator_narrows_and_never_widens() -> None:
    lunch = QuietHours.of("12:00", "13:00")
    assert spans(date(2026, 7, 1), FEDERAL, lunch) == [(480, 720), (780, 1260)]
    assert opens(at("2026-07-01 12:10"), ILLINOIS, quiet=lunch) == at("2026-07-01 13:00")
    late = QuietHours.of("23:00", "06:00")
    assert spans(date(2026, 7, 1), FEDERAL, late) == [(480, 1260)]
    assert window(at("2026-07-01 22:00"), (ILLINOIS,), late).open is False


@given(
    st.integers(at("2025-01-01 00:00"), at("2028-01-01 00:00")),
    st.lists(st.sampled_from(sorted(STATE_ZONES)), min_size=1, max_size=2),
    st.sampled_from([NONE, NIGHT, QuietHours.of("18:00", "10:00"), QuietHours.of("12:00", "13:00")]),
)
def test_open_means_open_by_every_clock_and_rule(now: int, states: list[str], quiet: QuietHours) -> None:
    places = tuple(Place(state, STATE_ZONES[state]) for state in states)
    found = window(now, places, quiet)
    if found.opens is None:
        return
    assert found.opens >= now
    assert found.open == (found.opens == now)
    for place in places:
        for zone in place.zones:
            here = datetime.fromtimestamp(found.opens / 1_000_000, UTC).astimezone(ZoneInfo(zone))
            minute = here.hour * 60 + here.minute
            rule = rule_of(place.region)
            allowed = (rule.weekday, rule.saturday, rule.sunday)[max(0, here.weekday() - 4)]
            assert allowed is not None
            assert allowed[0] <= minute < allowed[1]
            assert not quiet.holds(minute) or quiet.start == quiet.end
            assert not (rule.holidays and holiday(here.date(), place.region))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the computer's zone cannot be set for a test here")
def test_the_computers_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", CHICAGO)
    time.tzset()
    try:
        assert opens(at("2026-03-07 21:00"), Place(None, (COMPUTER,))) == at("2026-03-08 08:00")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("day", "region", "name"),
    [
        ("2026-01-19", "UT", "Martin Luther King Jr. Day"),
        ("2026-02-17", "LA", "Mardi Gras"),
        ("2026-04-03", "LA", "Good Friday"),
        ("2026-05-25", "AL", "Memorial Day"),
        ("2026-07-03", "UT", "Independence Day"),
        ("2026-07-04", "UT", "Independence Day"),
        ("2026-08-10", "RI", "Victory Day"),
        ("2026-11-03", "PA", "Election Day"),
        ("2026-11-26", "AL", "Thanksgiving"),
        ("2026-11-27", "LA", "the day after Thanksgiving"),
        ("2021-12-31", "AL", "New Year's Day"),
        ("2026-11-27", "AL", None),
    ],
)
def test_holidays(day: str, region: str, name: str | None) -> None:
    assert holiday(date.fromisoformat(day), region) == name


FEDERAL_2026 = "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"


@pytest.mark.parametrize(
    ("region", "own"),
    [
        (None, ""),
        ("TX", ""),
        ("AL", "04-27 06-01"),
        ("LA", "02-17 04-03 11-03 11-27"),
        ("PA", "04-03 06-14 06-15 11-03"),
        ("RI", "05-04 08-10 11-03"),
        ("UT", "07-24"),
    ],
)
def test_the_holidays_of_a_year_are_those_of_its_calendar(region: str | None, own: str) -> None:
    days = (date(2026, 1, 1) + timedelta(days=after) for after in range(365))
    found = [day.strftime("%m-%d") for day in days if holiday(day, region)]
    assert found == sorted([*FEDERAL_2026.split(), *own.split()])


def test_the_table_says_where_it_is_from_and_never_widens() -> None:
    assert set(PROVINCES) < set(RULES)
    for region, rule in RULES.items():
        assert region in STATE_ZONES
        assert len(rule.source) > 8
        assert rule.read > date(2026, 1, 1)
        days = [rule.weekday, rule.saturday, rule.sunday]
        for each in days:
            if each is not None and region not in PROVINCES:
                assert each[0] >= 8 * 60
                assert each[1] <= 21 * 60
