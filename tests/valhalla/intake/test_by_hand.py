"""Leads that a person types."""

from __future__ import annotations

from pathlib import Path

from valhalla.intake.by_hand import add_lead
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program.database import memory_database
from valhalla.scoring import store

WHO = {"name": "Ann Ames", "email": "ann@example.com"}


def test_what_was_typed_last_counts_also_when_it_was_typed_before(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with memory_database() as database:
        store.seed(database)
        for value in ("2", "3", "2"):
            add_lead(database, {**WHO, "value": value})
            assert database.value("SELECT value FROM lead") == int(value) * 100
        add_lead(database, {**WHO, "value": "2"})
        assert database.value("SELECT count(*) FROM lead_history") == 2, "nothing new was said"
        path.write_text("name,email,value\nAnn Ames,ann@example.com,5\n", encoding="utf-8")
        import_file(database, Request(str(path), "by hand"))
        assert database.value("SELECT value FROM lead") == 500, "else the next step proves nothing"
        add_lead(database, {**WHO, "value": "2"})
        assert database.value("SELECT value FROM lead") == 200
