"""Times of other programs."""

from __future__ import annotations

import pytest

from valhalla.console.moments import milliseconds


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (1_699_800_000, 1_699_800_000_000),
        ("1699800000", 1_699_800_000_000),
        ("1699800000.25", 1_699_800_000_250),
        (1_699_800_000_000, 1_699_800_000_000),
        ("1699800000000", 1_699_800_000_000),
        ("2023-11-12T14:40:00Z", 1_699_800_000_000),
        ("2023-11-12T15:40:00+01:00", 1_699_800_000_000),
        ("2023-11-12 14:40:00", 1_699_800_000_000),
        ("2023-11-12T14:40:00.5", 1_699_800_000_500),
        (None, None),
        ("", None),
    ],
)
def test_seconds_milliseconds_and_iso_mean_the_same(written: object, read: int | None) -> None:
    assert milliseconds(written) == read


@pytest.mark.parametrize("written", ["soon", "nan", "inf", "-5", -5, 1e300, True, "2023-13-40", "12:00"])
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(ValueError):
        milliseconds(written)
