"""Stage 4: shrinkage by hand, unknown while nothing is known."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from valhalla.scoring.stages import decide
from valhalla.scoring.stages.explanation import explain
from valhalla.scoring.stages.outcome import compile_outcome, estimate
from valhalla.scoring.stages.policy import DEFAULT_POLICY, FIRST_POLICY, set_key
from valhalla.scoring.stages.snapshot import Snapshot, Tally


def test_unknown_while_there_are_no_outcomes(lab: Any) -> None:
    context = lab.context_of(snapshot=Snapshot())
    decision = decide(lab.PLAIN, context)
    assert (decision.p_close, decision.expected_value) == (None, None)
    result = explain(lab.decided(lab.PLAIN, context), context)[3]
    assert result.decision == "unknown"
    assert "no outcome has been recorded yet" in result.reasons[0]


def test_the_prior_alone_is_called_an_assumption(lab: Any) -> None:
    context = lab.context_of(set_key(DEFAULT_POLICY, "outcome.prior_alone", True), Snapshot())
    assert decide(lab.PLAIN, context).p_close == 20_000
    assert "assumption" in explain(lab.decided(lab.PLAIN, context), context)[3].reasons[0]


def test_each_step_by_hand(lab: Any) -> None:
    rules = compile_outcome(DEFAULT_POLICY, lab.LEARNT)
    everything = Fraction(13 + 1, 512 + 50)
    csv = (4 + 50 * everything) / (200 + 50)
    here = (4 + 50 * csv) / (100 + 50)
    assert estimate("never", None, rules).p == round(everything * 10**6)
    assert estimate("csv", None, rules).p == round(csv * 10**6)
    assert estimate("csv", "Houston, TX", rules).p == round(here * 10**6)
    assert [
        estimate(*key, rules).basis
        for key in (("never", None), ("csv", "El Paso, TX"), ("csv", "Houston, TX"))
    ] == [
        "all leads",
        "source",
        "source and market",
    ]


def test_expected_value_by_hand(lab: Any, context: Any) -> None:
    p = decide(lab.PLAIN, context).p_close
    assert decide(lab.PLAIN, context).expected_value == p * 30_000_00 // 10**6 - 15_00
    fee = (9 * 12_000_00 + 5 * 10_000_00) // 14
    assert decide(lab.PLAIN._replace(arv=None), context).expected_value == p * fee // 10**6 - 15_00
    assert decide(lab.PLAIN._replace(value=900_000_00), context).expected_value == -15_00
    assert (
        decide(lab.PLAIN._replace(arv=900_000_00), context).expected_value == p * 40_000_00 // 10**6 - 15_00
    )


tallies = st.integers(0, 400).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))


@given(tallies, tallies)
def test_a_probability_is_between_prior_and_data(mine: Tally, here: Tally) -> None:
    snapshot = Snapshot(sources=(("s", mine),), segments=(("s", "M", here),))
    found = estimate("s", "M", compile_outcome(DEFAULT_POLICY, snapshot))
    if mine.worked == 0:
        assert found.p is None
        return
    rates = [0.02, mine.closes / mine.worked, *([here.closes / here.worked] if here.worked else [])]
    assert found.p is not None
    assert min(rates) * 1e6 - 1 <= found.p <= max(rates) * 1e6 + 1


@given(tallies.filter(lambda t: t.worked > t.closes))
def test_one_more_close_never_lowers_it(mine: Tally) -> None:
    def p(tally: Tally) -> int:
        return estimate("s", None, compile_outcome(DEFAULT_POLICY, Snapshot(sources=(("s", tally),)))).p or 0

    assert p(Tally(mine.worked, mine.closes + 1)) > p(mine)


def rates(lab: Any, *sources: tuple[str, Tally]) -> Any:
    context = lab.context_of(FIRST_POLICY, Snapshot(sources=sources))
    return explain(lab.decided(lab.PLAIN, context), context)[3]


def test_one_won_lead_of_ten_says_no_rate(lab: Any) -> None:
    found = rates(lab, ("csv", Tally(10, 1)))
    assert found.decision == "unknown"
    assert found.reasons == ["Unknown: 10 leads have been worked so far; a rate is said from 20 on."]
    assert found.numbers["p_close_ppm"] is None and "low_ppm" not in found.numbers


def test_a_source_with_few_worked_leads_is_not_judged_by_them(lab: Any) -> None:
    found = rates(lab, ("csv", Tally(10, 1)), ("ppc", Tally(200, 4)))
    assert "source csv has only 10 worked leads, so this is the rate of all leads" in found.reasons[0]
    assert not any("csv closed" in reason for reason in found.reasons)


@given(worked=st.integers(20, 3_000), closes=st.integers(0, 20))
def test_point_and_interval_come_from_one_posterior(lab: Any, worked: int, closes: int) -> None:
    numbers = rates(lab, ("csv", Tally(worked, closes))).numbers
    assert numbers["low_ppm"] <= numbers["p_close_ppm"] <= numbers["high_ppm"]
    assert closes == 0 or numbers["low_ppm"] < numbers["high_ppm"]
