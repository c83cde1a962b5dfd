from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.cron import Cron


def minutes(expression: str, day: str) -> list[str]:
    start = datetime.datetime.fromisoformat(day)
    every = (start + datetime.timedelta(minutes=n) for n in range(1440))
    return [at.strftime("%H:%M") for at in every if Cron.parse(expression).matches(at)]


@pytest.mark.parametrize(
    ("expression", "day", "expected"),
    [
        ("30 7 * * *", "2026-03-02", ["07:30"]),
        ("0 */6 * * *", "2026-03-02", ["00:00", "06:00", "12:00", "18:00"]),
        ("0,30 9-10 * * mon", "2026-03-02", ["09:00", "09:30", "10:00", "10:30"]),
        ("0 9 * * tue", "2026-03-02", []),
        ("0 0 1 * mon", "2026-03-02", ["00:00"]),  # either day will do when both are given
        ("0 0 1 * mon", "2026-03-03", []),
        ("0 0 * * 7", "2026-03-01", ["00:00"]),  # 7 is Sunday too
        ("5/20 12 * feb-mar *", "2026-03-02", ["12:05", "12:25", "12:45"]),
        ("@daily", "2026-03-02", ["00:00"]),
    ],
)
def test_meaning(expression: str, day: str, expected: list[str]) -> None:
    assert minutes(expression, day) == expected


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("* * * *", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "weekday"),
        ("*/0 * * * *", "step"),
        ("5-1 * * * *", "minute"),
        ("x * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
    ],
)
def test_nonsense_names_the_field(expression: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Cron.parse(expression)


@given(st.text(alphabet="0123456789*/-, abcmon", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert Cron.parse(text).minutes
