"""What lists ask for: all of an import at once, and another owner of a house."""

from __future__ import annotations

from typing import Any

from db import audit
from valhalla.intake import deciding
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.undo import undo_import
from valhalla.leads import review
from valhalla.leads.outcomes import Outcome, record

HEADER = "Owner Name,Phone,Email,Property Address,City,State,Zip,Sqft\n"
ANN = "Ann Lee,713-555-0101,ann@example.com,1 Oak St,Houston,TX,77002,1200\n"
BOB = "Bob Roe,713-555-0102,,1 OAK STREET,Houston,TX,77002,\n"


def test_another_owner_ends_the_old_lead_as_sold_and_begins_a_new_one(desk: Any) -> None:
    desk.read(desk.write("a.csv", ANN, HEADER))
    record(desk.database, Outcome(1, "opted_out", desk.database.clock()))
    desk.read(desk.write("b.csv", BOB, HEADER))
    assert [name for (name,) in desk.database.sql("SELECT name FROM lead")] == ["Ann Lee"], (
        "nobody decided yet"
    )
    (asked,) = review.waiting(desk.database, 10)
    assert asked["new_owner"] and asked["changes"]["name"] == ["Ann Lee", "Bob Roe"]
    assert deciding.decide_all(desk.database, [asked["id"]], accepted=True) == [2]
    old, new = desk.whole(1), desk.whole(2)
    assert (old["name"], old["phone"]) == ("Ann Lee", "713-555-0101")
    assert [each["event"] for each in old["outcomes"]] == ["opted_out", "sold"]
    assert (new["name"], new["phone"], new["email"], new["address"]) == (
        "Bob Roe",
        "713-555-0102",
        None,
        "1 OAK STREET",
    )
    assert new["status"] == "new" and new["outcomes"] == [] and new["history"] == []
    assert desk.database.value("SELECT suppressed FROM lead WHERE id = 2") is None, "the opt-out was Ann's"
    told = desk.read(desk.write("c.csv", BOB.replace("713-555-0102", "713-555-0109"), HEADER))
    assert told.new == 0 and len(desk.whole(2)["phones"]) == 2, "lists find the new owner from now on"
    desk.read(desk.folder / "b.csv", again=True)
    assert review.waiting(desk.database, 10) == [] and len(desk.leads()) == 2
    assert audit.check_chain(desk.database) == []


def test_the_chain_says_who_decided_what(desk: Any) -> None:
    people = "Ann,ann@x.com,1,,\nBob,bob@x.com,1,,\n"
    desk.take("a.csv", people)
    set_source(desk.database, "csv", Change(options={"merge": "review"}))
    desk.take("b.csv", people.replace(",1,", ",2,"))
    first, second = (change["id"] for change in review.waiting(desk.database, 10))
    review.accept(desk.database, first, actor="cleo")
    review.decline(desk.database, second, actor="dan")
    told = desk.database.sql(
        "SELECT subject, body, actor FROM audit WHERE action = 'lead.change' ORDER BY seq"
    )
    assert [(subject, audit.parsed(body), actor) for subject, body, actor in told] == [
        ("lead:1", {"change": first, "accepted": True}, "cleo"),
        ("lead:2", {"change": second, "accepted": False}, "dan"),
    ]


def test_an_owner_who_is_the_same_after_all_keeps_the_lead(desk: Any, whole: Any) -> None:
    desk.read(desk.write("a.csv", ANN, HEADER))
    desk.read(desk.write("b.csv", BOB, HEADER))
    (asked,) = review.waiting(desk.database, 10)
    deciding.decide_all(desk.database, [asked["id"]], accepted=False)
    desk.read(desk.folder / "b.csv", again=True)
    assert review.waiting(desk.database, 10) == [] and [name for _, name, *_ in desk.leads()] == ["Ann Lee"]
    desk.read(desk.write("c.csv", "Bob Roe,713-555-0102,,9 Elm St,Houston,TX,77002,\n", HEADER))
    assert desk.leads("name, address") == [("Ann Lee", "1 Oak St"), ("Bob Roe", "9 Elm St")]
    whole()


def test_all_that_an_import_asks_for_is_one_click(desk: Any) -> None:
    houses = [f"Owner {n} Lee,713-555-{n:04},,{n} Oak St,Houston,TX,77002,\n" for n in range(1, 6)]
    desk.read(desk.write("a.csv", "".join(houses), HEADER))
    desk.read(
        desk.write(
            "b.csv",
            "".join(each.replace("Owner", "Buyer").replace("Lee", "Roe") for each in houses[:4]),
            HEADER,
        )
    )
    (waits,) = review.by_import(desk.database)
    assert waits["changes"] == 4
    assert len(deciding.decide_import(desk.database, waits["import_id"], accepted=True)) == 4
    assert review.by_import(desk.database) == []
    assert len(desk.leads()) == 9
    undo_import(desk.database, waits["import_id"])
    assert sorted(name for _, name, *_ in desk.leads()) == [f"Owner {n} Lee" for n in range(1, 6)]
