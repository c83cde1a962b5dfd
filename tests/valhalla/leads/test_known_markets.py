"""Markets as people type them."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.leads import known_markets
from valhalla.leads.known_markets import market_named, policy_key
from valhalla.program.errors import UsageError

PLACES = ["Houston TX", "Houston TX", "Portland OR", "Portland ME", "Portland OR", "St. Louis MO"]


@pytest.fixture(params=["indexed", "not indexed"])
def known(desk: Any, index: Any, request: pytest.FixtureRequest) -> Any:
    desk.take("a.csv", "".join(f"L {n},l{n}@example.com,1,,{place}\n" for n, place in enumerate(PLACES)))
    if request.param == "indexed":
        index(desk.database)
    return desk.database


@pytest.mark.parametrize(
    "typed", ["houston", "Houston, TX", "HOUSTON TX", " houston,tx ", "houston, texas", "Houston TX 77018"]
)
def test_a_market_is_known_however_it_is_typed(known: Any, typed: str) -> None:
    assert market_named(known, typed) == "Houston, TX"


def test_punctuation_does_not_count_and_nothing_is_nothing(known: Any) -> None:
    assert market_named(known, "st louis") == "St. Louis, MO"
    assert market_named(known, None) is None and market_named(known, " ") is None


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Huston", "no market Huston: did you mean Houston, TX?"),
        ("huston texas", "no market huston texas: did you mean Houston, TX?"),
        ("Portlnd", "did you mean Portland, OR?"),  # that of the two in which more leads are
        ("portland", "say Portland, ME or Portland, OR"),
        ("Atlantis", "the largest are Houston, TX"),
    ],
)
def test_one_that_nobody_has_names_the_nearest(known: Any, typed: str, says: str) -> None:
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        market_named(known, typed)
    assert market_named(known, "portland, me") == "Portland, ME"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("packet.fee", "packet.fee"),
        ("markets.houston.fee", "markets.Houston, TX.fee"),
        ("markets.boise id.fee", "markets.Boise, ID.fee"),
        ("markets.st. louis, mo.target", "markets.St. Louis, MO.target"),
        ("markets.Houston, TX", "markets.Houston, TX"),
    ],
)
def test_a_policys_market_is_typed_like_any_other(known: Any, typed: str, key: str) -> None:
    assert policy_key(known, typed) == key


def test_while_leads_are_missing_in_the_index_only_a_name_with_its_state_is_taken_from_it(
    desk: Any, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take("a.csv", "A B,a@example.com,1,,Portland OR\nC D,c@example.com,1,,Houston TX\n")
    index(desk.database)
    desk.take("b.csv", "E F,e@example.com,1,,Portland ME\n")
    with pytest.raises(UsageError, match="say Portland, ME or Portland, OR"):
        market_named(desk.database, "portland")
    monkeypatch.setattr(known_markets.facets, "count", pytest.fail)
    assert market_named(desk.database, "portland, or") == "Portland, OR"
    assert market_named(desk.database, "Houston, Texas") == "Houston, TX"
