#!/usr/bin/env python3
"""What the six stages cost per lead in an import.

    python scripts/bench_stages.py [--leads 200000]

Prints the best and the median of seven passes in microseconds of CPU per lead, by each formula of the score, for leads of the
documents' shape and for leads of a property export, which come with details; the promise is at most 4 for the first.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from statistics import median

from valhalla.scoring.stages import Context, decide
from valhalla.scoring.stages.policy import DEFAULTS
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.snapshot import Experiment, Script, Snapshot, Tally, Variant

PROMISE = 4.0
NOW = 1_790_000_000_000_000
DAY = 86_400_000_000


def context(formula: int) -> Context:
    """An experiment that runs, and outcomes of twenty sources in twelve markets."""
    variants = (Variant(1, "A", 1, 1), Variant(2, "B", 1, 2))
    scripts = (Script(1, "A", 1, "call", None, "primary"), Script(2, "B", 1, "call", None, "testing"))
    segments = tuple((f"source {s}", f"Town {m}, TX", Tally(30, 1)) for s in range(20) for m in range(12))
    sources = tuple((f"source {s}", Tally(400, 12)) for s in range(20))
    experiment = Experiment(1, "opener", 1, "appointment", variants)
    return Context(
        1,
        DEFAULTS[formula],
        1,
        Snapshot(experiment, scripts, (), sources, segments, 240, 240 * 1_100_000),
        NOW,
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


def with_details(leads: list[Row]) -> list[Row]:
    """The same as a property export has them: no asking price and no e-mail, but loans, last sale, numbers, signs, mailing address."""
    chance = random.Random(2)
    found = []
    for row in leads:
        worth = chance.randrange(6_000_000, 48_000_000)
        owed = chance.choice([0, chance.randrange(worth)])
        signs = [
            {"sign": sign} for sign in ("vacant", "probate", "tax lien", "absentee") if chance.random() < 0.2
        ]
        details = {
            "apn": "768820204",
            "baths": 2,
            "county": "Harris County",
            "equity": worth - owed,
            "estimated_value": worth,
            "last_sale": {"date": NOW - chance.randrange(300, 12_000) * DAY, "price": worth // 2},
            "loans": owed,
            "lot": "5615",
            "ltv": 28.0,
            "mailing": {"address": "325 Sunset Blvd", "city": "Los Angeles", "state": "CA", "zip": "90001"},
            "phones": [
                {
                    "column": column,
                    "flags": [],
                    "key": key,
                    "number": "(713) 555-0100",
                    "status": None,
                    "type": kind,
                }
                for column, key, kind in (
                    ("Mobile", row.phone_key, "mobile"),
                    ("Landline", 17135550199, "landline"),
                )
            ],
            "property_type": "Single Family Residential",
            "signs": signs,
            "year_built": 1994,
        }
        found.append(
            row._replace(
                value=None,
                email=None,
                distress=",".join(each["sign"] for each in signs) or None,
                details=json.dumps(details, separators=(",", ":")),
            )
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the six stages cost per lead.")
    parser.add_argument("--leads", type=int, default=200_000)
    plain = rows(parser.parse_args().leads)
    shapes = {"documents": plain, "property export": with_details(plain)}
    kept = True
    for formula in DEFAULTS:
        for shape, leads in shapes.items():
            frozen = context(formula)
            passes = []
            for _ in range(7):
                begin = time.process_time()
                for row in leads:
                    decide(row, frozen)
                passes.append((time.process_time() - begin) / len(leads) * 1e6)
            print(
                f"formula {formula}, {shape}: {min(passes):.2f} us of CPU per lead (best of 7), {median(passes):.2f} (median)"
            )
            kept &= shape != "documents" or median(passes) <= PROMISE
    print(f"promise for the documents' shape: {PROMISE:.0f}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
