"""Measures the sandbox blocks: checks a second, latencies, start and stop, idle load, memory.

``python3 scripts/bench_blocks.py [--json] [--idle SECONDS]``. Each figure is the median of three runs on a file on the disk;
the threshold stands next to it. Exit code 1 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from db import Database
from valhalla.program.database import open_database
from valhalla.sandbox import (
    AlertSystem,
    DryRunLock,
    GovernorEnforcer,
    IdempotencyManager,
    SandboxOrchestrator,
    WorkerProcess,
)

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3

BARE = "import psutil, sys; print(psutil.Process().memory_info().rss)"
ORCHESTRATOR = """
import psutil
from valhalla.sandbox import SandboxOrchestrator
with SandboxOrchestrator() as sandbox:
    sandbox.is_ready(); sandbox.governor.check_limit("api_call"); sandbox.alert_system.alert("a", "b")
    sandbox.idempotency_manager.process_idempotent("k", int); sandbox.dry_run_lock.execute("payment", int)
    sandbox.worker.queue.wait(sandbox.worker.submit_job("j", int))
    print(psutil.Process().memory_info().rss)
"""


def rate(work: Callable[[], object], times: int) -> float:
    """Calls a second."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - began)


def governor(database: Database) -> float:
    """Allowed checks a second."""
    block = GovernorEnforcer(database=database)
    block.set_limit("api_call", 1_000_000, 60)
    return rate(lambda: block.check_limit("api_call"), 10_000)


def hit(database: Database) -> float:
    """Results that were there already, a second."""
    block = IdempotencyManager(database=database)
    block.process_idempotent("key", dict)
    return rate(lambda: block.process_idempotent("key", dict), 10_000)


def dry_run(database: Database) -> float:
    """Milliseconds of a blocked action, with its log entry."""
    block = DryRunLock(database=database)
    return 1000 / rate(lambda: block.execute("payment", dict), 3_000)


def alert(database: Database) -> float:
    """Milliseconds of an alert, with its audit entry."""
    block = AlertSystem(database=database)
    return 1000 / rate(lambda: block.alert("bench", "reason", "info"), 1_000)


def submit(database: Database) -> float:
    """99th percentile of handing a job in, in milliseconds."""
    worker = WorkerProcess(max_workers=2, database=database)
    worker.start()
    taken = []
    for _ in range(1_000):
        began = time.perf_counter()
        worker.submit_job("job", int)
        taken.append(1000 * (time.perf_counter() - began))
    worker.queue.drain(30)
    worker.close()
    return statistics.quantiles(taken, n=100)[98]


def start_stop(database: Database) -> float:
    """Seconds to initialise and clean up an orchestrator."""
    began = time.perf_counter()
    with SandboxOrchestrator(database=database):
        pass
    return time.perf_counter() - began


def on_file(measure: Callable[[Database], float]) -> float:
    """The median over fresh files."""
    found = []
    for _ in range(RUNS):
        with (
            tempfile.TemporaryDirectory(prefix="valhalla-bench-", ignore_cleanup_errors=True) as folder,
            open_database(Path(folder) / "valhalla.db") as database,
        ):
            found.append(measure(database))
    return statistics.median(found)


def memory(code: str) -> float:
    """Resident megabytes that a program reports of itself."""
    told = [
        int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT).stdout)
        for _ in range(RUNS)
    ]
    return statistics.median(told) / 2**20


def service(idle: float) -> tuple[float, float]:
    """Resident megabytes and processor percent (of one core) of ``run --no-cockpit`` with nothing to do."""
    with tempfile.TemporaryDirectory(prefix="valhalla-bench-", ignore_cleanup_errors=True) as home:
        command = [sys.executable, "-m", "valhalla", "--home", home, "run", "--no-cockpit"]
        child = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        try:
            time.sleep(4)
            process = psutil.Process(child.pid)
            process.cpu_percent()
            time.sleep(idle)
            return process.memory_info().rss / 2**20, process.cpu_percent()
        finally:
            child.terminate()
            child.wait(30)


def main() -> int:
    """Measure, print, and compare with what is promised."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds over which the idle load is taken")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    bare = memory(BARE)
    resident, load = service(options.idle)
    figures: list[tuple[str, float, str, float]] = [
        ("governor checks/s", on_file(governor), ">=", 15_000),
        ("idempotency hits/s", on_file(hit), ">=", 10_000),
        ("dry-run check ms", on_file(dry_run), "<", 0.2),
        ("alert ms", on_file(alert), "<", 1.0),
        ("submit_job p99 ms", on_file(submit), "<", 5.0),
        ("orchestrator start + stop s", on_file(start_stop), "<", 1.0),
        ("orchestrator MB above bare", memory(ORCHESTRATOR) - bare, "<", 50.0),
        ("run --no-cockpit MB above bare", resident - bare, "<", 50.0),
        ("run --no-cockpit idle CPU %", load, "<", 5.0),
    ]
    rows: list[dict[str, Any]] = [
        {
            "figure": name,
            "measured": round(value, 3),
            "promised": f"{sign} {limit:g}",
            "ok": value >= limit if sign == ">=" else value < limit,
        }
        for name, value, sign, limit in figures
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            print(
                f"{'ok  ' if row['ok'] else 'MISS'}  {row['figure']:<32} {row['measured']:>12,.3f}   {row['promised']}"
            )
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
