"""Sources, imports, refused rows, decisions about leads: from the command line, as a person does it."""

from __future__ import annotations

import csv
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def valhalla(home: Path, inside: Run) -> Run:
    """These are about what commands do to a home, not about their processes."""
    return inside


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


GOOD = "name,email,value,phone\nAnn Ames,ann@example.com,100000,713-555-2101\n"


def test_a_list_with_strange_columns_is_cured_by_the_command_it_names(valhalla: Run, write: Any) -> None:
    valhalla("sources", "set", "csv", "--with", "rules=documents")
    path = write(
        "odd.csv", 'Owner,Phone,Asking Prise\nAnn,713-555-2101,"$250,000"\nBen,214-555-2102,"$90,000"\n'
    )
    failed = valhalla("ingest", path)
    assert failed.code == 3 and failed.err.count("\n") == 1
    hint = next(line for line in failed.out.splitlines() if line.startswith("[HINT]"))
    assert "2 of 2 rows are accepted then, now 0." in hint
    again = valhalla("ingest", path)
    assert (again.code, again.err, hint in again.out) == (3, failed.err, True), "the advice is repeated"
    command = hint.partition("Do it with: valhalla ")[2].split()
    done = valhalla(*command, "--json")
    assert done.code == 0 and done.json["totals"]["new"] == 2
    assert valhalla("imports", "show", 1, "--json").json["error"]["code"] == "MISSING_COLUMN"


def test_refused_rows_come_back_repaired_through_the_inbox(
    valhalla: Run, home: Path, write: Any, tmp_path: Path
) -> None:
    valhalla("ingest", write("list.csv", GOOD + "Bo,bo.example.com,5,\n"))
    assert [row["code"] for row in valhalla("leads", "rejects", "--json").json] == ["EMAIL_FORMAT"]
    target = tmp_path / "fix.csv"
    assert valhalla("leads", "rejects", "export", target).code == 0
    with open(target, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["email"] = "bo@example.com"
    with open(home / "inbox" / "fixed.csv", "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert valhalla("ingest", "--json").json["totals"]["new"] == 1
    assert valhalla("leads", "rejects", "--json").json == []
    again = valhalla("ingest", "--json").json["files"]
    assert [file["unchanged"] for file in again] == [1], "known as what it is, it is not read a third time"


def test_an_import_is_taken_back_and_read_again(valhalla: Run, write: Any) -> None:
    path = write("list.csv", GOOD)
    valhalla("ingest", path)
    result = valhalla("imports", "undo", 1, "--json")
    assert (result.json["reversed"], result.json["kept"], result.json["failed"]) == (1, 0, 0)
    assert valhalla("leads", "list", "--json").json == []
    assert valhalla("ingest", path, "--json").json["totals"]["rows"] == 0
    assert valhalla("imports", "reread", 1, "--json").json["totals"]["new"] == 1
    assert [item["state"] for item in valhalla("imports", "list", "--json").json] == ["done", "undone"]
    refused = valhalla("imports", "undo", 1, "--yes")
    assert refused.code == 1 and "was undone already" in refused.err
    assert valhalla("doctor").code == 0


def test_do_not_contact_keeps_out_of_call_list_and_export(valhalla: Run, write: Any, tmp_path: Path) -> None:
    valhalla("ingest", write("list.csv", GOOD + "Ben,ben@example.com,5,\n"))
    people = write("dnc.csv", "who,why\nann@example.com,asked\n\n")
    imported = valhalla("dnc", "import", people, "--json").json
    told = {name: imported[name] for name in ("kind", "numbers", "added", "known", "leads", "skipped")}
    assert told == {"kind": "own", "numbers": 1, "added": 1, "known": 0, "leads": 1, "skipped": []}
    assert [lead["name"] for lead in valhalla("leads", "top", "--json").json] == ["Ben"]
    valhalla("leads", "export", tmp_path / "out.csv", "--top")
    assert "ann@" not in (tmp_path / "out.csv").read_text(encoding="utf-8")
    valhalla("leads", "export", tmp_path / "all.csv")
    with open(tmp_path / "all.csv", encoding="utf-8-sig", newline="") as file:
        told = {row["email"]: row["do_not_contact"] for row in csv.DictReader(file)}
    assert told == {"ann@example.com": "do not contact: email", "ben@example.com": ""}
    assert len(valhalla("leads", "list", "--json").json) == 2, "stored and counted as usual"
    assert [item["value"] for item in valhalla("dnc", "list", "--json").json] == ["ann@example.com"]
    assert valhalla("dnc", "remove", "ann@example.com", "--json").json == {"removed": 1, "leads": 1}
    assert valhalla("dnc", "remove", "ann@example.com").code == 1
    assert valhalla("dnc", "add", "nobody at all").code == 2


def test_search_duplicates_merge_and_unmerge(valhalla: Run, write: Any) -> None:
    valhalla("ingest", write("list.csv", GOOD + "Ann Ames,ann@work.example,5,(713) 555-2101\n"))
    assert [lead["id"] for lead in valhalla("leads", "search", "7135552101", "--json").json] == [1, 2]
    (pair,) = valhalla("leads", "duplicates", "--json").json
    assert [lead["id"] for lead in pair["leads"]] == [1, 2]
    assert valhalla("leads", "merge", 1, 2).code == 0
    assert [lead["id"] for lead in valhalla("leads", "search", "ames", "--json").json] == [1]
    assert valhalla("leads", "unmerge", 2).code == 0
    assert len(valhalla("leads", "list", "--json").json) == 2
    assert valhalla("leads", "duplicates", "--json").json == [], "a person has decided"


def test_a_lead_is_added_by_hand_and_forgotten(valhalla: Run) -> None:
    added = valhalla(
        "leads",
        "add",
        "--name",
        "Eve East",
        "--phone",
        "713-555-2109",
        "--value",
        "300000",
        "--set",
        "type=probate",
        "--json",
    )
    assert added.json == {"id": 1, "what": "new"}
    assert valhalla("leads", "show", 1, "--json").json["extra"] == {"type": "probate"}
    assert valhalla("leads", "add", "--name", "X", "--value", "lots").code == 2
    forgotten = valhalla("leads", "forget", "713-555-2109", "--json")
    assert forgotten.json["leads"] == [1]
    assert valhalla("leads", "show", 1).code == 1
    assert valhalla("leads", "forget", "713-555-2109", "--yes").code == 1


def test_a_change_to_review_is_accepted(valhalla: Run, write: Any) -> None:
    valhalla("sources", "set", "csv", "--with", "merge=review")
    valhalla("ingest", write("a.csv", GOOD))
    valhalla("ingest", write("b.csv", GOOD.replace("100000", "90000")))
    (change,) = valhalla("leads", "review", "--json").json
    assert change["changes"] == {"value": [10_000_000, 9_000_000]}
    assert valhalla("leads", "review", "--accept", change["id"]).code == 0
    assert valhalla("leads", "show", 1, "--json").json["value"] == 90000.0


def test_sources_say_what_is_wrong_with_a_setting(valhalla: Run) -> None:
    assert (
        "contact must be one of email, phone, either"
        in valhalla("sources", "set", "x", "--with", "contact=fax").err
    )
    assert "a source has no setting 'colour'" in valhalla("sources", "set", "x", "--with", "colour=red").err
    assert valhalla("sources", "set", "x", "--accept").code == 1


def test_a_new_list_in_the_inbox_is_read_at_once(home: Path, tmp_path: Path, sample: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "valhalla", "--home", str(home), "run", "--interval", "3600"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "[OK] Cycle 1" in line:
                break
        part = home / "inbox" / "list.csv.part"
        part.write_bytes(sample.read_bytes())
        part.rename(home / "inbox" / "list.csv")
        read = next((line for line in process.stdout if "[OK] Cycle" in line and ": 10 leads" in line), "")
        assert ": 10 leads" in read, "the next cycle would be in an hour"
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()
