"""Stage 6: points by hand, lines that add up exactly, and monotone where people expect it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages import decide
from valhalla.scoring.stages.explanation import explain, score_lines
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key
from valhalla.scoring.stages.score import band, compile_score, decide_score, freshness, freshness_table
from valhalla.scoring.stages.snapshot import Snapshot

RULES = compile_score(DEFAULT_POLICY)


def lines_of(lab: Any, context: Any, row: Any, **more: Any) -> dict[str, float]:
    return {
        line.name: line.points / 100
        for line in score_lines(lab.decided(row, context, **more), context, lab.NOW)
    }


def test_a_score_by_hand(lab: Any) -> None:
    context = lab.context_of(snapshot=Snapshot())
    row = lab.PLAIN._replace(distress="probate,absentee", warnings="A,B", list_date=lab.NOW - 30 * lab.DAY)
    assert lines_of(lab, context, row, lists=3, status="appointment") == {
        "source record": 0,
        "target market": 0,
        "buy box": 5,
        "spread": 10,
        "equity": 3,
        "repairs": 2,
        "motivation": 8,
        "phone": 10,
        "email": 5,
        "own address": 5,
        "lists": 6,
        "stage history": 5,
        "warnings": -4,
        "freshness": 5,
    }
    decision = decide(row, context, lists=3, status="appointment")
    assert (decision.score_base, decision.score) == (5_500, 60)


@pytest.mark.parametrize(
    ("change", "name", "points"),
    [
        ({"value": 40_000_00}, "buy box", 5),
        ({"value": 39_999_99}, "buy box", 0),
        ({"value": 170_000_00}, "spread", 0),
        ({"value": 169_999_99}, "spread", 7),
        ({"value": 160_000_00}, "spread", 10),
        ({"value": 210_000_00}, "equity", 3),
        ({"value": 210_000_01}, "equity", 0),
        ({"repairs": 45_000_00}, "repairs", 2),
        ({"repairs": 45_000_01}, "repairs", 0),
        ({"arv": None}, "spread", 0),
        ({"distress": "probate,vacant,divorce,inherited,eviction"}, "motivation", 20),
        ({"distress": "something else"}, "motivation", 5),
        ({"phone_key": None}, "phone", 0),
        ({"email": None}, "email", 0),
        ({"email": None}, "own address", 0),
        ({"email": "info@x.com"}, "own address", 0),
        ({"email": "infos@x.com"}, "own address", 5),
        ({"warnings": "A,B,C,D,E,F"}, "warnings", -10),
        ({"list_date": 0}, "freshness", 0),
    ],
)
def test_each_contribution_at_its_edge(
    lab: Any, context: Any, change: dict[str, Any], name: str, points: float
) -> None:
    assert lines_of(lab, context, lab.PLAIN._replace(**change))[name] == points


def test_a_target_market_earns_its_points(lab: Any) -> None:
    context = lab.context_of(set_key(DEFAULT_POLICY, "markets.TX.target", True))
    assert lines_of(lab, context, lab.PLAIN)["target market"] == 5
    assert lines_of(lab, context, lab.PLAIN._replace(market="Dayton, OH", state="OH"))["target market"] == 0


@given(data=st.data())
def test_lines_add_up_to_the_score_exactly(lab: Any, context: Any, data: st.DataObject) -> None:
    row = data.draw(lab.rows)
    lists, status = data.draw(st.integers(1, 9)), data.draw(st.sampled_from(["new", "contacted", "contract"]))
    suppressed = data.draw(st.sampled_from([None, "do not call"]))
    decision = decide(row, context, lists=lists, status=status, suppressed=suppressed)
    lead = lab.stored(row, decision, lists=lists, status=status, suppressed=suppressed)
    lines = score_lines(lead, context, lab.NOW)
    assert sum(line.points for line in lines) == decision.score * 100
    assert 0 <= decision.score <= 100


@given(data=st.data())
def test_monotone_where_people_expect_it(lab: Any, context: Any, data: st.DataObject) -> None:
    row = data.draw(lab.rows)
    lists = data.draw(st.integers(1, 9))
    score = decide(row, context, lists=lists).score_base

    def other(**change: Any) -> int:
        return int(decide(row._replace(**change), context, lists=lists).score_base)

    more = data.draw(st.integers(1, 10**8))
    if row.arv is not None:
        assert other(arv=row.arv + more) >= score
    if row.repairs is not None:
        assert other(repairs=row.repairs + more) <= score
    if row.phone_key is None:
        assert other(phone_key=17135550100) > score
    if row.email is None:
        assert other(email="ann@lee.org") > score
    assert other(distress=f"{row.distress},fire damage" if row.distress else "fire damage") >= score
    assert other(warnings=f"{row.warnings},Z" if row.warnings else "Z") <= score
    assert decide(row, context, lists=lists + 1).score_base >= score


@given(st.integers(-10, 900), st.integers(0, 900))
def test_a_lead_never_gets_fresher(age: int, later: int) -> None:
    day = 86_400_000_000
    assert freshness(0, age * day, RULES) >= freshness(0, (age + later) * day, RULES) >= 0


def test_freshness_halves_and_ends() -> None:
    table = freshness_table(10, 30)
    assert [table[d] for d in (0, 1, 30, 60, 90)] == [1_000, 977, 500, 250, 125]
    assert table[-1] == 0
    assert freshness_table(0, 30) == (0,)
    assert all(abs(v - 1_000 * 0.5 ** (d / 30)) <= 0.5 + 1e-9 for d, v in enumerate(table))


def test_rounding_and_limits() -> None:
    assert [
        decide_score(*pair)
        for pair in ((4_949, 0), (4_950, 0), (-500, 100), (9_000, 2_000), (9_949, 0), (9_950, 0))
    ] == [
        49,
        50,
        0,
        100,
        99,
        100,
    ]
    assert [band(score, RULES) for score in (100, 70, 69, 50, 49, 30, 29, 0)] == list("AABBCCDD")


def test_what_would_raise_it(lab: Any, context: Any) -> None:
    row = lab.PLAIN._replace(arv=None, phone_key=None)
    numbers = explain(lab.decided(row, context), context)[5].numbers
    assert numbers["would_raise_it"][:3] == [
        {"how": "ask for the reason to sell", "points": 20},
        {"how": "find out the ARV", "points": 15},
        {"how": "a working phone number", "points": 10},
    ]


def test_a_suppressed_lead_scores_nothing_and_says_why(lab: Any, context: Any) -> None:
    lead = lab.decided(lab.PLAIN, context, suppressed="on the do-not-call list")
    assert lead.decision.score == 0
    result = explain(lead, context)[5]
    assert result.decision == "0 (D)"
    assert any("on the do-not-call list" in reason for reason in result.reasons)
