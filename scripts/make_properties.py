"""Makes property exports of any size: forty columns with three phones, as data vendors sell them.

``python3 scripts/make_properties.py --rows 100000 --out properties.csv``. Every row is another property with an owner; about one in
forty owners has several. No row is bad or comes twice. ``--changed 0.01`` writes the same list a month later: in one row of a hundred
the estimated value and a number are others. The same arguments give the same bytes, and memory does not grow with the rows.

Everybody in these lists is invented. Phone numbers are formed like real ones and must never be called.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from make_leads import FIRST, LAST, STREETS

COLUMNS = (
    "Address", "Unit #", "City", "State", "Zip", "County", "APN", "Owner Occupied", "Owner 1 First Name", "Owner 1 Last Name",
    "Owner 2 First Name", "Owner 2 Last Name", "Mailing Address", "Mailing City", "Mailing State", "Mailing Zip", "Property Type",
    "Bedrooms", "Total Bathrooms", "Building Sqft", "Lot Size Sqft", "Effective Year Built", "Total Assessed Value", "Last Sale Date",
    "Last Sale Amount", "Total Open Loans", "Est. Remaining balance of Open Loans", "Est. Value", "Est. Loan-to-Value", "Est. Equity",
    "Vacant", "Pre-Foreclosure", "Tax Delinquent", "Lists", "Phone 1", "Phone 1 Type", "Phone 1 DNC", "Phone 2", "Phone 2 Type", "Phone 3",
)  # fmt: skip

LATEST = date(2026, 11, 1)
PLACES = (
    ("Houston", "TX", "770", "Harris", "713"), ("Dallas", "TX", "752", "Dallas", "214"), ("San Antonio", "TX", "782", "Bexar", "210"),
    ("Memphis", "TN", "381", "Shelby", "901"), ("Atlanta", "GA", "303", "Fulton", "404"), ("Cleveland", "OH", "441", "Cuyahoga", "216"),
)  # fmt: skip
AWAY = (("Los Angeles", "CA", "90012"), ("Chicago", "IL", "60614"), ("Miami", "FL", "33101"))
KINDS = ("Single Family Residential", "Single Family Residential", "Duplex", "Condominium")


def _row(number: int, seed: int, changed: float) -> list[object]:
    chance = random.Random(f"{seed}-{number}")
    after = random.Random(f"{seed}-{number}-later")
    later = after.random() < changed
    city, state, code, county, area = PLACES[number % len(PLACES)]
    # Every house once: 9,900 numbers in a street, and as many streets as there must be.
    street, house = divmod(number // len(PLACES), 9_900)
    address = f"{house + 100} {LAST[street % len(LAST)][0]} {STREETS[street // len(LAST) % len(STREETS)]}"
    value = chance.randrange(60, 480) * 1000
    owed = 0 if chance.random() < 0.3 else int(value * chance.uniform(0.05, 0.98))
    if later:
        value += 7_000
    away = chance.random() < 0.4
    home = (
        (f"{chance.randrange(100, 9999)} Sunset Blvd", *chance.choice(AWAY))
        if away
        else (address, city, state, f"{code}01")
    )
    vacant, pre, tax = (chance.random() < share for share in (0.15, 0.1, 0.2))
    lists = [
        name
        for name, on in (
            ("Vacant", vacant),
            ("Pre-Foreclosure", pre),
            ("Tax Delinquent", tax),
            ("Absentee", away),
        )
        if on
    ]
    owner = number if number % 40 else number - 40
    first, last = FIRST[owner * 7 % len(FIRST)][0], LAST[owner * 13 % len(LAST)][0]
    phones = [
        f"({area}) {chance.randrange(200, 1000)}-{chance.randrange(10_000):04}"
        if chance.random() < share
        else ""
        for share in (0.85, 0.5, 0.3)
    ]
    if later:
        phones[2] = f"({area}) {after.randrange(200, 1000)}-{after.randrange(10_000):04}"
    second = chance.random() < 0.3
    return [
        address, "", city, state, f"{code}{number % 90 + 10}", county, f"{number:09}", "No" if away else "Yes", first, last,
        FIRST[owner * 11 % len(FIRST)][0] if second else "", last if second else "", *home, chance.choice(KINDS),
        chance.choice((2, 3, 3, 4)), chance.choice((1, 2, 2.5)), chance.randrange(800, 2600), chance.randrange(3000, 12000),
        chance.randrange(1940, 2010), f"${value * 8 // 10:,}", f"{LATEST - timedelta(days=chance.randrange(300, 12000)):%m/%d/%Y}",
        f"${value // 2:,}", 1 if owed else 0, f"${owed:,}", f"${value:,}", f"{round(owed / value * 100)}%", f"${value - owed:,}",
        *("Yes" if sign else "" for sign in (vacant, pre, tax)), ", ".join(lists), phones[0],
        chance.choice(("Mobile", "Landline")) if phones[0] else "", "Yes" if chance.random() < 0.1 else "", phones[1],
        chance.choice(("Mobile", "Landline", "VOIP")) if phones[1] else "", phones[2],
    ]  # fmt: skip


def rows_of(rows: int, seed: int = 1, changed: float = 0.0, first: int = 0) -> Iterator[list[object]]:
    """The rows of the list; ``first``: of the houses from this number on."""
    return (_row(number, seed, changed) for number in range(first, first + rows))


def write_properties(path: Path, rows: int, *, seed: int = 1, changed: float = 0.0, first: int = 0) -> None:
    """Write the list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows_of(rows, seed, changed, first))


def main() -> None:
    """Read the command line, write the list."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=600, help="properties (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--changed",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="rows that say something else (%(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    write_properties(chosen.out, chosen.rows, seed=chosen.seed, changed=chosen.changed)


if __name__ == "__main__":
    main()
