"""The list of buyers."""

from __future__ import annotations

from pathlib import Path

import pytest

from db import Database, audit
from valhalla.intake.other_lists import import_buyers
from valhalla.leads.buyers import all_buyers, wishes
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
