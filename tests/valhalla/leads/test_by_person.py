"""Notes, tags and corrections: what a person says about a lead, and that lists leave it alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from valhalla.effects import erasure
from valhalla.intake.by_hand import add_lead
from valhalla.intake.undo import undo_import
from valhalla.leads import editing, merge, notes, search, tags
from valhalla.leads.export import Sheet
from valhalla.leads.view import Viewer
from valhalla.program.errors import NotFound, UsageError

TRADE = "Owner Name,Address,City,State,Zip,Phone 1,Phone 2,Bedrooms\n"
MARY = "Mary Jaxon,12 Oak St,Houston,TX,77018,713-555-2101,713-555-2102,3\n"
ANN = "Ann Ames,ann@example.com,100000,713-555-2101,\n"


def actions(desk: Any, name: str) -> list[dict[str, Any]]:
    return [
        json.loads(body)
        for (body,) in desk.database.sql("SELECT body FROM audit WHERE action = ? ORDER BY seq", (name,))
    ]


def test_a_note_is_shown_with_its_lead_and_its_words_are_not_in_the_chain(desk: Any) -> None:
    desk.take("a.csv", ANN)
    made = notes.add(desk.database, 1, "  daughter handles it  ")
    assert [(each["text"], each["by"]) for each in desk.whole()["notes"]] == [
        ("daughter handles it", "operator")
    ]
    assert actions(desk, "note.add") == [{"note": made.id}]
    notes.remove(desk.database, made.id)
    assert desk.whole()["notes"] == []
    for call in (lambda: notes.add(desk.database, 9, "x"), lambda: notes.remove(desk.database, made.id)):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(UsageError, match="needs words"):
        notes.add(desk.database, 1, "  ")


def test_a_tag_is_found_exported_and_taken_off(desk: Any) -> None:
    desk.take("a.csv", ANN + "Ben,ben@example.com,1,214-555-2102,\n")
    desk.index()
    assert tags.put(desk.database, [1], ["#Hot", "call  after church", "hot"]) == 2
    assert tags.put(desk.database, [1], ["hot"]) == 0
    assert desk.whole()["tags"] == ["call after church", "hot"]
    assert search.search(desk.database, "church", 5).lead_ids == [1]
    viewer = Viewer.now(desk.database)
    sheet = Sheet(viewer)
    assert sheet.cells(viewer.record(1))[sheet.columns.index("tags")] == "call after church, hot"
    assert tags.counts(desk.database) == [("call after church", 1), ("hot", 1)]
    tags.put(desk.database, [1, 2], ["call after church"], off=True)
    assert search.search(desk.database, "church", 5).lead_ids == []
    assert tags.of_leads(desk.database, [1, 2]) == {1: ["hot"]}
    desk.index()
    desk.take("b.csv", "Cid,cid@example.com,1,214-555-2103,\n")
    tags.put(desk.database, [3], ["vacant lot"])  # before the index knows the lead
    desk.index()
    assert search.search(desk.database, "lot", 5).lead_ids == [3]


@pytest.mark.parametrize("tag", ["", " , ", "x" * 61])
def test_what_is_no_tag_is_refused(desk: Any, tag: str) -> None:
    desk.take("a.csv", ANN)
    with pytest.raises(UsageError, match="a tag"):
        tags.put(desk.database, [1], [tag])


def test_a_correction_survives_the_same_list_another_list_and_an_undo(
    desk: Any, whole: Callable[[], None]
) -> None:
    path = desk.write("a.csv", MARY, TRADE)
    desk.read(path)
    assert editing.correct(
        desk.database,
        1,
        name="Maria Jackson",
        phone="(713) 555-7777",
        email="Maria@Example.com",
        address="14 Oak St",
    ) == ["name", "phone", "email", "address"]

    def is_right() -> None:
        (lead,) = desk.leads("id, name, phone, phone_key, email, address, location")
        assert lead == (
            *(1, "Maria Jackson", "(713) 555-7777", 17135557777, "maria@example.com", "14 Oak St"),
            "Houston, TX 77018",
        )
        phones = desk.whole()["phones"]
        assert [each["number"] for each in phones] == ["(713) 555-7777", "713-555-2101", "713-555-2102"]
        assert [each["flags"] for each in phones] == [[], ["wrong"], []]
        assert desk.database.sql("SELECT 1 FROM lead_change") == [], "nobody is asked about a new owner"
        whole()

    is_right()
    assert desk.read(path, again=True).unchanged == 1
    is_right()
    path.write_text(TRADE + MARY.replace(",3\n", ",4\n"), encoding="utf-8")
    assert desk.read(path).updated == 1
    is_right()
    assert desk.leads("beds") == [(4,)]
    kept = [each["before"].get("kept") for each in desk.whole()["history"] if each["actor"] == "import"]
    assert kept == [["name", "phone", "address"]], "the history says that the list was not followed"
    desk.take("b.csv", MARY.replace("Jaxon", "Jaxen").replace("2101", "2109"), "other", header=TRADE)
    is_right_but_more = desk.whole()
    assert (is_right_but_more["name"], is_right_but_more["phone"]) == ("Maria Jackson", "(713) 555-7777")
    undo_import(desk.database, 3)
    assert desk.leads("name, phone, address, beds") == [("Maria Jackson", "(713) 555-7777", "14 Oak St", 3)]
    assert undo_import(desk.database, desk.last_import())["failed"] == 0
    assert desk.leads("name, phone") == [("Maria Jackson", "(713) 555-7777")]
    assert actions(desk, "lead.edit") == [{"columns": ["name", "phone", "email", "address"]}]


def test_a_list_that_learns_the_right_address_names_the_same_lead(desk: Any) -> None:
    desk.take("a.csv", MARY, header=TRADE)
    editing.correct(desk.database, 1, address="99 Elm Ave, Dallas, TX 75201")
    assert desk.leads("address, location, market, state") == [
        ("99 Elm Ave", "Dallas, TX 75201", "Dallas, TX", "TX")
    ]
    desk.take("b.csv", "Mary Jaxon,99 ELM AVENUE,Dallas,TX,75201,,,\n", header=TRADE)
    assert desk.leads("id, lists") == [(1, 2)]


def test_the_documents_lists_keep_to_a_correction_too(desk: Any) -> None:
    path = desk.write("a.csv", ANN)
    desk.read(path)
    editing.correct(desk.database, 1, name="Anna Ames", phone="713-555-9999")
    path.write_text("name,email,value,phone,location\n" + ANN.replace("100000", "90000"), encoding="utf-8")
    assert desk.read(path).updated == 1
    assert desk.leads("id, name, phone, value / 100") == [(1, "Anna Ames", "713-555-9999", 90000)]
    desk.take("b.csv", "Bob Bates,ann@example.com,5,214-555-3333,\n")
    assert len(desk.leads()) == 2, "somebody else who shares the address is somebody else"


def test_what_a_person_types_or_accepts_later_counts(desk: Any) -> None:
    add_lead(desk.database, {"name": "Ann Ames", "email": "ann@example.com", "value": "5"})
    editing.correct(desk.database, 1, phone="713-555-9999")
    add_lead(
        desk.database, {"name": "Ann Ames", "email": "ann@example.com", "value": "5", "phone": "713-555-8888"}
    )
    assert desk.leads("phone") == [("713-555-8888",)]
    desk.take("a.csv", "Ann Ames,ann@example.com,7,713-555-1111,\n", "by hand")
    assert desk.leads("phone") == [("713-555-1111",)]


def test_a_merge_moves_what_a_person_did_and_an_undo_moves_it_back(
    desk: Any, whole: Callable[[], None]
) -> None:
    desk.take("a.csv", ANN + "Ann Ames,ann@work.example,90000,713-555-2109,\n")
    notes.add(desk.database, 2, "older one")
    tags.put(desk.database, [1, 2], ["hot"])
    tags.put(desk.database, [2], ["vacant"])
    editing.correct(desk.database, 2, name="Ann B. Ames", address="1 Elm St")
    before = desk.leads("id, name, address, corrected")
    desk.index()
    merge.merge(desk.database, 1, 2)
    assert desk.whole()["tags"] == ["hot", "vacant"] and len(desk.whole()["notes"]) == 1
    assert desk.whole()["corrected"] == {"address": "1 Elm St"}, "its own name was not put right"
    assert search.search(desk.database, "vacant", 5).lead_ids == [1]
    merge.unmerge(desk.database, 2)
    assert (tags.of_lead(desk.database, 1), tags.of_lead(desk.database, 2)) == (["hot"], ["hot", "vacant"])
    assert desk.leads("id, name, address, corrected") == before
    whole()


def test_undoing_an_import_keeps_a_lead_with_a_note_or_tag(desk: Any) -> None:
    desk.take("a.csv", "".join(f"L {n},l{n}@example.com,1,713-555-210{n},\n" for n in range(4)))
    notes.add(desk.database, 1, "nice man")
    tags.put(desk.database, [2], ["hot"])
    editing.correct(desk.database, 3, name="Lee")
    done = undo_import(desk.database, 1)
    assert (done["reversed"], done["kept"]) == (1, 3)
    assert {each["reason"] for each in done["items"]} == {
        "a note was written",
        "it has a tag",
        "a person changed it",
    }


def test_erasing_a_person_takes_everything_with_them(desk: Any, whole: Callable[[], None]) -> None:
    desk.take("a.csv", MARY, header=TRADE)
    notes.add(desk.database, 1, "Mary says call Maria")
    tags.put(desk.database, [1], ["marys house"])
    editing.correct(desk.database, 1, name="Maria Jackson", phone="713-555-7777")
    desk.index()
    erasure.forget(desk.database, [1])
    for table in ("lead", "note", "tag", "lead_history"):
        assert desk.database.value(f"SELECT count(*) FROM {table}") == 0
    assert search.search(desk.database, "marys", 5).lead_ids == []
    whole()


def test_a_lead_of_the_trade_is_added_with_an_address_alone(desk: Any) -> None:
    added = add_lead(desk.database, {"address": "12 Oak St, Houston, TX 77018", "phone": "713-555-2101"})
    assert desk.leads("id, name, address, location, market, value") == [
        (added.lead_id, "Owner of 12 Oak St", "12 Oak St", "Houston, TX 77018", "Houston, TX", None)
    ]
    desk.take("a.csv", MARY, header=TRADE)
    assert desk.leads("id, lists") == [(1, 2)], "known by its property"
    with pytest.raises(UsageError):
        add_lead(desk.database, {"phone": "713-555-2101"})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "say what"),
        ({"phone": "12"}, "could be dialed"),
        ({"email": "x"}, "e-mail"),
        ({"name": "x" * 301}, "300"),
    ],
)
def test_a_correction_that_makes_no_sense_changes_nothing(
    desk: Any, given: dict[str, str], says: str
) -> None:
    desk.take("a.csv", ANN)
    before = desk.database.value("SELECT count(*) FROM audit")
    with pytest.raises(UsageError, match=says):
        editing.correct(desk.database, 1, **given)
    assert desk.leads("corrected") == [(None,)]
    assert desk.database.value("SELECT count(*) FROM audit") == before
