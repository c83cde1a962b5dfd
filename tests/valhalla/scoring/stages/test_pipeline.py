"""All six together: the reasons come from the same formulas as the decision, and nothing but the input matters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.program.database import memory_database
from valhalla.scoring.stages import STAGES, Decision, StoredLead, decide, redecide
from valhalla.scoring.stages.explanation import explain
from valhalla.scoring.stages.pipeline import redecide_columns
from valhalla.scoring.stages.policy import DEFAULTS
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.snapshot import Snapshot

DETAILS = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "estimated_value": st.integers(1, 90_000_000),
            "loans": st.integers(0, 90_000_000),
            "equity": st.integers(-9_000_000, 90_000_000),
            "equity_percent": st.floats(-50, 120).map(lambda percent: round(percent, 2)),
            "years_owned": st.floats(0, 90),
            "last_sale": st.fixed_dictionaries({}, optional={"date": st.integers(-(10**15), 2 * 10**15)}),
            "mailing": st.fixed_dictionaries({}, optional={"address": st.sampled_from(["1 Main St", "9 Elm St"]), "state": st.just("ca")}),
            "signs": st.lists(st.sampled_from([{"sign": "auction", "date": 1}, {"sign": "high equity"}, {"sign": "odd"}]), max_size=3),
            "phones": st.lists(
                st.sampled_from([
                    {"key": 17135550100, "type": "mobile", "flags": []},
                    {"key": 17135550101, "type": None, "flags": ["wrong"]},
                    {"key": 17135550102, "type": "landline", "flags": []},
                ]),
                max_size=3,
            ),
        },
    ).map(json.dumps),
)  # fmt: skip


@pytest.mark.parametrize("formula", [1, 2])
@given(data=st.data())
def test_decide_and_explain_agree(lab: Any, formula: int, data: st.DataObject) -> None:
    context = lab.context_of(DEFAULTS[formula])
    row = data.draw(lab.rows)._replace(details=data.draw(DETAILS))
    more = {
        "lists": data.draw(st.integers(1, 5)),
        "created_at": data.draw(st.integers(lab.NOW - 300 * lab.DAY, lab.NOW)),
        "status": data.draw(st.sampled_from(["new", "contacted", "appointment"])),
        "suppressed": data.draw(st.sampled_from([None, "do not call"])),
    }
    lead = lab.decided(row, context, **more)
    kept = lead.decision
    first, second, packet, outcome, clone, score = explain(lead, context)
    assert [r.stage for r in explain(lead, context)] == [key for key, _ in STAGES]
    assert first.numbers.get("variant_id") == kept.variant_id
    assert first.numbers.get("bucket") == kept.bucket
    assert second.numbers["script_id"] == kept.script_id
    assert (packet.decision, packet.numbers["mao_cents"], packet.numbers["spread_cents"]) == (
        kept.packet,
        kept.mao,
        kept.spread,
    )
    assert (outcome.numbers["p_close_ppm"], outcome.numbers.get("expected_value_cents")) == (
        kept.p_close,
        kept.expected_value,
    )
    assert clone.decision == kept.clone
    assert score.numbers["score"] == kept.score
    assert score.numbers["score_base_points"] == kept.score_base / 100
    assert round(sum(line["points"] for line in score.numbers["contributions"]) * 100) == kept.score * 100
    for result in explain(lead, context):
        assert result.reasons and all(result.reasons)
        assert (result.policy_version, result.at) == (kept.policy_version, kept.decided_at)
        json.dumps(result.numbers, allow_nan=False)
    assert redecide(lead, context) == kept
    behind = ("columns", "behind", "these")
    assert redecide_columns((*lead[:-1], *lead.decision, *behind), context) == kept


@pytest.mark.parametrize(
    ("formula", "status", "counts"), [(1, "appointment", "appointment"), (2, "contacted", "interested")]
)
def test_only_formula_2_knows_the_finer_word(lab: Any, formula: int, status: str, counts: str) -> None:
    context = lab.context_of(DEFAULTS[formula])
    lead = lab.decided(lab.PLAIN, context, status=status)._replace(standing="interested")
    assert redecide(lead, context) == decide(lab.PLAIN, context, status=counts)


@given(data=st.data())
def test_order_does_not_matter_and_memory_does_not_show(lab: Any, data: st.DataObject) -> None:
    rows = data.draw(st.lists(lab.rows, max_size=8))
    one, other = lab.context_of(), lab.context_of()
    forth = [decide(row, one) for row in rows]
    back = [decide(row, other) for row in reversed(rows)]
    assert forth == back[::-1]
    assert [decide(row, one) for row in rows] == forth


@given(data=st.data())
def test_an_explanation_is_of_the_decision_whatever_the_time_is_now(
    lab: Any, context: Any, data: st.DataObject
) -> None:
    lead = lab.decided(data.draw(lab.rows), context)
    assert explain(lead, context.at(lab.NOW + 900 * lab.DAY)) == explain(lead, context)


def test_same_input_same_output_on_every_platform(lab: Any, context: Any) -> None:
    row = lab.PLAIN._replace(list_date=lab.NOW - 7 * lab.DAY, distress="vacant", identity=-(2**63))
    assert tuple(decide(row, context, lists=2)) == (
        1, 3648, 1, "READY", 170_000_00, 20_000_00, 33_661, 994_83, "NOT YET", 5_809, 67, 1, 1, lab.NOW
    )  # fmt: skip


def test_the_columns_are_those_of_the_table() -> None:
    with memory_database() as database:
        columns = [
            name for (name,) in database.sql("SELECT name FROM pragma_table_info('lead') ORDER BY cid")
        ]
    first = columns.index("variant_id")
    assert tuple(columns[first : first + len(Decision._fields)]) == Decision._fields
    assert set(StoredLead._fields[:-1]) <= set(columns)


def test_a_missing_column_is_named(lab: Any, context: Any) -> None:
    import pytest

    columns = {**lab.PLAIN._asdict(), **decide(lab.PLAIN, context)._asdict()}
    with pytest.raises(KeyError, match="id"):
        StoredLead.from_columns(columns)


def test_no_experiment_no_script_no_outcomes(lab: Any) -> None:
    context = lab.context_of(snapshot=Snapshot())
    decision = decide(lab.PLAIN, context)
    assert (decision.variant_id, decision.bucket, decision.script_id) == (None, None, None)
    reasons = [result.reasons[0] for result in explain(lab.decided(lab.PLAIN, context), context)[:2]]
    assert reasons == [
        "No experiment is running, so the lead is in none.",
        "There is no script for this lead yet.",
    ]


def test_a_source_of_its_own_in_every_row_does_not_fill_the_memory(lab: Any, monkeypatch: Any) -> None:
    from valhalla.scoring.stages import compiled

    monkeypatch.setattr(compiled, "_MOST_SEGMENTS", 5)
    context = lab.context_of()
    for i in range(50):
        decide(lab.PLAIN._replace(source=str(i)), context)
    assert len(context.segments) <= 5


def test_a_snapshot_survives_its_json(lab: Any) -> None:
    assert Snapshot.from_json(lab.LEARNT.to_json()) == lab.LEARNT
    assert Snapshot.from_json(Snapshot().to_json()) == Snapshot()
    assert lab.LEARNT.digest() != Snapshot().digest()


def test_a_row_has_the_fields_that_decide_unpacks() -> None:
    assert Row._fields.index("identity") == 21
    assert len(Row._fields) == 26
