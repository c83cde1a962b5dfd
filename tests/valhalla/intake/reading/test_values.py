"""Asking prices: what is read, what is refused, and with which words."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.intake.reading import Profile
from valhalla.intake.reading.values import complaint, money, optional_count, optional_money

STRICT, US, EU = Profile(), Profile(value_format="us"), Profile(value_format="eu")


@pytest.mark.parametrize(
    ("text", "cents"),
    [("500000", 50_000_000), ("500000.5", 50_000_050), ("+7", 700), ("7.", 700), (".5", 50), ("007", 700), ("1e13", None),
     ("10000000000000", 10**15), ("0", 0), ("0.00", 0)],
)  # fmt: skip
def test_plain_numbers(text, cents):
    assert money(text, STRICT).cents == cents


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abc", "VALUE_NOT_NUMBER"), ("5 5x", "VALUE_NOT_NUMBER"), ("-", "VALUE_NOT_NUMBER"), (".", "VALUE_NOT_NUMBER"),
        ("nan", "VALUE_NOT_FINITE"), ("-Inf", "VALUE_NOT_FINITE"), ("Infinity", "VALUE_NOT_FINITE"),
        ("-5", "VALUE_NOT_POSITIVE"), ("-99999999999999999999", "VALUE_NOT_POSITIVE"),
        ("10000000000000.01", "VALUE_TOO_LARGE"), ("9" * 5000, "VALUE_TOO_LARGE"),
        ("$500,000", "VALUE_CURRENCY"), ("500 USD", "VALUE_CURRENCY"), ("€ 5", "VALUE_CURRENCY"), ("US$5", "VALUE_CURRENCY"),
        ("500,000", "VALUE_GROUPING"), ("1,234.50", "VALUE_GROUPING"), ("12 345", "VALUE_GROUPING"), ("1'234", "VALUE_GROUPING"),
        ("1234,50", "VALUE_LOCALE"), ("1.234.567", "VALUE_LOCALE"), ("1.234,5", "VALUE_LOCALE"), ("12,3,4", "VALUE_LOCALE"),
        ("1e5", "VALUE_FORMAT"), ("1E+5", "VALUE_FORMAT"), ("500_000", "VALUE_FORMAT"), ("５００", "VALUE_FORMAT"),
        ("500k", "VALUE_FORMAT"), ("1.2M", "VALUE_FORMAT"), ("(500)", "VALUE_FORMAT"), ("0x1F", "VALUE_FORMAT"), ("٣٤", "VALUE_FORMAT"),
    ],
)  # fmt: skip
def test_each_form_that_nobody_meant_has_its_own_code(text, code):
    verdict = money(text, STRICT)
    assert (verdict.cents, verdict.code) == (None, code)
    assert complaint(text, verdict, STRICT, "csv").startswith("Value must be numeric: ")


@pytest.mark.parametrize(
    ("text", "profile", "cents"),
    [
        ("$500,000", US, 50_000_000), ("$ 1,234.50", US, 123_450), ("500,000 USD", US, 50_000_000), ("500000", US, 50_000_000),
        ("1.234.567,50 €", EU, 123_456_750), ("1.234", EU, 123_400), ("12,5", EU, 1_250), ("EUR 7", EU, 700),
        ("1234,50", Profile(decimal_comma=True), 123_450),
    ],
)  # fmt: skip
def test_profiles_read_other_forms(text, profile, cents):
    assert money(text, profile).cents == cents


@pytest.mark.parametrize(
    ("text", "profile", "code"),
    [
        ("1.234,50", US, "VALUE_LOCALE"), ("1,23", US, "VALUE_LOCALE"), ("500k", US, "VALUE_FORMAT"), ("€5", US, "VALUE_CURRENCY"),
        ("1,234.50", EU, "VALUE_LOCALE"), ("500.5", EU, "VALUE_LOCALE"), ("$5", EU, "VALUE_CURRENCY"),
        ("1.234,50", Profile(decimal_comma=True), "VALUE_LOCALE"),
    ],
)  # fmt: skip
def test_what_a_profile_does_not_say_is_not_guessed(text, profile, code):
    assert money(text, profile).code == code


def test_the_sentence_says_what_to_write_and_what_to_turn_on():
    verdict = money("$500,000", STRICT)
    assert complaint("$500,000", verdict, STRICT, "propstream") == (
        'Value must be numeric: "$500,000" has a currency sign and thousands commas; write 500000, '
        'or turn on value_format=us for source "propstream"'
    )


@given(st.decimals(min_value=0, max_value=10**12, places=4))
def test_rounding_is_half_to_even(number):
    expected = int(number.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN) * 100)
    verdict = money(f"{number:f}", STRICT)
    assert verdict.cents == expected
    assert (verdict.code == "VALUE_ROUNDED") == (number * 100 != int(number * 100))


@given(st.text(max_size=20))
def test_any_text_has_a_verdict(text):
    for profile in (STRICT, US, EU, Profile(decimal_comma=True)):
        verdict = money(text, profile)
        assert (verdict.cents is None) <= (verdict.code is not None)
        assert verdict.cents is None or 0 <= verdict.cents <= 10**15


def test_optional_numbers_are_read_leniently():
    assert optional_money("$250,000", STRICT) == 25_000_000
    assert optional_money("0", STRICT) == 0
    assert optional_money("about 5", STRICT) is None
    assert optional_count("1,850 sqft") == 1850
    assert optional_count("3+") == 3
    assert optional_count("3.5") is None
