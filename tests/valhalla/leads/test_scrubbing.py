"""Checking leads against the registry, litigators and one's own list; and consent."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from db import audit
from db.clock import iso
from valhalla.intake.other_lists import import_scrub, read_scrub
from valhalla.intake.undo import undo_import
from valhalla.leads import consent, do_not_contact, scrubbing, suppression
from valhalla.leads import merge as merging
from valhalla.leads.export import write_file
from valhalla.leads.suppression import entry
from valhalla.leads.view import Viewer
from valhalla.program.errors import NotFound, UsageError

HEADER = "Owner Name,Phone 1,Phone 2,Email,Property Address,City,State,Zip\n"
ANN = "Ann Lee,713-555-0101,713-555-0102,ann@example.com,1 Oak St,Houston,TX,77002\n"
BOB = "Bob Roe,713-555-0103,,,2 Oak St,Houston,TX,77002\n"
ONE, TWO, THREE = (entry(f"713-555-010{n}") for n in (1, 2, 3))


def kept_out(desk: Any, lead: int = 1) -> str | None:
    found: str | None = Viewer.now(desk.database).record(lead).lead.suppressed
    return found


def number(desk: Any, lead: int = 1) -> str | None:
    found: str | None = desk.whole(lead)["phone"]
    return found


def test_a_number_in_the_registry_is_flagged_and_the_next_one_is_called(desk: Any) -> None:
    desk.read(desk.write("a.csv", ANN + BOB, HEADER))
    done = scrubbing.scrub(desk.database, "national", [ONE, THREE, entry("713-555-0199")], path="scrub.csv")
    assert (done.numbers, done.added, done.matched) == (3, 3, 2)
    assert number(desk) == "713-555-0102"
    assert [each["flags"] for each in desk.whole()["phones"]] == [["do_not_call"], []]
    assert desk.whole(2)["phone"] is None, "there is no other: Bob needs a number"
    assert [each["flags"] for each in desk.whole(2)["phones"]] == [["do_not_call"]]
    assert all(lead is None for (lead,) in desk.database.sql("SELECT suppressed FROM lead"))
    assert scrubbing.listed(desk.database, 5)[0]["matched"] == 2
    assert audit.check_chain(desk.database) == []


def test_the_registry_holds_for_lists_that_come_later_and_after_an_undo(desk: Any) -> None:
    scrubbing.scrub(desk.database, "national", [ONE])
    told = desk.read(desk.write("a.csv", ANN + BOB, HEADER))
    assert told.new == 2 and number(desk) == "713-555-0102"
    desk.read(desk.write("b.csv", ANN.replace("0102", "0105"), HEADER))
    assert number(desk) != "713-555-0101"
    scrubbing.scrub(desk.database, "national", [TWO, entry("713-555-0105")])
    assert number(desk) is None
    undo_import(desk.database, desk.last_import())
    assert number(desk) is None and {flag for each in desk.whole()["phones"] for flag in each["flags"]} == {
        "do_not_call"
    }


def test_what_the_registry_says_is_not_taken_off_by_hand_but_by_consent(desk: Any) -> None:
    desk.read(desk.write("a.csv", BOB, HEADER))
    scrubbing.scrub(desk.database, "national", [THREE])
    assert do_not_contact.remove(desk.database, [THREE]) == (0, 0)
    assert do_not_contact.registered(desk.database, [ONE, THREE]) == [THREE.value]
    with pytest.raises(UsageError, match="words"):
        consent.record(desk.database, 1, "call", " ")
    with pytest.raises(NotFound):
        consent.record(desk.database, 99, "call", "yes")
    consent.record(desk.database, 1, "text", "text me")
    assert number(desk) is None, "a text is not a call"
    consent.record(desk.database, 1, "call", "yes, call me about Oak St")
    assert number(desk) == "713-555-0103"
    desk.read(desk.write("b.csv", BOB.replace("Bob", "BOB"), HEADER))
    assert number(desk) == "713-555-0103", "a list does not take consent away"
    consent.withdraw(desk.database, 1, "call")
    assert number(desk) is None
    assert [(each.channel, each.withdrawn_at is None) for each in consent.of_lead(desk.database, 1)] == [
        ("text", True), ("call", False),
    ]  # fmt: skip


def test_consent_is_of_the_owner_at_every_house(desk: Any) -> None:
    desk.read(desk.write("a.csv", ANN + ANN.replace("1 Oak", "9 Elm") + BOB, HEADER))
    scrubbing.scrub(desk.database, "national", [ONE, TWO])
    assert [number(desk, lead) for lead in (1, 2)] == [None, None]
    consent.record(desk.database, 2, "call", "yes")
    assert [number(desk, lead) for lead in (1, 2)] == ["713-555-0101"] * 2
    assert [[each.lead for each in consent.of_lead(desk.database, lead)] for lead in (1, 2, 3)] == [
        [2], [2], [],
    ]  # fmt: skip


def test_consent_lifts_nothing_for_somebody_who_asked_not_to_be_called(desk: Any) -> None:
    desk.read(desk.write("a.csv", BOB, HEADER))
    do_not_contact.add(desk.database, [THREE], origin="opted_out")
    scrubbing.scrub(desk.database, "national", [THREE])
    consent.record(desk.database, 1, "call", "yes")
    assert kept_out(desk) == "do not contact: phone"
    assert do_not_contact.remove(desk.database, [THREE]) == (1, 1)
    assert suppression.load(desk.database).registry == {17135550103}, "the two words are apart"


def test_a_litigator_is_kept_out_with_every_number_at_every_house(desk: Any) -> None:
    other = ANN.replace("1 Oak", "9 Elm").replace("713-555-0101,713-555-0102", "713-555-0104,")
    desk.read(desk.write("a.csv", ANN + other + BOB, HEADER))
    done = scrubbing.scrub(desk.database, "litigator", [TWO])
    assert done.matched == 2
    assert [kept_out(desk, n) for n in (1, 2, 3)] == [
        "do not contact: litigator", "do not contact: litigator", None,
    ]  # fmt: skip
    desk.read(desk.write("b.csv", "A Lee,713-555-0104,,,5 Fir St,Houston,TX,77002\n", HEADER))
    assert kept_out(desk, 4) == "do not contact: litigator"


def test_merging_keeps_flags(desk: Any) -> None:
    desk.read(desk.write("a.csv", BOB + ANN, HEADER))
    scrubbing.scrub(desk.database, "national", [THREE])
    merging.merge(desk.database, 1, 2)
    assert number(desk) == "713-555-0101"
    merging.unmerge(desk.database, 2)
    assert number(desk) is None and number(desk, 2) == "713-555-0101"


@pytest.mark.parametrize(
    ("name", "text", "numbers", "clear"),
    [
        ("plain.txt", "7135550101\n7135550102\n", 2, 0),
        ("head.csv", "Phone\n713-555-0101\n", 1, 0),
        ("back.csv", "Name;Phone;National DNC\nA;7135550101;Y\nB;7135550102;N\nC;7135550103;\n", 1, 2),
        ("own.csv", "DNC\n713-555-0101\n713-555-0102\n", 2, 0),
        ("bom.csv", "\ufeffnumber\tstate\n713-555-0101\tTX\n", 1, 0),
    ],
)
def test_a_list_of_numbers_is_read_in_any_form(
    tmp_path: Path, name: str, text: str, numbers: int, clear: int
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-16" if name.startswith("bom") else "utf-8")
    found = read_scrub(path, "national")
    assert (len(found.entries), found.clear) == (numbers, clear)


def test_a_list_without_anybody_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\nAnn\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no e-mail address"):
        read_scrub(path, "own")


def test_exports_carry_the_day_of_the_last_check(desk: Any, tmp_path: Path) -> None:
    desk.read(desk.write("a.csv", ANN, HEADER))

    def checked() -> str:
        viewer = Viewer.now(desk.database)
        write_file(tmp_path / "out.csv", viewer, [viewer.record(1)])
        with open(tmp_path / "out.csv", encoding="utf-8-sig", newline="") as file:
            return next(csv.DictReader(file))["dnc_checked"]

    assert checked() == "never"
    path = tmp_path / "scrub.csv"
    path.write_text("7135550102\n", encoding="utf-8")
    done, _ = import_scrub(desk.database, path, "national")
    assert checked() == iso(done.at)[:10] and done.matched == 1
