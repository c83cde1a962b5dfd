"""Times as people say them, on whichever clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.clock import DAY, HOUR, MINUTE
from valhalla.program.errors import UsageError
from valhalla.program.moments import resolve
from valhalla.program.spoken_times import read, whose

CHICAGO = "America/Chicago"
NOW = int(datetime(2026, 11, 25, 14, 0, tzinfo=ZoneInfo(CHICAGO)).timestamp()) * 1_000_000
"""A Wednesday, 2 pm."""


def local(at: int, zone: str = CHICAGO) -> str:
    return (
        datetime.fromtimestamp(at / 1_000_000, UTC).astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tue 3pm", "Tue 2026-12-01 15:00"),
        ("Tuesday at 3:30 PM", "Tue 2026-12-01 15:30"),
        ("3pm tues", "Tue 2026-12-01 15:00"),
        ("wed 3pm", "Wed 2026-11-25 15:00"),
        ("wed 1pm", "Wed 2026-12-02 13:00"),
        ("next tue 3pm", "Tue 2026-12-01 15:00"),
        ("next thu", "Thu 2026-12-03 09:00"),
        ("next week", "Mon 2026-11-30 09:00"),
        ("next month", "Tue 2026-12-01 09:00"),
        ("tomorrow 9:30", "Thu 2026-11-26 09:30"),
        ("tomorrow", "Thu 2026-11-26 09:00"),
        ("tomorrow morning", "Thu 2026-11-26 09:00"),
        ("tonight", "Wed 2026-11-25 19:00"),
        ("today 4p", "Wed 2026-11-25 16:00"),
        ("3pm", "Wed 2026-11-25 15:00"),
        ("1 pm", "Thu 2026-11-26 13:00"),
        ("noon", "Thu 2026-11-26 12:00"),
        ("15:45", "Wed 2026-11-25 15:45"),
        ("jan 5 2pm", "Tue 2027-01-05 14:00"),
        ("Jan 5th, 2028 2pm", "Wed 2028-01-05 14:00"),
        ("5 december 10am", "Sat 2026-12-05 10:00"),
        ("12/5 10am", "Sat 2026-12-05 10:00"),
        ("12/5/2026 14:30", "Sat 2026-12-05 14:30"),
        ("tue dec 1 12:15am", "Tue 2026-12-01 00:15"),
        ("feb 29", "Tue 2028-02-29 09:00"),
        ("2027-01-15 14:30", "Fri 2027-01-15 14:30"),
        ("2027-01-15", "Fri 2027-01-15 09:00"),
    ],
)
def test_what_people_say_is_the_next_such_time(said: str, meant: str) -> None:
    assert local(resolve(said, NOW, CHICAGO).at) == meant


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("in 2 h", 2 * HOUR),
        ("in 2h", 2 * HOUR),
        ("in an hour", HOUR),
        ("in half an hour", 30 * MINUTE),
        ("in 30 min", 30 * MINUTE),
        ("in 3 minutes", 3 * MINUTE),
        ("3d", 3 * DAY),
        ("2 weeks", 14 * DAY),
        ("1 week from now", 7 * DAY),
        ("now", 0),
    ],
)
def test_spans_count_from_now(said: str, span: int) -> None:
    assert resolve(said, NOW, CHICAGO).at - NOW == span


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("tue 3pm", "Tue 2026-11-24 15:00"),
        ("wed 3pm", "Wed 2026-11-18 15:00"),
        ("yesterday 9am", "Tue 2026-11-24 09:00"),
        ("11/20/2026 2:30 PM", "Fri 2026-11-20 14:30"),
        ("dec 1", "Mon 2025-12-01 09:00"),
        ("3pm", "Tue 2026-11-24 15:00"),
    ],
)
def test_what_happened_was_the_last_such_time(said: str, meant: str) -> None:
    assert local(read(said, NOW, CHICAGO, ahead=False).at) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "soon",
        "blue 3pm",
        "25:00",
        "13pm",
        "feb 30",
        "13/13",
        "21.9.2026",
        "next jan 5",
        "tue wed",
        "3",
        "in 2 moons",
        "0pm",
        "9" * 5 + "d",
    ],
)
def test_what_cannot_be_read_is_said_with_examples(said: str) -> None:
    with pytest.raises(UsageError, match="tue 3pm"):
        resolve(said, NOW, CHICAGO)


def test_an_hour_that_is_skipped_is_the_one_after_the_gap_and_a_double_one_the_first() -> None:
    skipped = resolve("mar 14 2:30am", NOW, CHICAGO)
    assert local(skipped.at) == "Sun 2027-03-14 03:30"
    assert skipped.note == "there is no 2:30 am that day, the clocks go forward: it is taken as 3:30 am"
    twice = resolve("nov 7 2027 1:30am", NOW, CHICAGO)
    assert local(twice.at) == "Sun 2027-11-07 01:30"
    assert local(twice.at + HOUR) == "Sun 2027-11-07 01:30"
    assert twice.note is not None and "comes twice" in twice.note
    assert resolve("mar 14 2:30am", NOW, "America/Phoenix").note is None


def test_whose_time_it_is_is_heard() -> None:
    assert whose("Tue 3pm their time") == ("Tue 3pm", False)
    assert whose("Tue 3pm, my time") == ("Tue 3pm", True)
    assert whose(" tue 3pm ") == ("tue 3pm", False)


zones = st.sampled_from(
    ["America/New_York", CHICAGO, "America/Phoenix", "Pacific/Honolulu", "America/St_Johns"]
)


@given(st.integers(NOW, NOW + 1500 * DAY), zones, st.integers(0, 6), st.integers(0, 23), st.integers(0, 59))
def test_a_weekday_and_an_hour_are_within_a_week_and_on_that_clock(
    now: int, zone: str, day: int, hour: int, minute: int
) -> None:
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day]
    found = resolve(f"{name} {hour}:{minute:02d}", now, zone)
    assert now < found.at <= now + 7 * DAY + HOUR
    shown = local(found.at, zone)
    assert shown[:3].lower() == name
    assert shown.endswith(f"{hour:02d}:{minute:02d}") or "there is no" in (found.note or "")


@given(st.text(max_size=20))
def test_nothing_breaks_it(text: str) -> None:
    try:
        resolve(text, NOW, CHICAGO)
    except UsageError:
        pass
