"""Scripts of the documents run unchanged in a folder that ``valhalla shims`` filled."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from valhalla.program.errors import UsageError
from valhalla.service import shims

ROOT = Path(__file__).resolve().parents[3]
OLD = ("services", "csv_ingestion", "continuous_ingestion", "dashboard_", "sandbox_real_data_integration")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "old scripts"
    shims.write(folder)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.startswith(OLD)]:
        del sys.modules[name]


DOCUMENTED = {
    "safe payments": """
from services.sandbox import SandboxOrchestrator
sandbox = SandboxOrchestrator(use_memory_db=True)
sandbox.initialize()
assert sandbox.is_ready()
def process_payment(user_id, amount): return f"{user_id} paid {amount}"
user_id, amount = 7, 100
allowed, msg = sandbox.governor.check_limit('payment')
assert allowed
result = sandbox.idempotency_manager.process_idempotent(f"payment-{user_id}", process_payment, user_id, amount)
assert result == "7 paid 100"
result = sandbox.dry_run_lock.execute('payment', lambda: result)
assert result == {'dry_run': True, 'action': 'payment', 'result': None}
status = sandbox.get_status()
assert status['readiness']['is_ready'] and 'payment' in status['governor'] and status['worker_queue_length'] == 0
assert sandbox.heartbeat.is_healthy() and sandbox.worker.is_running
correlation_id = sandbox.logger.log_request('/api/test', 'POST')
assert sandbox.logger.log_action('operation', amount=100)['correlation_id'] == correlation_id == sandbox.logger.correlation_id
sandbox.cleanup()
""",
    "retries": """
from services.sandbox import SandboxOrchestrator, RetryBackoffManager
retry = RetryBackoffManager(max_retries=5, base_delay=0.0001, max_delay=120.0)
calls = []
def external_api_call():
    calls.append(1)
    if len(calls) < 3: raise ConnectionError("down")
    return "up"
assert retry.execute_with_retry(external_api_call, 'api', backoff_multiplier=2.0, jitter=True) == "up"
assert len(retry.retry_log) == 3 and len(retry.get_retry_log('api')) == 3
""",
    "jobs": """
import time
from services.sandbox import WorkerProcess
worker = WorkerProcess()
worker.start()
job_id = worker.submit_job('email', lambda to: f"sent to {to}", "ann@example.com")
while worker.get_job_status(job_id)['status'] in ('pending', 'running'): time.sleep(0.001)
status = worker.get_job_status(job_id)
if status['status'] == 'completed':
    print(f"Job completed: {status['result']}")
assert status['result'] == "sent to ann@example.com" and worker.completed_jobs == 1
worker.stop()
assert not worker.is_running
""",
    "locks, limits, alerts, checks": """
from services.sandbox import *
lock = DryRunLock(dry_run=True)
lock.execute('payment', print); lock.execute('read_data', lambda: 1)
assert [e['status'] for e in lock.execution_log] == ['dry_run_blocked', 'executed']
assert len(lock.get_execution_log('payment')) == 1
governor = GovernorEnforcer()
governor.set_limit('payment', 100, 3600)
allowed, msg = governor.check_limit('payment')
assert allowed and governor.limits['payment']['max_actions'] == 100 and governor.violation_log == []
alerts, heard = AlertSystem(), []
alerts.subscribe('payment', heard.append)
alerts.alert('payment', 'Insufficient funds', severity='warning')
assert len(heard) == 1 and list(alerts.subscribers) == ['payment'] and alerts.alerts[0]['severity'] == 'warning'
checker = SandboxReadinessChecker()
db = SandboxDatabaseManager(use_memory=True)
checker.register_check('db', lambda: db.engine is not None)
checker.run_all_checks()
if checker.is_ready():
    print("GO: Ready to proceed")
assert checker.results == {'db': True}
heartbeat = SchedulerHeartbeat()
assert heartbeat.last_heartbeat is None
heartbeat.start()
assert heartbeat.is_healthy() and heartbeat.last_heartbeat
heartbeat.stop()
idempotency = IdempotencyManager()
assert idempotency.process_idempotent('key', lambda: 42) == 42 == idempotency.get_cached_result('key')
assert idempotency.is_duplicate('key') and idempotency.clear_expired() == 0
session = db.get_session()
assert session.execute('SELECT 1').scalar() == 1
session.close(); db.cleanup()
""",
    "lists": """
from pathlib import Path
from csv_ingestion import CSVIngestion, ingest_real_data
leads = ingest_real_data("real_leads.csv")
for lead in leads:
    print(f"{lead['name']}: {lead['email']}")
ingestion = CSVIngestion("real_leads.csv")
leads = ingestion.ingest_from_csv()
print(f"Loaded {len(leads)} valid leads")
assert len(leads) == 10 == ingestion.leads_valid
for csv_file in Path(".").glob("*.csv"):
    leads = ingest_real_data(str(csv_file))
    if leads:
        print(f"{csv_file.name}: {len(leads)} leads")
""",
    "boards": """
from dashboard_data_sources import FederationDataSource, MemoryDataSource, get_federation_source, get_memory_source, init_data_sources
from dashboard_websockets import FederationState, MemoryState, start_dashboard_tasks
fed = get_federation_source()
assert not (fed and fed._connected)
""",
}
"""What the documents show, with a look at what comes of it."""


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_the_documents_show_runs_unchanged(folder: Path, name: str) -> None:
    exec(compile(DOCUMENTED[name], name, "exec"), {"__name__": "script"})


@pytest.mark.parametrize(
    "path", ["services/sandbox_examples.py", "csv_ingestion_examples.py", "csv_ingestion.py"]
)
def test_the_examples_run_through_the_shims(
    folder: Path, path: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [path])
    with pytest.raises(SystemExit) if path.startswith("csv") else contextlib.nullcontext() as left:
        runpy.run_path(path, run_name="__main__")
    assert left is None or not left.value.code
    out = capfd.readouterr().out
    for number in range(1, 12) if "sandbox" in path else ():
        assert f"== {number}." in out
    assert out


def test_the_documents_fifty_tests_pass_by_their_own_command(folder: Path) -> None:
    command = "-m pytest tests/test_batch_1_sandbox.py -v -p no:cacheprovider -p no:randomly"
    ended = subprocess.run(
        [sys.executable, *command.split()], capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3_000:]
    listed = {
        "Database": 3,
        "DryRunLock": 5,
        "WorkerProcess": 3,
        "SchedulerHeartbeat": 3,
        "RetryBackoff": 4,
    } | {
        **dict.fromkeys(("Idempotency", "Governor", "AlertSystem", "StructuredLogging", "Readiness"), 4),
        "Orchestrator": 3,
        "Integration": 1,
        "WhatWasImplemented": 8,
    }
    passed = {name: len(re.findall(rf"::Test{name}::.* PASSED", ended.stdout)) for name in listed}
    assert passed == listed and sum(passed.values()) == 50


def test_the_examples_are_those_of_the_program() -> None:
    for name in ("sandbox_examples", "csv_ingestion_examples"):
        kept = ROOT / "valhalla" / "service" / "shim_files" / f"{name}.txt"
        assert kept.read_bytes() == (ROOT / "examples" / f"{name}.py").read_bytes()


def test_three_cycles_measure_risk_and_write_both_reports(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    continuous = importlib.import_module("continuous_ingestion")
    continuous.ContinuousDataIngestion("real_leads.csv", interval=0).run_continuous(3)
    told = capfd.readouterr().out
    assert "Total leads processed: 30" in told and "Risk level: LOW" in told and "Data quality: " in told
    assert "not measured" not in told.split("[FINAL REPORT]")[1].split("Risk level")[1]
    report = json.loads(Path("logs/risk_monitoring_results.json").read_text(encoding="utf-8"))
    assert report["data_quality"]["score"] is not None and report["monitoring_active"] is True
    assert (
        json.loads(Path("logs/continuous_ingestion_stats.json").read_text(encoding="utf-8"))["total_leads"]
        == 30
    )


@pytest.mark.parametrize(
    ("program", "words", "code", "says"),
    [
        ("risk_monitoring_system.py", [], 0, "Data quality"),
        ("sandbox_controller.py", ["status"], 1, "STOPPED"),
        ("sandbox_real_data_integration.py", None, 0, "[STARTING]"),
    ],
)
def test_the_programs_do_what_they_did(
    folder: Path,
    home: Path,
    program: str,
    words: list[str] | None,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from valhalla.cli.entry import run

    if words is None:
        assert importlib.import_module(program.removesuffix(".py")).main(max_cycles=1, interval=0) == code
    else:
        assert run(["ingest", "real_leads.csv"]) == 0
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", [program, *words])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(program, run_name="__main__")
        assert (left.value.code or 0) == code
    assert says.lower() in capfd.readouterr().out.lower()


def test_what_is_somebody_elses_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "csv_ingestion.py").write_text("print('mine')\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is not one of ours"):
        shims.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["csv_ingestion.py"]
    other = tmp_path / "other"
    assert shims.write(other) == shims.write(other)
    assert (other / "real_leads.csv").is_file() and not (tmp_path / "services").exists()
