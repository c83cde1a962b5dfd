"""Times, numbers and the smallest pieces of a page."""

from __future__ import annotations

import time
from typing import Any

import pytest

from db import clock
from jobs.web import wording as shared
from valhalla.cockpit import pieces, wording

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
NOW = 1_790_000_000_000_000


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("away", "says"),
    [
        (0, "now"),
        (-9 * SECOND, "now"),
        (-10 * SECOND, "10 s ago"),
        (-59 * SECOND, "59 s ago"),
        (-MINUTE, "1 min ago"),
        (-HOUR, "1 h ago"),
        (-DAY + SECOND, "23 h ago"),
        (8 * HOUR, "in 8 h"),
    ],
)
def test_a_moment_up_to_a_day_away_is_told_by_how_far(away: int, says: str) -> None:
    assert wording.ago(NOW + away) == says
    assert wording.ago(clock.iso(NOW + away)) == says  # as JSON has it


def test_a_moment_further_away_is_a_date() -> None:
    before, long_before = (clock.to_datetime(NOW - days * DAY).astimezone() for days in (3, 800))
    assert wording.ago(NOW - 3 * DAY) in (
        f"{before:%b} {before.day}",
        f"{before:%b} {before.day}, {before.year}",
    )
    assert wording.ago(NOW - 800 * DAY) == f"{long_before:%b} {long_before.day}, {long_before.year}"


def test_the_exact_time_is_told_twice() -> None:
    says = wording.stamp(NOW)
    assert says.startswith("2026-09-21 14:13:20 UTC · ")
    assert wording.moment(NOW) == clock.iso(NOW)


@pytest.mark.parametrize(
    ("value", "says"),
    [(500_000.0, "$500,000"), (1234.5, "$1,234.50"), (0.0, "$0")],
)
def test_cents_are_shown_where_there_are_any(value: float, says: str) -> None:
    assert wording.dollars(value) == says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("mao_cents", 12_345_600, "$123,456"),
        ("spread_cents", -5_000, "-$50"),
        ("p_close_ppm", 123_456, "12.3%"),
        ("score_points", 40, "40"),
        ("mao_cents", None, "unknown"),
        ("proven", True, "yes"),
        ("why", "because", "because"),
    ],
)
def test_a_stages_number_is_told_in_its_unit(name: str, value: Any, says: str) -> None:
    assert wording.figure((name, value)) == says


def test_what_is_not_known_is_said_and_never_a_zero() -> None:
    for piece in (pieces.num, pieces.money, pieces.text, pieces.age):
        assert 'class="unknown"' in piece(None)
    assert pieces.num(0) == '<data class="num" value="0">0</data>'


def test_pieces_escape_what_they_are_given() -> None:
    evil = "<b>&\"'"
    for made in (
        pieces.text(evil),
        pieces.text(None, evil),
        pieces.chip(evil, "ok", evil),
        pieces.bar(1, 2, evil),
        pieces.icon(evil),
    ):
        assert "<b>" not in made
        assert made.count('"') % 2 == 0


def test_a_bar_stays_within_its_track() -> None:
    for value, width in ((50, "50.00"), (-3, "0.00"), (300, "100.00"), (None, "0.00")):
        assert f'class="bar-part" width="{width}"' in pieces.bar(value, 100)


def test_an_exact_time_follows_the_zone_of_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(time, "tzset"):
        pytest.skip("Windows has no tzset")
    says = {}
    for zone in ("America/Chicago", "Europe/Berlin"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        says[zone] = wording.stamp(NOW)
    monkeypatch.undo()
    time.tzset()
    assert says == {
        "America/Chicago": "2026-09-21 14:13:20 UTC · 2026-09-21 09:13:20 CDT",
        "Europe/Berlin": "2026-09-21 14:13:20 UTC · 2026-09-21 16:13:20 CEST",
    }


def test_facts_of_an_entry_are_shown_in_short_and_whole() -> None:
    assert [wording.fact(each) for each in (None, 7, True, "x" * 33, {"b": 1, "a": [2]})] == [
        "none",
        "7",
        "True",
        "x" * 31 + "…",
        '{"a":[2],"b":1}',
    ]
    assert wording.facts({"b": "é<", "a": None}) == '{\n  "a": null,\n  "b": "é<"\n}'
    assert wording.facts({"key": 2**70}) == f'{{\n  "key": {2**70}\n}}'
