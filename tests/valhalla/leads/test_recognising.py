"""Owners with 1 to 6 houses on five lists: what belongs together is found, in any order, and nothing else is joined."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from itertools import permutations

import pytest
from life_owners import Groups, Row, disagreement, knowable, knowable_houses, lists_of

from valhalla.leads.addresses import Address, normal_address
from valhalla.leads.contacts import phone_key
from valhalla.leads.owners import Owners, owners_of, same_owner, same_person
from valhalla.leads.person_keys import person_keys
from valhalla.leads.properties import Property, joins, keys_of, near_keys, possible, property_of

LONG = os.environ.get("VALHALLA_LONG") == "1"
OWNERS = 10_000 if LONG else 100


def property_in(row: Row) -> Property:
    cells = row.cells
    text = cells.get("Property Address") or cells.get("Address") or cells.get("Street") or cells["Property"]
    city = cells.get("Property City") or cells.get("City")
    state = cells.get("Property State") or cells.get("State")
    address = normal_address(text, cells.get("Unit #"), city, state, cells.get("Zip"))
    return property_of(address, cells.get("APN"), cells.get("County"), state)


def mailing_in(row: Row) -> Address | None:
    cells = row.cells
    return normal_address(
        cells.get("Mailing Address"),
        None,
        cells.get("Mailing City"),
        cells.get("Mailing State"),
        cells.get("Mailing Zip"),
    )


def owners_in(row: Row) -> Owners:
    return owners_of(row.cells.get("Owner Name") or row.cells.get("Owner") or row.cells["Seller"])


def properties_of(rows: list[Row]) -> list[int]:
    """Which rows are one property, row after row as an import learns it: by keys, then by what is known of the property."""
    groups = Groups(len(rows))
    index: dict[int, set[int]] = defaultdict(set)
    known: list[Property] = []
    for at, row in enumerate(rows):
        one = property_in(row)
        known.append(one)
        for candidate in {groups.find(each) for key in keys_of(one) for each in index[key]}:
            if joins(known[candidate], known[groups.find(at)]):
                groups.join(at, candidate)
                known[at] = together(known[at], known[candidate])
        for key in keys_of(one):
            index[key].add(at)
    return groups.labels()


def together(one: Property, other: Property) -> Property:
    """What two rows of one property say of it."""
    address = one.address or other.address
    if one.address is not None and other.address is not None:
        address = Address(*(mine or theirs for mine, theirs in zip(one.address, other.address, strict=True)))
    return Property(address, one.parcel or other.parcel)


def people_of(rows: list[Row], properties: list[int]) -> list[int]:
    """Which rows are one person: by the keys of persons, and as the same owner of one property."""
    groups = Groups(len(rows))
    index: dict[int, set[int]] = defaultdict(set)
    names = [owners_in(row) for row in rows]
    houses: dict[int, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        cells = row.cells
        phones = [
            number
            for text in (cells.get("Phone 1"), cells.get("Phone 2"), cells.get("Phone"))
            if text and (number := phone_key(text))
        ]
        emails = [cells[column].lower() for column in ("Email 1", "Email 2", "Email") if cells.get(column)]
        first = names[at].of_record[0]
        for key in person_keys(first, emails, phones, [mailing_in(row), property_in(row).address]):
            for other in index[key]:
                if groups.find(other) != groups.find(at) and same_person(first, names[other].of_record[0]):
                    groups.join(other, at)
            index[key].add(at)
        for other in houses[properties[at]]:
            if same_owner(names[at], names[other]):
                groups.join(other, at)
        houses[properties[at]].append(at)
    return groups.labels()


@pytest.mark.parametrize("seed", [1, 2])
def test_houses_and_owners_are_found_and_no_two_are_joined(seed: int) -> None:
    rows = lists_of(OWNERS, seed)
    properties = properties_of(rows)
    people = people_of(rows, properties)
    wrong_houses, _, _ = disagreement([row.house for row in rows], properties)
    wrong_people, _, _ = disagreement([row.owner for row in rows], people)
    assert (wrong_houses, wrong_people) == (0, 0)

    # Few rows leave out a unit or suffix and are offered instead; in a small sample they may be many by chance.
    if not LONG:
        whole = [at for at, row in enumerate(rows) if not row.incomplete]
        rows, properties, people = ([each[at] for at in whole] for each in (rows, properties, people))
    _, missed, pairs = disagreement(knowable_houses(rows), properties)
    assert missed <= pairs * 0.01, (missed, pairs)
    _, missed, pairs = disagreement(knowable(rows), people)
    assert missed <= pairs * 0.01, (missed, pairs)


def test_the_order_of_rows_makes_no_difference() -> None:
    rows = lists_of(30, seed=3)
    found = set()
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        properties = properties_of(rows)
        found.add((grouped(rows, properties), grouped(rows, people_of(rows, properties))))
    assert len(found) == 1


def grouped(rows: list[Row], labels: list[int]) -> frozenset[frozenset[int]]:
    groups: dict[int, set[int]] = defaultdict(set)
    for row, label in zip(rows, labels, strict=True):
        groups[label].add(id(row))
    return frozenset(map(frozenset, groups.values()))


def test_a_row_that_leaves_out_suffix_or_unit_is_offered() -> None:
    rows = lists_of(200, seed=5)
    complete: dict[int, list[Property]] = defaultdict(list)
    for row in rows:
        if not row.incomplete:
            complete[row.house].append(property_in(row))
    offered = 0
    for row in rows:
        if row.incomplete:
            one = property_in(row)
            for other in complete[row.house]:
                if set(near_keys(one)) & set(near_keys(other)):
                    offered += 1
                    assert not joins(one, other)
                    assert possible(one, other), (one, other)
    assert offered > 0


def test_the_whole_address_and_its_cells_are_read_alike() -> None:
    for row in lists_of(100, seed=4):
        if row.list == 1 and not row.cells["Unit #"]:
            cells = row.cells
            text = f"{cells['Address']}, {cells['City']}, {cells['State']} {cells['Zip']}"
            assert normal_address(text) == property_in(row).address


ONE_HOUSE = [
    Row(1, 1, 0, {"Owner Name": "QUILLON DANA R & RAY", "Property Address": "1412 CALDER RIDGE LN", "City": "HOUSTON", "State": "TX", "Zip": "77018"}),
    Row(1, 1, 1, {"Owner": "Dana Quillon", "Street": "1412 Calder Ridge Lane", "City": "Houston", "State": "TX", "Zip": "77018", "Phone": "7135550142"}),
    Row(1, 1, 2, {"Owner": "Quillon, Dana", "Street": "1412 Calder Ridge Ln.", "City": "Houston", "State": "TX", "Zip": "77018-1122", "Email": "dana.q@example.com"}),
]  # fmt: skip
THREE_HOUSES = [
    Row(2, at, 3, {"Owner Name": "Carla Mott", "Phone 1": "(216) 555-0161", "Email": "carla@example.com", "Address": text, "City": "Cleveland", "State": "OH", "Zip": code})
    for at, (text, code) in enumerate([("11 Ash St", "44105"), ("29 Ash St", "44105"), ("640 Linn Dr", "44108")], 2)
]  # fmt: skip


@pytest.mark.parametrize("rows", list(permutations(ONE_HOUSE)))
def test_one_house_on_three_lists_with_its_owner_written_three_ways(rows: tuple[Row, ...]) -> None:
    properties = properties_of(list(rows))
    assert len(set(properties)) == 1
    assert len(set(people_of(list(rows), properties))) == 1


def test_three_houses_of_one_owner_stay_three_properties_of_one_person() -> None:
    properties = properties_of(THREE_HOUSES)
    assert len(set(properties)) == 3
    assert len(set(people_of(THREE_HOUSES, properties))) == 1
