"""Refused rows: exported, repaired in a spreadsheet, dropped in again, closed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.intake import repairing
from valhalla.intake.rejects import Choice, counts, export, listed, with_people
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.sql import REJECTS_BY_CODE
from valhalla.intake.undo import undo_import
from valhalla.program.errors import NotFound, UsageError


def cells(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def repair(path: Path, **values: str) -> None:
    rows = cells(path)
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, **values} for row in rows)


def states(desk: Any) -> list[str]:
    return [row[0] for row in desk.database.sql("SELECT state FROM reject ORDER BY id")]


def test_a_repaired_row_closes_its_reject(desk: Any) -> None:
    desk.take("a.csv", 'Ann,ann@example.com,1,,\n"Bad, Bo",bo.example.com,=2+3,+17135552101,Houston TX\n')
    target = desk.folder / "fix.csv"
    assert export(desk.database, target, Choice()) == [{"file": str(target), "source": "csv", "rejects": 1}]
    (row,) = cells(target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(row)[:4] == ["_reject", "_line", "_reason", "_field"] and list(row)[4:] == [
        *("name", "email", "value", "phone", "location")
    ]
    assert (row["_line"], row["_field"], row["name"]) == ("3", "email", "Bad, Bo")
    assert row["value"] == "'=2+3", "nothing in the file is a formula"
    assert row["phone"] == "+17135552101", "and a phone number is as it was"
    repair(target, email="bo@example.com", value="90000")
    assert desk.read(target).new == 1
    assert states(desk) == ["fixed"] and listed(desk.database, Choice(), 10) == []
    assert desk.leads("name, email, extras")[1] == ("Bad, Bo", "bo@example.com", None)


def test_a_row_that_is_still_wrong_takes_the_old_ones_place(desk: Any) -> None:
    desk.take("a.csv", "Bo,bo.example.com,2,,\n")
    target = desk.folder / "fix.csv"
    export(desk.database, target, Choice())
    repair(target, email="still.wrong")
    assert desk.read(target).rejected == 1
    assert states(desk) == ["superseded", "open"]


def test_reading_the_list_again_opens_nothing_that_was_closed(desk: Any) -> None:
    path = desk.write("a.csv", "Bo,bo.example.com,2,,\nCy,,3,,\n")
    desk.read(path)
    target = desk.folder / "fix.csv"
    export(desk.database, target, Choice(code="EMAIL_FORMAT"))
    repair(target, email="bo@example.com")
    desk.read(target)
    desk.read(path, again=True)
    assert [item["code"] for item in listed(desk.database, Choice(), 10)] == ["MISSING_EMAIL"]


def test_it_belongs_to_the_source_of_its_rejects_wherever_it_lies(desk: Any) -> None:
    set_source(desk.database, "crm", Change(options={"contact": "phone"}))
    desk.take("a.csv", "Bo,,oops,713-555-2101,\n", "crm")
    target = desk.folder / "fix.csv"
    export(desk.database, target, Choice())
    repair(target, value="90000")
    assert desk.read(target, "csv").new == 1, "by the rules of its source, which asks for no email"
    assert desk.leads("source") == [("crm",)]
    assert desk.database.value("SELECT adopted FROM file WHERE path = ?", (str(target),)) == 1


def test_several_sources_get_a_file_each(desk: Any) -> None:
    desk.take("a.csv", "Bo,x,2,,\n", "one")
    desk.take("b.csv", "Cy,x,2,,\n", "two")
    written = export(desk.database, desk.folder / "fix.csv", Choice())
    assert [Path(item["file"]).name for item in written] == ["fix-one.csv", "fix-two.csv"]
    assert counts(desk.database, Choice()) == {"EMAIL_FORMAT": 2}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Bo,bo@example.com,1,2,3,4,5\n", "CELLS_TOO_MANY"),
        ('Bo,"bo@example.com,1\n', "UNCLOSED_QUOTE"),
        ("Bo,bo@exa\x00mple.com,1,,\n", "NUL_BYTE"),
    ],
)
def test_rows_that_could_not_be_taken_apart_are_exported_too(desk: Any, row: str, code: str) -> None:
    desk.take("a.csv", row)
    assert code in counts(desk.database, Choice())
    target = desk.folder / "fix.csv"
    export(desk.database, target, Choice())
    assert cells(target)
    assert desk.read(target).rejected == len(cells(target)), "unrepaired they are refused again, whole"


def test_what_an_import_refused_is_counted_without_a_look_at_the_rows(desk: Any) -> None:
    desk.take("a.csv", "Bo,bo.example.com,2,,\nCy,,3,,\nDi,,4,,\n")
    asked: list[str] = []

    class Watching:
        def sql(self, text: str, given: Any = ()) -> list[tuple[Any, ...]]:
            asked.extend(row[3] for row in desk.database.sql(f"EXPLAIN QUERY PLAN {text}", given))
            return desk.database.sql(text, given)

    watching: Any = Watching()
    assert counts(watching, Choice(import_id=1)) == {"MISSING_EMAIL": 2, "EMAIL_FORMAT": 1}
    assert watching.sql(REJECTS_BY_CODE, (1,)) == [("MISSING_EMAIL", 2), ("EMAIL_FORMAT", 1)]
    covered = [step for step in asked if "reject" in step or step.split()[1] == "r"]
    assert len(covered) == 2 and all("COVERING INDEX reject_by_import" in step for step in covered)
    assert counts(desk.database, Choice("csv", 1, "MISSING_EMAIL")) == {"MISSING_EMAIL": 2}
    assert counts(desk.database, Choice("county")) == counts(desk.database, Choice(import_id=2)) == {}


TRADE = "Owner Name,Phone,Property Address,City,State\n"


def test_a_refused_row_is_repaired_where_it_stands_and_taken_back(
    desk: Any, whole: Callable[[], None]
) -> None:
    told = desk.read(
        desk.write("a.csv", "Ann Lee,713-555-0101,1 Oak St,Houston,TX\n,713-555-0102,,Waco,TX\n", TRADE)
    )
    assert (told.new, told.rejected) == (1, 1)
    (row,) = with_people(desk.database, listed(desk.database, Choice(), 10))
    assert (row["name"], row["address"], row["cells"]["Phone"]) == (None, "Waco TX", "713-555-0102")
    with pytest.raises(UsageError, match="refused still"):
        repairing.repair(desk.database, row["id"], {"City": "Houston"})
    with pytest.raises(UsageError, match="no column 'Nmae'"):
        repairing.repair(desk.database, row["id"], {"Nmae": "x"})
    made = repairing.repair(desk.database, row["id"], {"Owner Name": " Bob Roe "})
    assert made.what == "new" and listed(desk.database, Choice(), 10) == []
    assert desk.leads("id, name, source") == [(1, "Ann Lee", "csv"), (made.lead, "Bob Roe", "csv")]
    with pytest.raises(NotFound):
        repairing.repair(desk.database, row["id"], {"Owner Name": "Bob"})
    desk.read(desk.folder / "a.csv", again=True)
    assert listed(desk.database, Choice(), 10) == [], "the list still holds it, and nobody is asked again"
    undo_import(desk.database, made.import_id)
    assert len(desk.leads()) == 1
    whole()


def test_what_is_known_of_columns_is_kept_when_a_person_names_one(desk: Any) -> None:
    path = desk.write(
        "a.csv", "Ann,713-555-0101,713-555-0102,1 Oak St,Houston,TX,Y,x\n",
        "Owner,Phone 1,Phone 2,Property Address,City,State,Vacant,Column 9\n",
    )  # fmt: skip
    before = desk.read(path).mapping
    set_source(desk.database, "csv", Change(columns={"Column 9": "tags"}))
    assert desk.read(path, again=True).mapping == {**before, "Column 9": "tags"}
    set_source(desk.database, "csv", Change(columns={"Column 9": ""}, like=path))
    assert desk.read(path, again=True).mapping == before
