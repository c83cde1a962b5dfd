"""The table of area codes against the library it was made from."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers import timezone

from valhalla.scoring.stages.zones import AREA_CODES, STATE_ZONES, area_code, zones_of

FIXED = {689, 474, 867, 879}
"""Codes that the library has wrong."""
SAME = {"America/North_Dakota/Center": "America/Chicago", "America/Juneau": "America/Anchorage"}
FEW = {(208, "America/Denver"), (775, "America/Boise")}
"""Boise's own time is Denver's; the few in eastern Nevada keep Denver's too."""


@pytest.mark.parametrize("code", sorted(AREA_CODES.keys() - FIXED))
def test_every_zone_of_an_area_code_is_in_the_table(code: int) -> None:
    theirs = {
        SAME.get(zone, zone)
        for exchange in range(200, 1000, 40)
        for zone in timezone.time_zones_for_geographical_number(
            phonenumbers.PhoneNumber(country_code=1, national_number=code * 10**7 + exchange * 10**4 + 100)
        )
    }
    mine = set(AREA_CODES[code][1])
    assert {zone for zone in theirs if (code, zone) not in FEW} <= mine


def test_every_state_and_every_zone_is_real() -> None:
    assert len(STATE_ZONES) == 51 + 1 + 13
    for zones in STATE_ZONES.values():
        for zone in zones:
            ZoneInfo(zone)
    assert len(AREA_CODES) > 350


def test_area_code() -> None:
    assert area_code(17135550100) == 713
    assert area_code(447911123456) is None
    assert area_code(None) is None


def test_which_zones() -> None:
    here = "Pacific/Honolulu"
    assert zones_of("TX", 17135550100, here) == ("America/Chicago",)
    assert zones_of("TX", 19155550100, here) == ("America/Denver",)
    assert zones_of("TX", None, here) == ("America/Chicago", "America/Denver")
    assert zones_of("OH", 13105550100, here) == ("America/New_York", "America/Los_Angeles")
    assert zones_of(None, 13105550100, here) == ("America/Los_Angeles",)
    assert zones_of(None, 18005550100, here) == (here,)
    assert zones_of("ZZ", None, here) == (here,)
