"""Leads of an address, number or domain, whatever the search index knows of them."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.intake.by_hand import Added, add_lead
from valhalla.leads import indexing, lookup
from valhalla.leads.lookup import leads_of
from valhalla.leads.suppression import entry

PEOPLE = (
    "Ann Ames,ann@example.com,100000,713-555-2101,Houston TX\n"
    "Ann Example,com@ann.example,100000,,Houston TX\n"  # the same words, another address
    "Bo,bo@mail.example.com,100000,713-555-2101,\n"
    "Cy,cy@notexample.com,100000,713-555-2103,\n"
    "Žofie,žofie@příklad.cz,100000,713-555-2104,\n"
)
EXPECTED = {
    "ann@example.com": [1],
    "713-555-2101": [1, 3],
    "example.com": [1, 3],
    "žofie@příklad.cz": [5],
    "nobody@example.com": [],
}


def index(database: Any, most: int = 100) -> bool:
    with database.write():
        return indexing.index_some(database, most)


def numbers(database: Any, *texts: str) -> list[int]:
    found = leads_of(database, [entry(text) for text in texts])
    assert len({row[0] for row in found}) == len(found)
    return sorted(row[0] for row in found)


@pytest.mark.parametrize("indexed", [0, 2, 100])
def test_the_same_leads_are_found_whatever_the_index_knows(desk: Any, indexed: int) -> None:
    desk.take("a.csv", PEOPLE)
    index(desk.database, indexed)
    assert {text: numbers(desk.database, text) for text in EXPECTED} == EXPECTED
    assert numbers(desk.database, "cy@notexample.com", "713-555-2101") == [1, 3, 4]
    many = [f"713-555-{number:04d}" for number in range(2_100, 2_100 + lookup.FEW)]
    assert numbers(desk.database, *many, "ann@example.com") == [1, 3, 4, 5]


def test_a_lead_that_was_changed_since_the_index_looked_is_found(desk: Any) -> None:
    desk.take("a.csv", PEOPLE)
    index(desk.database)
    told = {"name": "Cy", "email": "cy@notexample.com", "value": "1", "phone": "713-555-2199"}
    assert add_lead(desk.database, told) == Added(4, "updated")
    assert numbers(desk.database, "713-555-2199") == [4]
    assert numbers(desk.database, "713-555-2103") == []
    while index(desk.database):
        pass
    assert numbers(desk.database, "713-555-2199") == [4]


def test_no_walk_is_made_over_leads_that_the_index_knows(desk: Any) -> None:
    desk.take("a.csv", PEOPLE)
    index(desk.database)
    assert lookup._named(desk.database, [entry("ann@example.com")]) == ([1, 2], 5)
    assert lookup._named(desk.database, [entry("713-555-2103")]) == ([4], 5)


def test_where_very_many_have_the_words_all_leads_are_walked_over(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take("a.csv", PEOPLE)
    index(desk.database)
    monkeypatch.setattr(lookup, "MANY", 2)
    assert lookup._named(desk.database, [entry("example.com")]) == ([], 0)
    assert numbers(desk.database, "example.com") == [1, 3]
