"""The main job, end to end: lists in, the call list out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.program.database import open_database

Run = Callable[..., Any]

STAGES = [
    "A/B Test Tracking",
    "Script Promotion",
    "Deal Packet",
    "Outcome Evaluation",
    "Clone Readiness",
    "Lead Scoring",
]


def stats(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (home / "logs" / "continuous_ingestion_stats.json").read_text(encoding="utf-8")
    )
    return found


def count(home: Path, table: str) -> int:
    with open_database(home / "valhalla.db", create=False) as database:
        return int(database.value(f"SELECT count(*) FROM {table}"))


def test_three_cycles_over_the_sample(valhalla: Run, home: Path, sample: Path, tmp_path: Path) -> None:
    found_by_its_name = tmp_path / "elsewhere" / "real_leads.csv"  # in the working folder
    found_by_its_name.write_bytes(sample.read_bytes())
    answer = valhalla("run", "--interval", 1, "--cycles", 3)
    assert answer.code == 0, answer.err
    found = stats(home)
    assert (found["total_leads"], found["new_leads"], found["unchanged_leads"]) == (30, 10, 20)
    assert (found["valid_leads"], found["invalid_leads"], found["duplicate_leads"]) == (30, 0, 0)
    assert found["status"] == "STOPPED" and found["cycles_completed"] == 3 and found["success_rate"] == 100.0
    for number in (1, 2, 3):
        assert f"[CYCLE {number}] Starting ingestion..." in answer.out
        assert f"[OK] Cycle {number}: 10 leads in " in answer.out
    assert "Total cycles: 3" in answer.out and "Success rate: 100.0% (30/30)" in answer.out
    assert f"  lists           {found_by_its_name}\n" in answer.out


def test_ten_leads_with_six_results_each_and_nothing_new_the_second_time(
    inside: Run, home: Path, sample: Path
) -> None:
    inside("run", "--source", sample, "--interval", 1, "--cycles", 1)
    before = inside("leads", "list", "--json").json
    assert len(before) == 10
    for lead in before:
        whole = inside("leads", "show", lead["id"], "--json").json
        assert len(whole["stages"]) == 6
        assert all(stage["decision"] and stage["reasons"] for stage in whole["stages"])
        assert whole["provenance"] == {"file": str(sample), "line": lead["id"] + 1, "import_id": 1}
    again = inside("run", "--source", sample, "--interval", 1, "--cycles", 1)
    assert again.code == 0
    assert (stats(home)["new_leads"], stats(home)["unchanged_leads"]) == (0, 10)
    after = inside("leads", "list", "--json").json
    assert [lead["email"] for lead in after] == [lead["email"] for lead in before]
    assert count(home, "import") == 1


def test_the_call_list_answers_who_and_why(inside: Run, sample: Path) -> None:
    inside("ingest", sample)
    found = inside("leads", "top", "--limit", 3, "--json").json
    assert [entry["rank"] for entry in found] == [1, 2, 3]
    assert found == sorted(found, key=lambda entry: -entry["score"])
    for entry in found:
        assert {
            "id",
            "name",
            "email",
            "phone",
            "value",
            "location",
            "source",
            "band",
            "variant",
            "extra",
        } <= entry.keys()
        assert len(entry["reasons"]) == len(entry["reason_codes"]) == 3
        assert all(reason.endswith((".", "?", ": ask")) for reason in entry["reasons"])
        assert entry["next_action"] in ("call now", "text then call", "follow up", "hold")
    printed = inside("leads", "top", "--limit", 3).out
    for entry in found:
        assert entry["name"] in printed and entry["phone"] in printed
        assert all(reason in printed for reason in entry["reasons"])


def test_ingest_counts_every_row(valhalla: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "name,email,value,location,phone\n"
        "Ann Ames,ann@example.com,100000,Houston TX,713-555-0101\n"
        "Ann Ames,ann@example.com,100000,Houston TX,713-555-0101\n"
        "Ben Bold,ben.example.com,200000,Houston TX,\n"
        "Cid Cole,cid@example.com,$300000,Houston TX,\n"
        "\n"
        "Dee Dunn,DEE@Example.com,400000.505,Houston TX,\n",
        encoding="utf-8",
    )
    answer = valhalla("ingest", path, "--json")
    assert answer.code == 0
    totals = answer.json["totals"]
    assert totals == {"rows": 5, "new": 2, "updated": 0, "unchanged": 0, "duplicate": 1, "rejected": 2}
    (file,) = answer.json["files"]
    assert file["blank"] == 1 and file["mapping"]["email"] == "email" and file["error"] is None
    assert [(reject["line"], reject["column"], reject["code"]) for reject in file["rejects"]] == [
        (4, "email", "EMAIL_FORMAT"),
        (5, "value", "VALUE_CURRENCY"),
    ]
    leads = valhalla("leads", "list", "--json").json
    assert [(lead["email"], lead["value"]) for lead in leads] == [
        ("ann@example.com", 100000.0),
        ("dee@example.com", 400000.5),
    ]
    again = valhalla("ingest", path, "--json").json["totals"]
    assert again == {"rows": 5, "new": 0, "updated": 0, "unchanged": 3, "duplicate": 0, "rejected": 2}


def test_console_lines_of_one_pass(inside: Run, sample: Path) -> None:
    out = inside("ingest", sample, "--verbose").out
    assert f"[STARTING] CSV Ingestion from: {sample}" in out
    assert "[HEADERS] name, email, value, location, phone, source" in out
    assert out.count("[PROCESSING] ") == 10
    assert "Value: $185,000.00" in out
    for number, title in enumerate(STAGES, 1):
        assert out.count(f"[{number}/6] {title}: PROCESSED - ") == 10
    assert "[INGESTION COMPLETE]" in out
    assert "Total records: 10" in out and "Valid leads: 10" in out
    assert "Invalid leads: 0" in out and "Success rate: 100.0%" in out


def test_the_inbox_names_sources_and_is_always_read(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)  # makes the home
    folder = home / "inbox" / "propstream"
    folder.mkdir()
    (folder / "list.csv").write_text("name,email,value\nEve East,eve@example.com,90000\n", encoding="utf-8")
    answer = inside("run", "--interval", 1, "--cycles", 1, "--json")
    assert answer.code == 0 and answer.json["totals"]["new"] == 1
    assert [lead["name"] for lead in inside("leads", "list", "--source", "propstream", "--json").json] == [
        "Eve East"
    ]


def test_real_leads_csv_in_the_working_folder_is_read(inside: Run, tmp_path: Path, sample: Path) -> None:
    (tmp_path / "elsewhere" / "real_leads.csv").write_bytes(sample.read_bytes())
    assert inside("ingest", "--json").json["totals"]["new"] == 10


def test_an_edited_row_is_one_update_with_history(inside: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = [f"Lead {n},lead{n}@example.com,{100000 + n},Houston TX" for n in range(500)]
    path.write_text("name,email,value,location\n" + "\n".join(lines) + "\n", encoding="utf-8")
    inside("ingest", path)
    lines[250] = "Lead 250,lead250@example.com,175000,Houston TX"
    path.write_text("name,email,value,location\n" + "\n".join(lines) + "\n", encoding="utf-8")
    totals = inside("ingest", path, "--json").json["totals"]
    assert (totals["updated"], totals["unchanged"], totals["new"]) == (1, 499, 0)
    whole = inside("leads", "show", 251, "--json").json
    assert whole["value"] == 175000.0
    assert [item["before"] for item in whole["history"]] == [{"value": 10025000}]


def test_an_appended_file_is_read_on_from_its_tail(inside: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,email,value\nAnn Ames,ann@example.com,100000\n", encoding="utf-8")
    inside("ingest", path)
    with open(path, "a", encoding="utf-8") as file:
        file.write("Ben Bold,ben@example.com,200000\n")
    totals = inside("ingest", path, "--json").json["totals"]
    assert totals == {"rows": 1, "new": 1, "updated": 0, "unchanged": 0, "duplicate": 0, "rejected": 0}
    with open_database(home / "valhalla.db", create=False) as database:
        assert database.sql("SELECT kind, rows FROM import ORDER BY id") == [("whole", 1), ("tail", 1)]
    assert inside("ingest", path, "--json").json["totals"]["unchanged"] == 2


def test_preview_changes_nothing(inside: Run, home: Path, sample: Path) -> None:
    shown = inside("ingest", sample, "--preview", "--json").json["totals"]
    assert not (home / "valhalla.db").exists()
    done = inside("ingest", sample, "--json").json["totals"]
    assert shown == done and done["new"] == 10
    shown = inside("ingest", sample, "--preview", "--json").json["totals"]
    assert shown["unchanged"] == 10 and count(home, "import") == 1


def test_export_is_read_again_without_change(inside: Run, tmp_path: Path, sample: Path) -> None:
    inside("ingest", sample)
    target = tmp_path / "export.csv"
    assert inside("leads", "export", target).code == 0
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    shown = inside("ingest", target, "--preview", "--json").json
    assert shown["totals"]["rows"] == 10 and shown["totals"]["rejected"] == 0 and shown["totals"]["new"] == 0


def test_settings_are_checked_kept_and_overridden(inside: Run, sample: Path) -> None:
    inside("ingest", sample)
    assert inside("config", "set", "interval", 5).code == 0
    assert inside("config", "get", "interval", "--json").json == {"interval": 5}
    assert inside("config", "get", "interval", VALHALLA_INTERVAL="7").out == "7\n"
    refused = inside("config", "set", "interval", "soon")
    assert (
        refused.code == 2 and refused.err == "interval must be a whole number from 1 to 86400, not 'soon'\n"
    )
    assert "did you mean interval?" in inside("config", "get", "intervall").err


def test_doctor_finds_a_sound_home_sound(inside: Run, sample: Path) -> None:
    inside("ingest", sample)
    answer = inside("doctor", "--json")
    assert answer.code == 0 and answer.json["ok"]
    assert {"integrity", "references", "audit chain", "disk space"} <= {
        check["name"] for check in answer.json["checks"]
    }


@pytest.mark.skipif(sys.platform == "win32", reason="console signals of Windows are tested on the executable")
@pytest.mark.parametrize(("name", "options"), [("SIGINT", ()), ("SIGTERM", ("--no-cockpit",))])
def test_a_stop_ends_in_good_order_with_the_report(
    home: Path, sample: Path, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "valhalla",
            "--home",
            str(home),
            "run",
            "--source",
            str(sample),
            "--interval",
            "1",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "[OK] Cycle 1" in line:
            break
    os.kill(process.pid, getattr(signal, name))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and not err
    assert "[FINAL REPORT]" in out and "Total leads processed: " in out
    assert stats(home)["status"] == "STOPPED"
    assert not (home / "valhalla.db-wal").exists(), "the file is complete by itself after an orderly stop"


def test_a_second_run_names_the_first(home: Path, sample: Path, tmp_path: Path, inside: Run) -> None:
    first = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "valhalla",
            "--home",
            str(home),
            "run",
            "--source",
            str(sample),
            "--interval",
            "1",
            "--no-cockpit",
        ],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
    )
    try:
        assert first.stdout is not None
        for line in first.stdout:
            if "[OK] Cycle 1" in line:
                break
        second = inside("run", "--cycles", 1)
        assert second.code == 3 and f"(process {first.pid})" in second.err
        beside = inside("ingest", sample, "--json")
        assert beside.code == 0 and beside.json["totals"]["unchanged"] == 10
    finally:
        first.kill()
        first.wait()
