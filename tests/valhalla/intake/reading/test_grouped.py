"""Column names in two lines, of which the upper one has merged cells."""

from __future__ import annotations

import pytest

from valhalla.intake.reading.grouped import joined_names

GROUPS = "Owner,,Property Information,,,Mailing,,Contact,Financial,"
NAMES = "First Name,Last Name,Address,City,State,Address,City,Phone 1,Est. Value,Notes"
ROW = "Val,Dunn,10 Oak Bend,Waco,TX,99 Elm,Austin,254-555-2321,120000,vacant"


def test_a_group_says_whose_a_column_is() -> None:
    assert joined_names(GROUPS.split(","), NAMES.split(",")) == [
        *("Owner First Name", "Owner Last Name", "Property Address", "Property City", "Property State"),
        *("Mailing Address", "Mailing City", "Contact Phone 1", "Est. Value", "Notes"),
    ]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("Owner,,Phone", "Ann Lee,Houston,713-555-2123"),
        ("Owner,,Property", "Ann Lee,Houston,Vacant Land"),
        ("name,email,value", "name,email,value"),
        ("Owner list of May,,", "Owner,Phone,Address"),
        ("Report,12/01/2026,", "Owner,Phone,Address"),
        ("", "Owner,Phone"),
    ],
)
def test_other_lines_stay_apart(above: str, below: str) -> None:
    assert joined_names(above.split(","), below.split(",")) is None


@pytest.mark.parametrize("title", ["", "Delinquent owners of May\n"])
def test_both_lines_are_the_header_of_the_list(write, read_path, title: str) -> None:
    reading = read_path(write(f"{title}{GROUPS}\n{NAMES}\n{ROW}\n"))

    (row,) = reading.rows
    assert (row.name, row.address, row.phone, row.location) == (
        "Val Dunn",
        "10 Oak Bend",
        "254-555-2321",
        "Waco, TX",
    )
