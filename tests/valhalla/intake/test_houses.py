"""One owner with several houses, in lists of the documents' shape: each house is a lead of its own."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from db.verifying import verify
from valhalla.leads import outcomes, review
from valhalla.leads.outcomes import Outcome

HEADER = "name,email,value,address,location\n"
HOUSES = tuple(
    f"Ann Ames,ann@example.com,100000,{number} {street} St,Houston TX\n"
    for number, street in ((1, "A"), (2, "B"), (3, "C"))
)
WITH_IDS = "lead id," + HEADER


def with_ids() -> list[str]:
    return [f"R{place},{row}" for place, row in enumerate(HOUSES, 1)]


def houses(desk: Any) -> dict[int, str]:
    return dict(desk.database.sql("SELECT id, address FROM lead ORDER BY id"))


@pytest.mark.parametrize("ids", [False, True], ids=["plain", "ids"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_three_houses_with_one_address_of_e_mail_are_three_leads_of_one_person(
    desk: Any, order: tuple[int, ...], ids: bool
) -> None:
    header, rows = (WITH_IDS, with_ids()) if ids else (HEADER, list(HOUSES))
    assert desk.take("a.csv", "".join(rows), header=header) == (3, 0, 0, 0, 0)
    before = houses(desk)
    assert sorted(before.values()) == ["1 A St", "2 B St", "3 C St"]
    again = "".join(rows[place] for place in order)
    assert desk.take("a.csv", again, header=header)[:2] == (0, 0), "each finds itself again"
    assert desk.take("b.csv", again, header=header)[:2] == (0, 0), "on another list too"
    assert houses(desk) == before
    assert desk.database.value("SELECT count(DISTINCT person) FROM lead") == 1
    assert desk.database.value("SELECT count(*) FROM lead WHERE person IS NULL") == 0
    assert verify(desk.database).ok


def test_another_way_to_write_the_address_is_the_same_house(desk: Any) -> None:
    assert desk.take("a.csv", HOUSES[0], header=HEADER)[0] == 1
    other = HOUSES[0].replace("1 A St", "1 A STREET")
    assert desk.take("b.csv", other + "Ann Ames,ann@example.com,100000,,\n", header=HEADER)[0] == 0
    assert len(houses(desk)) == 1


def test_the_same_street_in_another_town_is_another_house(desk: Any) -> None:
    other = HOUSES[0].replace("Houston", "Dallas")
    assert desk.take("a.csv", HOUSES[0] + other, header=HEADER)[0] == 2


def test_a_contract_stays_on_its_house_whatever_comes(desk: Any) -> None:
    desk.take("a.csv", HOUSES[0], header=HEADER)
    outcomes.record(desk.database, Outcome(1, "contract", desk.database.clock()))
    assert desk.take("a.csv", HOUSES[1], header=HEADER)[0] == 1
    assert houses(desk) == {1: "1 A St", 2: "2 B St"}
    assert desk.database.value("SELECT status FROM lead WHERE id = 1") == "contract"
    assert desk.database.value("SELECT status FROM lead WHERE id = 2") == "new"


def test_the_lists_own_id_at_another_house_waits_where_somebody_has_worked(desk: Any) -> None:
    rows = with_ids()
    desk.take("a.csv", rows[0], header=WITH_IDS)
    outcomes.record(desk.database, Outcome(1, "contract", desk.database.clock()))
    desk.take("a.csv", rows[0].replace("1 A St", "9 Z St"), header=WITH_IDS)
    assert houses(desk) == {1: "1 A St"}
    assert [each["lead"] for each in review.waiting(desk.database, 10)] == [1]


TRADE_HEADER = "Owner Name,Owner Email,Property Address,City,State,Zip,Asking Price\n"


@pytest.mark.parametrize("first", ["documents", "trade"])
def test_a_house_is_one_lead_in_lists_of_both_shapes(desk: Any, first: str) -> None:
    rows = [row.replace("Houston TX", '"Houston, TX 77018"') for row in HOUSES]
    houses_of_trade = [
        f"AMES ANN,ann@example.com,{number} {street} STREET,Houston,TX,77018,100000\n"
        for number, street in ((1, "A"), (2, "B"), (3, "C"))
    ]
    lists = {"documents": ("".join(rows), HEADER), "trade": ("".join(houses_of_trade), TRADE_HEADER)}
    second = "trade" if first == "documents" else "documents"
    assert desk.take("a.csv", lists[first][0], header=lists[first][1])[0] == 3
    assert desk.take("b.csv", lists[second][0], header=lists[second][1])[0] == 0
    assert desk.database.sql("SELECT lists FROM lead ORDER BY id") == [(2,), (2,), (2,)]
    further = houses_of_trade[0].replace("1 A STREET", "4 D ST")
    assert desk.take("c.csv", further, header=TRADE_HEADER)[0] == 1
