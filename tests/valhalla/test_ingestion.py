"""The public API: shapes, messages, overrides, counts, and where things are kept."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from valhalla.ingestion import ContinuousDataIngestion, CSVIngestion, ingest_real_data
from valhalla.intake import custom_rules
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.database import memory_database, open_database
from valhalla.program.errors import UsageError

SAMPLE = Path(__file__).parents[2] / "examples" / "real_leads.csv"


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    path = tmp_path / "dirty.csv"
    path.write_text(
        "name,email,value,location,phone,County,ARV\n"
        " Ann Ames ,ANN@Example.com,500000.50,Houston TX,713-555-0123, Harris ,700000\n"
        "Ben Bold,ben.example.com,100,,,,\n"
        "Cid Cole,cid@example.com,abc,,,,\n"
        ",dee@example.com,100,,,,\n",
        encoding="utf-8",
    )
    return path


def test_good_leads_come_back_cleaned(dirty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ingestion = CSVIngestion(dirty)
    leads = ingestion.ingest_from_csv()
    assert leads is not None
    (lead,) = leads
    assert datetime.fromisoformat(lead.pop("ingestion_date")).tzinfo is not None
    assert lead == {
        "name": "Ann Ames",
        "email": "ann@example.com",
        "value": 500000.5,
        "location": "Houston TX",
        "phone": "713-555-0123",
        "source": "csv",
        "County": " Harris ",
        "ARV": 700000.0,
    }
    assert (ingestion.leads_ingested, ingestion.leads_valid, ingestion.leads_invalid) == (4, 1, 3)
    assert ingestion.processed_leads == leads
    out = capsys.readouterr().out
    assert out.startswith(
        f"[STARTING] CSV Ingestion from: {dirty}\n[HEADERS] name, email, value, location, phone, County, ARV\n"
    )
    for sentence in (
        f"{dirty}:3: Invalid email format: ben.example.com",
        f"{dirty}:4: Value must be numeric: ",
        f"{dirty}:5: Missing fields in lead data: ['name']",
        "Total records: 4",
        "Success rate: 25.0%",
    ):
        assert sentence in out


def test_reading_it_again_gives_the_same(dirty: Path) -> None:
    ingestion = CSVIngestion(dirty)
    first, second = ingestion.ingest_from_csv(), ingestion.ingest_from_csv()
    assert first and second and [lead["email"] for lead in first] == [lead["email"] for lead in second]
    assert ingestion.leads_ingested == 4


def test_no_file_and_no_header(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ingest_real_data(tmp_path / "none.csv") is None
    assert f"[ERROR] The file '{tmp_path / 'none.csv'}' was not found." in capsys.readouterr().out
    (tmp_path / "odd.csv").write_text("colour,size\nred,1\n", encoding="utf-8")
    assert ingest_real_data(tmp_path / "odd.csv") is None
    (tmp_path / "head.csv").write_text("name,email,value\n", encoding="utf-8")
    assert ingest_real_data(tmp_path / "head.csv") == []


@pytest.mark.parametrize(
    ("lead", "message"),
    [
        ({"name": "A", "email": "a@x.com", "value": "1"}, None),
        ({"name": "A", "email": "a@x.com", "value": 2.5}, None),
        ({"name": " ", "email": "a@x.com", "value": "1"}, "Missing fields in lead data: ['name']"),
        ({"name": "A", "value": "1"}, "Missing fields in lead data: ['email']"),
        ({"name": "A", "email": ".@", "value": "1"}, "Invalid email format: .@"),
        ({"name": "A", "email": "a@x.com", "value": "abc"}, "Value must be numeric: "),
        ({"name": "A", "email": "a@x.com", "value": "nan"}, "Value "),
        ({"name": "A", "email": "a@x.com", "value": "-1"}, "Value "),
    ],
)
def test_validate(lead: dict[str, Any], message: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert CSVIngestion("x.csv").validate_lead_data(lead) == (message is None)
    assert (message or "") in capsys.readouterr().out


def test_sanitize_is_stable() -> None:
    ingestion = CSVIngestion("x.csv")
    lead = ingestion.sanitize_lead(
        {"name": " A  B ", "email": "A@X.com", "value": "1e0" if False else "10", "Tag": "x"}
    )
    assert (lead["name"], lead["email"], lead["value"], lead["source"], lead["Tag"]) == (
        "A B",
        "a@x.com",
        10.0,
        "csv",
        "x",
    )
    again = ingestion.sanitize_lead(lead)
    assert {**again, "ingestion_date": ""} == {**lead, "ingestion_date": ""}
    with pytest.raises(ValueError, match="Missing fields"):
        ingestion.sanitize_lead({"name": "A"})


def test_own_rules_are_asked_about_every_record(dirty: Path) -> None:
    class Own(CSVIngestion):
        def validate_lead_data(self, lead: dict[str, Any]) -> bool:
            return lead["name"] == "Ben Bold" or super().validate_lead_data(lead)

        def sanitize_lead(self, lead: dict[str, Any]) -> dict[str, Any]:
            email = lead["email"] if "@" in lead["email"] else ""
            return {
                **lead,
                "email": email,
                "phone": lead["phone"] or "713-555-0199",
                "County": "own",
                "new": 1,
            }

        def process_lead(self, lead_data: dict[str, Any]) -> None:
            super().process_lead(lead_data)
            told.append(lead_data["name"])

    told: list[str] = []
    with memory_database() as database:
        leads = Own(dirty, database=database).ingest_from_csv()
        assert leads is not None
        assert (
            [name.strip() for name in told]
            == [lead["name"].strip() for lead in leads]
            == ["Ann Ames", "Ben Bold"]
        )
        assert leads[1]["new"] == 1
        stored = database.sql("SELECT name, email, phone, extras FROM lead ORDER BY id")
        assert stored == [
            ("Ann Ames", "ann@example.com", "713-555-0123", '["own","1"]'),
            ("Ben Bold", None, "713-555-0199", '["own","1"]'),
        ]
        assert viewed(database, 2)["extra"] == {"County": "own", "new": "1"}
        assert database.sql("SELECT code FROM reject ORDER BY line") == [
            ("VALUE_NOT_NUMBER",),
            ("MISSING_NAME",),
        ]


def viewed(database: Database, lead: int) -> dict[str, Any]:
    viewer = Viewer(
        database,
        database.clock(),
        settings.effective(database) | {"quiet_hours": "20:00-08:00", "timezone": None},
    )
    return viewer.entry(viewer.record(lead))


@pytest.mark.parametrize("rows", [1, 10])
def test_columns_that_own_rules_add_are_kept_as_extra_columns(tmp_path: Path, rows: int) -> None:
    class Own(CSVIngestion):
        def sanitize_lead(self, lead: dict[str, Any]) -> dict[str, Any]:
            made = super().sanitize_lead(lead)
            made[f"Tier {made['name'][-1]}"] = made["value"] // 1000  # another column for each kind of lead
            return made

    path = tmp_path / "list.csv"
    path.write_text(
        "name,email,asking price,Tag\nA 1,a@x.com,5000,t1\nB 2,b@x.com,6000,t2\n", encoding="utf-8"
    )
    with open_database(tmp_path / "valhalla.db") as database:
        with database.write():
            database.sql("INSERT INTO setting VALUES ('import.chunk_rows', ?, 0, 'test')", (str(rows),))
        Own(path, database=database).ingest_from_csv()
        assert viewed(database, 1)["extra"] == {"Tag": "t1", "Tier 1": "5"}
        assert viewed(database, 2)["extra"] == {"Tag": "t2", "Tier 1": "", "Tier 2": "6"}
        again = Own(path, database=database)
        again.ingest_from_csv()
        assert database.sql("SELECT new, unchanged FROM import ORDER BY id") == [(2, 0), (0, 2)]
        assert audit.check_chain(database) == []


def test_a_rule_that_makes_a_column_for_each_lead_is_stopped_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(CSVIngestion):
        def sanitize_lead(self, lead: dict[str, Any]) -> dict[str, Any]:
            return {**lead, lead["name"]: "x"}

    monkeypatch.setattr(custom_rules, "MOST_COLUMNS", 2)
    path = tmp_path / "list.csv"
    path.write_text(
        "name,email,value\n" + "".join(f"n{n},n{n}@x.com,5\n" for n in range(5)), encoding="utf-8"
    )
    with pytest.raises(UsageError, match="more than 2 different columns"):
        Own(path).ingest_from_csv()


def test_a_refusal_of_an_own_rule_is_a_reject_like_any_other(dirty: Path) -> None:
    class Nobody(CSVIngestion):
        def validate_lead_data(self, lead: dict[str, Any]) -> bool:
            return False

    ingestion = Nobody(dirty)
    assert ingestion.ingest_from_csv() == []
    assert (ingestion.leads_ingested, ingestion.leads_invalid) == (4, 4)


def test_verbose_tells_six_stages_per_lead(capsys: pytest.CaptureFixture[str]) -> None:
    CSVIngestion(SAMPLE, verbose=True).ingest_from_csv()
    out = capsys.readouterr().out
    assert out.count("[PROCESSING] ") == 10
    assert len(re.findall(r"\[[1-6]/6\] .*: PROCESSED - ", out)) == 60


def test_three_cycles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    watched = ContinuousDataIngestion(SAMPLE, interval=0)
    watched.run_continuous(max_cycles=3)
    found = json.loads((tmp_path / "logs" / "continuous_ingestion_stats.json").read_text(encoding="utf-8"))
    assert (found["total_leads"], found["new_leads"], found["unchanged_leads"]) == (30, 10, 20)
    assert found["status"] == "STOPPED" and found["cycles_completed"] == 3
    out = capsys.readouterr().out
    assert "[CYCLE 3] Starting ingestion..." in out and "[OK] Cycle 3: 10 leads in " in out
    assert "Total cycles: 3" in out


def test_no_cycle_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    watched = ContinuousDataIngestion(SAMPLE, interval=0)
    watched.run_continuous(max_cycles=0)
    assert watched.stats.cycles == 0


def test_a_missing_list_is_a_failed_cycle(tmp_path: Path) -> None:
    watched = ContinuousDataIngestion(tmp_path / "none.csv")
    assert watched.run_ingestion_cycle() is False
    (tmp_path / "none.csv").write_bytes(SAMPLE.read_bytes())
    assert watched.run_ingestion_cycle() is True
    assert watched.save_stats(tmp_path / "own.json") == tmp_path / "own.json"


def test_cycles_honour_overrides_of_their_own_and_of_a_class(tmp_path: Path) -> None:
    class Half(CSVIngestion):
        def validate_lead_data(self, lead: dict[str, Any]) -> bool:
            return float(lead["value"]) > 200_000

    class HalfForEver(ContinuousDataIngestion):
        def validate_lead_data(self, lead: dict[str, Any]) -> bool:
            return float(lead["value"]) > 200_000

    one = ContinuousDataIngestion(SAMPLE, ingestion_class=Half)
    two = HalfForEver(SAMPLE)
    assert one.run_ingestion_cycle() and two.run_ingestion_cycle()
    assert 0 < one.leads_valid == two.leads_valid < 10


def test_a_home_keeps_the_leads(tmp_path: Path) -> None:
    ingest_real_data(SAMPLE, home=tmp_path / "home")
    with open_database(tmp_path / "home" / "valhalla.db") as database:
        assert database.value("SELECT count(*) FROM lead") == 10
