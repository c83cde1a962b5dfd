"""Rules speak, alerts open, escalate and close without flapping, and the report has its documented shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs.testing import FakeClock
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.safety import risk, risk_rules
from valhalla.sandbox import AlertSystem
from valhalla.scoring.opening import open_home


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    home.chmod(0o700)
    with open_home(Home(home)) as database:
        database.clock = FakeClock(database.clock())
        yield database


def assess(database: Database, home: Path) -> dict[str, Any]:
    return risk.assess(database, Home(home), settings.effective(database))


def write(path: Path, good: int, bad: int = 0, start: int = 0) -> Path:
    rows = [f"Ann {n},ann{n}@example.com,{100_000 + n * 997}" for n in range(start, start + good)]
    path.write_text("name,email,value\n" + "\n".join(rows + ["Bad,bad,1"] * bad) + "\n")
    return path


def speaking(report: dict[str, Any]) -> dict[str, str]:
    return {each["rule"]: each["level"] for each in report["rules"]["speaking"]}


def test_the_report_has_its_documented_shape_and_is_valid_json(database: Database, home: Path) -> None:
    report = assess(database, home)
    found = json.loads(risk.save(report, home / "logs").read_text(encoding="utf-8"))
    assert {
        "timestamp",
        "monitoring_active",
        "data_quality",
        "system_performance",
        "security",
        "alerts",
    } <= set(found)
    assert {"status", "score", "checks_passed", "checks_failed", "details"} <= set(found["data_quality"])
    assert {"status", "checks_passed", "checks_failed", "metrics"} <= set(found["system_performance"])
    assert {"status", "checks_passed", "checks_failed", "details"} <= set(found["security"])
    assert set(found["alerts"]) == {"critical", "warnings", "info", "total"}
    assert found["data_quality"]["status"] == "NO_DATA" and found["overall_status"] == "UNKNOWN"
    assert found["security"]["details"]["encryption_at_rest"]["result"] == "WARNING"
    others = [
        each["result"] for name, each in found["security"]["details"].items() if name != "encryption_at_rest"
    ]
    assert (found["security"]["status"] == "WARNING") == ("WARNING" in others), (
        "a plain file alone is not amber for ever"
    )
    assert found["risk_level"] == "LOW" and "could be asked" in found["risk_level_reason"]
    assert "R16" in found["rules"]["not_asked"]


def test_low_validity_speaks_and_closes_when_the_list_is_repaired(
    database: Database, home: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", 30, bad=10)
    import_file(database, Request(str(path), "csv", True))
    report = assess(database, home)
    assert speaking(report)["R2"] == "high" and report["risk_level"] == "HIGH"
    assert report["data_quality"]["status"] == "POOR" and report["overall_status"] == "CRITICAL"
    system = AlertSystem(database=database)
    (alert,) = system.get_alerts("error", state="standing")
    assert alert["task"].startswith("risk:R2:") and alert["context"]["records"] == 40
    clock: Any = database.clock
    clock.advance(60)
    assess(database, home)
    assert system.get_alerts("error", state="standing")[0]["seen"] == 2, "the same one, not another"
    write(path, 40)
    import_file(database, Request(str(path), "csv", True))
    clock.advance(60)
    assert "R2" not in speaking(assess(database, home))
    assert system.get_alerts("error", state="standing"), "one good look closes nothing"
    clock.advance(60)
    assess(database, home)
    assert not system.get_alerts("error", state="standing")


def test_what_is_raised_or_acknowledged_while_it_measures_stays(
    database: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = AlertSystem(database=database)
    clock: Any = database.clock
    system.alert("risk:R1:a.csv", "a.csv cannot be read", "error")
    (seen,) = system.get_alerts("error")
    measure = risk.security.measure

    def meanwhile(*given: Any) -> dict[str, Any]:
        clock.advance(1)
        system.acknowledge(seen["id"])
        system.alert("risk:R1:b.csv", "b.csv cannot be read", "error")
        return measure(*given)

    monkeypatch.setattr(risk.security, "measure", meanwhile)
    assess(database, home)
    assert [each["state"] for each in system.get_alerts("error")] == ["acknowledged", "open"]
    assert system.reopen(seen["id"])["state"] == "open"


def test_a_few_rows_raise_no_alarm(database: Database, home: Path, tmp_path: Path) -> None:
    import_file(database, Request(str(write(tmp_path / "a.csv", 10, bad=5)), "csv", True))
    report = assess(database, home)
    assert "R2" not in speaking(report) and "interval" in report["data_quality"]["details"]["note"]


def test_a_broken_file_duplicates_and_a_size_that_jumps_speak(
    database: Database, home: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n1,2\n")
    import_file(database, Request(str(broken), "csv", True))
    (tmp_path / "empty.csv").touch()
    import_file(database, Request(str(tmp_path / "empty.csv"), "csv", True))
    for number in range(4):
        import_file(
            database, Request(str(write(tmp_path / f"{number}.csv", 100, start=number * 100)), "csv", True)
        )
    small = tmp_path / "small.csv"
    lines = (tmp_path / "0.csv").read_text().splitlines()
    small.write_text("\n".join(lines[:26] + lines[1:16]) + "\n")
    import_file(database, Request(str(small), "csv", True))
    found = speaking(assess(database, home))
    assert (found["R1"], found["R3"], found["R4"], found["R5"]) == ("high", "high", "medium", "medium")


def test_the_dnc_list_ages(database: Database, home: Path) -> None:
    clock: Any = database.clock
    with database.write():
        database.sql(
            "INSERT INTO suppression (kind, value, digest, origin, created_at, created_by) "
            "VALUES ('email', 'a@b.c', 'x', 'list', ?, 'test')",
            (clock(),),
        )
    assert "R16" not in speaking(assess(database, home))
    clock.advance(32 * 86_400)
    assert speaking(assess(database, home))["R16"] == "medium"


def test_monitoring_that_is_off_is_itself_an_alert(database: Database, home: Path) -> None:
    settings.save(database, "risk_monitoring", "off")
    assert assess(database, home)["monitoring_active"] is False
    assert AlertSystem(database=database).get_alerts(task_name=risk.OFF_TASK, state="standing")
    settings.save(database, "risk_monitoring", "on")
    assess(database, home)
    assert not AlertSystem(database=database).get_alerts(task_name=risk.OFF_TASK, state="standing")


def test_a_readable_file_a_strange_schema_and_a_plain_secret_are_critical(
    database: Database, home: Path
) -> None:
    (home / "valhalla.db").chmod(0o644)
    with database.write():
        database.sql("CREATE TABLE stranger (x INTEGER)")
        database.sql("INSERT INTO setting VALUES ('webhook.secret', '\"hunter2\"', 0, 'test')")
    report = risk.assess(database, Home(home), {key: each.default for key, each in settings.SETTINGS.items()})
    details = report["security"]["details"]
    assert [details[name]["result"] for name in ("home_permissions", "schema", "plaintext_secrets")] == [
        "FAILED"
    ] * 3
    assert "stranger" in details["schema"]["detail"] and "hunter2" not in json.dumps(report)
    assert report["security"]["status"] == "CRITICAL" and report["overall_status"] == "CRITICAL"


def test_every_rule_has_a_level_and_a_line_in_the_document() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "risk.md").read_text(encoding="utf-8")
    for name in (*risk_rules.RULES, "R14"):
        assert f"| {name} |" in text
