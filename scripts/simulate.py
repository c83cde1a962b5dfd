#!/usr/bin/env python3
"""What the stages conclude about leads whose true rates are known.

    python scripts/simulate.py            200 runs of each simulation, some seconds
    python scripts/simulate.py --short    100 runs of each

Exit code 1 when a promise is broken: equal scripts are promoted in at most 2 % of runs, a true 3 % -> 4.5 % is found in at least 95 % within
10,000 leads per script, and predicted closes are off by less than 2 points.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.outcome import compile_outcome, estimate
from valhalla.scoring.stages.policy import DEFAULT_POLICY, set_key
from valhalla.scoring.stages.promotion import compile_promotion, moves
from valhalla.scoring.stages.snapshot import Arm, Experiment, Script, Snapshot, Tally, Variant

LOOK_EVERY = 50
MOST_LEADS = 10_000
LEADS_A_DAY = 50
OPT_OUTS = 0.01

AUTOMATIC = set_key(DEFAULT_POLICY, "promotion.automatic", True)
EXPERIMENT = Experiment(1, "simulated", 1, "appointment", (Variant(1, "A", 1, 1), Variant(2, "B", 1, 2)))
SCRIPTS = (Script(1, "A", 1, "call", None, "primary"), Script(2, "B", 1, "call", None, "testing"))


@dataclass(frozen=True)
class Line:
    """One row of the result."""

    what: str
    found: str
    promised: str
    kept: bool


def promoted_after(seed: int, rate_a: float, rate_b: float) -> int | None:
    """Leads per script until B is promoted, by the program's own gates looked at every 50 leads; None: never."""
    chance = random.Random(seed)
    arms = [Arm(), Arm()]
    for leads in range(LOOK_EVERY, MOST_LEADS + 1, LOOK_EVERY):
        arms = [
            Arm(
                exposed=leads,
                matured=leads,
                conversions=arm.conversions + _hits(chance, rate),
                opt_outs=arm.opt_outs + _hits(chance, OPT_OUTS),
                days=leads // LEADS_A_DAY,
            )
            for arm, rate in zip(arms, (rate_a, rate_b), strict=True)
        ]
        snapshot = Snapshot(EXPERIMENT, SCRIPTS, ((1, arms[0]), (2, arms[1])))
        for move in moves(compile_promotion(AUTOMATIC, snapshot), snapshot):
            if move.after == "primary":
                return leads
            if move.after == "retired":  # B was found to be worse: the comparison is over
                return None
    return None


def _hits(chance: random.Random, rate: float) -> int:
    draw = chance.random
    return sum(draw() < rate for _ in range(LOOK_EVERY))


def calibration_of(seed: int) -> tuple[float, float, float]:
    """(mean error over the reliability table, mean predicted, mean closed) of predictions made before their outcomes.

    Six sources in four markets, each with a true rate of its own; ten rounds of leads are predicted with what the rounds
    before have taught, then closed or not.
    """
    chance = random.Random(seed)
    places = [(f"source {s}", f"market {m}") for s in range(6) for m in range(4)]
    by_source = {source: chance.uniform(0.005, 0.08) for source, _ in places}
    truth = {place: min(0.5, by_source[place[0]] * math.exp(chance.gauss(0, 0.4))) for place in places}
    closes = dict.fromkeys(places, 0)
    worked = dict.fromkeys(places, 0)
    predicted: list[float] = []
    happened: list[int] = []
    for _ in range(10):
        tallies = tuple((*place, Tally(worked[place], closes[place])) for place in places)
        sources = tuple(
            (
                name,
                Tally(
                    sum(t.worked for s, _, t in tallies if s == name),
                    sum(t.closes for s, _, t in tallies if s == name),
                ),
            )
            for name in by_source
        )
        rules = compile_outcome(DEFAULT_POLICY, Snapshot(sources=sources, segments=tallies))
        for place in places:
            p = estimate(*place, rules).p
            for _ in range(30):
                closed = int(chance.random() < truth[place])
                if p is not None:
                    predicted.append(p / 1_000_000)
                    happened.append(closed)
                worked[place] += 1
                closes[place] += closed
    error = statistics.calibration_error(statistics.reliability(predicted, happened))
    return error, math.fsum(predicted) / len(predicted), sum(happened) / len(happened)


def simulate(runs: int, progress: Callable[[str], None]) -> list[Line]:
    """Every simulation, ``runs`` times each with the seeds 0, 1, 2, ..."""
    progress("equal scripts")
    equal = [promoted_after(seed, 0.03, 0.03) for seed in range(runs)]
    wrong = sum(leads is not None for leads in equal)
    progress("a better script")
    better = [promoted_after(seed, 0.03, 0.045) for seed in range(runs)]
    found = sorted(leads for leads in better if leads is not None)
    progress("predicted closes")
    errors = [calibration_of(seed) for seed in range(runs)]
    mean_error = math.fsum(error for error, _, _ in errors) / runs
    worst = max(error for error, _, _ in errors)
    bias = math.fsum(p - o for _, p, o in errors) / runs
    typical = f", half of them by {median(found):,.0f} leads per script" if found else ""
    return [
        Line(
            "equal scripts (3 % and 3 %) promoted",
            f"{wrong} of {runs} = {wrong / runs:.1%}",
            "at most 2 %",
            wrong <= runs * 0.02,
        ),
        Line(
            "better script (3 % -> 4.5 %) promoted",
            f"{len(found)} of {runs} = {len(found) / runs:.1%}{typical}",
            "at least 95 %",
            len(found) >= runs * 0.95,
        ),
        Line("error of predicted closes, mean of runs", f"{mean_error:.4f}", "under 0.02", mean_error < 0.02),
        Line("error of predicted closes, worst run", f"{worst:.4f}", "under 0.02", worst < 0.02),
        Line("predicted minus closed, mean of runs", f"{bias:+.4f}", "within 0.005", abs(bias) <= 0.005),
    ]


def table(lines: list[Line]) -> str:
    """The result as people read it."""
    rows = [
        ("", "found", "promised", ""),
        *((x.what, x.found, x.promised, "ok" if x.kept else "BROKEN") for x in lines),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the stages on leads whose true rates are known.")
    parser.add_argument("--short", action="store_true", help="100 runs of each simulation instead of 200")
    parser.add_argument("--runs", type=int, help="another number of runs")
    options = parser.parse_args()
    runs = options.runs or (100 if options.short else 200)
    begin = time.perf_counter()
    lines = simulate(runs, lambda what: print(f"simulating {what} ...", file=sys.stderr, flush=True))
    print(table(lines))
    print(
        f"\n{runs} seeded runs each, a look every {LOOK_EVERY} leads per script up to {MOST_LEADS:,}; {time.perf_counter() - begin:.0f} s"
    )
    return 0 if all(line.kept for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
