"""Every boxed example of docs/stages.md, recomputed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.assignment import compile_assignment, decide_assignment
from valhalla.scoring.stages.clone import readiness
from valhalla.scoring.stages.outcome import compile_outcome, decide_outcome, estimate, mean_fee
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key
from valhalla.scoring.stages.score import band
from valhalla.scoring.stages.score_reasons import contributions
from valhalla.scoring.stages.snapshot import Estimate, Experiment, Month, Play, Snapshot, Tally, Variant

DOC = Path(__file__).parents[4] / "docs" / "stages.md"


class Example(NamedTuple):
    kind: str
    given: dict[str, str]
    expected: dict[str, str]
    line: int


def examples() -> list[Example]:
    text = DOC.read_text(encoding="utf-8")
    found = []
    for box in re.finditer(r"```example ([^\n]+)\n(.*?)```", text, re.S):
        given: dict[str, str] = {}
        expected: dict[str, str] = {}
        for line in box[2].splitlines():
            name, arrow, value = re.fullmatch(r"(.+?)\s*(->|=)\s*(.+)", line).groups()  # type: ignore[union-attr]
            (expected if arrow == "->" else given)[name.strip()] = value.strip()
        found.append(Example(box[1].strip(), given, expected, text[: box.start()].count("\n") + 1))
    return found


def number(text: str) -> float:
    return float(text.replace(",", ""))


def cents(text: str | None) -> int | None:
    return None if text is None else round(number(text) * 100)


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(", ")]


def whole(text: str) -> list[int]:
    return [int(part) for part in text.split(", ")]


def tally(text: str) -> Tally:
    closes, worked = text.split(" of ")
    return Tally(int(worked), int(closes))


def segment_of(lab: Any, policy: dict[str, Any] = DEFAULT_POLICY, p: int | None = None) -> Any:
    import dataclasses

    context = lab.context_of(policy, Snapshot())
    segment = context.segment("csv", None, None)
    track = 0 if p is None else min(1_500, 1_500 * p // 50_000)
    return context, dataclasses.replace(
        segment, p_close=p, estimate=Estimate(p, "", *[Tally(0, 0)] * 3), track_points=track
    )


def assignment(given: dict[str, str], lab: Any) -> dict[str, float]:
    variants = tuple(Variant(i, str(i), w, None) for i, w in enumerate(whole(given["weights"]), 1))
    experiment = Experiment(
        int(given["experiment id"]), "x", int(given["experiment version"]), "won", variants
    )
    rules = compile_assignment(DEFAULT_POLICY, experiment)
    assert rules is not None
    variant, bucket = decide_assignment(int(given["identity"]), None, rules)
    return {"variant": variant or 0, "bucket": bucket}


def sample_ratio(given: dict[str, str], lab: Any) -> dict[str, float]:
    return {"p": statistics.sample_ratio_p(whole(given["seen"]), whole(given["weights"]))}


def arms(given: dict[str, str]) -> tuple[tuple[int, int], tuple[int, int]]:
    (sa, sb), (na, nb) = whole(given["conversions"]), whole(given["leads"])
    return (sa, na), (sb, nb)


def always_valid(given: dict[str, str], lab: Any) -> dict[str, float]:
    return {"p": statistics.always_valid_p(*arms(given), number(given["smallest"]))}


def to_decide(given: dict[str, str], lab: Any) -> dict[str, float]:
    more = statistics.leads_to_decide(*arms(given), number(given["smallest"]), number(given["p"]))
    return {"more": more or 0}


def wilson(given: dict[str, str], lab: Any) -> dict[str, float]:
    found = statistics.wilson(int(given["successes"]), int(given["trials"]), number(given["confidence"]))
    return {"low": found.low, "high": found.high}


def packet(given: dict[str, str], lab: Any) -> dict[str, Any]:
    from valhalla.scoring.stages import decide
    from valhalla.scoring.stages.packet import figures

    policy = set_key(DEFAULT_POLICY, "packet.model", given.get("model", "rule"))
    context = lab.context_of(policy, Snapshot())
    row = lab.PLAIN._replace(
        value=cents(given["asking"]),
        arv=cents(given.get("arv")),
        repairs=cents(given.get("repairs")),
        sqft=int(number(given["sqft"])) if "sqft" in given else None,
        condition=given.get("condition"),
    )
    lead = lab.decided(row, context)
    found = figures(lead, context.segment(row.source, row.market, row.state), context.packet)
    assert (found.mao, found.spread, found.status) == decide(row, context)[4:6] + decide(row, context)[3:4]
    answer: dict[str, Any] = {
        name: (getattr(found, name) or 0) / 100 for name in ("mao", "spread", "repairs")
    }
    return {**answer, "status": found.status}


def probability(given: dict[str, str], lab: Any) -> dict[str, float]:
    everything, mine, here = (tally(given[name]) for name in ("all leads", "source", "source and market"))
    other = Tally(everything.worked - mine.worked, everything.closes - mine.closes)
    snapshot = Snapshot(sources=(("s", mine), ("t", other)), segments=(("s", "M", here),))
    return {"p": (estimate("s", "M", compile_outcome(DEFAULT_POLICY, snapshot)).p or 0) / 1e6}


def fee(given: dict[str, str], lab: Any) -> dict[str, float]:
    deals, total = given["recorded"].split(" deals, ")
    rules = compile_outcome(DEFAULT_POLICY, Snapshot(deals=int(deals), fees=cents(total) or 0))
    return {"mean": mean_fee(cents(given["fee"]) or 0, rules) / 100}


def expected_value(given: dict[str, str], lab: Any) -> dict[str, float]:
    policy = set_key(
        set_key(DEFAULT_POLICY, "packet.fee", int(number(given["fee"]))),
        "outcome.cost_per_lead",
        int(given["cost"]),
    )
    context, segment = segment_of(lab, policy, round(number(given["p"]) * 1e6))
    return {"value": (decide_outcome(cents(given["spread"]), segment, context.outcome) or 0) / 100}


def calibration(given: dict[str, str], lab: Any) -> dict[str, float]:
    predicted, happened = numbers(given["predicted"]), whole(given["happened"])
    return {
        "brier": statistics.brier(predicted, happened),
        "z": statistics.calibration(predicted, happened).z,
    }


def clone(given: dict[str, str], lab: Any) -> dict[str, Any]:
    months = [
        re.fullmatch(r"(\d+) leads (\d+) closes? ([\d,]+)", part) for part in given["months"].split("; ")
    ]
    pairs = {
        name: tuple((p.split()[0], int(p.split()[1])) for p in given[name].split(", "))
        for name in ("sources", "reps")
    }
    play = Play(
        tuple(Month(str(i), int(m[1]), int(m[2]), cents(m[3]) or 0) for i, m in enumerate(months) if m),
        pairs["sources"],
        pairs["reps"],
        sum(count for _, count in pairs["sources"]),
    )
    quality = round(number(given["quality"]) * 1e6)
    found = readiness(play, DEFAULT_POLICY["clone"], 15_00, quality, given["settled"] == "yes")
    return {"state": found.state, "passed": found.passed, "needs": ", ".join(found.shortfall)}


def stability(given: dict[str, str], lab: Any) -> dict[str, float]:
    return {"index": statistics.stability_index(whole(given["before"]), whole(given["now"]))}


def score(given: dict[str, str], lab: Any) -> dict[str, Any]:
    context, segment = segment_of(lab, p=round(number(given["p"]) * 1e6))
    row = lab.PLAIN._replace(
        value=cents(given["value"]),
        distress=given["distress"].replace(", ", ","),
        email=given["email"],
        warnings=",".join("W" * int(given["warnings"])),
        list_date=lab.NOW - int(given["days"]) * lab.DAY,
    )
    lead = lab.decided(row, context, lists=int(given["lists"]))
    lines = contributions(
        lead,
        row.value,
        cents(given["arv"]),
        cents(given["repairs"]),
        cents(given["spread"]),
        segment,
        context.score,
        lab.NOW,
    )
    total = sum(line.points for line in lines)
    answer: dict[str, Any] = {line.name: line.points / 100 for line in lines}
    return {**answer, "score": total / 100, "band": band(total // 100, context.score)}


COMPUTE: dict[str, Callable[[dict[str, str], Any], dict[str, Any]]] = {
    "assignment": assignment,
    "sample ratio": sample_ratio,
    "always-valid p": always_valid,
    "leads to decide": to_decide,
    "wilson": wilson,
    "packet": packet,
    "probability": probability,
    "mean fee": fee,
    "expected value": expected_value,
    "calibration": calibration,
    "clone": clone,
    "stability": stability,
    "score": score,
}


@pytest.mark.parametrize("example", examples(), ids=lambda e: f"line {e.line}: {e.kind}")
def test_the_example_is_right(example: Example, lab: Any) -> None:
    found = COMPUTE[example.kind](example.given, lab)
    for name, text in example.expected.items():
        if re.fullmatch(r"-?[\d,]+(\.\d+)?", text):
            decimals = len(text.partition(".")[2])
            assert round(float(found[name]), decimals) == number(text), name
        else:
            assert found[name] == text, name


def test_every_stage_has_an_example() -> None:
    assert {example.kind for example in examples()} == set(COMPUTE)
