"""What a receiver says about when to come again, in its own words."""

from __future__ import annotations

import pytest

from valhalla.effects.webhook import LONGEST_WAIT, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", LONGEST_WAIT),
        (None, None),
        ("", None),
        ("  ", None),
        ("soon", None),
        ("-5", None),
        ("\u00b2", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_says_nothing(
    text: str | None, seconds: float | None
) -> None:
    assert retry_after(text) == seconds
