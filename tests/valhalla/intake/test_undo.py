"""Taking an import back: reversed, kept because of a person, or left with a reason."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest

from db import audit
from valhalla.intake import undo
from valhalla.intake.by_hand import add_lead
from valhalla.intake.changed import look
from valhalla.intake.rejects import Choice, export, listed
from valhalla.intake.source_rules import rules_of
from valhalla.intake.sources import Candidate
from valhalla.intake.undo import Hooks, undo_import
from valhalla.leads import do_not_contact, merge, suppression
from valhalla.leads.remove import remove_leads
from valhalla.program.errors import NotFound, ValhallaError

ANN = "Ann Ames,ann@example.com,100000,713-555-2101,Houston TX\n"
BEN = "Ben Bold,ben@example.com,200000,214-555-2102,Dallas TX\n"


def test_new_leads_go_with_everything_that_hangs_on_them(desk: Any, whole: Callable[[], None]) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", BEN + "Bad,,5,,\n")
    result = undo_import(desk.database, 2)
    assert (result["reversed"], result["kept"], result["failed"]) == (1, 0, 0)
    assert [row[1] for row in desk.leads()] == ["Ann Ames"]
    assert desk.database.sql("SELECT state FROM import") == [("done",), ("undone",)]
    assert desk.database.sql("SELECT state FROM reject") == [("ignored",)]
    assert audit.check_chain(desk.database) == []
    whole()


def test_numbers_are_not_given_out_twice(desk: Any) -> None:
    desk.take("a.csv", ANN + BEN)
    undo_import(desk.database, 1)
    desk.take("c.csv", "Zed,zed@example.com,1,,\n")
    assert desk.leads("id, name") == [(3, "Zed")]


def test_changed_leads_get_their_previous_values_back(desk: Any, whole: Callable[[], None]) -> None:
    desk.take("a.csv", ANN)
    before = desk.leads("name, value, phone, location, lists, score_base")
    desk.take("b.csv", "Ann Ames,ann@example.com,90000,713-555-2188,Dallas TX\n")
    assert desk.leads("value") == [(9_000_000,)]
    assert undo_import(desk.database, 2)["reversed"] == 1
    assert desk.leads("name, value, phone, location, lists, score_base") == before
    assert [row[0] for row in desk.database.sql("SELECT cause FROM lead_history ORDER BY id")] == [
        "import:2",
        "undo:2",
    ]
    whole()


def test_what_a_person_did_since_is_kept_and_named(desk: Any, whole: Callable[[], None]) -> None:
    desk.take("a.csv", ANN + BEN + "Cid,cid@example.com,1,,\n")
    with desk.database.write():
        desk.database.sql(
            "INSERT INTO outcome (lead_id, event, at, recorded_at, recorded_by) VALUES (1, 'contacted', 1, 1, 'me')"
        )
    add_lead(desk.database, {"name": "Ben Bold", "email": "ben@example.com", "value": "150000"})
    result = undo_import(desk.database, 1)
    assert (result["reversed"], result["kept"] + result["failed"]) == (1, 2)
    assert {item["lead"] for item in result["items"]} == {1, 2} and all(
        item["reason"] for item in result["items"]
    )
    assert [row[1] for row in desk.leads()] == ["Ann Ames", "Ben Bold"]
    whole()


def test_leads_whose_numbers_have_gaps_are_told_apart_likewise(desk: Any, whole: Callable[[], None]) -> None:
    people = (f"Lead {n},l{n}@example.com,1,713-555-21{n:02},\n" for n in range(1, 7))
    desk.take("a.csv", "".join(people))
    with desk.database.references_unchecked(), desk.database.write():
        remove_leads(desk.database, [2, 3])
    desk.take("b.csv", "Lead 4,l4@example.com,2,713-555-2104,\n")
    with desk.database.write():
        desk.database.sql(
            "INSERT INTO outcome (lead_id, event, at, recorded_at, recorded_by) VALUES (6, 'contacted', 1, 1, 'me')"
        )
    result = undo_import(desk.database, 1)
    assert (result["reversed"], result["kept"], result["failed"]) == (2, 1, 1)
    assert {item["lead"]: item["bucket"] for item in result["items"]} == {4: "failed", 6: "kept"}
    whole()


def test_a_merged_lead_is_kept(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", "Ann Ames,ann2@example.com,1,,\n")
    merge.merge(desk.database, 1, 2)
    result = undo_import(desk.database, 2)
    assert result["items"] == [{"lead": 2, "bucket": "kept", "reason": "it was merged into lead 1"}]


def test_a_lead_on_a_second_list_stays_with_the_reason(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", ANN)
    result = undo_import(desk.database, 1)
    assert result["items"] == [{"lead": 1, "bucket": "failed", "reason": "import 2 names it too"}]
    assert undo_import(desk.database, 2)["reversed"] == 1, "the second list is taken off the lead"
    assert desk.leads("lists") == [(1,)]


def test_a_value_that_a_later_list_changed_again_stays(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", "Ann Ames,ann@example.com,90000,,\n")
    desk.take("c.csv", "Ann Ames,ann@example.com,80000,,\n")
    result = undo_import(desk.database, 2)
    assert result["items"] == [{"lead": 1, "bucket": "failed", "reason": "import 3 changed its value since"}]
    assert desk.leads("value") == [(8_000_000,)]


def test_the_list_is_read_again_only_when_it_changes_or_is_asked_for(desk: Any) -> None:
    path = desk.write("a.csv", ANN)
    desk.read(path)
    undo_import(desk.database, 1)
    assert look(desk.database, Candidate(path, "csv"), rules_of(desk.database, "csv")).verdict == "unchanged"
    assert desk.read(path, again=True).new == 1
    undo_import(desk.database, 2)
    with open(path, "a", encoding="utf-8") as file:
        file.write(BEN)
    assert desk.read(path).new == 2, "changed, it is read whole, not only its tail"


def test_do_not_contact_survives_an_undo(desk: Any) -> None:
    desk.take("a.csv", ANN)
    do_not_contact.add(desk.database, [suppression.entry("ann@example.com")])
    undo_import(desk.database, 1)
    desk.take("b.csv", ANN)
    assert desk.leads("suppressed") == [("do not contact: email",)]


def test_it_is_refused_with_a_sentence(desk: Any) -> None:
    with pytest.raises(NotFound, match="there is no import 1"):
        undo_import(desk.database, 1)
    path = desk.write("a.csv", ANN)
    desk.read(path)
    desk.read(path, again=True)
    with pytest.raises(ValhallaError, match="import 2 read the same list again"):
        undo_import(desk.database, 1)
    undo_import(desk.database, 2)
    with pytest.raises(ValhallaError, match="was undone already"):
        undo_import(desk.database, 2)


def test_an_interrupted_undo_goes_on(
    desk: Any, monkeypatch: pytest.MonkeyPatch, whole: Callable[[], None]
) -> None:
    monkeypatch.setattr(undo, "BATCH", 3)
    desk.take("a.csv", "".join(f"Lead {n},l{n}@example.com,{n + 1},,\n" for n in range(4)))
    desk.take("b.csv", "".join(f"Lead {n},l{n}@example.com,{n + 2},,\n" for n in range(10)))
    calls = []

    def stop(progress: dict[str, int]) -> None:
        calls.append(progress)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo_import(desk.database, 2, hooks=Hooks(between=stop))
    result = undo_import(desk.database, 2)
    assert (result["reversed"], result["kept"], result["failed"]) == (10, 0, 0)
    assert desk.leads("name, value / 100") == [(f"Lead {n}", n + 1) for n in range(4)]
    whole()


def repaired(desk: Any, **values: str) -> None:
    """Export the open rejects, repair them, read the list of repairs."""
    target = desk.folder / "fix.csv"
    export(desk.database, target, Choice())
    with open(target, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(target, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, **values} for row in rows)
    desk.read(target, again=True)


def open_rejects(desk: Any) -> list[int]:
    return [item["id"] for item in listed(desk.database, Choice(), 10)]


def test_the_rejects_that_a_list_of_repairs_closed_are_open_again(desk: Any) -> None:
    desk.take("a.csv", "Bo,bo.example.com,2,,\n" + ANN)
    repaired(desk, email="bo@example.com")
    assert open_rejects(desk) == [] and len(desk.leads()) == 2
    assert undo_import(desk.database, 2)["reversed"] == 1
    assert open_rejects(desk) == [1] and len(desk.leads()) == 1
    repaired(desk, email="bo@example.com")
    assert open_rejects(desk) == [] and len(desk.leads()) == 2, "and can be repaired again"


def test_a_reject_that_was_refused_again_takes_its_place_back(desk: Any) -> None:
    desk.take("a.csv", "Bo,bo.example.com,2,,\n")
    repaired(desk, email="still.wrong")
    assert open_rejects(desk) == [2]
    undo_import(desk.database, 2)
    assert open_rejects(desk) == [1]


def test_only_the_last_reading_of_a_row_is_open_again(desk: Any) -> None:
    path = desk.write("a.csv", "Bo,bo.example.com,2,,\n")
    desk.read(path)
    repaired(desk, email="bo@example.com")
    desk.read(path, again=True)
    assert open_rejects(desk) == []
    undo_import(desk.database, 2)
    assert open_rejects(desk) == [2]


def test_a_list_that_was_taken_back_itself_leaves_nothing_to_repair(desk: Any) -> None:
    desk.take("a.csv", "Bo,bo.example.com,2,,\n")
    repaired(desk, email="bo@example.com")
    undo_import(desk.database, 1)
    undo_import(desk.database, 2)
    assert open_rejects(desk) == []


def test_what_an_interrupted_undo_left_alone_is_counted_once(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "BATCH", 1)
    desk.take("a.csv", ANN + BEN)
    desk.take("b.csv", "Ann Ames,ann@example.com,90000,713-555-2188,\nCid,cid@example.com,5,,\n")
    with desk.database.write():
        desk.database.sql(
            "INSERT INTO outcome (lead_id, event, at, recorded_at, recorded_by) VALUES (3, 'contacted', 1, 1, 'me')"
        )
    add_lead(desk.database, {"name": "Ann Ames", "email": "ann@example.com", "value": "70000"})
    calls = []

    def stop(progress: dict[str, int]) -> None:
        calls.append(progress)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo_import(desk.database, 2, hooks=Hooks(between=stop))
    result = undo_import(desk.database, 2)
    assert (result["reversed"], result["kept"], result["failed"]) == (0, 2, 0)
    assert {(item["lead"], item["reason"]) for item in result["items"]} == {
        (1, "a person changed its value"),
        (3, "an outcome was recorded"),
    }
    assert desk.leads("phone, value / 100")[0] == ("713-555-2101", 70_000), "the phone is the old one again"


def test_batches_shrink_while_somebody_waits(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    desk.take("a.csv", "".join(f"Lead {n},l{n}@example.com,1,,\n" for n in range(600)))
    monkeypatch.setattr(desk.database, "contended", lambda: True)
    monkeypatch.setattr("db.pacing.BRIEFLY", 0.0)
    monkeypatch.setattr(undo, "BATCH", 300)
    remove = undo._Undo._remove
    monkeypatch.setattr(
        undo._Undo, "_remove", lambda self, ids: (taken.append(len(ids)), remove(self, ids))[1]
    )
    assert undo_import(desk.database, 1)["reversed"] == 600
    assert taken == [300, 50, 50, 50, 50, 50, 50]


def test_a_batch_ends_when_somebody_waits_again(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take("a.csv", "".join(f"Lead {n},l{n}@example.com,1,,\n" for n in range(60)))
    waits, batches = iter([True, False, False, True]), []
    monkeypatch.setattr(desk.database, "contended", lambda: next(waits, False))
    monkeypatch.setattr(undo, "BATCH", 30)
    monkeypatch.setattr(undo, "PART", 10)
    hooks = Hooks(between=lambda progress: batches.append(progress["leads"]))
    assert undo_import(desk.database, 1, hooks=hooks)["reversed"] == 60
    assert batches == [30, 50, 60], "a whole batch, then parts, of which the second sees whoever waits"
