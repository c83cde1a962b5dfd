"""Lists of the trade: taken by what they have, with everything that they say kept and shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from db import Database, copies
from valhalla.effects import erasure
from valhalla.intake.reading import Profile
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.undo import undo_import
from valhalla.leads import do_not_contact, search, suppression
from valhalla.leads import merge as merging
from valhalla.leads.call_list import top
from valhalla.leads.details import decoded, encoded, merged, reach
from valhalla.leads.export import write_file
from valhalla.leads.outcomes import Outcome, record
from valhalla.leads.view import Viewer

NUMBERS = (
    "owner name,phone,phone 2,phone 2 dnc,phone 3,email,email 2,property address,city,state,zip,asking price"
)
FIELDS = {
    "phone 2": "phone_2",
    "phone 2 dnc": "phone_2_dnc",
    "phone 3": "phone_3",
    "email 2": "email_2",
    "est value": "estimated_value",
    "mail street": "mailing_address",
    "mail city": "mailing_city",
    "first phone dnc": "phone_dnc",
}
ANN = "Ann Lee,713-555-0101,(713) 555-0102,Yes,832-555-0103,a@example.com,b@example.com,1 Oak St,Houston,TX,77002,"


def mapped(desk: Any, header: str, source: str = "csv") -> None:
    """Say of further columns what they are; what is recognised by name stays."""
    names = header.split(",")
    set_source(
        desk.database, source, Change(columns={name: FIELDS[name] for name in names if name in FIELDS})
    )


def take(desk: Any, header: str, rows: str, name: str = "a.csv") -> Any:
    path = desk.write(name, rows, header + "\n")
    desk.read(path)
    mapped(desk, header)
    return desk.read(path, again=True)


@pytest.mark.parametrize(
    ("price", "value"),
    [
        ('"$125,300"', 12_530_000),
        ("90000", 9_000_000),
        ('" $1,050,000.00 "', 105_000_000),
        ("", None),
        ("N/A", None),
        ("150k", None),
        ("$1.2M", None),
        ("0", None),
        ('"120,000 OBO"', None),
        ("100000-120000", None),
    ],
)
def test_nobody_drops_a_seller_for_a_price(desk: Any, price: str, value: int | None) -> None:
    assert desk.take("a.csv", f"Ann Lee,713-555-0101,{price}\n", header="name,phone,asking price\n")[0] == 1
    assert desk.leads("value") == [(value,)]
    told = desk.whole()
    assert told["value"] == (None if value is None else value / 100)
    text = price.strip('"').strip()
    assert told["unread"] == ({"asking price": text} if value is None and text else {})


def test_what_is_not_known_stays_unknown_through_all_six_stages(desk: Any) -> None:
    desk.take(
        "a.csv", "Ann Lee,713-555-0101,1 Oak St,200000,20000\n", header="owner,phone,address,arv,repairs\n"
    )
    packet = next(stage for stage in desk.whole()["stages"] if stage["stage"] == "packet")
    assert (packet["decision"], packet["numbers"]["asking_cents"], packet["numbers"]["spread_cents"]) == (
        *("READY", None, None),
    )
    assert "The asking price is not known, so there is no spread." in packet["reasons"]
    assert desk.leads("value, spread, expected_value") == [(None, None, None)]


def test_a_list_with_the_documents_column_is_held_to_the_letter(desk: Any) -> None:
    assert desk.take("a.csv", "Ann,a@example.com,\n", header="name,email,value\n") == (0, 0, 0, 0, 1)
    assert desk.take("b.csv", "Ann,,5\n", header="name,email,VALUE (usd)\n") == (0, 0, 0, 0, 1)
    set_source(desk.database, "loose", Change(options={"rules": "list"}))
    assert desk.take("c.csv", "Ann,,\n", "loose", header="name,email,value\n")[0] == 1


def test_a_house_without_an_owners_name_is_kept_and_needs_a_number(desk: Any) -> None:
    found = desk.take("a.csv", "9 Castle St,Henderson,NV\n,,\n", header="property address,city,state\n")
    assert found == (1, 0, 0, 0, 0)
    assert desk.leads("name, phone_key, email") == [("Owner of 9 Castle St", None, None)]
    viewer = Viewer.now(desk.database)
    assert top(desk.database, viewer, 10) == []


def test_every_number_and_address_is_kept_in_order_and_the_first_usable_one_is_shown(desk: Any) -> None:
    header = NUMBERS.replace("phone,", "phone,first phone dnc,", 1)
    row = ANN.replace("713-555-0101,", "713-555-0101,Y,", 1)
    assert take(desk, header, row + "\n").rejected == 0
    told = desk.whole()
    assert told["phone"] == "832-555-0103"
    assert [(each["number"], each["flags"]) for each in told["phones"]] == [
        ("713-555-0101", ["do_not_call"]),
        ("(713) 555-0102", ["do_not_call"]),
        ("832-555-0103", []),
    ]
    assert told["emails"] == ["a@example.com", "b@example.com"]


def test_a_number_that_calls_back_is_found_whichever_it_is(desk: Any) -> None:
    take(desk, NUMBERS, ANN + "\n")
    desk.index()
    for number in ("713 555 0101", "(713) 555-0102", "+18325550103"):
        assert search.search(desk.database, number, 5).lead_ids == [1], number
    assert search.search(desk.database, "b@example.com", 5).lead_ids == [1]


@pytest.mark.parametrize("who", ["8325550103", "b@example.com", "7135550101"])
@pytest.mark.parametrize("indexed", [False, True])
def test_do_not_contact_holds_for_every_number_and_address(desk: Any, who: str, indexed: bool) -> None:
    take(desk, NUMBERS, ANN + "\n")
    if indexed:
        desk.index()
    viewer = Viewer.now(desk.database)
    assert [each.lead.id for each in top(desk.database, viewer, 5)] == [1]
    assert do_not_contact.add(desk.database, [suppression.entry(who)]) == (1, 1)
    assert top(desk.database, viewer, 5) == []
    assert do_not_contact.remove(desk.database, [suppression.entry(who)]) == (1, 1)
    assert len(top(desk.database, viewer, 5)) == 1


def test_whoever_is_on_the_list_already_comes_in_kept_out(desk: Any) -> None:
    do_not_contact.add(desk.database, [suppression.entry("8325550103")])
    take(desk, NUMBERS, ANN + "\n")
    assert desk.leads("suppressed") == [("do not contact: phone",)]


def test_an_export_holds_everything_and_every_further_column(desk: Any, tmp_path: Path) -> None:
    header = NUMBERS + ",est value,mail street,mail city,Deal Owner"
    take(desk, header, ANN + ',"$210,000",PO Box 9,Austin,Rep Rita\n')
    viewer = Viewer.now(desk.database)
    write_file(tmp_path / "out.csv", viewer, viewer.page(0, 10))
    with open(tmp_path / "out.csv", encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["value"], row["estimated_value"], row["mailing_address"]) == (
        *("Ann Lee", "", "210000", "PO Box 9"),
    )
    assert (row["phone_1"], row["phone_2"], row["phone_2_flags"], row["phone_3"], row["email_2"]) == (
        *("713-555-0101", "(713) 555-0102", "do_not_call", "832-555-0103", "b@example.com"),
    )
    assert (row["address"], row["city"], row["state"], row["zip"], row["Deal Owner"]) == (
        *("1 Oak St", "Houston", "TX", "77002", "Rep Rita"),
    )


def test_an_undone_import_takes_its_numbers_away_and_leaves_what_others_brought(
    desk: Any, whole: Any
) -> None:
    take(desk, NUMBERS, ANN + "\n")
    before = desk.leads("details, phone, email")
    more = ANN.replace("832-555-0103", "832-555-0109")
    desk.read(desk.write("b.csv", more + "\n", NUMBERS + "\n"))
    assert reach(*desk.leads("email, phone_key, details")[0]).phones == (
        *(17135550101, 17135550102, 18325550103, 18325550109),
    )
    undo_import(desk.database, desk.last_import())
    assert desk.leads("details, phone, email") == before
    whole()


def test_the_kind_of_a_line_is_what_its_cell_says_and_else_its_column(desk: Any) -> None:
    header = "Owner Name,Property Address,City,State,Zip,Mobile,Landline,Phone 3,Phone 3 Type\n"
    row = "Ann Lee,1 Oak St,Houston,TX,77002,713-555-0101,713-555-0102,713-555-0103,VoIP\n"
    desk.take(
        "a.csv", row + row.replace("VoIP", "").replace("Ann", "Bob").replace("1 Oak", "2 Oak"), header=header
    )
    for (text,), last in zip(desk.leads("details"), ("voip", None), strict=True):
        assert [each["type"] for each in decoded(text)["phones"]] == ["mobile", "landline", last]


def test_a_redacted_copy_leaves_the_details_out(desk: Any, database: Database, tmp_path: Path) -> None:
    desk.database = database
    take(desk, NUMBERS, ANN + "\n")
    copy = tmp_path / "copy.db"
    copies.audit_copy(database, copy, version="0", redact=True)
    assert b"5550103" not in copy.read_bytes() and b"555-0103" not in copy.read_bytes()


def test_what_lists_say_adds_up() -> None:
    one = encoded({"phones": [{"key": 1, "number": "1", "type": None}], "loans": 5, "mailing": {"city": "A"}})
    other = encoded(
        {"phones": [{"key": 1, "number": "1", "type": "mobile"}, {"key": 2, "number": "2"}], "loans": 7}
    )
    last, first = decoded(merged(one, other, replace=True)), decoded(merged(one, other, replace=False))
    assert [each["key"] for each in last["phones"]] == [each["key"] for each in first["phones"]] == [1, 2]
    assert (last["phones"][0]["type"], first["phones"][0]["type"]) == ("mobile", None)
    assert (last["loans"], first["loans"], last["mailing"]) == (7, 5, {"city": "A"})
    assert merged(one, None, replace=True) == one and merged(None, one, replace=False) == one
    assert encoded({"phones": [], "unread": {}, "loans": None}) is None


def test_the_rules_of_a_profile_are_those_of_the_lists_columns() -> None:
    assert Profile().lenient().lenient() == Profile().lenient()
    assert Profile(value_format="eu").lenient().value_format == "eu"


HOUSES = "owner name,phone,email,property address,city,state,zip,asking price\n"
MOTT = "Carla Mott,(216) 555-0161,carla@example.com,{},Cleveland,OH,{},{}\n"


def houses(desk: Any) -> list[tuple[Any, ...]]:
    return desk.leads("name, address, value / 100, lists, status")


def test_three_houses_of_one_owner_are_three_leads_of_one_person(desk: Any) -> None:
    rows = [MOTT.format(f"{number} Ash St", "44105", 40_000 + number) for number in (11, 29, 640)]
    assert desk.take("a.csv", "".join(rows), header=HOUSES) == (3, 0, 0, 0, 0)
    assert [address for _, address, *_ in houses(desk)] == ["11 Ash St", "29 Ash St", "640 Ash St"]
    for number in (1, 2, 3):
        person = desk.whole(number)["person"]
        assert person["id"] == 1 and {each["id"] for each in person["other_leads"]} == {1, 2, 3} - {number}
    assert len({variant for (variant,) in desk.leads("variant_id")}) == 1
    assert desk.take("b.csv", "".join(reversed(rows)), header=HOUSES)[0] == 0, "in any order, in another list"
    assert [lists for *_, lists, _ in houses(desk)] == [2, 2, 2]
    assert desk.read(desk.folder / "a.csv", again=True).unchanged == 3


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_one_house_on_three_lists_is_one_lead_on_three_lists(desk: Any, order: tuple[int, ...]) -> None:
    lists = [
        ("owner name,property address,city,state,zip\n", "QUILLON DANA R & RAY,1412 CALDER RIDGE LN,HOUSTON,TX,77018\n"),
        ("first name,last name,property address,city,state,zip,phone\n", "Dana,Quillon,1412 Calder Ridge Lane,Houston,TX,77018,7135550142\n"),
        ("owner name,property address,city,state,zip,phone,email\n", '"Quillon, Dana",1412 Calder Ridge Ln.,Houston,TX,77018-1122,(832) 555-0187,dana.q@example.com\n'),
    ]  # fmt: skip
    for number in order:
        desk.take(f"{number}.csv", lists[number][1], header=lists[number][0])
    ((_, _, _, on, _),) = houses(desk)
    assert on == 3
    assert {each["number"][-4:] for each in desk.whole()["phones"]} >= {"0142"}
    assert desk.leads("email") == [("dana.q@example.com",)]


def test_a_contract_on_a_house_stays_on_that_house(desk: Any) -> None:
    desk.take("a.csv", MOTT.format("1 A St", "44105", 50_000), header=HOUSES)
    record(desk.database, Outcome(1, "contract", desk.database.clock()))
    desk.take("b.csv", MOTT.format("2 B St", "44105", 60_000), header=HOUSES)
    desk.take("c.csv", MOTT.format("1 A Street", "44105", 10_000), "other", header=HOUSES)
    desk.take("a.csv", MOTT.format("1 A St", "44105", 70_000), header=HOUSES)
    assert houses(desk) == [
        ("Carla Mott", "1 A St", 50_000, 2, "contract"),
        ("Carla Mott", "2 B St", 60_000, 1, "new"),
    ]
    assert desk.database.sql("SELECT lead_id, body ->> 'value' FROM lead_change WHERE state = 'open'") == [
        (1, 7_000_000)
    ]


def test_another_owners_name_at_a_house_waits_for_a_person(desk: Any) -> None:
    desk.take("a.csv", MOTT.format("1 A St", "44105", 50_000), header=HOUSES)
    other = MOTT.format("1 A St", "44105", 50_000).replace("Carla Mott", "Ivo Brandt").replace("0161", "0199")
    desk.take("b.csv", other, header=HOUSES)
    assert [name for name, *_ in houses(desk)] == ["Carla Mott"]
    assert [each["number"] for each in desk.whole()["phones"]] == ["(216) 555-0161"]
    assert desk.database.value("SELECT body ->> 'name' FROM lead_change WHERE state = 'open'") == "Ivo Brandt"


def test_a_person_whose_house_is_not_known_yet_learns_it(desk: Any) -> None:
    desk.take("a.csv", "Carla Mott,carla@example.com\n", header="name,email\n")
    desk.take("b.csv", MOTT.format("1 A St", "44105", "") + MOTT.format("2 B St", "44105", ""), header=HOUSES)
    assert [(name, address) for name, address, *_ in houses(desk)] == [
        ("Carla Mott", "1 A St"),
        ("Carla Mott", "2 B St"),
    ]


def test_neighbours_and_units_are_not_joined(desk: Any) -> None:
    places = ("12 Oak St", "12 Oak St #4", "12 Oak St Apt 5", "14 Oak St", "12 Oak Ave", "12 N Oak St")
    rows = "".join(MOTT.format(place, "44105", "") for place in places)
    assert desk.take("a.csv", rows, header=HOUSES)[0] == len(places)
    more = MOTT.format('"12 oak street, unit 4"', "44105-1122", "")
    assert desk.take("b.csv", more, header=HOUSES)[0] == 0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_street_that_a_city_has_twice_is_two_houses(desk: Any, order: tuple[int, ...]) -> None:
    rows = ["James Harris,4020 Cedar Ln,Houston,TX,77039\n", "David Lopez,4020 Cedar Ln,Houston,TX,77060\n"]
    header = "owner name,property address,city,state,zip\n"
    for name, new in (("a.csv", 2), ("b.csv", 0)):
        assert desk.take(name, "".join(rows[at] for at in order), header=header)[0] == new
    assert sorted(desk.leads("name")) == [("David Lopez",), ("James Harris",)]
    assert desk.take("c.csv", rows[0].replace("77039", ""), header=header)[0] == 0, (
        "without a ZIP it is one of them"
    )


def test_what_a_list_tells_apart_by_its_own_ids_is_not_folded(desk: Any) -> None:
    rows = "".join(
        f"{number},Contact 1,contact1@example.com,Brandon\n" for number in ("B1-001", "B2-001", "B3-001")
    )
    assert desk.take("a.csv", rows, header="lead_id,name,email,city\n")[0] == 3
    assert desk.take("b.csv", rows, header="lead_id,name,email,city\n")[0] == 0
    counted = "".join(f"{number},Ann Lee,ann@example.com,Brandon\n" for number in (1, 2))
    assert desk.take("c.csv", counted, header="lead_id,name,email,city\n")[:1] == (1,), (
        "row numbers are no ids"
    )


def test_an_undone_list_takes_its_houses_with_it(desk: Any, whole: Any) -> None:
    desk.take("a.csv", MOTT.format("1 A St", "44105", ""), header=HOUSES)
    desk.take("b.csv", MOTT.format("1 A St", "44105", "") + MOTT.format("2 B St", "44105", ""), header=HOUSES)
    undo_import(desk.database, desk.last_import())
    assert [(address, lists) for _, address, _, lists, _ in houses(desk)] == [("1 A St", 1)]
    whole()
    assert desk.take("b2.csv", MOTT.format("2 B St", "44105", ""), header=HOUSES)[0] == 1


def test_whoever_is_forgotten_is_forgotten_at_every_house_and_by_every_number(
    desk: Any, database: Database
) -> None:
    desk.database = database
    take(desk, NUMBERS, ANN + "\n" + ANN.replace("1 Oak St", "2 Elm St") + "\n")
    assert len(desk.leads()) == 2
    assert sorted(erasure.forget(database, [2])["leads"]) == [1, 2]
    assert database.path is not None
    database.close_all()
    content = database.path.read_bytes()
    for word in (b"5550101", b"5550102", b"5550103", b"555-0103", b"b@example.com", b"Ann Lee", b"Elm St"):
        assert word not in content, word


def test_a_merge_keeps_the_numbers_of_both_and_gives_them_back(desk: Any) -> None:
    desk.take("a.csv", "Ann,ann@example.com,5,713-555-2101,\n")
    desk.take("b.csv", "Ann,ann@work.example,5,713-555-2102,\n")
    before = desk.leads("details, email, phone")
    merging.merge(desk.database, 1, 2)
    kept = desk.whole()
    assert [each["number"] for each in kept["phones"]] == ["713-555-2101", "713-555-2102"]
    assert kept["emails"] == ["ann@example.com", "ann@work.example"]
    merging.unmerge(desk.database, 2)
    assert desk.leads("details, email, phone") == before


def test_a_number_that_one_list_flags_is_not_called_because_another_has_it(desk: Any) -> None:
    header = NUMBERS.replace("phone,", "phone,first phone dnc,", 1)
    take(desk, header, ANN.replace("713-555-0101,", "713-555-0101,Y,", 1) + "\n")
    desk.take(
        "b.csv",
        "Ann Lee,7135550101,1 Oak St,Houston,TX,77002\n",
        header="owner,phone,address,city,state,zip\n",
    )
    assert desk.leads("phone, lists") == [("832-555-0103", 2)]


def test_a_number_that_cannot_be_dialed_may_come_with_a_later_list(desk: Any) -> None:
    header = "Owner Name,Property Address,City,State,Zip,Phone 1,Phone 1 Type,Phone 2,Phone 2 Type\n"
    row = "{},{} Oak St,Houston,TX,77002,713-555-010{},Mobile,{},Mobile\n"
    others = [row.format(f"Bob {name}", at, at, f"832-555-010{at}") for at, name in enumerate("ABCDEF", 2)]
    for second in ("832-555-0101", "9"):
        desk.take("a.csv", "".join([row.format("Ann Lee", 1, 1, second), *others]), header=header)
    said = desk.database.value("SELECT details FROM lead WHERE name = 'Ann Lee'")
    numbers = [(each["number"], each["key"]) for each in json.loads(said)["phones"]]
    assert numbers == [("713-555-0101", 17135550101), ("832-555-0101", 18325550101), ("9", None)]


def test_the_signs_of_several_lists_add_up(desk: Any) -> None:
    for name, sign in (("a.csv", "Tax delinquent"), ("b.csv", "Vacant"), ("c.csv", "Code violation")):
        desk.take(
            name, f"Ann Lee,1 Oak St,Houston,TX,77002,{sign}\n", header="owner,address,city,state,zip,type\n"
        )
    assert desk.leads("lists, distress") == [(3, "tax lien,vacant,code violation")]


def test_an_address_cut_into_pieces_is_put_together_and_joins_its_house(desk: Any) -> None:
    desk.read(
        desk.write(
            "a.csv",
            "Ann Lee,12,N,Oak,St,Houston,TX,77002\n",
            "Owner,Street Number,Street Direction,Street Name,Street Suffix,City,State,Zip\n",
        )
    )
    assert desk.leads("address, market") == [("12 N Oak St", "Houston, TX")]
    set_source(desk.database, "csv", Change(columns={"Zip": ""}))
    desk.read(desk.folder / "a.csv", again=True)
    assert desk.leads("address") == [("12 N Oak St",)], "naming a column does not take the address apart"
    set_source(desk.database, "csv", Change(columns={"Zip": "zip"}))
    told = desk.read(
        desk.write(
            "b.csv",
            "LEE ANN,12 North Oak Street,Houston,TX,77002\n",
            "Owner,Property Address,City,State,Zip\n",
        )
    )
    assert told.new == 0 and len(desk.leads()) == 1


@pytest.mark.parametrize(
    ("column", "cell", "flags"),
    [("Phone 1 Status", "Bad number", ["wrong"]), ("Phone 1 Dead", "Yes", ["disconnected"]), ("Phone 1 Status", "Disconnected", ["disconnected"])],
)  # fmt: skip
def test_a_number_that_its_list_calls_bad_is_not_dialled(
    desk: Any, column: str, cell: str, flags: list[str]
) -> None:
    desk.read(
        desk.write("a.csv", f"Ann,713-555-0101,{cell},713-555-0102\n", f"Owner,Phone 1,{column},Phone 2\n")
    )
    told = desk.whole()
    assert told["phone"] == "713-555-0102" and told["phones"][0]["flags"] == flags


@pytest.mark.parametrize(
    ("header", "row", "mailing"),
    [
        ("Mail Addr,Mail City St Zip", "9 FERN CT,DAPHNE AL 36526", ("9 FERN CT", "DAPHNE", "AL", "36526")),
        (
            "Mail Addr,Mail City St Zip",
            '9 Fern Ct,"Daphne, AL 36526"',
            ("9 Fern Ct", "Daphne", "AL", "36526"),
        ),
        (
            "Mail Line1,Mail Line2,Mail Line3",
            "9 FERN CT,DAPHNE AL 36526,",
            ("9 FERN CT", "DAPHNE", "AL", "36526"),
        ),
        (
            "Mail Line1,Mail Line2,Mail Line3",
            "C/O SUE LEE,PO BOX 7,DAPHNE AL 36526",
            ("C/O SUE LEE PO BOX 7", "DAPHNE", "AL", "36526"),
        ),
    ],
)
def test_a_mailing_address_in_lines_has_its_city(
    desk: Any, header: str, row: str, mailing: tuple[str, ...]
) -> None:
    other = "8 OAK RD,,MOBILE AL 36602" if header.count(",") > 1 else "8 OAK RD,MOBILE AL 36602"
    desk.take(
        "a.csv",
        f"LEE ANN,12 BAY ST,Mobile,AL,36602,{row}\nROE BOB,14 BAY ST,Mobile,AL,36602,{other}\n",
        header=f"Owner,Situs Address,Situs City,Situs State,Situs Zip,{header}\n",
    )
    told = desk.whole()["mailing"]
    assert tuple(told[part] for part in ("address", "city", "state", "zip")) == mailing


def test_whoever_has_one_number_of_a_litigator_is_not_called(desk: Any) -> None:
    desk.take(
        "a.csv",
        "Ann Lee,1 Oak St,713-555-0101,false,713-555-0102,true\nBob Roe,2 Oak St,713-555-0103,false,,\n",
        header="Owner,Property Address,Phone 1 Number,Phone 1 TCPA,Phone 2 Number,Phone 2 TCPA\n",
    )
    assert [each.lead.name for each in top(desk.database, Viewer.now(desk.database), 5)] == ["Bob Roe"]


def test_every_address_in_one_cell_is_kept(desk: Any) -> None:
    desk.take(
        "a.csv", 'Ann Lee,1 Oak St,"a@example.com; b@example.com"\n', header="Owner,Property Address,Emails\n"
    )
    told = desk.whole()
    assert (told["email"], told["emails"]) == ("a@example.com", ["a@example.com", "b@example.com"])


@pytest.mark.parametrize(
    ("city", "state", "code", "market"),
    [
        ("Winnipeg", "MB", "R3C 1A5", "Winnipeg, MB"), ("Winnipeg", "Manitoba", "", "Winnipeg, MB"), ("Winnipeg", "", "R3C1A5", "Winnipeg, MB"),
        ("Toronto", "Ont.", "", "Toronto, ON"), ("Montréal", "Québec", "H2X 1Y4", "Montréal, QC"), ("St. John's", "", "A1C 5M2", "St. John's, NL"),
    ],
)  # fmt: skip
def test_places_of_canada_are_markets(desk: Any, city: str, state: str, code: str, market: str) -> None:
    desk.read(
        desk.write(
            "a.csv",
            f"Ann,204-555-0101,1 Oak St,{city},{state},{code}\n",
            "Owner,Phone,Property Address,City,Province,Postal Code\n",
        )
    )
    assert desk.leads("market") == [(market,)]
