"""Owners with one to six houses on five lists, in any order and spelling, through the real importer: who is joined, and who is not.

``python3 scripts/join_owners.py`` takes 10,000 owners (``--owners``, ``--seed``) and says how many pairs of rows were joined wrongly
(two houses in one lead: none may be) and how many were missed (one house in two leads: at most 1 %), and the same of the owners of
houses. Each list has another header and its own way to write names, streets, units and towns; each leaves out houses, cells, and
some leave out ZIP or city. Rows of one list are in random order, and so are the lists.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from bootstrap import enter

FIRST = "Ann Bob Cora Dan Eve Fay Gus Hal Ida Jon Kay Lou May Ned Opal Pat Ray Sue Tom Una".split()  # noqa: SIM905
LAST = (  # noqa: SIM905
    "Abbott Barlow Castro Decker Ellison Fuentes Garrison Holloway Ibarra Jansen Keller Lindqvist Mercado Novak Ostrander "
    "Pruitt Quillon Rourke Sandoval Thackeray Underhill Vasquez Whitaker Yardley Zielinski"
).split()
STREETS = "Oak Elm Pine Cedar Maple Walnut Chestnut Juniper Magnolia Sycamore Willow Hickory Spruce Laurel Hawthorn".split()  # noqa: SIM905
SUFFIXES = (
    ("St", "Street", "STR"),
    ("Ave", "Avenue", "AV"),
    ("Dr", "Drive", "DR."),
    ("Ln", "Lane", "LN"),
    ("Blvd", "Boulevard", "BLVD"),
)
DIRECTIONS = (
    ("", "", ""),
    ("N", "North", "N."),
    ("S", "South", "So"),
    ("E", "East", "E."),
    ("W", "West", "W."),
)
TOWNS = (
    ("Houston", "TX", "770"),
    ("Dallas", "TX", "752"),
    ("Tampa", "FL", "336"),
    ("Mesa", "AZ", "852"),
    ("Dayton", "OH", "454"),
)


class House(NamedTuple):
    """A property, by its parts."""

    owner: int
    number: int
    direction: tuple[str, str, str]
    street: str
    suffix: tuple[str, str, str]
    unit: str
    town: tuple[str, str, str]
    code: str


class Owner(NamedTuple):
    """A person."""

    first: str
    middle: str
    last: str
    email: str
    phone: str
    home: str


class Made(NamedTuple):
    """Five lists: header and rows, each with the house that it is about."""

    houses: list[House]
    lists: list[tuple[str, list[str], list[tuple[int, list[str]]]]]


def make(owners: int, seed: int) -> Made:
    """The same seed makes the same lists."""
    chance = random.Random(seed)
    people, houses = [], []
    taken: set[tuple[object, ...]] = set()
    for number in range(owners):
        first, last, middle = chance.choice(FIRST), chance.choice(LAST), chance.choice("ABCDEFGHJKLMR ")
        phone = f"{chance.choice((713, 214, 813, 480, 937))}{555:03d}{number % 10_000:04d}"
        if number >= 10_000:
            phone = f"{chance.choice((832, 469))}{600 + number // 10_000}{number % 10_000:04d}"
        home = f"{number + 1} Owner Way"
        people.append(
            Owner(first, middle.strip(), last, f"{first}.{last}.{number}@example.com".lower(), phone, home)
        )
        wanted = chance.randint(1, 6)
        while wanted:
            town = chance.choice(TOWNS)
            unit = str(chance.randint(1, 40)) if chance.random() < 0.15 else ""
            house = House(
                number, chance.randint(1, 9_999), chance.choice(DIRECTIONS), chance.choice(STREETS), chance.choice(SUFFIXES),
                unit, town, f"{town[2]}{chance.randint(1, 60):02d}",
            )  # fmt: skip
            key = (
                house.number,
                house.direction[0],
                house.street,
                house.town[0],
            )  # two towns' streets may be alike
            if key not in taken:
                taken.add(key)
                houses.append(house)
                wanted -= 1
    lists = []
    for form, (name, header) in enumerate(HEADERS):
        rows = [
            (at, row(form, people[house.owner], house, chance))
            for at, house in enumerate(houses)
            if chance.random() < 0.6
        ]
        chance.shuffle(rows)
        lists.append((name, header, rows))
    chance.shuffle(lists)
    return Made(houses, lists)


HEADERS = (
    (
        "county.csv",
        [
            "Owner Name",
            "Situs Address",
            "Situs City",
            "Situs State",
            "Situs Zip",
            "Mailing Address",
            "Assessed Value",
        ],
    ),
    (
        "probate.csv",
        ["First Name", "Last Name", "Property Address", "Unit", "City", "State", "Zip", "Phone 1", "Phone 2"],
    ),
    (
        "skip.csv",
        [
            "Owner 1 First Name",
            "Owner 1 Last Name",
            "Email",
            "Mobile",
            "Address",
            "City",
            "State",
            "ZIP Code",
        ],
    ),
    ("tax.csv", ["OWNER", "PROPERTY ADDRESS", "CITY", "STATE", "TAX OWED"]),
    ("absentee.csv", ["Owner Name", "Street Address", "Apt", "City", "State", "Zip Code", "Email", "Phone"]),
)


def row(form: int, owner: Owner, house: House, chance: random.Random) -> list[str]:
    """A house as one of the lists writes it."""
    way = chance.randrange(3)
    street = " ".join(
        part
        for part in (str(house.number), house.direction[way], house.street, house.suffix[chance.randrange(3)])
        if part
    )
    if chance.random() < 0.4:
        street = street.upper()
    unit = chance.choice(("#{}", "Apt {}", "UNIT {}")).format(house.unit) if house.unit else ""
    whole = f"{street} {unit}".strip()
    city, state, code = house.town[0], house.town[1], house.code
    middle = owner.middle if chance.random() < 0.5 else ""
    name = chance.choice(
        (
            f"{owner.first} {middle} {owner.last}".replace("  ", " "),
            f"{owner.last.upper()}, {owner.first.upper()} {middle}".strip(),
            f"{owner.first.upper()} {owner.last.upper()}",
        )
    )
    code = f"{code}-{chance.randint(1000, 9999)}" if chance.random() < 0.2 else code
    email = owner.email if chance.random() < 0.7 else ""
    phone = (
        f"({owner.phone[:3]}) {owner.phone[3:6]}-{owner.phone[6:]}" if chance.random() < 0.7 else owner.phone
    )
    return [
        [name, whole, city.upper(), state, code, owner.home, str(chance.randrange(40, 900) * 1000)],
        [owner.first, owner.last, street, unit, city, state, code, phone, ""],
        [owner.first, owner.last, email, phone if not email else "", whole, city, state, code],
        [name, whole, city, state, str(chance.randrange(500, 9000))],
        [name, street, unit, city, state, code, email, phone],
    ][form]


class Joined(NamedTuple):
    """What became of the rows."""

    rows: int
    leads: int
    houses: int
    pairs: int
    """Pairs of rows about one house."""
    wrong: int
    """Pairs of houses that share a lead, and rows that left no trace of their own."""
    missed: int
    """Pairs of rows about one house that are in two leads."""
    refused: int
    asked: int
    """Questions that a person would have to answer."""
    persons: int
    """Owners of these leads, as far as the lists let them be known."""

    @property
    def missed_share(self) -> float:
        """Of all pairs."""
        return self.missed / max(1, self.pairs)


def through(made: Made, folder: Path) -> Joined:
    """Read the lists by the real importer, and judge by each list's line where every row went."""
    from valhalla.intake.importer import import_file
    from valhalla.intake.request import Request
    from valhalla.program.database import memory_database
    from valhalla.scoring import store as stages

    of_house: dict[int, list[int]] = defaultdict(list)
    of_lead: dict[int, set[int]] = defaultdict(set)
    refused = rows = 0
    with memory_database() as database:
        stages.seed(database)
        for name, header, lines in made.lists:
            path = folder / name
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(header)
                writer.writerows(cells for _, cells in lines)
            number = import_file(database, Request(str(path), name.removesuffix(".csv")))
            refused += database.value("SELECT rejected FROM import WHERE id = ?", (number,))
            rows += len(lines)
            house_on = {at: house for at, (house, _) in enumerate(lines, 2)}
            for lead, line in database.sql(
                """SELECT id, line FROM lead WHERE import_id = ?1
                UNION SELECT lead_id, line FROM sighting WHERE import_id = ?1""",
                (number,),
            ):
                of_house[house_on[line]].append(lead)
                of_lead[lead].add(house_on[line])
        leads = database.value("SELECT count(*) FROM lead")
        asked = database.value("SELECT count(*) FROM lead_change")
        persons = database.value("SELECT count(DISTINCT person) FROM lead")
    pairs = sum(count(len(each)) for each in of_house.values())
    missed = sum(one != other for each in of_house.values() for one, other in combinations(each, 2))
    wrong = sum(count(len(each)) for each in of_lead.values())
    wrong += rows - refused - sum(map(len, of_house.values()))
    return Joined(rows, leads, len(of_house), pairs, wrong, missed, refused, asked, persons)


def count(number: int) -> int:
    """Pairs among so many."""
    return number * (number - 1) // 2


def main(words: Iterable[str] | None = None) -> int:
    """Make, read, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--owners", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(None if words is None else list(words))
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found = through(make(given.owners, given.seed), Path(folder))
    print(f"{found.rows:,} rows, {found.houses:,} houses, {found.leads:,} leads, {found.refused:,} refused")
    print(
        f"joined wrongly: {found.wrong:,} pairs; missed: {found.missed:,} of {found.pairs:,} ({found.missed_share:.2%})"
    )
    print(f"{found.asked:,} questions; {found.persons:,} owners of {given.owners:,} told apart")
    print(f"{time.process_time() - began:.1f} s of CPU")
    return 1 if found.wrong or found.missed_share > 0.01 else 0


if __name__ == "__main__":
    enter("dev")
    sys.exit(main())
