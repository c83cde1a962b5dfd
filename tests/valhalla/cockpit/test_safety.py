"""The safety page: what was checked, asking for checks, limits, and production from the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db import Database
from jobs import JobState
from valhalla.cockpit.server import Server
from valhalla.safety import jobs
from valhalla.safety.workflow import Workflow
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer


def test_before_anything_was_checked_the_page_says_so(client: httpx.Client) -> None:
    text = client.get("/safety").text
    assert "Not checked yet" in text and "Not assessed yet" in text
    told = client.get("/api/safety").json()
    assert told["checks"] is None and told["risk"] is None and told["heartbeat"] is None


def test_checks_are_made_and_shown_with_each_block(
    client: httpx.Client, work: Callable[[], JobState]
) -> None:
    assert client.post("/safety/checks").status_code == 303
    assert work().state == "done"
    told = client.get("/api/safety").json()["checks"]
    assert told["ready"] is True and all(check["ok"] for check in told["checks"])
    assert len(told["blocks"]) == 30 and all(block["ok"] and block["does"] for block in told["blocks"])
    text = client.get("/safety").text
    assert "<strong>GO</strong>" in text
    for check in told["checks"]:
        assert check["name"] in text


def test_no_go_names_the_check(
    client: httpx.Client, database: Database, work: Callable[[], JobState]
) -> None:
    later = database.clock() + 3_600_000_000
    with database.write():
        database.sql(
            "INSERT INTO heartbeat (name, pid, interval, timeout, beats, started_at, beat_at) VALUES ('x', 1, 1, 1, 1, ?, ?)",
            (later, later),
        )
    client.post("/safety/checks")
    work()
    text = client.get("/safety").text
    assert "NO-GO" in text and "the computer&#39;s clock is" in text


def test_go_and_critical_never_stand_on_one_page(
    client: httpx.Client, database: Database, work: Callable[[], JobState]
) -> None:
    AlertSystem(database=database).alert("disk", "there is no space on the disk", "critical")
    client.post("/safety/checks")
    assert work().result["ready"] is True
    client.post("/safety/risk")
    work()
    text = client.get("/safety").text
    assert ">Critical<" in text and "<strong>NO-GO</strong>" in text and "The risk is critical" in text


def test_risk_is_shown_by_dimension_with_inputs_and_formula(
    client: httpx.Client, work: Callable[[], JobState], people: Callable[[int], int]
) -> None:
    people(30)
    client.post("/safety/risk")
    assert work().state == "done"
    told = client.get("/api/safety").json()["risk"]
    parts = told["data_quality"]["details"]["dimensions"]
    measured = {name: part for name, part in parts.items() if part["value"] is not None}
    assert sum(part["points"] for part in measured.values()) == pytest.approx(
        told["data_quality"]["score"], abs=0.05
    )
    text = client.get("/safety").text
    for name, part in parts.items():
        assert name in text and part["formula"].split(" ")[0] in text


def test_validation_makes_its_report(
    client: httpx.Client, server: Server, work: Callable[[], JobState]
) -> None:
    client.post("/safety/validate")
    assert work().state == "done"
    report = json.loads((server.cockpit.home.logs / "production_validation_complete.json").read_text("utf-8"))
    assert report["clearance"] in ("PRODUCTION READY",) or report["clearance"].startswith("NOT READY")
    assert client.get("/api/safety").json()["validation"] == report
    assert "dry run lock" in client.get("/safety").text


def test_a_report_that_is_broken_is_passed_over(client: httpx.Client, server: Server) -> None:
    for text in ("{", "[]", "{}"):
        (server.cockpit.home.logs / "risk_monitoring_results.json").write_text(text, encoding="utf-8")
        assert client.get("/safety").status_code == 200


def test_a_limit_is_set_and_audited(client: httpx.Client, database: Database) -> None:
    answer = client.post("/safety/limits", data={"resource": "effect.webhook", "most": "3", "seconds": "60"})
    assert answer.status_code == 303
    governor = GovernorEnforcer(database=database)
    assert [governor.check_limit("effect.webhook")[0] for _ in range(4)] == [True, True, True, False]
    assert (
        database.value("SELECT count(*) FROM audit WHERE action = 'governor.set' AND actor = 'operator'") == 1
    )
    (shown,) = client.get("/api/safety").json()["limits"]
    assert (shown["current_actions"], shown["max_actions"], shown["denied_count"]) == (3, 3, 1)
    assert "Denied last: effect.webhook" in client.get("/safety").text


@pytest.mark.parametrize(
    "data",
    [
        {"resource": "x", "most": "-1"},
        {"resource": "x", "most": "many"},
        {"resource": "x", "most": "1", "seconds": "0"},
        {"resource": "x", "most": "1", "seconds": "nan"},
        {"resource": " ", "most": "1"},
        {"most": "1"},
    ],
)
def test_a_limit_that_is_none_is_refused(
    client: httpx.Client, database: Database, data: dict[str, str]
) -> None:
    assert client.post("/safety/limits", data=data).status_code in (400, 422)
    assert database.value("SELECT count(*) FROM governor_limit") == 0


def test_production_asks_and_needs_a_run(client: httpx.Client, database: Database) -> None:
    assert client.post("/safety/production").status_code == 400
    refused = client.post("/safety/production", data={"word": "LIVE"}, headers={"accept": "application/json"})
    assert refused.status_code == 409 and "nothing runs" in refused.json()["error"]["message"].lower()
    assert database.value("SELECT count(*) FROM task") == 0


def test_production_runs_as_a_job_and_shows_its_gates(
    client: httpx.Client, server: Server, work: Callable[[], JobState]
) -> None:
    def workflow(told: Callable[[dict[str, Any]], object]) -> Workflow:
        flow = Workflow()
        flow.step("preflight", True, "every check passed")
        flow.step("ingest", False, "the list <b>cannot</b> be read")
        for step in flow.steps:
            told(step)
        return flow

    server.cockpit.background.checking.workflow = workflow
    assert client.post("/safety/production", data={"word": "LIVE"}).status_code == 303
    assert work().result["ok"] is False
    text = client.get("/safety").text
    assert "the list &lt;b&gt;cannot&lt;/b&gt; be read" in text
    assert client.get("/api/safety").json()["work"][jobs.PRODUCTION_JOB]["steps"][1]["ok"] is False


def test_what_cannot_be_asked_for_is_refused(client: httpx.Client) -> None:
    assert client.post("/safety/everything").status_code == 400


def test_each_shield_shows_its_value_threshold_and_trend(
    client: httpx.Client, work: Callable[[], JobState], people: Callable[[int], int]
) -> None:
    people(3)
    client.post("/safety/risk")
    work()
    found = client.get("/api/safety").json()["risk"]["rules"]["thresholds"]
    assert {each["rule"] for each in found} == {"R2", "R5", "R6", "R15", "R16"}
    assert (found[0]["value"], found[0]["threshold"], found[0]["speaks"]) == (100.0, 90, False)
    text = client.get("/safety").text
    assert "Thresholds" in text and "rows that are valid" in text and "risk.validity_percent" in text
