"""``valhalla audit``: what an auditor and an operator see."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.instance import Instance


@pytest.fixture
def say(home: Path, sample_leads: Path, command: Any) -> Any:
    """Run a command on a home with ten leads; (exit code, output, errors)."""
    command("ingest", sample_leads, code=0)
    return lambda *words: astuple(command(*words))


def leads_in(content: bytes, sample: Path) -> list[str]:
    with sample.open(encoding="utf-8", newline="") as file:
        cells = [row[name] for row in csv.DictReader(file) for name in ("name", "email", "phone")]
    return [cell for cell in cells if cell and cell.encode() in content]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminal for a test to sit at")
def test_whoever_waits_at_a_terminal_sees_that_it_is_being_checked(say: Any, home: Path) -> None:
    import pty

    terminal, end = pty.openpty()
    words = [sys.executable, "-m", "valhalla", "audit", "verify", "--home", str(home)]
    try:
        with subprocess.Popen(words, stdin=end, stdout=end, stderr=end):
            os.close(end)
            shown = b""
            with contextlib.suppress(OSError):  # Linux's word for the other end being closed
                while more := os.read(terminal, 4096):
                    shown += more
    finally:
        os.close(terminal)
    assert b"checking" in shown
    assert "checking" not in say("audit", "verify")[2]


def test_a_copy_is_checked_and_comes_with_its_manifest(say: Any, tmp_path: Path, home: Path) -> None:
    code, out, _ = say("audit", "copy", tmp_path / "c.db", "--json")
    manifest = json.loads(out)
    assert code == 0
    assert manifest == {
        **json.loads((tmp_path / "c.db.manifest.json").read_text()),
        "path": str(tmp_path / "c.db"),
    }
    assert manifest["rows"]["lead"] == 10
    code, out, _ = say("audit", "verify", tmp_path / "c.db", "--json")
    verdict = json.loads(out)
    assert (code, verdict["ok"], verdict["head"], verdict["problems"]) == (0, True, manifest["head"], [])
    assert {"lead", "policy", "import", "audit"} <= {*verdict["evidence"]}
    noted = (home / "audit" / "heads.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(noted[-1])["entries"] > manifest["entries"]


def test_the_homes_own_file_is_verified_and_a_head_that_is_not_its_own_is_refused(say: Any) -> None:
    code, out, _ = say("audit", "verify")
    assert code == 0 and out.splitlines()[-1].startswith("OK: ")
    code, out, _ = say("audit", "verify", "--head", "0" * 64)
    assert code == 1 and "is not in this chain" in out
    code, _, err = say("audit", "verify", "--head", "abc")
    assert code == 2 and "64 hexadecimal digits" in err


def test_a_file_that_is_missing_or_damaged(say: Any, tmp_path: Path) -> None:
    assert say("audit", "verify", tmp_path / "none.db")[0] == 3
    (tmp_path / "text.db").write_text("no database")
    code, out, _ = say("audit", "verify", tmp_path / "text.db")
    assert code == 1 and "altered or torn" in out


def test_a_redacted_copy_names_nobody_and_verifies(say: Any, tmp_path: Path, sample_leads: Path) -> None:
    assert say("audit", "copy", tmp_path / "whole.db")[0] == 0
    assert leads_in((tmp_path / "whole.db").read_bytes(), sample_leads), "else this test proves nothing"
    assert say("audit", "copy", tmp_path / "r.db", "--redact")[0] == 0
    assert leads_in((tmp_path / "r.db").read_bytes(), sample_leads) == []
    code, out, _ = say("audit", "verify", tmp_path / "r.db", "--json")
    verdict = json.loads(out)
    assert (code, verdict["ok"]) == (0, True)
    assert verdict["redacted"] >= 10
    code, _, err = say("audit", "restore", tmp_path / "r.db", "--yes")
    assert code == 1 and "redacted" in err


def test_the_log_is_filtered_and_exported(say: Any, tmp_path: Path) -> None:
    say("config", "set", "interval", "60")
    entries = json.loads(say("audit", "log", "--action", "setting.change", "--json")[1])
    assert [(entry["subject"], entry["body"]["after"]) for entry in entries] == [("setting:interval", 60)]
    every = json.loads(say("audit", "log", "--json")[1])
    assert "rows" not in {entry["action"] for entry in every}
    assert {
        entry["action"].split(".")[0]
        for entry in json.loads(say("audit", "log", "--action", "import.", "--json")[1])
    } == {"import"}
    assert json.loads(say("audit", "log", "--since", "2999-01-01", "--json")[1]) == []
    assert say("audit", "log", "--since", "tomorrow")[0] == 2
    assert say("audit", "log", "--export", tmp_path / "log.csv")[0] == 0
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["seq"] for row in rows] == [str(entry["seq"]) for entry in every]
    assert say("audit", "log", "--export", tmp_path / "log.json")[0] == 0
    assert json.loads((tmp_path / "log.json").read_text(encoding="utf-8")) == every


def test_restoring_goes_back_keeps_what_was_there_and_goes_on_from_it(
    say: Any, tmp_path: Path, home: Path
) -> None:
    say("audit", "copy", tmp_path / "c.db")
    say("config", "set", "interval", "60")
    code, out, _ = say("audit", "restore", tmp_path / "c.db", "--yes", "--json")
    assert code == 0
    kept = Path(json.loads(out)["kept"])
    assert json.loads(say("config", "get", "interval", "--json")[1]) == {"interval": 30}
    assert say("audit", "verify", kept)[0] == 0
    for number in range(3):  # on beyond the heads that were noted before
        say("config", "set", "interval", str(100 + number))
    assert say("audit", "verify")[0] == 0


def test_restoring_is_refused_while_the_program_runs_and_from_a_copy_that_does_not_verify(
    say: Any, tmp_path: Path, home: Path
) -> None:
    say("audit", "copy", tmp_path / "c.db")
    before = Home(home).database.read_bytes()
    instance = Instance(home)
    instance.acquire("run")
    code, _, err = say("audit", "restore", tmp_path / "c.db", "--yes")
    instance.release()
    assert code != 0 and "already runs" in err
    content = bytearray((tmp_path / "c.db").read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "c.db").write_bytes(content)
    code, _, err = say("audit", "restore", tmp_path / "c.db", "--yes")
    assert code == 1 and "does not verify" in err
    assert Home(home).database.read_bytes() == before


def test_a_key_is_made_shown_and_asked_for(say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(say("audit", "key", "--json")[1]) == {"public": None}
    assert say("audit", "key", "--make", "here")[0] == 2
    made = json.loads(say("audit", "key", "--make", "env:AUDIT_KEY", "--json")[1])
    monkeypatch.setenv("AUDIT_KEY", made["secret"])
    assert json.loads(say("audit", "key", "--json")[1]) == {"public": made["public"]}
    assert say("audit", "copy", tmp_path / "c.db")[0] == 0
    assert say("audit", "verify", tmp_path / "c.db", "--key", made["public"])[0] == 0
    code, out, _ = say("audit", "verify", tmp_path / "c.db", "--key", "A" * 43 + "=")
    assert code == 1 and "nothing that key" in out
    assert say("audit", "verify", tmp_path / "c.db", "--key", "short")[0] == 2


def test_pruning_by_hand(say: Any) -> None:
    assert json.loads(say("audit", "prune", "--json")[1]) == {"removed": {}}
    assert say("audit", "prune")[1] == "Nothing is old enough.\n"


def test_who_is_forgotten_leaves_a_proof_that_names_nobody(say: Any, home: Path, sample_leads: Path) -> None:
    with sample_leads.open(encoding="utf-8", newline="") as file:
        person = next(csv.DictReader(file))
    code, out, err = say("leads", "forget", person["email"], "--yes", "--json")
    assert code == 0, out + err
    code, out, _ = say("audit", "verify", "--json")
    assert code == 0, json.loads(out)["problems"]
    for path in (Home(home).database, home / "valhalla.db-wal"):
        content = path.read_bytes() if path.exists() else b""
        assert [person[name] for name in ("name", "email", "phone") if person[name].encode() in content] == []
    with open_database(home / "valhalla.db") as database:
        proof = database.sql("SELECT salt, hash FROM witness WHERE tbl = 'lead' AND key = 1 ORDER BY entry")
    assert [salt for salt, _ in proof] == [None, None]
    assert len(proof[0][1]) == 32 and proof[1][1] is None
