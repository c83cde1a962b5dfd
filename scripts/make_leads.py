"""Makes lead lists of any size that look like real ones, and says exactly what is in them.

``python scripts/make_leads.py --rows 100000 --out leads.csv --truth leads.json`` writes a CSV as list vendors export
it: twelve columns, CRLF, quoted commas, accents, now and then a line break in a note; some rows that must be rejected
and some that come twice. The truth says how many of each. The same arguments give the same bytes. Memory does not grow
with the number of rows.

Everybody in these lists is invented; mail addresses are in domains reserved for examples. Phone numbers are formed like
real ones and must never be called.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

COLUMNS = (
    "name",
    "email",
    "value",
    "location",
    "phone",
    "source",
    "address",
    "arv",
    "repairs",
    "list_date",
    "property_type",
    "notes",
)
LATEST = date(2026, 11, 1)
"""The newest list date, fixed so that a file depends on its arguments only."""
DATES = tuple((LATEST - timedelta(days=days)).isoformat() for days in range(256))

# Each list is as long as a power of two, so that a few bits of one random number pick from it.
GIVEN = """
James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica Karen
Thomas Christopher Sarah Charles Lisa Daniel Nancy Matthew Sandra Anthony Betty Mark Ashley Donald Emily Steven Kimberly
Andrew Margaret Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa George Deborah José María Luis Ana
Jesús Carmen Andrés Sofía Tyrone Keisha Darnell Latoya Wei Mei Minh Priya
"""
FAMILY = """
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas
Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King
Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Diaz
Phillips Evans Turner Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan
Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood Bennett Gray Mendoza
Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan
Bell Coleman Butler Henderson Barnes Fisher Vasquez Simmons Graham Murray Ford Hamilton Wallace West Muñoz Peña O'Brien
O'Neal St.Clair Okafor Kowalski Larsson Nowak Müller
"""


def _with_mail_name(names: str) -> tuple[tuple[str, str], ...]:
    """Pair each name with its form in mail addresses: ASCII letters, lower case."""
    return tuple(
        (name, "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if "a" <= c <= "z"))
        for name in names.split()
    )


FIRST, LAST = _with_mail_name(GIVEN), _with_mail_name(FAMILY)
DOMAINS = ("example.com", "example.com", "example.net", "example.org")
STREETS = [
    "Oak St",
    "Maple Ave",
    "Cedar Ln",
    "Pine St",
    "Elm St",
    "Washington Blvd",
    "Lake Dr",
    "Hill Rd",
    "Park Ave",
    "Main St",
    "2nd St",
    "5th Ave",
    "Sunset Dr",
    "Walnut St",
    "Magnolia Ct",
    "River Rd",
]
MARKETS = (
    ("Houston TX", "713"),
    ("Houston TX", "281"),
    ("Dallas TX", "214"),
    ("San Antonio TX", "210"),
    ("Austin TX", "512"),
    ("Phoenix AZ", "602"),
    ("Atlanta GA", "404"),
    ("Atlanta GA", "678"),
    ("Memphis TN", "901"),
    ("Jacksonville FL", "904"),
    ("Tampa FL", "813"),
    ("Charlotte NC", "704"),
    ("Columbus OH", "614"),
    ("Cleveland OH", "216"),
    ("Kansas City MO", "816"),
    ("Indianapolis IN", "317"),
)
SOURCES = (
    "probate-list",
    "tax-delinquent",
    "pre-foreclosure",
    "driving-for-dollars",
    "website",
    "cold-call",
    "referral",
    "vacant-list",
)
TYPES = (
    "single family",
    "single family",
    "single family",
    "duplex",
    "condo",
    "vacant land",
    "townhouse",
    "mobile home",
)
NOTES = (
    *[""] * 19,
    "inherited house",
    "vacant since spring",
    "tax lien filed",
    "owner out of state",
    "tenant moving out",
    "needs a new roof",
    "asked to call back",
    "probate with an attorney",
    "divorce pending",
    '"behind on payments, foreclosure notice"',
    '"roof, HVAC and plumbing need work"',
    '"said ""make me an offer"""',
    "fire damage in the kitchen",
)
BREAKS = ('"Owner is flexible\r\ncall after 5 pm"', '"Key in lockbox\r\n\r\ncode from agent"')
FAULTS = (
    "MISSING_NAME",
    "MISSING_EMAIL",
    "MISSING_VALUE",
    "EMAIL_FORMAT",
    "VALUE_NOT_NUMBER",
    "VALUE_NOT_POSITIVE",
    "VALUE_NOT_FINITE",
    "VALUE_CURRENCY",
    "VALUE_GROUPING",
    "CELLS_TOO_MANY",
)
"""The kinds of bad rows, by the reject code each must get."""
EXCHANGES = tuple(f"{number:03}" for number in range(200, 1000) if number % 100 != 11)
PHONES = len(EXCHANGES) * 10_000
"""Rightly formed numbers of one area code."""
STRIDE = 3_141_593
"""Shares no factor with PHONES, so that as many people in a row have as many different numbers, in no visible order."""

Person = tuple[str, str, int, str]
"""Name, mail address, value in dollars, and the CSV text after the value, line end included."""


@dataclass
class Truth:
    """What a list made here holds, exactly. ``rows`` = ``valid`` + ``rejected``; the header is no row.

    ``leads`` are the different people among the valid rows, each known by the mail address, no two with the same phone.
    ``duplicates`` are the other valid rows: about somebody who came before word for word (``exact``), with other spaces
    and capitals (``spelling``), or with another value (``changed``). ``rejected_by`` counts by reject code.
    ``value_cents`` adds up the value in each lead's first row.
    """

    seed: int
    first: int = 0
    rows: int = 0
    valid: int = 0
    leads: int = 0
    rejected: int = 0
    bytes: int = 0
    value_cents: int = 0
    duplicates: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("exact", "spelling", "changed"), 0)
    )
    rejected_by: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))


def make_leads(rows: int, truth: Truth, *, bad: float = 0.03, duplicates: float = 0.05) -> Iterator[str]:
    """Yield ``rows`` records as CSV text, without the header, and count them in ``truth`` as they go out.

    ``bad`` and ``duplicates`` are shares of the rows. People are numbered on from ``truth.first``: two lists of the same
    seed whose numbers do not overlap have nobody in common.
    """
    rng = random.Random(truth.seed)
    bits, share = rng.getrandbits, rng.random
    number = truth.first
    again = duplicates / (1 - bad) if bad < 1 else 0.0
    earlier: list[Person] = []  # those who may still come again; at most 4,096, so memory stays as it is
    for _ in range(rows):
        truth.rows += 1
        if share() < bad:
            code, line = _faulty(bits(30), _person(number, bits(80), share()))
            number += 1
            truth.rejected += 1
            truth.rejected_by[code] += 1
        elif share() < again and earlier:
            # Taken out: nobody comes a third time, so that what a list says last about a person is plain.
            slot = bits(12) % len(earlier)
            person, earlier[slot] = earlier[slot], earlier[-1]
            earlier.pop()
            kind, line = _repeated(bits(20), person)
            truth.valid += 1
            truth.duplicates[kind] += 1
        else:
            name, email, dollars, rest = person = _person(number, bits(80), share())
            number += 1
            truth.valid += 1
            truth.leads += 1
            truth.value_cents += dollars * 100
            line = f"{name},{email},{dollars},{rest}"
            if len(earlier) < 4096:
                earlier.append(person)
            elif not number & 15:
                earlier[number >> 4 & 4095] = person
        yield line


def _person(number: int, r: int, share: float) -> Person:
    given, family = FIRST[r & 63], LAST[r >> 6 & 127]
    email = f"{given[1]}.{family[1]}{number}@{DOMAINS[r >> 13 & 3]}"
    location, area = MARKETS[r >> 15 & 15]
    subscriber = (number * STRIDE + 1_234_567) % PHONES
    exchange, last_four = EXCHANGES[subscriber // 10_000], subscriber % 10_000
    phone = f"{area}-{exchange}-{last_four:04}" if r >> 19 & 31 else f"({area}) {exchange}-{last_four:04}"
    address = f"{(r >> 24 & 8191) + 1} {STREETS[r >> 37 & 15]}"
    if not r >> 41 & 31:
        address = f'"{address}, Apt {(r >> 65 & 63) + 1}"'
    note = NOTES[r >> 46 & 31] if r >> 51 & 255 else BREAKS[r >> 77 & 1]
    dollars = 30_000 + int(share * share * 6_000) * 100
    arv = dollars * (105 + (r >> 60 & 63)) // 100 if r >> 41 & 3 else ""
    repairs = (r >> 65 & 63) * 1_000 if r >> 43 & 1 else ""
    rest = f"{location},{phone},{SOURCES[r >> 71 & 7]},{address},{arv},{repairs},{DATES[r >> 56 & 255]}"
    return f"{given[0]} {family[0]}", email, dollars, f"{rest},{TYPES[r >> 74 & 7]},{note}\r\n"


def _repeated(r: int, person: Person) -> tuple[str, str]:
    name, email, dollars, rest = person
    choice = r % 5
    if choice < 2:
        return "exact", f"{name},{email},{dollars},{rest}"
    if choice < 4:
        return "spelling", f"  {name} ,{email.upper()} ,{dollars},{rest}"
    return "changed", f"{name},{email},{dollars * 19 // 20},{rest}"


def _faulty(r: int, person: Person) -> tuple[str, str]:
    name, email, dollars, rest = person
    code = FAULTS[r % len(FAULTS)]
    other = r >> 20 & 1
    value = str(dollars)
    if code == "MISSING_NAME":
        name = " " if other else ""
    elif code == "MISSING_EMAIL":
        email = ""
    elif code == "MISSING_VALUE":
        value = ""
    elif code == "EMAIL_FORMAT":
        email = email.replace("@", " at ") if other else email.partition(".")[0] + "@"
    elif code == "VALUE_NOT_NUMBER":
        value = "call me" if other else "tbd"
    elif code == "VALUE_NOT_POSITIVE":
        value = f"-{dollars}" if other else "0"
    elif code == "VALUE_NOT_FINITE":
        value = "nan" if other else "inf"
    elif code == "VALUE_CURRENCY":
        value = f'"${dollars:,}"'
    elif code == "VALUE_GROUPING":
        value = f'"{dollars:,}"'
    else:
        # The comma makes one cell too many. A line break behind it could as well be a quote that was never closed.
        value, rest = f"{dollars:,}", rest.replace(BREAKS[0], "").replace(BREAKS[1], "")
    return code, f"{name},{email},{value},{rest}"


def write_leads(
    path: Path, rows: int, *, seed: int = 1, bad: float = 0.03, duplicates: float = 0.05, first: int = 0
) -> Truth:
    """Write a list of ``rows`` records to ``path`` and return what is in it."""
    truth = Truth(seed, first)
    lines = make_leads(rows, truth, bad=bad, duplicates=duplicates)
    with path.open("wb") as file:
        truth.bytes += file.write((",".join(COLUMNS) + "\r\n").encode())
        while block := "".join(islice(lines, 2_000)):
            truth.bytes += file.write(block.encode())
    return truth


def main() -> int:
    """Write the list, and the truth where wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=1_000, help="records, the header not counted (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed, other leads (%(default)s)")
    parser.add_argument(
        "--bad", type=float, default=0.03, help="share of rows to reject, 0 to 1 (%(default)s)"
    )
    parser.add_argument(
        "--duplicates", type=float, default=0.05, help="share of rows that repeat (%(default)s)"
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first person (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
    parser.add_argument("--truth", type=Path, help="a JSON file for what is in it")
    options = parser.parse_args()
    if options.rows < 0 or not 0 <= options.bad <= 1 or not 0 <= options.duplicates <= 1:
        parser.error("--rows must not be negative; --bad and --duplicates lie between 0 and 1")
    truth = write_leads(
        options.out,
        options.rows,
        seed=options.seed,
        bad=options.bad,
        duplicates=options.duplicates,
        first=options.first,
    )
    if options.truth:
        options.truth.write_text(json.dumps(asdict(truth), indent=2) + "\n", encoding="utf-8")
    print(
        f"{options.out}: {truth.rows:,} rows, {truth.leads:,} leads, {truth.rejected:,} to reject, {truth.bytes:,} bytes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
