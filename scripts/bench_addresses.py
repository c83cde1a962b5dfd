#!/usr/bin/env python3
"""Measures what it costs to recognise a property and its owner: microseconds of CPU per row, on 3,850 real addresses.

python3 scripts/bench_addresses.py
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from typing import Any

from bootstrap import ROOT

from valhalla.leads.addresses import normal_address
from valhalla.leads.owners import owners_of
from valhalla.leads.person_keys import person_keys
from valhalla.leads.properties import property_keys

ROUNDS = 7
NAMES = (
    "Dana R Quillon{}",
    "QUILLON{} DANA R & RAY",
    "Quillon{}, Dana",
    "Blue Heron{} Holdings LLC",
    "OAKES{}, WILLARD T & NORA",
)


def microseconds(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """The least CPU time that one item took in a round."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for item in items:
            work(item)
        best = min(best, time.process_time_ns() - started)
    return best / len(items) / 1000


def letters(number: int) -> str:
    """A number as letters, so that each name is another."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def main() -> None:
    """Measure and print."""
    with open(
        ROOT / "tests" / "fixtures" / "addresses" / "scourgify.csv", encoding="utf-8", newline=""
    ) as file:
        rows = list(csv.DictReader(file))[:3_850]
    cells = [
        (row["address1"], row["address2"], row["city"], row["state"], row["postal_code"]) for row in rows
    ]
    lines = [f"{street} {unit}, {city}, {state} {code}" for street, unit, city, state, code in cells]
    addresses = [normal_address(*each) for each in cells]
    names = [NAMES[at % len(NAMES)].format(letters(at)) for at in range(len(cells))]
    owners = [(owners_of(name).of_record[0], address) for name, address in zip(names, addresses, strict=True)]
    for what, work, items in (
        ("address in cells", lambda each: normal_address(*each), cells),
        ("address in one text", normal_address, lines),
        ("keys of a property", lambda each: property_keys(each), addresses),
        ("owners in a cell", owners_of, names),
        (
            "keys of a person",
            lambda each: person_keys(each[0], ["a@b.org"], [17135550142], [each[1]]),
            owners,
        ),
    ):
        print(f"{what:20} {microseconds(work, items):6.1f} µs")


if __name__ == "__main__":
    main()
