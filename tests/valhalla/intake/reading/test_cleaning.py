"""Contacts, places, dates, distress words and keys of single texts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.intake.reading.careful import formula_like
from valhalla.intake.reading.dates import list_date
from valhalla.intake.reading.distress import STEMS, distress_words
from valhalla.leads import identity
from valhalla.leads.contacts import phone_key, plausible_email
from valhalla.leads.markets import market_of


@pytest.mark.parametrize(
    "email",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'neil@example.com",
        "jörg@müller.de",
        "a@xn--p1ai.xn--p1ai",
    ],
)
def test_plausible_emails(email):
    assert plausible_email(email)


@pytest.mark.parametrize(
    "email",
    [".@", "@", "a@b", "a.b", "a@.com", "a@b..com", ".a@b.com", "a.@b.com", "a b@c.com", "a@b@c.com", "a@b.com;c@d.com",
     "<a@b.com>", "mailto:a@b.com", "a@b.c", "a@-b.com", "a@b_.com", "x" * 65 + "@b.com", "a@" + "b." * 130 + "com", ""],
)  # fmt: skip
def test_what_is_no_email(email):
    assert not plausible_email(email)


def test_a_hostile_email_takes_no_time():
    began = time.process_time()
    for text in ("a." * 100_000 + "@", "a@" + "a-" * 100_000, "a@" + "a." * 100_000 + "!"):
        assert not plausible_email(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    ["7135552123", "(713) 555-2123", "713.555.2123", "+1 713 555 2123", "1-713-555-2123", "713-555-2123 x45",
     "713 555 2123 ext. 9", "+17135552123", "7135552123.0"],
)  # fmt: skip
def test_one_number_however_written(text):
    assert phone_key(text) == 17135552123


@pytest.mark.parametrize(
    "text", ["", "n/a", "555-2123", "0000000000", "2222222222", "1135552123", "7131552123", "7.1e9", "9" * 40]
)
def test_what_is_no_phone(text):
    assert phone_key(text) is None


def test_other_countries():
    assert phone_key("+44 20 7946 0958") == 442079460958
    assert phone_key("030 901820", "DE") == 4930901820


@pytest.mark.parametrize(
    ("city", "state", "location", "market"),
    [
        (None, None, "Houston, TX", ("Houston, TX", "TX")),
        (None, None, "houston texas 77002", ("Houston, TX", "TX")),
        (None, None, "12 Main St, Houston, TX 77002-1234, USA", ("Houston, TX", "TX")),
        (None, None, "New York, New York", ("New York, NY", "NY")),
        (None, None, "ST. LOUIS MO", ("St. Louis, MO", "MO")),
        (None, None, "Toronto, ON M5V 2T6", ("Toronto, ON", None)),
        (None, None, "TX", (None, "TX")),
        (None, None, "somewhere", (None, None)),
        ("austin", "Texas", None, ("Austin, TX", "TX")),
        ("austin", None, "Dallas, TX", ("Dallas, TX", "TX")),
    ],
)
def test_markets(city, state, location, market):
    assert market_of(city, state, location) == market


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05",
        "2026/1/5",
        "20260105",
        "01/05/2026",
        "1/5/26",
        "5 Jan 2026",
        "January 5, 2026",
        "46027",
        "2026-01-05 00:00",
    ],
)
def test_dates(text):
    assert list_date(text) == 1_767_571_200_000_000


def test_dates_by_profile_and_no_dates():
    assert list_date("05/01/2026", True) == list_date("2026-01-05")
    assert list_date("31/12/2026") == list_date("2026-12-31")
    assert list_date("2026-01-05T10:00:00+02:00") == list_date("2026-01-05T08:00:00Z")
    for text in ("soon", "2026-13-01", "0001-01-01", "12", "99999", "1/2/3/4"):
        assert list_date(text) is None


def test_distress_words_in_their_order():
    assert distress_words("Vacant house, PROBATE case") == "probate,vacant"
    assert distress_words("not vacant") is None
    assert distress_words("pre-foreclosure") == "pre-foreclosure"
    assert distress_words("") is None
    assert all(distress_words(stem) is not None for stem in STEMS)


@pytest.mark.parametrize(("cell", "verdict"), [("=1", True), ("@x", True), ("+x", True), ("-x()", True), ("\tx", True),
                                               ("+17135552123", False), ("-12.5", False), ("-", False), ("", False), ("x=", False)])  # fmt: skip
def test_formula_like(cell, verdict):
    assert formula_like(cell) is verdict


def test_keys_do_not_change():
    """They are stored: another value would make every lead of every file a new one."""
    assert identity.email_key("john@example.com") == 8682639910382369621
    assert identity.phone_name_key(17135552123, "John Smith") == -5577186292971780170
    assert identity.lead_id_key("csv", "17") == 8559179215261019652
    assert identity.name_address_key("John Smith", "12 Main St") == 3569909806398173021
    assert identity.alternate_key(8682639910382369621, "John Smith", 17135552123) == 8682639910086378019
    assert identity.phone_name_key(17135552123, "Smith, John") == identity.phone_name_key(
        17135552123, "john SMITH"
    )
    assert identity.lead_id_key("a", "1") != identity.lead_id_key("b", "1")


def test_the_alternate_tells_people_at_one_address_apart():
    who = identity.email_key("office@example.com")
    assert identity.alternate_key(who, "Ann", 17135552123) == identity.alternate_key(who, "ANN", 17135552123)
    others = {identity.alternate_key(who, name, None) for name in ("Ann", "Bob", "Cy")}
    assert len(others | {who}) == 4


@given(st.text(max_size=30))
def test_keys_fit_a_signed_64_bit_column(text):
    assert -(2**63) <= identity.key(text) < 2**63
    assert -(2**63) <= identity.alternate_key(identity.key(text), text, 1) < 2**63
