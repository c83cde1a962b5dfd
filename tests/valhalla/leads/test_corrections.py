"""What a person put right, and what is left of it when they say otherwise."""

from __future__ import annotations

from valhalla.leads import corrections
from valhalla.leads.corrections import INSTEAD_OF, added, decoded, united, without

NOW = {"name": "Anne Lee", "email": "a@x.com", "address": None}


def test_what_stood_there_before_is_kept_once_and_blanks_are_not() -> None:
    text = added(None, {"name": "Ann Lee", "address": "1 Oak St"}, NOW)
    assert decoded(text) == {"name": "Ann Lee", "address": "1 Oak St", INSTEAD_OF: {"name": ["Anne Lee"]}}
    again = added(text, {"name": "Ana Lee"}, {**NOW, "name": "Ann Lee"})
    assert decoded(again)[INSTEAD_OF] == {"name": ["Anne Lee", "Ann Lee"]}
    back = added(again, {"name": "Anne Lee"}, {**NOW, "name": "Ana Lee"})
    assert decoded(back)[INSTEAD_OF] == {"name": ["Ann Lee", "Ana Lee"]}, "it stands there again"


def test_a_column_that_is_given_up_leaves_the_others() -> None:
    text = added(None, {"name": "Ann Lee", "email": "ann@x.com"}, NOW)
    assert decoded(without(text, ["name"])) == {"email": "ann@x.com", INSTEAD_OF: {"email": ["a@x.com"]}}
    assert without(text, ["address"]) == text
    assert without(text, ["name", "email"]) is None and without(None, ["name"]) is None


def test_of_two_leads_the_first_counts() -> None:
    mine = added(None, {"name": "Ann Lee"}, NOW)
    theirs = added(None, {"name": "A. Lee", "email": "ann@x.com"}, NOW)
    assert decoded(united(mine, theirs)) == {
        "name": "Ann Lee",
        "email": "ann@x.com",
        INSTEAD_OF: {"name": ["Anne Lee"], "email": ["a@x.com"]},
    }
    assert united(mine, None) == united(None, mine) == mine
    assert corrections.encoded({INSTEAD_OF: {}}) is None
