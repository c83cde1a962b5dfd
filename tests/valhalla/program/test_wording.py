"""Amounts as people type them, and numbers as they read them."""

from __future__ import annotations

import pytest

from valhalla.program import wording
from valhalla.program.errors import UsageError
from valhalla.program.wording import cents

NOW = 1_790_000_000_000_000  # 2026-09-21 14:13 UTC


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12000", 1_200_000),
        ("$12,000", 1_200_000),
        ("12000.5", 1_200_050),
        ("0.07", 7),
        ("$150k", 15_000_000),
        ("1.25M", 125_000_000),
    ],
)
def test_amounts(text: str, found: int) -> None:
    assert cents(text) == found


@pytest.mark.parametrize("text", ["", "12q", "1,2", "-5", "1.234", "nan"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        cents(text)


def test_money() -> None:
    assert [wording.money(c) for c in (0, 5, 15_250_000, -100, 123_456)] == [
        "$0",
        "$0.05",
        "$152,500",
        "-$1",
        "$1,234.56",
    ]


def test_percent_share_and_points() -> None:
    assert [wording.percent(p) for p in (0, 27_000, 1_000_000, 36_226, 100_000)] == [
        "0%",
        "2.7%",
        "100%",
        "3.62%",
        "10%",
    ]
    assert wording.share(0.7) == "70%"
    assert [wording.points(p) for p in (0, 750, -200, 1_086, 1_000)] == ["+0", "+7.5", "-2", "+10.86", "+10"]


def test_counts_and_lists() -> None:
    assert [wording.several(n, "close") for n in (0, 1, 1_200)] == ["0 closes", "1 close", "1,200 closes"]
    assert [wording.listed(list(words)) for words in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
