"""What the words in a cell mean: a column that is voted to be something is then read as that."""

from __future__ import annotations

import pytest

from valhalla.intake.reading.cell_words import (
    NO,
    YES,
    emails_in,
    is_flag,
    is_line_type,
    line_type,
    numbers_in,
    yes,
)
from valhalla.intake.reading.voting import is_phone
from valhalla.leads.contacts import phone_key


@pytest.mark.parametrize(
    "word", [*sorted(YES), "Yes - federal", "DNC", "Registered", "National", "Known Litigator", "y"]
)
def test_a_flag_that_votes_as_a_yes_is_read_as_one(word: str) -> None:
    assert is_flag(word)
    assert yes(word)


@pytest.mark.parametrize("word", [*sorted(NO), "No - clean", "Clean", "not listed", "OK", "N"])
def test_a_flag_that_votes_as_a_no_is_read_as_one(word: str) -> None:
    assert is_flag(word)
    assert not yes(word)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        *(
            ("Mobile", "mobile"),
            ("WIRELESS", "mobile"),
            ("Cell Phone", "mobile"),
            ("W", "mobile"),
            ("c", "mobile"),
        ),
        *(("Land Line", "landline"), ("L", "landline"), ("Residential", "landline"), ("work", "landline")),
        *(
            ("VoIP", "voip"),
            ("Fixed VoIP", "voip"),
            ("v", "voip"),
            ("Phone 1", None),
            ("Skip Trace Phone", None),
        ),
    ],
)
def test_kinds_of_lines(said: str, kind: str | None) -> None:
    assert line_type(said) == kind
    assert kind is None or is_line_type(said)


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("C: 503-555-0391, H: 503-555-0392", ["503-555-0391", "503-555-0392"]),
        ("503-555-0393 (wife Kim), 503-555-0394", ["503-555-0393", "503-555-0394"]),
        ("+1-415-555-0353;ext=4", ["+1-415-555-0353;ext=4"]),
        ("503-555-0391/503-555-0392", ["503-555-0391", "503-555-0392"]),
        ("713/555-2123", ["713/555-2123"]),
        ("503-555-0391 & 503-555-0392 or 503-555-0395", ["503-555-0391", "503-555-0392", "503-555-0395"]),
        ("(404) 555-2311 ext. 22", ["(404) 555-2311 ext. 22"]),
        ("404-555-2311, 22", ["404-555-2311, 22"]),
    ],
)
def test_several_numbers_in_a_cell_vote_and_are_read(cell: str, numbers: list[str]) -> None:
    assert numbers_in(cell) == numbers
    assert is_phone(cell.replace("555-03", "555-23").replace("555-05", "555-25"))
    assert all(phone_key(number.replace("555-03", "555-23")) is not None for number in numbers)


def test_every_address_of_a_cell_is_read() -> None:
    assert emails_in("Ann <ANN@x.com>; mailto:b@y.org, no mail") == ["ann@x.com", "b@y.org"]
