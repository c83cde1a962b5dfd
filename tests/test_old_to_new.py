"""docs/old-to-new.md: what it offers in place of the old commands and imports exists and works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from valhalla.cli.app import make_app
from valhalla.cli.entry import run as main

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "old-to-new.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| in the documents")
]
CODE = re.compile(r"`([^`]+)`")

OLD_PROGRAMS = (
    "csv_ingestion.py",
    "production_workflow.py",
    "continuous_ingestion.py",
    "sandbox_real_data_integration.py",
    "risk_monitoring_system.py",
    "validate_production_mode.py",
    "show_ops_cockpit.py",
    "sandbox_controller.py",
    "SANDBOX_PERSISTENT.py",
    "csv_ingestion_examples.py",
    "services/sandbox_examples.py",
    "tests/test_batch_1_sandbox.py",
    "ark-federation-service.py",
    "test_dashboard_websockets.py",
)
OLD_NAMES = [
    "SandboxOrchestrator",
    "SandboxDatabaseManager",
    "DryRunLock",
    "WorkerProcess",
    "SchedulerHeartbeat",
    "RetryBackoffManager",
    "IdempotencyManager",
    "GovernorEnforcer",
    "AlertSystem",
    "StructuredLogger",
    "SandboxReadinessChecker",
    "CSVIngestion",
    "ingest_real_data",
    "ContinuousDataIngestion",
    "FederationDataSource",
    "MemoryDataSource",
    "FederationState",
    "MemoryState",
    "init_data_sources",
    "get_federation_source",
    "get_memory_source",
    "cleanup_data_sources",
    "start_dashboard_tasks",
    "stop_dashboard_tasks",
]


def ours(start: str) -> list[str]:
    return sorted({code for row in ROWS for code in CODE.findall(row[-1]) if code.startswith(start)})


def test_every_program_and_name_of_the_documents_is_there() -> None:
    left = " ".join(row[0] for row in ROWS)
    right = " ".join(row[-1] for row in ROWS)
    assert [name for name in OLD_PROGRAMS if name not in left] == []
    assert [name for name in OLD_NAMES if name not in left or name not in right] == []
    assert all(len(row) == 2 for row in ROWS)


@pytest.mark.parametrize("line", ours("from "))
def test_the_imports_work(line: str) -> None:
    exec(line, {})


@pytest.mark.parametrize("line", ours("valhalla "))
def test_the_commands_and_their_options_exist(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = line.split()[1:]
    if words == ["--version"]:
        assert main(words) == 0
        return
    path = [word for word in words if re.fullmatch(r"[a-z]+", word)][:2]
    if path[0] == "config":
        path = path[:2]
    assert main([*path, "--help"]) == 0
    told = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in told and word != "--json"] == []


def test_the_main_commands_do_what_the_old_programs_did(
    home: Path, sample_leads: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.chmod(0o700)  # as the program makes it
    assert main(["run", "--source", str(sample_leads), "--cycles", "1", "--no-cockpit"]) == 0
    assert "[OK] Cycle 1: 10 leads" in capsys.readouterr().out
    for words in (["ingest", str(sample_leads)], ["risk"], ["validate"], ["cockpit", "--once"]):
        assert main(words) == 0, words
        capsys.readouterr()
    assert {path.name for path in (home / "logs").glob("*.json")} >= {
        "continuous_ingestion_stats.json",
        "risk_monitoring_results.json",
    }


@pytest.mark.parametrize("line", ours("python3 "))
def test_the_scripts_exist(line: str) -> None:
    named = [word for word in line.split()[1:] if "/" in word]
    assert named
    assert [word for word in named if not (ROOT / word).exists()] == []


@pytest.mark.parametrize("name", ["csv_ingestion_examples", "sandbox_examples"])
def test_the_examples_run(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert make_app(None).registered_commands
