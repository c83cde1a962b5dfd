"""Lists of houses with numbers, signs and several owners: what a preview says is what happens, and undo leaves what others brought."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.intake.preview import scratch_copy
from valhalla.intake.undo import undo_import

HOUSES = (
    "Owner 1 First Name,Owner 1 Last Name,Address,City,State,Zip,APN,Vacant,Tax Delinquent,Est. Value,Phone 1,Phone 1 Type,Phone 1 DNC,"
    "Phone 2,Email 1,Mailing Address,Mailing City,Mailing State,Mailing Zip,Lists\n"
)
FIRST = (
    "Dana,Quillon,1412 Calder Ln,Houston,TX,77018,064-1,Yes,No,248900,7135550142,Landline,Yes,8325550187,d@example.com,88 Oak,Tulsa,OK,74105,Vacant\n"
    "Marvin,Tolliver,2210 Elder Bend,Houston,TX,77022,070-1,No,Yes,305400,7135550160,Mobile,No,,,,,,,\n"
    "Marvin,Tolliver,2212 Elder Bend,Houston,TX,77022,070-2,No,No,191000,7135550160,Mobile,No,,,,,,,\n"
)
RETURNED = "Owner Name,Property Address,Property City,Property State,Property Zip,Phone1,Phone1 Type,Phone1 TCPA,Phone2,Emails,Probate,Tax Due\n"
SECOND = (
    "DANA QUILLON,1412 CALDER LANE,HOUSTON,TX,77018,7135550199,W,N,8325550187,\"d@example.com; q@example.org\",Y,1204.11\n"
    "PIA MARSH,9 Plum St,HOUSTON,TX,77009,2815550119,L,N,,,N,\n"
    "ROY ABEL,11 Plum St,HOUSTON,TX,77009,2815550120,L,Y,,,N,\n"
)  # fmt: skip
LEAD = "name, email, phone, phone_key, address, location, details, distress, lists, score, suppressed, status"


def known(database: Database) -> list[list[tuple[Any, ...]]]:
    """What is known of the leads, and on which lists they are."""
    return [
        database.sql(f"SELECT {LEAD} FROM lead ORDER BY address, id"),
        database.sql("SELECT lead_id, file_id FROM sighting ORDER BY lead_id, file_id"),
    ]


@pytest.fixture
def lists(desk: Any, database: Database) -> tuple[Path, Path]:
    desk.database = database
    return desk.write("houses.csv", FIRST, HOUSES), desk.write("returned.csv", SECOND, RETURNED)


def test_a_preview_is_what_happens_then(desk: Any, database: Database, lists: tuple[Path, Path]) -> None:
    for path in lists:
        with scratch_copy(database) as scratch:
            scratch.clock = database.clock
            desk.database = scratch
            previewed = desk.read(path)
            foreseen = known(scratch)
        desk.database = database
        done = desk.read(path)
        assert vars(done) == vars(previewed)
        assert known(database) == foreseen


def test_undo_takes_numbers_signs_and_houses_and_leaves_what_others_brought(
    desk: Any, database: Database, lists: tuple[Path, Path], whole: Any
) -> None:
    first, second = lists
    desk.read(first)
    before = known(database)
    found = desk.read(second)
    assert (found.new, found.updated, found.rejected) == (2, 1, 0)
    assert known(database) != before
    undo_import(database, desk.last_import())
    assert known(database) == before
    whole()
    desk.read(second, again=True)
    undo_import(database, 1)
    left = [name for (name,) in database.sql("SELECT name FROM lead ORDER BY id")]
    assert "Marvin Tolliver" not in left
    assert {"PIA MARSH", "ROY ABEL"} <= set(left)
    whole()
