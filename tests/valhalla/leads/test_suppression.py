"""Entries of the do-not-contact list, and the list in memory."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.leads import suppression
from valhalla.leads.do_not_contact import add
from valhalla.leads.suppression import Entry, entry
from valhalla.program.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ANN@Example.com ", Entry("email", "ann@example.com")),
        ("(713) 555-2101", Entry("phone", "17135552101")),
        ("+1 713 555 2101", Entry("phone", "17135552101")),
        ("@Spam.Example", Entry("domain", "spam.example")),
        ("spam.example", Entry("domain", "spam.example")),
    ],
)
def test_what_is_understood(text: str, expected: Entry) -> None:
    assert entry(text) == expected


@pytest.mark.parametrize("text", ["", "ann", "12", "ann@", "a b@x.com"])
def test_what_is_not(text: str) -> None:
    with pytest.raises(UsageError):
        entry(text)


def test_the_list_is_loaded_once_until_it_changes(desk: Any) -> None:
    first = suppression.load(desk.database)
    assert suppression.load(desk.database, first) is first
    add(desk.database, [entry("ann@example.com")])
    assert suppression.load(desk.database, first) is not first
