"""The packet as a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from valhalla.scoring.stages.buyers import Buyer
from valhalla.scoring.stages.calling import NextAction
from valhalla.scoring.stages.packet_document import document, earns_packet
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key


def test_everything_is_in_it(lab: Any, context: Any) -> None:
    lead = lab.decided(lab.PLAIN, context)
    action = NextAction("call now", "call", "Try 1 of 6.", lab.NOW)
    found = document(
        lead, context, [Buyer("Ann")], [action], {"file": "a.csv", "line": 2, "import_id": 7}, "2026-10-01"
    )
    assert found["numbers"] == {
        "asking_cents": 150_000_00,
        "arv_cents": 300_000_00,
        "repairs_cents": 30_000_00,
        "mao_cents": 170_000_00,
        "fee_cents": 10_000_00,
        "spread_cents": 20_000_00,
        "equity_cents": None,  # no list says what is owed
        "buyer_price_cents": 180_000_00,
    }
    assert found["offer"] == {"opening_cents": 150_000_00, "most_cents": 150_000_00}, "never above the asking"
    assert found["buyers"]["fit"] == ["Ann"]
    assert found["script"] == {"id": lead.decision.script_id, "name": "Calm", "version": 1}
    assert found["next_actions"][0]["why"] == "Try 1 of 6."
    assert found["provenance"]["line"] == 2
    assert found["risks"] == []
    json.dumps(found, allow_nan=False)
    assert document(lead, context) == document(lead, context.at(lab.NOW + 1)), (
        "time alone makes no new packet"
    )


def test_what_is_missing_stays_missing(lab: Any, context: Any) -> None:
    row = lab.PLAIN._replace(arv=None, repairs=None, sqft=None, address=None)
    found = document(lab.decided(row, context), context)
    assert (found["numbers"]["mao_cents"], found["offer"], found["formula"]) == (None, None, None)
    assert found["missing"] == [
        "the ARV",
        "the cost of repairs (or square feet and condition)",
        "the address",
    ]


@pytest.mark.parametrize(
    ("change", "risk"),
    [
        ({"value": 180_000_00}, "The owner has to come down by $10,000."),
        ({"value": 165_000_00}, "The spread of $5,000 is thin: one surprise in the repairs takes it."),
        ({"repairs": 210_000_00}, "No offer leaves room for repairs and fee."),
        ({"repairs": 160_000_00}, "Repairs cost more than half of the ARV."),
        ({"repairs": None}, "The cost of repairs is assumed, nobody has looked at the house."),
        ({"warnings": "PHONE,OUTLIER"}, "The list's data has warnings: PHONE and OUTLIER."),
    ],
)
def test_risks(lab: Any, context: Any, change: dict[str, Any], risk: str) -> None:
    assert risk in document(lab.decided(lab.PLAIN._replace(**change), context), context)["risks"]


def test_a_price_that_is_hard_to_sell_on(lab: Any) -> None:
    context = lab.context_of(set_key(DEFAULT_POLICY, "packet.arv_share", 0.9))
    risks = document(lab.decided(lab.PLAIN, context), context)["risks"]
    assert risks == ["A buyer would pay 80% of the ARV; above 75% a deal is hard to sell on."]


def test_who_earns_a_packet(lab: Any, context: Any) -> None:
    lead = lab.decided(lab.PLAIN, context)
    assert lead.decision.score >= 50
    assert earns_packet(lead, context)
    assert not earns_packet(lead._replace(suppressed="asked us"), context)
    assert not earns_packet(lead._replace(status="dead"), context)
    low = lab.decided(lab.PLAIN._replace(arv=None, email=None, phone_key=None), context)
    assert not earns_packet(low, context)
