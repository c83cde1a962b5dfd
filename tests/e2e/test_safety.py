"""Production, validation, readiness, risk, the background service and the terminal cockpit, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.program.database import open_database

Run = Callable[..., Any]


class Crm:
    """A receiver of leads."""

    def __init__(self, receive: Callable[..., str]) -> None:
        self.heard: list[bytes] = []
        self.url = f"{receive(self._answer)}/lead"

    def _answer(self, request: Any) -> None:
        self.heard.append(request.rfile.read(int(request.headers["Content-Length"])))
        request.send_response(204)
        request.end_headers()


@pytest.fixture
def crm(receive: Callable[..., str]) -> Crm:
    return Crm(receive)


def report(home: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "logs" / name).read_text(encoding="utf-8"))
    return found


def test_production_goes_through_every_gate_and_sends_what_was_approved(
    inside: Run, home: Path, sample: Path, crm: Crm
) -> None:
    inside("config", "set", "webhook.url", crm.url)
    inside("effects", "approve", "--standing", "webhook", "--per-day", 4)
    answer = inside("production", sample, "--yes")
    assert answer.code == 0, answer.err
    assert [line.split(":")[0] for line in answer.out.splitlines()] == [
        "[OK] preflight",
        "[OK] ingest",
        "[OK] risk",
        "[OK] process",
        "[OK] report",
    ]
    assert len(crm.heard) == 4, "the standing approval's daily number"
    found = report(home, "production_execution.json")
    assert (found["mode"], found["dry_run_enabled"], found["data_source"]) == (
        "PRODUCTION",
        False,
        str(sample),
    )
    assert found["ingestion"]["total_records"] == 10 and found["ingestion"]["success_rate"] == 100.0
    assert found["processing"]["leads_processed"] == 10
    assert (
        found["risk_assessment"]["overall_status"] == "HEALTHY" and found["risk_assessment"]["alerts"] == []
    )
    states = [each["state"] for each in inside("effects", "list", "--json").json]
    assert states.count("done") == 4 and states.count("drafted") == 6
    assert inside("live", "status").out.startswith("Dry run"), "the lock closes with the run"
    again = inside("production", sample, "--yes")
    assert again.code == 0 and len(crm.heard) == 4, "an unchanged lead is told once"


def test_a_failed_risk_gate_leaves_leads_stored_and_sends_nothing(
    inside: Run, home: Path, tmp_path: Path, crm: Crm
) -> None:
    inside("config", "set", "webhook.url", crm.url)
    inside("effects", "approve", "--standing", "webhook")
    good = "".join(f"Ann {n},ann{n}@example.com,{100_000 + n}\n" for n in range(30))
    dirty = tmp_path / "dirty.csv"
    dirty.write_text("name,email,value\n" + good + "Bad,bad,1\n" * 20)
    answer = inside("production", dirty, "--yes")
    assert answer.code == 1 and "stopped at risk" in answer.err and len(answer.err.splitlines()) == 1
    assert crm.heard == [] and len(inside("leads", "list", "--json", "--limit", 99).json) == 30
    assert report(home, "production_execution.json")["dry_run_enabled"] is True


def test_production_asks_first_and_refuses_what_it_cannot_read(
    inside: Run, home: Path, tmp_path: Path
) -> None:
    answer = inside("production", tmp_path / "gone.csv")
    assert answer.code == 1 and "not confirmed" in answer.err
    answer = inside("production", tmp_path / "gone.csv", "--yes")
    assert answer.code == 3 and "was not found" in answer.err
    found = report(home, "production_execution.json")
    assert found["dry_run_enabled"] is True and found["ingestion"]["total_records"] == 0
    assert [(each["step"], each["ok"]) for each in found["steps"]] == [("preflight", False)]
    assert found["risk_assessment"]["overall_status"] is None and found["risk_assessment"]["reason"]
    assert inside("production", tmp_path / "gone.csv", "--yes", "--json").json["steps"] == found["steps"]


def test_validate_ready_and_risk(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)
    answer = inside("validate")
    assert answer.code == 0 and answer.out.splitlines()[-1] == "PRODUCTION READY", answer.out
    found = report(home, "production_validation_complete.json")
    assert (
        set(found["validation_results"].values()) == {"PASSED"} and found["clearance"] == "PRODUCTION READY"
    )
    ready = inside("ready", "--json")
    assert (
        ready.code == 0 and ready.json["ready"] is True and all(check["ok"] for check in ready.json["checks"])
    )
    assert inside("risk", "--json").json["data_quality"]["score"] is not None
    (home / "valhalla.db").chmod(0o644)
    answer = inside("validate")
    assert answer.code == 0 and (home / "valhalla.db").stat().st_mode & 0o777 == 0o600  # mended at its start


def test_a_torn_chain_is_no_go(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)
    with open_database(home / "valhalla.db", create=False) as database, database.write():
        database.connection().authorizer = None  # what another program could do
        database.sql("DROP TRIGGER audit_no_update")
        database.sql("UPDATE audit SET body = '{}' WHERE seq = 2")
    answer = inside("ready")
    assert answer.code == 1 and "FAIL  audit chain" in answer.out and answer.out.endswith("NO-GO\n")
    assert inside("production", sample, "--yes").code == 3


def test_the_final_report_shows_measured_risk_and_quality(inside: Run, home: Path, sample: Path) -> None:
    answer = inside("run", "--source", sample, "--interval", 1, "--cycles", 1)
    assert "Risk level: LOW" in answer.out
    score = report(home, "risk_monitoring_results.json")["data_quality"]["score"]
    assert f"Data quality: {score:.1f}%" in answer.out
    lines = (home / "logs" / "valhalla.log").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert [each["action"] for each in entries] == ["run.start", "cycle", "run.stop"]
    assert "@example.com" not in "".join(lines) and all(each["correlation_id"] for each in entries)


def test_the_background_service_starts_answers_stops_and_survives_a_kill(
    valhalla: Run, inside: Run, home: Path, sample: Path
) -> None:
    assert inside("sandbox", "status").code == 1
    started = valhalla("sandbox", "start", "--source", sample, "--interval", 1, "--json")
    assert started.code == 0, started.err
    pid = started.json["pid"]
    status = inside("sandbox", "status", "--json")
    assert status.code == 0 and status.json["instance"]["pid"] == pid
    assert status.json["heartbeat"]["is_healthy"] and all(status.json["self_check"].values())
    assert "RUNNING" in inside("cockpit", "--once").out
    second = inside("sandbox", "start")
    assert second.code == 1 and str(pid) in second.err
    refused = inside("production", sample, "--yes")
    assert refused.code == 3 and str(pid) in refused.err
    assert inside("sandbox", "stop").code == 0
    assert inside("sandbox", "status").code == 1 and "STOPPED" in inside("cockpit", "--once").out
    assert report(home, "continuous_ingestion_stats.json")["status"] == "STOPPED"
    # killed, it leaves a lock file behind that nobody holds
    pid = valhalla("sandbox", "start", "--json").json["pid"]
    subprocess.run(
        [sys.executable, "-c", f"import psutil; p = psutil.Process({pid}); p.kill(); p.wait()"], check=False
    )
    restarted = valhalla("sandbox", "restart", "--json")
    assert restarted.code == 0 and restarted.json["pid"] != pid
    assert inside("sandbox", "stop").code == 0


def test_live_needs_a_running_instance_and_the_word(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)
    answer = inside("live", "on")
    assert answer.code == 1 and "nothing runs" in answer.err
    assert inside("run", "--live", "--cycles", 1).code == 1, "nobody typed LIVE"
    assert inside("config", "set", "dry_run_enabled", "off").code == 2


def test_governor_and_alerts_commands(inside: Run, home: Path, sample: Path) -> None:
    inside("ingest", sample)
    assert inside("governor", "set", "effect.webhook", 0, 60).code == 0
    (limit,) = inside("governor", "status", "--json").json
    assert (limit["resource"], limit["max_actions"], limit["window_seconds"]) == ("effect.webhook", 0, 60)
    inside("run", "--source", home / "nothing-here.csv", "--cycles", 1, "--interval", 1)
    assert inside("alerts", "list", "--json").json == []
    assert inside("alerts", "ack", 7).code == 1


def test_a_template_with_a_missing_field_names_it(
    inside: Run, home: Path, sample: Path, tmp_path: Path
) -> None:
    inside("ingest", sample)
    template = tmp_path / "offer.txt"
    template.write_text("Subject: About {street}\n\nHello {name}\n")
    answer = inside("effects", "draft", "email", 1, "--template", template)
    assert answer.code == 1 and "{street}" in answer.err and "lead 1" in answer.err
    template.write_text("Subject: Hello {name}\n\nAbout {location}.\n")
    assert (
        inside("effects", "draft", "email", 1, "--template", template, "--json").json[0]["state"] == "drafted"
    )
