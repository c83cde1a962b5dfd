"""Stage 1: sticky, by weight, and independent between experiments."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.assignment import BUCKETS, AssignmentRules, compile_assignment, decide_assignment
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key
from valhalla.scoring.stages.snapshot import Experiment, Variant


def rules_of(*weights: int, version: int = 1, number: int = 1, holdout: float = 0.0) -> AssignmentRules:
    variants = tuple(Variant(i, str(i), w, None) for i, w in enumerate(weights, 1))
    policy = set_key(DEFAULT_POLICY, "assignment.holdout_share", holdout)
    rules = compile_assignment(policy, Experiment(number, "x", version, "won", variants))
    assert rules is not None
    return rules


@given(st.integers(-(2**63), 2**63 - 1))
def test_the_same_lead_gets_the_same_variant(identity: int) -> None:
    assert decide_assignment(identity, None, rules_of(1, 1)) == decide_assignment(
        identity, None, rules_of(1, 1)
    )


def test_known_buckets_never_change() -> None:
    # By hand: printf '1\x1f1\x1f42' | b2sum -l 64, as a number modulo 10000.
    assert [decide_assignment(i, None, rules_of(1, 1))[1] for i in (42, 0, -1)] == [1806, 9415, 8854]


def test_leads_fall_by_the_weights() -> None:
    rules = rules_of(5, 3, 2)
    counts = Counter(decide_assignment(i, None, rules)[0] for i in range(20_000))
    assert statistics.sample_ratio_p([counts[1], counts[2], counts[3]], [5, 3, 2]) > 0.001


def test_two_experiments_are_independent() -> None:
    first, second = rules_of(1, 1, number=1), rules_of(1, 1, number=2)
    both = Counter(
        (decide_assignment(i, None, first)[0], decide_assignment(i, None, second)[0]) for i in range(20_000)
    )
    assert statistics.sample_ratio_p([both[a, b] for a in (1, 2) for b in (1, 2)], [1, 1, 1, 1]) > 0.001


def test_every_bucket_is_taken_and_the_holdout_is_at_the_end() -> None:
    rules = rules_of(1, 1, 1, holdout=0.1)
    assert len(rules.variant_of) == BUCKETS
    assert rules.variant_of[8_999] == 3
    assert set(rules.variant_of[9_000:]) == {None}


def test_a_lead_keeps_its_variant_when_weights_change() -> None:
    assert decide_assignment(42, 2, rules_of(1, 0))[0] == 2
    assert decide_assignment(42, 77, rules_of(1, 0))[0] == 1, "a variant of another experiment is not kept"


def test_an_experiment_without_weight_takes_nobody() -> None:
    assert (
        compile_assignment(DEFAULT_POLICY, Experiment(1, "x", 1, "won", (Variant(1, "A", 0, None),))) is None
    )
    assert compile_assignment(DEFAULT_POLICY, None) is None


def test_who_must_not_be_contacted_is_in_no_experiment(lab: Any, context: Any) -> None:
    from valhalla.scoring.stages import decide
    from valhalla.scoring.stages.explanation import explain

    decision = decide(lab.PLAIN, context, suppressed="on the do-not-call list")
    assert (decision.variant_id, decision.bucket, decision.score, decision.score_base) == (None, None, 0, 0)
    lead = lab.decided(lab.PLAIN, context, suppressed="on the do-not-call list")
    assert "takes part in no experiment" in explain(lead, context)[0].reasons[0]
