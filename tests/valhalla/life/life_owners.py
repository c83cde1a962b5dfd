"""Owners with their houses as five lists show them: each list has its own columns, spelling and gaps, and the truth is known.

``python3 life_owners.py FOLDER [OWNERS [SEED]]`` writes them as five CSV files.
"""

from __future__ import annotations

import csv
import random
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from valhalla.leads.postal_tables import DIRECTIONS, SUFFIXES

CITIES = [
    ("Houston", "TX", "770", "Harris"), ("St. Louis", "MO", "631", "St. Louis City"), ("Fort Worth", "TX", "761", "Tarrant"),
    ("North Little Rock", "AR", "721", "Pulaski"), ("Newark", "NJ", "071", "Essex"), ("Mount Vernon", "NY", "105", "Westchester"),
    ("Memphis", "TN", "381", "Shelby"), ("Winston-Salem", "NC", "271", "Forsyth"), ("Queens", "NY", "113", "Queens"),
]  # fmt: skip
STREETS = [
    "Oak", "Maple", "Park", "Main", "Calder Ridge", "Saint James", "Mount Vernon", "1st", "2nd", "5th", "21st", "North", "Lake",
    "O'Hara", "McDonald", "La Salle", "Martin Luther King", "High Point", "Oak Creek", "Court", "Highland", "Walnut", "Elm",
]  # fmt: skip
SPELLED = {
    "Saint James": ("St James", "St. James"), "Mount Vernon": ("Mt Vernon", "Mt. Vernon"), "1st": ("First",), "2nd": ("Second",), "5th": ("Fifth",),
    "21st": ("Twenty-First", "Twenty First"), "O'Hara": ("OHara", "O Hara"), "McDonald": ("Mc Donald",), "La Salle": ("LaSalle",),
    "Martin Luther King": ("MLK", "Martin Luther King Jr", "Dr Martin Luther King Jr"), "High Point": ("High Pt",), "Oak Creek": ("Oak Crk",),
    "St. Louis": ("Saint Louis", "St Louis"), "Fort Worth": ("Ft Worth", "Ft. Worth"), "North Little Rock": ("N Little Rock", "No. Little Rock"),
    "Mount Vernon City": ("Mt Vernon",), "Winston-Salem": ("Winston Salem",), "St. Louis City": ("Saint Louis City",),
}  # fmt: skip
ROADS = ["County Road 20", "State Route 9", "US Highway 1", "Highway 36", "FM 1960", "Avenue N", "Avenue D"]
ROADS_SPELLED = {
    "County Road 20": ("CR 20", "Co Rd 20", "County Rd 20"), "State Route 9": ("SR 9", "State Rte 9", "St Rt 9"), "US Highway 1": ("US Hwy 1", "US 1", "U.S. Highway 1"),
    "Highway 36": ("Hwy 36", "HIGHWAY 36"), "FM 1960": ("Farm to Market 1960", "FM Rd 1960"), "Avenue N": ("Ave N",), "Avenue D": ("Ave D",),
}  # fmt: skip
FIRST = (
    "Dana", "Ray", "Mary", "John", "Keisha", "Jose", "Patricia", "Tyrone", "Linda", "Carlos", "Susan", "Walter", "Nora", "Willard",
    "Pia", "Otto", "Zorana", "Ignatz",
)  # fmt: skip
LAST = (
    "Quillon", "Marsh", "Mott", "Smith", "Johnson", "Garcia", "O'Brien", "Oakes", "Merritt", "Vetter", "Tolliver", "McCall", "Quexl",
    "De La Cruz",
)  # fmt: skip
INCOMPLETE = 0.002
"""Share of rows that leave out suffix or unit: these may be offered and must not be joined."""


@dataclass(frozen=True)
class House:
    id: int
    number: str
    pre: str
    street: str
    suffix: str
    post: str
    unit: str
    city: str
    state: str
    code: str
    county: str
    apn: str


@dataclass(frozen=True)
class Person:
    id: int
    first: str
    middle: str
    last: str
    spouse: str
    company: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    mailing: House


@dataclass
class Row:
    """A row of a list, and whom and what it is about."""

    owner: int
    house: int
    list: int
    cells: dict[str, str] = field(default_factory=dict)
    shows: tuple[Hashable, ...] = ()
    """What of the owner the row shows: rows that show something in common can be known to be one person's."""
    places: tuple[str, ...] = ()
    """By what of its place the house may be known: ZIP, city, parcel."""
    incomplete: bool = False


def lists_of(owners: int, seed: int = 1) -> list[Row]:
    """Rows about ``owners`` owners with 1 to 6 houses each, on up to five lists, in random order."""
    chance = random.Random(seed)
    taken: set[tuple[str, ...]] = set()
    rows: list[Row] = []
    houses = iter(range(1 << 40))
    people: Counter[tuple[str, str]] = Counter()
    for at in range(owners):
        person = _person(chance, at, taken, houses, people)
        for _ in range(chance.randint(1, 6)):
            house = person.mailing if chance.random() < 0.15 else _house(chance, taken, next(houses))
            for each in chance.sample(range(5), chance.choice([1, 1, 2, 2, 3, 5])):
                rows.append(_row(chance, person, house, each))
    chance.shuffle(rows)
    return rows


def write(rows: Iterable[Row], folder: Path) -> list[Path]:
    """Five CSV files with the rows of each list."""
    paths = []
    rows = list(rows)
    for at, name in enumerate(("county_roll", "property_data", "skip_trace", "driving", "sheet")):
        of_list = [row.cells for row in rows if row.list == at]
        if not of_list:
            continue
        path = folder / f"{name}.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(of_list[0]))
            writer.writeheader()
            writer.writerows(of_list)
        paths.append(path)
    return paths


def disagreement(truth: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[int, int, int]:
    """Pairs of rows: joined wrongly, missed, and all that belong together."""

    def pairs(labels: Iterable[Hashable]) -> int:
        return sum(count * (count - 1) // 2 for count in Counter(labels).values())

    both = pairs(zip(truth, found, strict=True))
    return pairs(found) - both, pairs(truth) - both, pairs(truth)


class Groups:
    """Things that are joined two by two."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def find(self, one: int) -> int:
        while self.parent[one] != one:
            self.parent[one] = self.parent[self.parent[one]]
            one = self.parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        self.parent[self.find(other)] = self.find(one)

    def labels(self) -> list[int]:
        return [self.find(each) for each in range(len(self.parent))]


def knowable(rows: Sequence[Row]) -> list[int]:
    """Who is who as far as lists can say: rows of one owner that show something in common, directly or over others."""
    return _connected(rows, lambda row: (*_places(row), *((row.owner, shown) for shown in row.shows)))


def knowable_houses(rows: Sequence[Row]) -> list[int]:
    """Which rows are one house as far as lists can say: one with a ZIP and no city and one with a city and no ZIP have
    nothing in common, unless a third has both."""
    return _connected(rows, _places)


def _places(row: Row) -> Iterator[Hashable]:
    for kind in row.places:
        yield kind, row.house


def _connected(rows: Sequence[Row], shown_by: Callable[[Row], Iterable[Hashable]]) -> list[int]:
    groups = Groups(len(rows))
    first: dict[Hashable, int] = {}
    for at, row in enumerate(rows):
        for shown in shown_by(row):
            groups.join(first.setdefault(shown, at), at)
    return groups.labels()


# -- making them -------------------------------------------------------------------------------------------


def _house(chance: random.Random, taken: set[tuple[str, ...]], at: int) -> House:
    while True:
        city, state, code, county = chance.choice(CITIES)
        street, suffix, pre, post, unit = (
            chance.choice(STREETS),
            chance.choice(["St", "Ave", "Rd", "Blvd", "Ln", "Ct", "Pl", "Trl"]),
            "",
            "",
            "",
        )
        pre = chance.choice(["", "", "N", "S", "E", "SW"])
        post = chance.choice(["", "", "", "NW", "E"]) if not pre else ""
        number = str(chance.randint(1, 60) * 2)
        if chance.random() < 0.08:
            street, suffix, pre = chance.choice(ROADS), "", ""
            post = "" if street.startswith("Avenue") else post
        if city == "Queens":
            number = f"{chance.randint(20, 60)}-{number}"
        elif chance.random() < 0.03:
            number += chance.choice([" 1/2", "A"])
        if chance.random() < 0.25:
            unit = chance.choice(
                [str(chance.randint(1, 20)), f"{chance.randint(1, 4)}B", "Bldg 2", "Rear", "Fl 2"]
            )
        code += f"{chance.randint(1, 4):02}"
        building = (number, pre, street, suffix, post, city, state)
        key, alone = (*building, unit), (*building, "")
        if key not in taken and (alone if unit else (*building, "units")) not in taken:
            taken.add(key)  # a house with units has no row without one, unless a list leaves it out
            if unit:
                taken.add((*building, "units"))
            return House(
                at,
                number,
                pre,
                street,
                suffix,
                post,
                unit,
                city,
                state,
                code,
                county,
                f"{at // 1000:03}-{at % 1000:03}-0{at % 7}",
            )


def _person(
    chance: random.Random,
    at: int,
    taken: set[tuple[str, ...]],
    houses: Iterable[int],
    people: Counter[tuple[str, str]],
) -> Person:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    company = ""
    if chance.random() < 0.1:
        company = f"{chance.choice(['Blue Heron', 'Greenleaf', 'Roane River'])} {at} {chance.choice(['Holdings', 'Homes'])} LLC"
    phones = tuple(
        f"{chance.randint(2, 9)}{at % 90 + 10:02}55{at:05}"[:10] for _ in range(chance.randint(1, 3))
    )
    return Person(
        at, first, chance.choice(["", "R", "J"]), last, chance.choice(["", "", "Pat", "Sue"]), company,
        phones, tuple(f"{first}.{at}.{each}@example.com".lower() for each in range(chance.randint(1, 2))),
        _house(chance, taken, next(iter(houses))),
    )  # fmt: skip


def _spelled(chance: random.Random, text: str) -> str:
    return chance.choice([text, *SPELLED.get(text, ())])


def _line(chance: random.Random, house: House, incomplete: bool, unit: bool = True) -> str:
    def of(table: dict[str, str], standard: str) -> str:
        return chance.choice([word for word, form in table.items() if form == standard])

    number = chance.choice([house.number, house.number.replace(" 1/2", "½")])
    if house.street in ROADS_SPELLED:
        street = chance.choice([house.street, *ROADS_SPELLED[house.street]])
    else:
        street = _spelled(chance, house.street)
    parts = [number, of(DIRECTIONS, house.pre) if house.pre else "", street]
    if house.suffix and not (incomplete and not house.unit):
        word = of(SUFFIXES, house.suffix.upper())
        parts.append(chance.choice([word, word.title(), f"{word.title()}."]))
    if house.post:
        parts.append(of(DIRECTIONS, house.post))
    if unit and house.unit and not incomplete:
        parts.append(_unit(chance, house.unit))
    return chance.choice([str, str.upper, str.title, str.lower])(" ".join(part for part in parts if part))


def _unit(chance: random.Random, unit: str) -> str:
    if unit[0].isdigit():
        return chance.choice(
            ["Apt ", "#", "# ", "Unit ", "Ste ", "Apt #", "APT. ", "Suite "]
        ) + chance.choice([unit, unit, f"0{unit}"])
    return chance.choice(
        {
            "Bldg 2": ["Bldg 2", "Building 2"],
            "Rear": ["Rear", "REAR"],
            "Fl 2": ["Fl 2", "2nd Floor", "Floor 2"],
        }[unit]
    )


def _name(chance: random.Random, person: Person, style: int) -> str:
    if person.company:
        return chance.choice(
            [
                person.company,
                person.company.upper(),
                person.company.replace(" LLC", ", L.L.C."),
                person.company.replace("LLC", "L L C"),
            ]
        )
    first = f"{person.first} {person.middle}".strip() if chance.random() < 0.5 else person.first
    spouse = f" & {person.spouse}" if person.spouse and chance.random() < 0.5 else ""
    if style == 0:
        comma = "," if len(person.last.split()) > 1 or chance.random() < 0.5 else ""
        return f"{person.last}{comma} {first}{spouse}".upper()
    if style == 3:
        return f"{person.last}, {first}{spouse}"
    return f"{first} {person.last}"


def _place(chance: random.Random, house: House, code: str) -> dict[str, str]:
    city = _spelled(chance, house.city)
    return {"City": chance.choice([city, city.upper()]), "State": house.state, "Zip": code}


def _row(chance: random.Random, person: Person, house: House, at: int) -> Row:
    incomplete = chance.random() < INCOMPLETE and bool(house.unit or house.suffix)
    row = Row(person.id, house.id, at, incomplete=incomplete)
    name = _name(chance, person, at)
    plus4 = chance.choice(["", f"-{chance.randint(1000, 9999)}"])
    shows: list[Hashable] = []
    line = _line(chance, house, incomplete, unit=at != 1)
    if at == 0:  # a county's roll: no ZIP of the property, no numbers
        place = _place(chance, house, "")
        mailing = _place(chance, person.mailing, person.mailing.code)
        row.cells = {
            "Owner Name": name, "Property Address": line, "Property City": place["City"], "Property State": place["State"],
            "County": _spelled(chance, house.county) + chance.choice(["", " County"]), "APN": chance.choice([house.apn, house.apn.replace("-", " ")]),
            "Mailing Address": _line(chance, person.mailing, False), **{f"Mailing {key}": cell for key, cell in mailing.items()},
        }  # fmt: skip
        shows.append(("mailing", person.id))
    elif at == 1:  # a property-data export: the unit in a cell of its own, all numbers
        row.cells = {
            "Owner Name": name, "Address": line, "Unit #": "" if incomplete or not house.unit else chance.choice([house.unit, _unit(chance, house.unit)]),
            **_place(chance, house, house.code + plus4), "Phone 1": person.phones[0], "Phone 2": person.phones[-1], "Email 1": person.emails[0],
            "Email 2": person.emails[-1],
        }  # fmt: skip
        shows += [*person.phones[:1], *person.phones[-1:], *person.emails]
    elif at == 2:  # a skip trace: the whole address in one cell
        place = _place(chance, house, house.code + plus4)
        row.cells = {
            "Owner Name": name,
            "Property Address": f"{line}, {place['City']}, {place['State']} {place['Zip']}",
            "Phone 1": person.phones[-1],
        }
        shows.append(person.phones[-1])
    elif at == 3:  # somebody drove by: no city on half of the rows
        place = _place(chance, house, house.code)
        row.cells = {"Owner": name, "Street": line, **place, "Phone": person.phones[0]}
        if chance.random() < 0.5:
            row.cells["City"] = row.cells["State"] = ""
        shows.append(person.phones[0])
    else:  # a caller's own sheet
        place = _place(chance, house, house.code)
        row.cells = {"Seller": name, "Property": line, **place, "Email": person.emails[-1].upper()}
        shows.append(person.emails[-1])
    if house is person.mailing and not incomplete:
        shows.append(("mailing", person.id))
    row.shows = tuple(shows)
    with_city = at != 3 or row.cells["City"] != ""
    row.places = ("city", "parcel") if at == 0 else ("zip", "city") if with_city else ("zip",)
    return row


if __name__ == "__main__":
    written: Callable[..., object] = print
    written(*write(lists_of(*(int(each) for each in sys.argv[2:])), Path(sys.argv[1])), sep="\n")
