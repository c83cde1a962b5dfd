"""Every boxed example of docs/stages.md, recomputed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.assignment import compile_assignment, decide_assignment
from valhalla.scoring.stages.clone import readiness
from valhalla.scoring.stages.outcome import compile_outcome, decide_outcome, estimate, mean_fee, posterior
from valhalla.scoring.stages.packet import Figures, figures
from valhalla.scoring.stages.point_lines import point_lines
from valhalla.scoring.stages.policy import DEFAULT_POLICY, FIRST_POLICY, set_key
from valhalla.scoring.stages.reasons import Fact, Form, best_of
from valhalla.scoring.stages.score import band
from valhalla.scoring.stages.score_reasons import contributions
from valhalla.scoring.stages.shares import Counts, Shares
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
    numbers = (cents(given[name]) for name in ("arv", "repairs"))
    found = Figures("", None, cents(given["spread"]), row.value, *numbers)
    lines = contributions(lead, found, segment, context.score, lab.NOW)
    total = sum(line.points for line in lines)
    answer: dict[str, Any] = {line.name: line.points / 100 for line in lines}
    return {**answer, "score": total / 100, "band": band(total // 100, context.score)}


def posterior_of(given: dict[str, str], lab: Any) -> dict[str, float]:
    policy = set_key(
        set_key(FIRST_POLICY, "outcome.prior", number(given["p"])), "outcome.pseudo_leads", int(given["m"])
    )
    mine = tally(f"{given['closes']} of {given['leads']}")
    rules = compile_outcome(policy, Snapshot())
    a, b = (float(each) for each in posterior(Tally(0, 0), mine, rules))
    interval = statistics.beta_interval(a, b)
    return {"a": a, "b": b, "rate": a / (a + b), "low": interval.low, "high": interval.high}


def four_parts(given: dict[str, str], lab: Any) -> dict[str, Any]:
    worth, loans, asking = cents(given.get("worth")), cents(given.get("loans")), cents(given.get("asking"))
    numbers_ = [
        {"key": 17135550100 + n, "type": None, "flags": []} for n in range(int(given.get("further", 0)) + 1)
    ]
    numbers_[0]["type"] = {"unknown": None}.get(given["number"], given["number"])
    details = {"estimated_value": worth, "loans": loans, "phones": numbers_}
    if "owned" in given:
        details["last_sale"] = {"date": lab.NOW - int(given["owned"].split()[0]) * lab.DAY}
    row = lab.PLAIN._replace(
        distress=given["signs"].replace(", ", ","),
        value=asking,
        list_date=lab.NOW - int(given["list days"]) * lab.DAY if "list days" in given else None,
        details=json.dumps({name: value for name, value in details.items() if value is not None}),
    )
    context = lab.context_of(FIRST_POLICY, Snapshot())
    lead = lab.decided(row, context)
    segment = context.segment(row.source, row.market, row.state)
    found = figures(lead, segment, context.packet)._replace(spread=cents(given.get("spread")))
    lines = point_lines(lead, found, segment, context.score, lab.NOW)
    total = sum(line.points for line in lines)
    missing = {"freshness", "rounding"} - {line.name for line in lines}
    answer = dict.fromkeys(missing, 0.0) | {line.name: line.points / 100 for line in lines}
    left_out = {name for name, value in answer.items() if value} - {*EXPECTED_LINES}
    assert left_out == set()
    return {**answer, "score": total / 100, "band": band(total // 100, context.score)}


EXPECTED_LINES = (
    *(
        "signs",
        "years owned",
        "equity",
        "equity amount",
        "spread",
        "size",
        "mobile",
        "further numbers",
        "deadline",
    ),
    *("freshness", "rounding"),
)


def reasons_said(given: dict[str, str], lab: Any) -> dict[str, Any]:
    signs = {
        sign: [int(part.split()[0]) for part in text.split(", ")]
        for sign, text in given.items()
        if sign != "leads"
    }
    leads = int(given["leads"])
    counts = Counts(Shares(0, leads, leads, tuple((sign, each[0]) for sign, each in signs.items()), ()))
    facts = [
        Fact("sell", sign, points * 100, "are", (Form(sign, sign),)) for sign, (_, points) in signs.items()
    ]
    said, _ = best_of(facts, counts)
    assert said is not None
    return {
        **{f"surprise of {sign}": counts.surprise(sign) / 1000 for sign in signs},
        "passed over": ", ".join(sign for sign in signs if counts.common(sign)),
        "said": said.about,
    }


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
    "posterior": posterior_of,
    "four parts": four_parts,
    "reasons": reasons_said,
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
