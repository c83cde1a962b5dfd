#!/usr/bin/env python3
"""What the six stages cost per lead in an import.

    python scripts/bench_stages.py [--leads 200000]

Prints the best and the median of seven passes in microseconds per lead; the promise is at most 4.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from statistics import median

from valhalla.scoring.stages import Context, decide
from valhalla.scoring.stages.policy import DEFAULT_POLICY
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.snapshot import Experiment, Script, Snapshot, Tally, Variant

PROMISE = 4.0
NOW = 1_790_000_000_000_000
DAY = 86_400_000_000


def context() -> Context:
    """An experiment that runs, and outcomes of twenty sources in twelve markets."""
    variants = (Variant(1, "A", 1, 1), Variant(2, "B", 1, 2))
    scripts = (Script(1, "A", 1, "call", None, "primary"), Script(2, "B", 1, "call", None, "testing"))
    segments = tuple((f"source {s}", f"Town {m}, TX", Tally(30, 1)) for s in range(20) for m in range(12))
    sources = tuple((f"source {s}", Tally(400, 12)) for s in range(20))
    experiment = Experiment(1, "opener", 1, "appointment", variants)
    return Context(
        1, DEFAULT_POLICY, 1, Snapshot(experiment, scripts, (), sources, segments, 240, 240 * 1_100_000), NOW
    )


def rows(count: int) -> list[Row]:
    """Leads as lists have them: most with a phone and an e-mail, half with an ARV, a third with a sign of motivation."""
    chance = random.Random(1)
    return [
        Row(
            name=f"Lead {i}",
            email=f"person{i}@example.com" if chance.random() < 0.9 else None,
            phone="7135550100",
            value=chance.randrange(5_000_000, 60_000_000),
            location="Town, TX",
            source=f"source {chance.randrange(20)}",
            market=f"Town {chance.randrange(12)}, TX",
            state="TX",
            list_date=NOW - chance.randrange(200) * DAY if chance.random() < 0.7 else None,
            address="1 Main St",
            arv=chance.randrange(9_000_000, 80_000_000) if chance.random() < 0.5 else None,
            repairs=chance.randrange(9_000_000) if chance.random() < 0.4 else None,
            sqft=1_500 if chance.random() < 0.6 else None,
            condition="fair" if chance.random() < 0.6 else None,
            beds=3,
            distress=chance.choice([None, None, "probate", "vacant,probate"]),
            phone_key=17135550100 if chance.random() < 0.8 else None,
            warnings="PHONE_FORMAT" if chance.random() < 0.1 else None,
            extras=None,
            details=None,
            person=None,
            identity=chance.getrandbits(63),
            fingerprint=i,
            line=i + 2,
            aliases=(),
        )
        for i in range(count)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the six stages cost per lead.")
    parser.add_argument("--leads", type=int, default=200_000)
    leads = rows(parser.parse_args().leads)
    frozen = context()
    passes = []
    for _ in range(7):
        begin = time.perf_counter()
        for row in leads:
            decide(row, frozen)
        passes.append((time.perf_counter() - begin) / len(leads) * 1e6)
    print(
        f"six stages: {min(passes):.2f} us per lead (best of 7), {median(passes):.2f} (median); promise {PROMISE:.0f}"
    )
    return 0 if median(passes) <= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main())
