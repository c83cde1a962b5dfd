"""Stage 3: the MAO, what is missing, what was assumed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages import decide
from valhalla.scoring.stages.explanation import explain
from valhalla.scoring.stages.packet import figures, formula
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key


@pytest.mark.parametrize(
    ("change", "status", "mao"),
    [
        ({}, "READY", 170_000_00),
        ({"address": None}, "INCOMPLETE", 170_000_00),
        ({"phone_key": None}, "READY", 170_000_00),
        ({"phone_key": None, "email": None}, "INCOMPLETE", 170_000_00),
        ({"arv": None}, "INCOMPLETE", None),
        ({"repairs": None}, "OVER", 121_250_00),
        ({"repairs": None, "value": 100_000_00}, "ESTIMATED", 121_250_00),
        ({"repairs": None, "condition": "haunted"}, "INCOMPLETE", None),
        ({"repairs": None, "sqft": None}, "INCOMPLETE", None),
        ({"repairs": 200_000_00}, "NEGATIVE", 0),
        ({"repairs": 200_000_01}, "NEGATIVE", -1),
        ({"value": 170_000_00}, "READY", 170_000_00),
        ({"value": 170_000_01}, "OVER", 170_000_00),
    ],
)
def test_status_by_hand(lab: Any, context: Any, change: dict[str, Any], status: str, mao: int | None) -> None:
    row = lab.PLAIN._replace(**change)
    decision = decide(row, context)
    assert (decision.packet, decision.mao) == (status, mao)
    assert decision.spread == (None if mao is None else mao - row.value)


def test_a_market_has_rules_of_its_own(lab: Any) -> None:
    policy = set_key(DEFAULT_POLICY, "markets.TX.fee", 5_000)
    policy = set_key(policy, "markets.TX.arv_share", 0.65)
    policy = set_key(policy, "markets.Houston, TX.arv_share", 0.75)  # a market comes before its state
    assert decide(lab.PLAIN, lab.context_of(policy)).mao == 300_000_00 * 75 // 100 - 30_000_00 - 5_000_00


def test_the_value_can_mean_the_arv(lab: Any) -> None:
    policy = set_key(DEFAULT_POLICY, "packet.value_means", "arv")
    decision = decide(lab.PLAIN._replace(arv=None, value=300_000_00), lab.context_of(policy))
    assert (decision.packet, decision.mao, decision.spread) == ("READY", 170_000_00, None)


def test_an_arv_is_assumed_only_when_the_policy_says_so(lab: Any) -> None:
    context = lab.context_of(set_key(DEFAULT_POLICY, "packet.assume_arv", True))
    row = lab.PLAIN._replace(arv=None)
    assert decide(row, context).mao == 150_000_00 * 70 // 100 - 30_000_00 - 10_000_00
    numbers = explain(lab.decided(row, context), context)[2].numbers
    assert numbers["assumptions"] == ["The ARV is assumed to be the list's value, as the policy allows."]


@given(data=st.data())
def test_more_arv_never_lowers_and_more_repairs_never_raise_the_mao(
    lab: Any, context: Any, data: st.DataObject
) -> None:
    row = data.draw(lab.rows)
    more = data.draw(st.integers(0, 10**8))
    base = decide(row, context).mao
    if row.arv is not None and base is not None:
        assert (decide(row._replace(arv=row.arv + more), context).mao or 0) >= base
    if row.repairs is not None and base is not None:
        assert (decide(row._replace(repairs=row.repairs + more), context).mao or 0) == base - more


def test_reasons_hold_the_formula_with_its_numbers(lab: Any, context: Any) -> None:
    result = explain(lab.decided(lab.PLAIN, context), context)[2]
    assert result.decision == "READY"
    assert result.reasons == [
        "MAO = ARV $300,000 x 70% - repairs $30,000 - fee $10,000 = $170,000.",
        "The asking price leaves a spread of $20,000.",
    ]
    assert result.numbers["offer_low_cents"] == 153_000_00
    assert result.numbers["buyer_share_ppm"] == 600_000
    assert result.numbers["most_fee_at_asking_cents"] == 30_000_00


def test_what_is_missing_and_assumed_is_said(lab: Any, context: Any) -> None:
    row = lab.PLAIN._replace(arv=None, repairs=None, address=None)
    result = explain(lab.decided(row, context), context)[2]
    assert result.numbers["missing"] == ["the ARV", "the address"]
    assert result.reasons == [
        "No offer can be worked out yet: the ARV and the address are missing.",
        'Repairs are assumed: 1,500 square feet at $52.50, the middle of $40 to $65 for condition "fair".',
    ]


@pytest.mark.parametrize("model", ["rule", "costs"])
@pytest.mark.parametrize("arv", [300_000_00, 180_000_00, 90_000_00])
def test_the_formula_that_is_shown_comes_to_what_it_says(lab: Any, model: str, arv: int) -> None:
    context = lab.context_of(set_key(DEFAULT_POLICY, "packet.model", model))
    row = lab.PLAIN._replace(arv=arv)
    segment = context.segment(row.source, row.market, row.state)
    said = formula(figures(lab.decided(row, context), segment, context.packet), segment, context.packet)
    assert said is not None
    left, _, right = said.removeprefix("MAO = ").rpartition(" = ")
    bare = re.sub(r"[A-Za-z]+ ", "", left.replace(" x ", " * ").replace("%", " / 100"))
    assert re.fullmatch(r"[-+*/$,.() 0-9]+", bare), bare
    assert round(eval(re.sub(r"[$,]", "", bare))) == int(re.sub(r"[$,]", "", right))
