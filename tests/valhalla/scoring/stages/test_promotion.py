"""Stage 2: a script changes place only when every gate passes, and both ways by the same gates."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key
from valhalla.scoring.stages.promotion import (
    Move,
    compile_promotion,
    moves,
    primary_script,
    promotion_gates,
    settled,
)
from valhalla.scoring.stages.snapshot import Arm, Script, Snapshot

SETTINGS = {**DEFAULT_POLICY["promotion"], **DEFAULT_POLICY["assignment"]}
CHAMPION = Arm(exposed=3_000, matured=3_000, conversions=90, opt_outs=30, days=40)
WINNER = Arm(exposed=3_000, matured=3_000, conversions=150, opt_outs=30, days=40)


def failed(champion: Arm, challenger: Arm, p: float = 0.5, clicked: bool = True) -> list[str]:
    gates = promotion_gates(champion, challenger, p, champion.exposed + challenger.exposed, SETTINGS, clicked)
    return [gate.name for gate in gates if not gate.passed]


@pytest.mark.parametrize(("clicked", "says"), [(True, "confirmed"), (False, "has to confirm")])
def test_the_gate_of_a_persons_click_says_whether_it_was_given(clicked: bool, says: str) -> None:
    gates = promotion_gates(CHAMPION, WINNER, 0.5, 6_000, SETTINGS, clicked)
    (gate,) = [gate for gate in gates if gate.name == "a person's click"]
    assert says in gate.says


def test_a_clear_winner_passes_every_gate() -> None:
    assert failed(CHAMPION, WINNER) == []


@pytest.mark.parametrize(
    ("challenger", "gate"),
    [
        (WINNER._replace(days=6), "days"),
        (WINNER._replace(conversions=95), "always-valid p"),
        (WINNER._replace(conversions=40), "always-valid p"),
        (WINNER._replace(opt_outs=90), "opt-outs"),
    ],
)
def test_one_gate_is_enough_to_stop(challenger: Arm, gate: str) -> None:
    assert failed(CHAMPION, challenger) == [gate]


def test_the_other_gates() -> None:
    assert failed(CHAMPION, WINNER, p=0.0001) == ["split of leads"]
    assert failed(CHAMPION, WINNER, clicked=False) == ["a person's click"]
    assert failed(Arm(matured=199, conversions=9, days=9), Arm(matured=300, conversions=10, days=9)) == [
        "matured leads per script",
        "conversions",
        "always-valid p",
    ]


def test_no_winner_yet_says_how_many_more_leads_it_takes() -> None:
    gates = promotion_gates(
        CHAMPION._replace(matured=1_000, conversions=30), Arm(1_000, 1_000, 45, 9, 40), 0.5, 2_000, SETTINGS
    )
    gate = next(g for g in gates if g.name == "always-valid p")
    assert "no winner yet" in gate.says
    assert gate.shortfall == "about 2,050 more leads per script to decide"


def moves_of(lab: Any, a: Arm, b: Arm, **more: Any) -> list[Move]:
    snapshot = lab.LEARNT._replace(
        arms=((1, a), (2, b)), **{k: more.pop(k) for k in ("scripts",) if k in more}
    )
    policy = set_key(DEFAULT_POLICY, "promotion.automatic", more.pop("automatic", True))
    return moves(compile_promotion(policy, snapshot), snapshot, **more)


def states(found: list[Move]) -> list[tuple[int, str, str]]:
    return [(move.script_id, move.before, move.after) for move in found]


def test_promotion_demotion_retirement_and_comeback(lab: Any) -> None:
    assert states(moves_of(lab, CHAMPION, WINNER)) == [(2, "testing", "primary"), (1, "primary", "secondary")]
    assert states(moves_of(lab, WINNER, CHAMPION)) == [(2, "testing", "retired")]
    assert moves_of(lab, CHAMPION, CHAMPION) == []
    swapped = (lab.SCRIPTS[0]._replace(state="secondary"), lab.SCRIPTS[1]._replace(state="primary"))
    assert states(moves_of(lab, WINNER, CHAMPION, scripts=swapped)) == [
        (1, "secondary", "primary"),
        (2, "primary", "secondary"),
    ]


def test_a_person_decides_unless_automatic_and_a_pin_holds(lab: Any) -> None:
    assert moves_of(lab, CHAMPION, WINNER, automatic=False) == []
    assert len(moves_of(lab, CHAMPION, WINNER, automatic=False, clicked={2})) == 2
    assert moves_of(lab, CHAMPION, WINNER, pinned={1}) == []
    assert moves_of(lab, CHAMPION, WINNER, pinned={2}) == []


def test_a_script_in_use_for_the_first_time_is_testing(lab: Any) -> None:
    fresh = (lab.SCRIPTS[0], lab.SCRIPTS[1]._replace(state="experimental"))
    assert states(moves_of(lab, Arm(1), Arm(1), scripts=fresh)) == [(2, "experimental", "testing")]


def test_settled_means_proven(lab: Any) -> None:
    def is_settled(a: Arm, b: Arm) -> bool | None:
        snapshot = lab.LEARNT._replace(arms=((1, a), (2, b)))
        return settled(compile_promotion(DEFAULT_POLICY, snapshot), snapshot)

    assert is_settled(WINNER, CHAMPION) is True
    assert is_settled(CHAMPION, WINNER) is False
    assert settled(compile_promotion(DEFAULT_POLICY, Snapshot()), Snapshot()) is None


def test_the_markets_own_script_comes_first() -> None:
    general = Script(1, "a", 1, "call", None, "primary")
    own = Script(2, "b", 1, "call", "Houston, TX", "secondary")
    text = Script(3, "c", 1, "text", None, "primary")
    gone = Script(4, "d", 9, "call", "Houston, TX", "retired")
    assert primary_script([general, own, text, gone], "Houston, TX") == 2
    assert primary_script([general, own, text, gone], "Dallas, TX") == 1
    assert primary_script([general, own, text, gone], None, "text") == 3
    assert primary_script([gone], "Houston, TX") is None


def test_a_retired_script_of_a_variant_is_replaced_by_the_primary(lab: Any) -> None:
    from valhalla.scoring.stages import decide

    retired = lab.LEARNT._replace(scripts=(lab.SCRIPTS[0], lab.SCRIPTS[1]._replace(state="retired")))
    context = lab.context_of(snapshot=retired)
    assert {decide(lab.PLAIN._replace(identity=i), context).script_id for i in range(20)} == {1}
