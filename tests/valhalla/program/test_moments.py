"""Times as people type them."""

from __future__ import annotations

import pytest

from db.clock import DAY, HOUR, iso
from valhalla.program.errors import UsageError
from valhalla.program.moments import ahead, local_day, moment

NOW = 1_790_000_000_000_000  # 2026-09-21 14:13 UTC


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-09-01", "2026-09-01T05:00:00+00:00"),
        ("2026-09-01 14:30", "2026-09-01T19:30:00+00:00"),
        ("2026-01-15 14:30", "2026-01-15T20:30:00+00:00"),
        ("2026-09-01T14:30+02:00", "2026-09-01T12:30:00+00:00"),
    ],
)
def test_a_time_is_on_the_operators_clock(text: str, utc: str) -> None:
    assert iso(moment(text, NOW, "America/Chicago")) == utc


def test_a_date_alone_is_noon_but_never_the_future() -> None:
    assert iso(moment("2026-09-20", NOW, "UTC", noon=True)) == "2026-09-20T12:00:00+00:00"
    assert moment("2026-09-21", NOW - 4 * HOUR, "UTC", noon=True) == NOW - 4 * HOUR


def test_spans_count_from_now() -> None:
    assert [ahead(text, NOW, None) - NOW for text in ("3d", "2w", "1m")] == [3 * DAY, 14 * DAY, 30 * DAY]


def test_the_day_begins_at_the_operators_midnight() -> None:
    assert iso(local_day(NOW, "America/Chicago")) == "2026-09-21T05:00:00+00:00"


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "21.9.2026"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        moment(text, NOW, None)
