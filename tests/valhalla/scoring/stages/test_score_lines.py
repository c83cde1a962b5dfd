"""What each line of a score says in words, and what it asks for, by both formulas."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.scoring.stages.explanation import score_lines
from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.policy import DEFAULT_POLICY, FIRST_POLICY, set_key
from valhalla.scoring.stages.score_reasons import Contribution, in_learnt_points, raises_of
from valhalla.scoring.stages.snapshot import Snapshot

HERE, THERE = "markets.Houston, TX.target", "markets.Dallas, TX.target"
NO_PRICE = {"value": None}
DEAR = {"value": 290_000_00}
OWES = {"details": '{"estimated_value": 20000000, "loans": 7660000}'}
PHONES = {
    "details": '{"phones": [{"key": 17135550100, "type": "landline", "flags": []}, {"key": 17135550101, "type": "mobile", "flags": []},'
    ' {"key": 17135550102, "type": "mobile", "flags": ["wrong"]}]}'
}
FOR_BOTH: list[tuple[dict[str, Any], str | None, str, str]] = [
    ({}, None, "target market", "The policy names no target market."),
    ({}, HERE, "target market", "Houston, TX is a target market."),
    ({}, THERE, "target market", "Houston, TX is not a target market."),
    ({"market": None}, THERE, "target market", "An unknown market is not a target market."),
    ({}, None, "spread", "The asking price is $20,000 below the most you can offer."),
    (DEAR, None, "spread", "The asking price is $120,000 above the most you can offer."),
    (NO_PRICE, None, "spread", "The spread is unknown without the asking price."),
    ({"arv": None}, None, "spread", "The spread is unknown without the ARV."),
    (
        {"repairs": None, "condition": None, **NO_PRICE},
        None,
        "spread",
        "The spread is unknown without repairs and the asking price.",
    ),
    ({}, None, "warnings", "No quality warning."),
    ({"warnings": "A,B"}, None, "warnings", "Warnings: A and B."),
]
OF_THE_OLDER = [
    ({}, None, "source record", "No outcome has been recorded yet."),
    ({}, None, "buy box", "The value of $150,000 is inside the buy box of $40,000 to $750,000."),
    ({"value": 10_00}, None, "buy box", "The value of $10 is outside the buy box of $40,000 to $750,000."),
    (NO_PRICE, None, "buy box", "The asking price is not known; the buy box is $40,000 to $750,000."),
    ({}, None, "equity", "The asking price is 50% below the ARV."),
    ({"arv": None}, None, "equity", "The equity is unknown without the ARV."),
    (NO_PRICE, None, "equity", "The equity is unknown without the asking price."),
    ({}, None, "repairs", "Repairs cost $30,000, 10% of the ARV."),
    ({"arv": None}, None, "repairs", "Repairs cost $30,000; the ARV is unknown."),
    ({"repairs": None, "condition": None}, None, "repairs", "The cost of repairs is unknown."),
    ({}, None, "motivation", "No sign of motivation in the list."),
    ({"distress": "probate,vacant"}, None, "motivation", "Signs of motivation: probate and vacant."),
    ({}, None, "phone", "Has a phone number."),
    ({"phone_key": None}, None, "phone", "Has no plausible phone number."),
    ({}, None, "email", "Has an e-mail address."),
    ({"email": None}, None, "email", "Has no e-mail address."),
    ({}, None, "own address", "The e-mail address is a person's."),
    ({"email": "info@lee.org"}, None, "own address", "No e-mail address of a person."),
]
OF_THE_NEWER = [
    ({}, None, "buy box", "$150,000 is inside the buy box of $40,000 to $750,000."),
    ({"value": 10_00}, None, "buy box", "$10 is outside the buy box of $40,000 to $750,000."),
    (NO_PRICE, None, "buy box", "The value is not known."),
    ({}, None, "size", "Asks $150,000."),
    (NO_PRICE, None, "size", "Neither asking price nor estimated value is known."),
    ({}, None, "mobile", "It is not known whether the number is a mobile."),
    ({"phone_key": None}, None, "mobile", "There is no number to call."),
    ({}, None, "signs", "No sign that they may want to sell."),
    ({}, None, "equity", "The equity is not known."),
    (OWES, None, "equity", "61% of the value is theirs."),
    ({}, None, "equity amount", "The equity in dollars is not known."),
    (OWES, None, "equity amount", "The equity is $123,400."),
    (OWES | NO_PRICE, None, "size", "Worth about $200,000."),
    ({}, None, "further numbers", "0 further numbers can be called."),
    (PHONES, None, "further numbers", "1 further number can be called."),
    (PHONES, None, "mobile", "The number is a landline."),
]


def said(lab: Any, policy: dict[str, Any], row: dict[str, Any], key: str | None) -> dict[str, Any]:
    context = lab.context_of(policy if key is None else set_key(policy, key, True), Snapshot())
    lead = lab.decided(lab.PLAIN._replace(**row), context)
    return {line.name: line for line in score_lines(lead, context, lab.NOW)}


@pytest.mark.parametrize(("row", "key", "name", "says"), [*FOR_BOTH, *OF_THE_OLDER])
def test_a_line_says_why(lab: Any, row: dict[str, Any], key: str | None, name: str, says: str) -> None:
    assert said(lab, DEFAULT_POLICY, row, key)[name].says == says


@pytest.mark.parametrize(("row", "key", "name", "says"), [*FOR_BOTH, *OF_THE_NEWER])
def test_a_line_of_the_newer_formula_says_why(
    lab: Any, row: dict[str, Any], key: str | None, name: str, says: str
) -> None:
    assert said(lab, FIRST_POLICY, row, key)[name].says == says


@pytest.mark.parametrize("policy", [DEFAULT_POLICY, FIRST_POLICY], ids=["older", "newer"])
def test_only_what_is_missing_is_asked_for(lab: Any, policy: dict[str, Any]) -> None:
    full = said(lab, policy, {"distress": "probate"}, HERE)
    bare = said(
        lab, policy, {"arv": None, "phone_key": None, "email": None, "warnings": "A"} | NO_PRICE, None
    )
    asked = {name for name, line in bare.items() if line.raise_by} - {
        name for name, line in full.items() if line.raise_by
    }
    both = {"spread", "warnings"}
    older = {"target market", "buy box", "equity", "repairs", "motivation", "phone", "email", "own address"}
    assert asked == both | (older if policy is DEFAULT_POLICY else {"signs", "size"})


def test_what_would_raise_a_score_is_added_up_by_what_it_takes() -> None:
    lines = [
        Contribution("a", 100, "", 500, "ask"),
        Contribution("b", 0, "", 300, "look"),
        Contribution("c", 50, "", 150, "ask"),
        Contribution("d", 20, "", 20, "nothing is left"),
        Contribution("e", 0, "", 900),
    ]
    assert list(raises_of(lines).items()) == [("ask", 500), ("look", 300)]


def test_learnt_points_of_a_line_that_counts_against_a_lead_are_none_at_most() -> None:
    learnt = LearntScore(0, 10, 2, 500, (2_000_000, -1_000_000), 1, 1, True, "It was learnt.")
    lines = [Contribution("a", 100, "", 300), Contribution("b", 50, "", 200)]
    found = in_learnt_points(lines, (100, 50), learnt)
    assert [(line.name, line.points, line.most) for line in found] == [
        ("a", 200, 600), ("b", -50, 0), ("baseline", 500, 0),
    ]  # fmt: skip
    assert found[-1].says == "Every lead gets this; it was learnt."
