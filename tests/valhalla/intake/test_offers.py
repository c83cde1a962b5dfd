"""Buyers among the rows of lists: offered, and nobody's lead."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from db import audit
from valhalla.intake import offers, rejects
from valhalla.intake.reading.cell_words import wish_of
from valhalla.intake.undo import undo_import
from valhalla.leads.buyers import all_buyers
from valhalla.leads.view import Viewer
from valhalla.program.errors import NotFound
from valhalla.safety import quality

HEADER = "lead_id,name,phone,email,city,property_type,budget,segment,source,score,interested_in,created_at\n"


def row(number: str, person: int, wish: str, budget: str = "$125,300", city: str = "Winnipeg, MB") -> str:
    return (
        f'{number},Contact {person},+1 (204) 555-{person:04},contact{person}@example.com,"{city}",Land,"{budget}",'
        f"Rural,Website,77,{wish},2026-03-14\n"
    )


def leads(desk: Any) -> list[dict[str, Any]]:
    viewer = Viewer.now(desk.database)
    count = desk.database.value("SELECT count(*) FROM lead")
    return [viewer.whole(viewer.record(number)) for number in range(1, count + 1)]


def test_three_batches_of_contacts_make_sellers_leads_and_offer_the_others(desk: Any) -> None:
    dice = random.Random(7)
    wishes = ["sell"] * 51 + ["buy"] * 49 + ["invest"] * 50
    dice.shuffle(wishes)
    told = []
    for batch in range(3):
        rows = "".join(
            row(
                f"B{batch}-{person:03}",
                person,
                wishes[batch * 50 + person - 1],
                f"${dice.randrange(90, 900)},500",
            )
            for person in range(1, 51)
        )
        told.append(desk.read(desk.write(f"batch_{batch}.csv", rows, HEADER)))
    for each in told:
        assert each.rows == each.new + each.updated + each.unchanged + each.duplicate + each.rejected
        assert each.offered == each.rejected
        assert not [warning for warning in each.warnings if warning["code"] == "COLUMN_UNSURE"]
    assert sum(each.new for each in told) == 51
    assert all(lead["value"] is None for lead in leads(desk)), "a budget is not an asking price"
    assert offers.count(desk.database) == 99 and rejects.counts(desk.database, rejects.Choice()) == {}

    done = offers.accept(desk.database)
    assert done.offers == 99 and done.new == len(all_buyers(desk.database)) and done.new + done.known == 99
    assert offers.count(desk.database) == 0
    desk.read(desk.folder / "batch_0.csv", again=True)
    assert offers.count(desk.database) == 0, "nobody is offered twice"
    assert audit.check_chain(desk.database) == []


def test_an_offer_fills_what_is_blank_of_a_buyer_and_can_be_undone(desk: Any) -> None:
    first = row("1", 1, "buy", "$150k-200k", "Brandon, MB") + row("2", 1, "Investor", "90000")
    desk.read(desk.write("a.csv", first + row("3", 2, "buying") + row("4", 3, "sell"), HEADER))
    one, two, three = (each["id"] for each in offers.waiting(desk.database, 10))
    offers.accept(desk.database, [one, two])
    (ann,) = all_buyers(desk.database)
    assert (ann["name"], ann["max_price"], ann["markets"]) == (
        "Contact 1", 200_000, ["Brandon, MB", "Winnipeg, MB"],
    )  # fmt: skip
    assert ann["email"] == "contact1@example.com"
    offers.accept(desk.database, [three])
    assert offers.undo(desk.database, [three]).left == 1
    assert [each["name"] for each in all_buyers(desk.database)] == ["Contact 1"]
    offers.decline(desk.database, [three])
    assert offers.count(desk.database) == 0
    with pytest.raises(NotFound):
        offers.accept(desk.database, [three])
    assert offers.undo(desk.database, [three]).offers == 1 and offers.count(desk.database) == 1


def test_what_was_decided_stays_when_rows_move_and_when_the_import_is_undone(desk: Any) -> None:
    path = desk.write("a.csv", row("1", 1, "buy") + row("2", 2, "buy") + row("3", 3, "buy"), HEADER)
    told = desk.read(path)
    one, two, three = (each["id"] for each in offers.waiting(desk.database, 10))
    offers.accept(desk.database, [one])
    offers.decline(desk.database, [two])
    path = desk.write(
        "a.csv", row("9", 9, "sell") + row("1", 1, "buy") + row("2", 2, "buy") + row("3", 3, "buy"), HEADER
    )
    assert desk.read(path).offered == 3
    (left,) = offers.waiting(desk.database, 10)
    assert left["buyer"].name == "Contact 3" and left["id"] != three
    assert told.offered == 3
    undo_import(desk.database, left["import_id"])
    assert offers.count(desk.database) == 0
    assert [each["name"] for each in all_buyers(desk.database)] == ["Contact 1"], "a person's word stays"


@pytest.mark.parametrize(
    ("name", "header", "line"),
    [
        ("list.csv", "Buyer Name,Buyer Phone,Buyer Email,Buy Box,Max Price", 'Cy Buys,713-555-0101,cy@example.com,"3/2, any",250k'),
        ("cash_buyers.csv", "Name,Phone,Email", "Cy Buys,713-555-0101,cy@example.com"),
        ("x.csv", "First Name,Last Name,Cell,Max Purchase Price,Target Markets", "Cy,Buys,713-555-0101,\"$250,000\",\"Houston, TX\""),
        ("x.csv", "Company,Contact Name,Phone,Buying Criteria", "Buys LLC,Cy Buys,713-555-0101,cheap"),
    ],
)  # fmt: skip
def test_a_list_of_buyers_is_offered_whole(desk: Any, name: str, header: str, line: str) -> None:
    told = desk.read(desk.write(name, line + "\n", header + "\n"))
    assert (told.error, told.rows, told.offered, told.new) == (None, 1, 1, 0)
    assert offers.accept(desk.database).new == 1
    (buyer,) = all_buyers(desk.database)
    assert buyer["name"] == "Cy Buys" and buyer["phone"] == "713-555-0101"


def test_a_list_of_houses_called_after_buyers_is_one_of_leads(desk: Any) -> None:
    told = desk.read(
        desk.write("sold to cash buyers.csv", "Ann Lee,1 Oak St,Houston,TX\n", "Owner,Address,City,State\n")
    )
    assert (told.new, told.offered) == (1, 0)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("buy", "buys"), ("Cash Buyer", "buys"), ("investing", "buys"), ("Investor", "buys"), ("acheter", "buys"),
        ("sell", None), ("Seller / Buyer", None), ("both", None), ("", None), ("Owner investor", None),
        ("Realtor", "works"), ("listing agent", "works"), ("wholesaler", "works"), ("rent", None),
    ],
)  # fmt: skip
def test_what_people_say_they_want(said: str, wish: str | None) -> None:
    assert wish_of(said) == wish


def test_agents_are_refused_and_our_own_people_are_nobodys_name(desk: Any) -> None:
    header = "Contact Type,First Name,Last Name,Phone,Deal Owner,User Name,Listing Agent,Sales Rep,Property Address,City,State\n"
    lines = [
        [
            "Seller",
            "Ann",
            "Lee",
            "713-555-0101",
            "Rep One",
            "rep1",
            "Al Agent",
            "Sy Rep",
            "1 Oak St",
            "Houston",
            "TX",
        ],
        ["Agent", "Al", "Agent", "713-555-0102", "Rep One", "rep1", "", "Sy Rep", "", "", ""],
        ["Buyer", "Cy", "Buys", "713-555-0103", "Rep One", "rep1", "", "Sy Rep", "", "", ""],
        ["Seller", "", "", "713-555-0104", "Rep One", "rep1", "", "Sy Rep", "4 Oak St", "Houston", "TX"],
    ]
    path: Path = desk.folder / "crm.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        file.write(header)
        csv.writer(file).writerows(lines)
    told = desk.read(path)
    assert (told.rows, told.new, told.offered, told.rejected) == (4, 2, 1, 2)
    assert {each["code"] for each in told.rejects} == {"NOT_SELLER", "BUYER"}
    assert {lead["name"] for lead in leads(desk)} == {"Ann Lee", "Owner of 4 Oak St"}


def test_a_list_held_to_the_letter_takes_whoever_stands_in_it(desk: Any) -> None:
    told = desk.read(desk.write("d.csv", "Ann,a@example.com,1000,buy\n", "name,email,value,interested_in\n"))
    assert (told.new, told.offered) == (1, 0)


def test_offers_do_not_count_against_the_quality_of_a_list(desk: Any) -> None:
    desk.read(
        desk.write(
            "a.csv", "".join(row(str(n), n, "buy") for n in range(1, 30)) + row("30", 30, "sell"), HEADER
        )
    )
    found = quality.measure(desk.database)
    assert found["details"]["dimensions"]["validity"]["value"] == 1.0 and found["details"]["records"] == 1
