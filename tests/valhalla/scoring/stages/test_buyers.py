"""Which buyers a deal fits, and what speaks against the others."""

from __future__ import annotations

import pytest

from valhalla.scoring.stages.buyers import Buyer, Deal, Matches, against, match

DEAL = Deal("Houston, TX", "TX", 180_000_00, 300_000_00, 30_000_00, 3)


@pytest.mark.parametrize(
    ("buyer", "reason"),
    [
        (Buyer("any"), None),
        (Buyer("b", markets=("Houston, TX",)), None),
        (Buyer("b", markets=("TX",)), None),
        (Buyer("b", markets=("Dallas, TX",)), "market"),
        (Buyer("b", max_price=180_000_00), None),
        (Buyer("b", max_price=179_999_99), "price"),
        (Buyer("b", min_beds=3), None),
        (Buyer("b", min_beds=4), "beds"),
        (Buyer("b", max_repairs=30_000_00), None),
        (Buyer("b", max_repairs=29_999_99), "repairs"),
        (Buyer("b", max_share=700_000), None),
        (Buyer("b", max_share=699_999), "share"),
    ],
)
def test_one_wish_at_a_time(buyer: Buyer, reason: str | None) -> None:
    assert against(DEAL, buyer) == reason


def test_what_is_not_known_fits_only_who_does_not_ask() -> None:
    unknown = Deal(None, None, None, None, None, None)
    assert against(unknown, Buyer("any")) is None
    asks = [
        Buyer("b", markets=("TX",)),
        Buyer("b", max_price=1),
        Buyer("b", min_beds=1),
        Buyer("b", max_repairs=1),
        Buyer("b", max_share=1),
    ]
    assert [against(unknown, buyer) for buyer in asks] == ["market", "price", "beds", "repairs", "share"]


def test_the_sentence() -> None:
    buyers = [Buyer("Ann"), Buyer("Bob", min_beds=9), Buyer("Cem"), *[Buyer("x", max_price=1)] * 9]
    assert (
        match(DEAL, buyers).says() == "2 of 12 buyers fit: Ann and Cem. Against the others: price 9, beds 1."
    )
    assert match(DEAL, []) == Matches((), 0, ())
    assert match(DEAL, []).says() == "No buyer list has been imported."
