"""The list of buyers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from valhalla.intake.other_lists import import_buyers
from valhalla.leads import deals
from valhalla.leads.buyers import add, all_buyers, wishes
from valhalla.program.errors import UsageError
from valhalla.scoring.stages.buyers import Buyer

LIST = """\
Buyer,Markets,Max Price,Beds,Rehab,Share
Cem Homes,"Houston, TX; Dallas, TX","$250,000",3+,50000,75%
Ann,"TX, FL",,,,0.7
Anyone,,,,,
,TX,,,,
Cem Homes,TX,,,,
Bob,Atlantis,,,,
Eve,TX,lots,,,
"""


def test_wishes_are_read_and_lines_that_make_no_sense_are_named(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "buyers.csv"
    path.write_text(LIST, encoding="utf-8")
    done = import_buyers(database, path)
    assert (done.rows, done.new, len(done.refused)) == (7, 3, 4)
    assert [each.line for each in done.refused] == [5, 6, 7, 8]
    assert wishes(database) == [
        Buyer("Ann", ("TX", "FL"), None, None, None, 700_000),
        Buyer("Anyone"),
        Buyer("Cem Homes", ("Houston, TX", "Dallas, TX"), 25_000_000, 3, 5_000_000, 750_000),
    ]
    assert audit.check_chain(database) == []


def test_a_later_list_changes_adds_and_with_replace_removes(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "buyers.csv"
    path.write_text("name,markets\nAnn,TX\nBob,TX\n", encoding="utf-8")
    import_buyers(database, path)
    path.write_text("name,markets\nAnn,FL\nCem,TX\n", encoding="utf-8")
    done = import_buyers(database, path)
    assert (done.new, done.changed, done.same, done.removed) == (1, 1, 0, 0)
    done = import_buyers(database, path, replace=True)
    assert (done.same, done.removed) == (2, 1)
    assert [b["name"] for b in all_buyers(database)] == ["Ann", "Cem"]
    path.write_text("name,markets\nBob,TX\n", encoding="utf-8")
    assert import_buyers(database, path).changed == 1, "who left comes back"
    assert [b["name"] for b in all_buyers(database)] == ["Ann", "Bob", "Cem"]


def test_a_list_without_names_is_refused(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "buyers.csv"
    path.write_text("who,where\nAnn,TX\n", encoding="utf-8")
    with pytest.raises(UsageError, match="needs a column name"):
        import_buyers(database, path)


def test_what_a_buyer_took_paid_and_let_fall_through(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(4)
    number, new = add(database, {"name": " Cem  Homes ", "markets": "TX", "max_price": "250000"})
    assert new and add(database, {"name": "Cem Homes", "phone": "713-555-0100"}) == (number, False)
    with pytest.raises(UsageError, match="is not a market"):
        add(database, {"name": "Bob", "markets": "Atlantis"})
    for lead, event, price in ((1, "won", 10_000_000), (2, "won", 12_000_000), (3, "lost", 1), (4, None, 1)):
        tell(lead, "contract", days_ago=9)
        deals.set_terms(database, lead, {"buyer_id": number, "buyer_price": price})
        if event:
            tell(lead, event, days_ago=2)
    (buyer,) = all_buyers(database)
    assert (buyer["max_price"], buyer["phone"]) == (250_000.0, "713-555-0100")
    assert (buyer["bought"], buyer["fell_through"], buyer["pending"], buyer["average_price"]) == (
        *(2, 1, 1),
        110_000.0,
    )
    reliable = buyer["reliability"]
    assert reliable["n"] == 3 and reliable["low"] < reliable["share"] < reliable["high"]
    assert add(database, {"name": "New"})[1]
    assert all_buyers(database)[1]["reliability"]["share"] is None
