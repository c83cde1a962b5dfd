"""Lists for a dialer, a mail house, a skip tracer and a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from db import Database, audit
from valhalla.leads import do_not_contact, filters, lists_for, scrubbing, suppression
from valhalla.leads.lists_for import KINDS, Chosen, counts, names, write
from valhalla.program.errors import UsageError

HEADER = (
    "Owner Name,Phone 1,Phone 1 Type,Phone 1 DNC,Phone 2,Phone 2 Type,Property Address,Property City,Property State,"
    "Property Zip,Mailing Address,Mailing City,Mailing State,Mailing Zip,APN,Odd Column\\n"
).replace("\\n", "\n")
PEOPLE = (
    "Ann Lee,713-555-0101,Mobile,,713-555-0111,Landline,1 Oak St,Houston,TX,77002,9 Elm Ave,Dallas,TX,75201,11-1,=1+1",
    "Smith Homes LLC,713-555-0102,Mobile,Yes,713-555-0112,Voip,2 Oak St,Houston,TX,77002,,,,,11-2,",
    "Dana R Quillon,,,,,,3 Oak St,Houston,TX,77002,4 Elm Ave,Dallas,TX,75201,11-3,",
    "Bob May,713-555-0104,Mobile,Yes,,,4 Oak St,Austin,TX,73301,,,,,11-4,",
    "Cem Ray,713-555-0105,Mobile,,,,5 Oak St,Houston,TX,77002,5 Elm Ave,Dallas,TX,75201,11-5,",
    "Eve Moss,713-555-0106,Mobile,,,,6 Oak St,Houston,TX,77002,6 Elm Ave,Dallas,TX,75201,11-6,",
    "Gus Dow,713-555-0107,Mobile,,,,7 Oak St,Houston,TX,77002,7 Elm Ave,Dallas,TX,75201,11-7,",
)


@pytest.fixture
def listed(database: Database, load: Callable[..., int], tell: Callable[..., Any]) -> Database:
    """Seven owners: one without a number, one whose only number is flagged, one lost, one opted out, one on hold."""
    assert load(*PEOPLE, header=HEADER) == 7
    tell(5, "lost", days_ago=3)
    do_not_contact.add(database, [suppression.entry("713-555-0106")])
    tell(7, "paused", until=database.clock() + 10**12)
    return database


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_dialer_gets_numbers_that_may_be_dialled(listed: Database, tmp_path: Path) -> None:
    done = write(listed, KINDS["dialer"], tmp_path / "dialer.csv")
    rows = read(tmp_path / "dialer.csv")
    assert [
        (row["First Name"], row["Last Name"], row["Phone 1"], row["Phone 1 Type"], row["Phone 2"])
        for row in rows
    ] == [
        ("Ann", "Lee", "+17135550101", "mobile", "+17135550111"),
        ("", "Smith Homes LLC", "+17135550112", "voip", ""),
    ]
    assert [rows[0][name] for name in ("Address", "City", "State", "Zip", "DNC Checked")] == [
        *("1 Oak St", "Houston", "TX", "77002", "never")
    ]
    assert done.leads == 2 and done.left_out == {
        "asked to wait": 1,
        "do not contact": 1,
        "no number to dial": 2,
        "won, lost or dead": 1,
    }
    assert done.leads + sum(done.left_out.values()) == 7, "nobody is cut silently"
    assert counts(listed, KINDS["dialer"]) == (done.leads, done.left_out), (
        "the button says what the file holds"
    )
    assert audit.check_chain(listed) == []


def test_numbers_that_calls_found_wrong_are_left_out(
    listed: Database, tell: Callable[..., Any], tmp_path: Path
) -> None:
    tell(1, "wrong_number", number="+17135550101")
    write(listed, KINDS["dialer"], tmp_path / "a.csv")
    assert [row["Phone 1"] for row in read(tmp_path / "a.csv")] == ["+17135550111", "+17135550112"]
    tell(1, "disconnected", number="+17135550111")
    assert counts(listed, KINDS["dialer"]).leads == 1
    write(listed, KINDS["skiptrace"], tmp_path / "b.csv")
    assert [row["APN"] for row in read(tmp_path / "b.csv")] == ["11-1", "11-3", "11-4"], "who needs a number"


def test_a_mail_house_gets_where_owners_get_mail(
    listed: Database, tell: Callable[..., Any], tmp_path: Path
) -> None:
    tell(3, "mail_returned")
    done = write(listed, KINDS["mail"], tmp_path / "mail.csv")
    rows = read(tmp_path / "mail.csv")
    assert [(row["Last Name"], row["Mailing Address"], row["Mailing Zip"]) for row in rows] == [
        ("Lee", "9 Elm Ave", "75201"),
        ("Smith Homes LLC", "2 Oak St", "77002"),
        ("May", "4 Oak St", "73301"),
    ]
    assert done.left_out["mail came back"] == 1


def test_excel_gets_everything_and_nothing_that_runs(listed: Database, tmp_path: Path) -> None:
    done = write(listed, KINDS["excel"], tmp_path / "all.xlsx")
    assert (done.leads, done.left_out) == (7, {})
    sheet = load_workbook(tmp_path / "all.xlsx").active
    assert sheet is not None
    head, first, *_ = sheet.iter_rows()
    columns = {cell.value: number for number, cell in enumerate(head)}
    odd = first[columns["Odd Column"]]
    assert (odd.value, odd.data_type) == ("'=1+1", "s")


def test_it_works_on_a_market_a_source_and_chosen_leads(listed: Database, tmp_path: Path) -> None:
    assert counts(listed, KINDS["excel"], Chosen(market="Austin, TX")).leads == 1
    assert counts(listed, KINDS["excel"], Chosen(leads=[1, 2, 5])).leads == 3
    assert counts(listed, KINDS["dialer"], Chosen(leads=[1, 4])) == (1, {"no number to dial": 1})
    assert write(listed, KINDS["dialer"], tmp_path / "x.csv", Chosen(market="Austin, TX")).leads == 0
    filters.save(listed, "austin", "Austin")
    assert [each.id for each in filters.all_filters(listed)] == [1]
    assert counts(listed, KINDS["excel"], lists_for.of_filter(listed, "austin")).leads == 1
    assert write(listed, KINDS["excel"], tmp_path / "y.csv", lists_for.of_filter(listed, "1")).leads == 1
    with pytest.raises(UsageError, match="use dialer, mail, skiptrace, excel"):
        lists_for.kind_named("fax")


def test_the_day_of_the_last_check_is_on_each_line(listed: Database, tmp_path: Path) -> None:
    scrubbing.scrub(listed, "national", [suppression.entry("713-555-0111")])
    done = write(listed, KINDS["dialer"], tmp_path / "dialer.csv")
    rows = read(tmp_path / "dialer.csv")
    assert {row["DNC Checked"] for row in rows} == {done.dnc_checked} == {"2026-09-21"}
    assert rows[0]["Phone 2"] == "", "it stands in the registry"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("QUILLON DANA R & RAY", "Dana", "Quillon"),
        ("Maria De La Cruz", "Maria", "De La Cruz"),
        ("John Smith Jr", "John", "Smith"),
        ("Blue Heron Holdings LLC", "", "Blue Heron Holdings LLC"),
        ("Cher", "", "Cher"),
    ],
)
def test_first_and_last_name(text: str, first: str, last: str) -> None:
    assert names(text) == (first, last)
