"""Leads that may be one property are offered, and stay apart or become one by a person's word."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.leads import indexing, merge, near, search

HEADER = "Owner Name,Property Address,Unit,City,State,Zip,Beds\n"


def pairs(desk: Any) -> list[tuple[int, int]]:
    desk.index()
    return [
        (pair["leads"][0]["id"], pair["leads"][1]["id"])
        for pair in merge.possible(desk.database, 100)
        if pair["why"] == "address"
    ]


@pytest.mark.parametrize(
    "other",
    [
        "Ray Quillon,12 N Oak St,4,Houston,TX,77018,3",
        "Ray Quillon,12 N Oak,,Houston,TX,77018,3",
        "QUILLON RAY,12 Oak St N,,Houston,TX,77018,3",
    ],
    ids=["unit", "suffix", "direction"],
)
def test_what_a_list_left_out_is_offered_and_nothing_is_merged(desk: Any, other: str) -> None:
    desk.take("a.csv", "Ray Quillon,12 N Oak St,,Houston,TX,77018,3\n", header=HEADER)
    assert desk.take("b.csv", f"{other}\n", header=HEADER)[0] == 1
    assert pairs(desk) == [(1, 2)]
    assert [each.lead for each in merge.duplicates_of(desk.database, 2, None)] == [1]
    merge.keep_apart(desk.database, 1, 2)
    assert pairs(desk) == []
    desk.take(
        "b.csv", f"{other}\nNew One,9 Elm St,,Houston,TX,77018,3\n".replace(",3\n", ",4\n"), header=HEADER
    )
    assert pairs(desk) == [], "decided for good, whatever changes"


@pytest.mark.parametrize(
    "other",
    [
        "Ray Quillon,14 N Oak St,,Houston,TX,77018,3",
        "Ray Quillon,12 N Oak St,,Dallas,TX,75201,3",
        "Ann Somebody,12 N Oak St,4,Houston,TX,77018,3",
        "Ray Quillon,12 S Oak St,,Houston,TX,77018,3",
    ],
    ids=["neighbour", "town", "owner", "direction"],
)
def test_neighbours_and_other_owners_units_are_not(desk: Any, other: str) -> None:
    desk.take("a.csv", "Ray Quillon,12 N Oak St,,Houston,TX,77018,3\n", header=HEADER)
    assert desk.take("b.csv", f"{other}\n", header=HEADER)[0] == 1
    assert pairs(desk) == []


def test_units_of_a_building_are_not_offered_with_each_other_nor_with_a_list_that_names_none(
    desk: Any,
) -> None:
    rows = "".join(f"Big Holdings LLC,500 Main St,{unit},Houston,TX,77002,1\n" for unit in range(1, 12))
    desk.take("a.csv", rows, header=HEADER)
    desk.take("b.csv", "Big Holdings LLC,500 Main St,,Houston,TX,77002,1\n", header=HEADER)
    assert pairs(desk) == [], "one that may be so many says too little"


def test_one_address_under_two_e_mail_addresses_is_offered_whatever_the_names(desk: Any) -> None:
    header = "name,email,value,address,location\n"
    desk.take(
        "a.csv",
        'Ann,ann@x.com,1,1 A St,"Houston, TX"\nBob,bob@x.com,1,1 A Street,"Houston, TX"\n',
        header=header,
    )
    assert pairs(desk) == [(1, 2)]
    merge.merge(desk.database, 1, 2)
    assert pairs(desk) == []
    merge.unmerge(desk.database, 2)
    assert pairs(desk) == [], "taken apart by a person's word"


def test_a_home_that_was_indexed_before_is_placed_bit_by_bit(desk: Any) -> None:
    desk.take("a.csv", "Ray Quillon,12 N Oak St,,Houston,TX,77018,3\n", header=HEADER)
    desk.take("b.csv", "Ray Quillon,12 N Oak St,4,Houston,TX,77018,3\n", header=HEADER)
    desk.index()
    before = desk.database.sql("SELECT * FROM lead_place")
    desk.database.sql("DELETE FROM lead_place")
    desk.database.sql("UPDATE lead_index_state SET placed_id = 0")
    assert search.percent(desk.database) == 100 and not indexing.complete(desk.database)
    with desk.database.write():
        assert near.place_some(desk.database, 2, 1)
    assert len(before) > len(desk.database.sql("SELECT * FROM lead_place")) > 0
    assert pairs(desk) == [(1, 2)]
    assert desk.database.sql("SELECT * FROM lead_place") == before
    assert indexing.complete(desk.database)


def test_pages_go_first_between_any_two_leads(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[None] = []
    monkeypatch.setattr(near, "give_way", lambda: looks.append(None))
    rows = "".join(f"Ann {number},{number} Elm St,,Houston,TX,77018,3\n" for number in range(1, 31))
    desk.take("a.csv", rows, header=HEADER)
    desk.index()
    assert len(looks) == 30
