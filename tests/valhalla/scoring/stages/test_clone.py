"""Stage 5: READY only when every gate passes; what cannot be measured is named."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.scoring.stages import decide
from valhalla.scoring.stages.clone import readiness
from valhalla.scoring.stages.explanation import explain
from valhalla.scoring.stages.gate import Readiness
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key
from valhalla.scoring.stages.snapshot import Month, Play

SETTINGS = DEFAULT_POLICY["clone"]
PROVEN = Play(
    (
        Month("2026-01", 100, 4, 4_000_000),
        Month("2026-02", 110, 4, 4_400_000),
        Month("2026-03", 90, 3, 3_000_000),
    ),
    (("csv", 7), ("ppc", 4)),
    (("ann", 6), ("bob", 5)),
    11,
    similarity=100_000,
)


def of(
    play: Play = PROVEN, cost: int = 1_500, quality: int | None = 970_000, settled: bool | None = True
) -> Readiness:
    return readiness(play, SETTINGS, cost, quality, settled)


def failed(found: Readiness) -> list[str]:
    return [gate.name for gate in found.gates if gate.passed is False]


def test_a_proven_play_is_ready() -> None:
    assert of().state == "READY"
    assert of().passed == of().measurable == 11


def test_a_market_may_have_a_cost_of_its_own(lab: Any) -> None:
    usual = lab.context_of()
    own = lab.context_of(set_key(DEFAULT_POLICY, "markets.Houston, TX.cost_per_lead", 5_000))
    dear = lab.context_of(set_key(DEFAULT_POLICY, "outcome.cost_per_lead", 5_000))
    assert own.play_readiness("Houston, TX", PROVEN) == dear.play_readiness(None, PROVEN)
    for market in ("Dallas, TX", None):
        assert own.play_readiness(market, PROVEN) == usual.play_readiness(None, PROVEN)
    assert dear.play_readiness(None, PROVEN) != usual.play_readiness(None, PROVEN)


def test_what_a_market_sets_for_itself_is_in_cents_and_only_its_own(lab: Any) -> None:
    usual = lab.context_of().segment("csv", "Houston, TX", "TX")
    assert usual.min_spread == DEFAULT_POLICY["packet"]["min_spread"] * 100
    own = lab.context_of(set_key(DEFAULT_POLICY, "markets.Houston, TX.min_spread", 12_345))
    assert own.segment("csv", "Houston, TX", "TX").min_spread == 12_345_00
    assert own.segment("csv", "Dallas, TX", "TX").min_spread == usual.min_spread


def months(*parts: tuple[int, int, int]) -> tuple[Month, ...]:
    return tuple(Month(f"2026-{i:02}", *part) for i, part in enumerate(parts, 1))


@pytest.mark.parametrize(
    ("play", "gates", "shortfall"),
    [
        (PROVEN._replace(months=PROVEN.months[:2], sources=(("csv", 4), ("ppc", 4))), ["closes", "months"], "2 more closes"),
        (PROVEN._replace(months=months((60, 4, 10**6), (60, 4, 10**6), (60, 4, 10**6))), ["matured leads"], "20 more matured leads"),
        (PROVEN._replace(months=months((100, 11, 10**6), (100, 0, 10**6), (100, 0, 10**6))), ["same close rate every month"], "steadier"),
        (PROVEN._replace(months=months((100, 4, 10**7), (100, 4, 10**5), (100, 3, 10**5))), ["steady fee per lead"], "steadier fees"),
        (PROVEN._replace(sources=(("csv", 10), ("ppc", 1))), ["largest source"], "closes from more than one source"),
        (PROVEN._replace(reps=(("ann", 11),)), ["largest rep"], "closes from more than one person"),
        (PROVEN._replace(similarity=250_000), ["similar target market"], "a more similar target market"),
    ],
)  # fmt: skip
def test_one_failed_gate_is_not_yet(play: Play, gates: list[str], shortfall: str) -> None:
    found = of(play)
    assert (found.state, failed(found)) == ("NOT YET", gates)
    assert shortfall in found.shortfall[0]


def test_the_other_gates() -> None:
    assert failed(of(cost=100_000)) == ["profit on the low side"]
    assert failed(of(quality=899_999)) == ["data quality"]
    assert failed(of(settled=False)) == ["settled script"]


def test_what_cannot_be_measured_is_not_passed() -> None:
    found = of(quality=None, settled=None)
    assert found.state == "NOT YET"
    assert found.unmeasured == ["data quality", "settled script"]
    assert (found.passed, found.measurable) == (9, 9)


def test_a_target_market_that_nobody_named_is_left_out() -> None:
    assert of(PROVEN._replace(similarity=None)).state == "READY"


def test_too_little_is_insufficient() -> None:
    assert of(Play()).state == "INSUFFICIENT DATA"
    assert of(PROVEN._replace(months=months((49, 5, 10**6)))).state == "INSUFFICIENT DATA"
    assert of(PROVEN._replace(months=months((500, 0, 0)))).state == "INSUFFICIENT DATA"
    assert of(Play()).shortfall[:3] == ["200 more matured leads", "10 more closes", "3 more months"]


def test_a_lead_is_told_about_its_market(lab: Any, context: Any) -> None:
    assert decide(lab.PLAIN, context).clone == "NOT YET"
    result = explain(lab.decided(lab.PLAIN, context), context)[4]
    assert result.reasons[1].startswith("It needs 100 more matured leads, 6 more closes, 1 more month")
    assert "data quality" in result.reasons[2]
    nowhere = lab.PLAIN._replace(market=None)
    assert decide(nowhere, context).clone == "INSUFFICIENT DATA"
