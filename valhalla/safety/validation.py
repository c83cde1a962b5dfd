"""Production-mode validation: every check is really made, on the home or on a scratch home of the same program.

A check that raises, or cannot be made, is FAILED; none is passed by default.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import Database, heads, integrity
from db.clock import iso
from valhalla.effects import live
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.results import of_import
from valhalla.program.files import write_report
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.program.scratch import scratch_folder
from valhalla.safety import blocks, preflight, readiness, security, sql
from valhalla.sandbox.selfcheck import check_blocks
from valhalla.scoring.opening import open_home

if TYPE_CHECKING:
    from collections.abc import Mapping

REPORT_NAME = "production_validation_complete.json"

DIRTY = """name,email,value,phone
Ann Lee,ann@example.com,500000,713-555-0101
,nobody@example.com,1,
Bob Ray,bob.example.com,1,
Cy Fox,cy@example.com,abc,
Di Roe,di@example.com,-5,
Ed Poe,ed@example.com,"$500,000",
Ann Lee,ann@example.com,500000,713-555-0101
Flo Zu,flo@example.com,nan,
Gus May,gus@example.com,250000.50,
"""
"""Two good rows, one of them twice, and six that must be refused."""

EXPECTED = {"rows": 9, "new": 2, "duplicate": 1, "rejected": 6}


class Failed(Exception):
    """A check was made and failed; the text says why."""


def validate(database: Database, home: Home, values: Mapping[str, Any]) -> dict[str, Any]:
    """The documented report, with what was found for each check."""
    metrics: dict[str, Any] = {}
    checks: dict[str, Callable[[], str]] = {
        "schema": lambda: _security(security.check_schema(database)),
        "integrity": lambda: _integrity(database),
        "audit_chain": lambda: _check(readiness.check_chain(database)),
        "validation_rules": lambda: _rules(database, metrics),
        "dry_run_lock": lambda: _block("dry-run lock"),
        "governor": lambda: _block("governor"),
        "worker": lambda: _worker(metrics),
        "thirty_blocks": _thirty,
        "disk_space": lambda: _check(preflight.check_space(home)),
        "clock": lambda: _check(readiness.check_clock(database)),
        "permissions": lambda: _security(security.check_permissions(database, home.path)),
    }
    results: dict[str, str] = {}
    details: dict[str, str] = {}
    for name, check in checks.items():
        began = time.perf_counter()
        try:
            details[name] = check()
            results[name] = "PASSED"
        except Exception as error:  # whatever it was, the check was not passed
            details[name] = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            results[name] = "FAILED"
        metrics[f"{name}_seconds"] = round(time.perf_counter() - began, 4)
    failed = [name for name, result in results.items() if result != "PASSED"]
    return {
        "timestamp": iso(database.clock()),
        "mode": "PRODUCTION",
        "dry_run_enabled": live.current(database) is None,
        "validation_results": results,
        "details": details,
        "metrics": metrics,
        "audit": heads.report(database),
        "clearance": "PRODUCTION READY" if not failed else f"NOT READY: {', '.join(failed)}",
    }


def save(report: dict[str, Any], logs: Path) -> Path:
    """Write the report; returns its path."""
    path = logs / REPORT_NAME
    write_report(path, report)
    return path


def _check(found: preflight.Check) -> str:
    if not found.ok:
        raise Failed(found.detail)
    return found.detail


def _security(found: tuple[str, str]) -> str:
    result, detail = found
    if result != security.PASSED:
        raise Failed(detail)
    return detail


def _integrity(database: Database) -> str:
    found = integrity.problems(database, 1)
    if found or database.sql(sql.BROKEN_REFERENCES):
        raise Failed(f"the file is damaged: {found[0] if found else 'a reference leads nowhere'}")
    return f"every page and reference, schema {SCHEMA.latest}"


def _rules(database: Database, metrics: dict[str, Any]) -> str:
    with scratch_folder(database.path) as folder:
        scratch = Home(folder)
        sample = scratch.path / "dirty.csv"
        sample.write_text(DIRTY, encoding="utf-8")
        with open_home(scratch) as sampled:
            number = import_file(sampled, Request(str(sample)))
            if number is None:
                raise Failed("the built-in sample was not read")
            result = of_import(sampled, number)
    found = {name: getattr(result, name) for name in EXPECTED}
    metrics["sample"] = found
    if found != EXPECTED:
        raise Failed(f"the built-in sample gave {found} instead of {EXPECTED}")
    return f"{found['rejected']} of {found['rows']} rows of a dirty sample were refused, as they must be"


def _block(name: str) -> str:
    """The promise of one of the ten blocks, put to the test on a scratch database."""
    (found,) = check_blocks(name)
    if not found["ok"]:
        raise Failed(found["detail"])
    return str(found["detail"])


def _thirty() -> str:
    """All of them, end to end, on a database of their own."""
    broken = [each for each in blocks.check() if not each["ok"]]
    if broken:
        raise Failed(
            "; ".join(f"block {each['number']} ({each['name']}): {each['detail']}" for each in broken)
        )
    return f"all {len(blocks.BLOCKS)} blocks did what they promise"


def _worker(metrics: dict[str, Any]) -> str:
    began = time.perf_counter()
    detail = _block("worker")
    metrics["worker_round_trip_seconds"] = round(time.perf_counter() - began, 4)
    return detail
