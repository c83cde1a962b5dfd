"""The production workflow: preflight, ingest, risk, process, report; the lock is off only behind the risk gate."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import DatabaseError, audit, heads
from db.clock import iso
from jobs import WaitTimeout
from valhalla import __version__
from valhalla.effects import live, register
from valhalla.intake.results import COUNTS
from valhalla.program.files import write_report
from valhalla.program.later import later
from valhalla.reports.packet_files import refresh
from valhalla.safety.guards import Safety
from valhalla.safety.workflow import Report, Workflow
from valhalla.service import runs
from valhalla.service.whole import WholeProgram

if TYPE_CHECKING:
    from db import Database
    from valhalla.effects import drafting
    from valhalla.program.home import Home
    from valhalla.safety import readiness, risk
else:
    drafting = later("valhalla.effects.drafting")
    readiness = later("valhalla.safety.readiness")
    risk = later("valhalla.safety.risk")

REPORT_NAME = "production_execution.json"
PATIENCE = 120.0
"""Seconds that the workflow waits for the effects it began; later tries go on with the next run."""


def run(
    program: WholeProgram,
    sources: Sequence[Path],
    values: Mapping[str, Any],
    on_step: Report = lambda step: None,
) -> Workflow:
    """Run the workflow; it stops at the first gate that is not passed. The caller holds the instance lock."""
    flow, database, home = Workflow(on_step), program.database, program.home

    checks = readiness.checks(database, home, sources)
    failed = [check for check in checks if not check.ok]
    source = ", ".join(map(str, sources)) or str(home.inbox)
    if not flow.step("preflight", not failed, failed[0].detail if failed else f"{len(checks)} checks passed"):
        _report(flow, database, home, source, values, None, dry_run=True)
        return flow
    run_id = runs.begin(database, "production", values)
    safety = program.all_kinds().guard(values, run_id)
    safety.begin(hold=True)
    worker = program.queue.worker(threads=3)
    worker.start()
    ended = "failed"
    try:
        _gates(flow, program, sources, safety)
        was_live = live.current(database) is not None
        _report(flow, database, home, source, values, safety.assessment, dry_run=not was_live)
        ended = "finished"
    except (
        Exception
    ) as error:  # what came in the way of a step is in the report too; it is not announced, but raised
        flow.on_step = lambda step: None
        flow.step("ended", False, str(error) or type(error).__name__)
        with contextlib.suppress(DatabaseError):
            _report(flow, database, home, source, values, safety.assessment, dry_run=True)
        raise
    finally:
        worker.stop(timeout=2.0)
        runs.end(database, "production", run_id, ended, {"ok": flow.ok, "steps": len(flow.steps)})
        safety.end()
        database.checkpoint()
    return flow


def within(
    program: WholeProgram, safety: Safety, values: Mapping[str, Any], on_step: Report = lambda step: None
) -> Workflow:
    """The workflow inside of a run that goes on: on its standing sources, its workers and its guards. Called in a job.

    The lock is off only for the process step, unless the run was live before.
    """
    flow, database, home = Workflow(on_step), program.database, program.home

    source, was_live = str(home.inbox), live.current(database) is not None
    with database.write(durable=True):
        body = {"version": __version__, "within": True}
        audit.append(database, "production.start", f"run:{safety.run_id}", body, actor="operator")
    try:
        failed = [check for check in readiness.checks(database, home) if not check.ok]
        if flow.step("preflight", not failed, failed[0].detail if failed else "every check passed"):
            _gates(flow, program, [], safety)
        dry = live.current(database) is None
    finally:
        if not was_live:
            live.close(database, "production")
        body = {"ok": flow.ok, "steps": len(flow.steps)}
        with database.write(durable=True):
            audit.append(database, "production.stop", f"run:{safety.run_id}", body)
    _report(flow, database, home, source, values, safety.assessment, dry_run=dry)
    return flow


def _gates(
    flow: Workflow,
    program: WholeProgram,
    sources: Sequence[Path],
    safety: Safety,
) -> None:
    """Ingest, risk, process: each only when the one before was passed."""
    done = program.importing.run(program.home, sources, standing=not sources, final=True)
    flow.result = done.result
    totals = {name: done.result.total(name) for name in COUNTS}
    errors = [file.error["message"] for file in done.result.files if file.error]
    read = totals["rows"]
    detail = errors[0] if errors else f"{read - totals['rejected']} of {read} rows are leads"
    readable = not errors and (read == 0 or totals["rejected"] - done.result.total("offered") < read)
    if flow.step("ingest", readable, detail):
        safety.assess()
        found = safety.assessment or {}
        speaking = found["rules"]["speaking"]
        reason = speaking[0]["reason"] if speaking else found["risk_level_reason"]
        if flow.step("risk", found["overall_status"] != "CRITICAL", f"{found['overall_status']}: {reason}"):
            flow.step("process", *_process(program.database, program.home, safety, done.import_ids))


def _report(
    flow: Workflow,
    database: Database,
    home: Home,
    source: str,
    values: Mapping[str, Any],
    assessment: Mapping[str, Any] | None,
    *,
    dry_run: bool,
) -> None:
    """The report of whatever was done, also of a run that was stopped; on the disk unless reports are off."""
    totals = {name: flow.result.total(name) for name in COUNTS}
    flow.report = report(database, source, totals, assessment, dry_run=dry_run, steps=flow.steps)
    if not values["json_export"]:
        return
    try:
        flow.step("report", True, str(save(home, flow.report)))
    except OSError as error:
        flow.step("report", False, f"{home.logs / REPORT_NAME} cannot be written: {error.strerror or error}")


def _process(database: Database, home: Home, safety: Safety, import_ids: list[int]) -> tuple[bool, str]:
    """Make the packets of the call list's first leads, draft this run's effects, approve what a standing approval covers, run what is approved."""
    packets = refresh(database, home)
    drafted = drafting.for_new_leads(database, import_ids)
    for number in drafted:
        register.approve_by_standing(database, number)
    due = [each["id"] for each in register.find(database, state="approved", limit=10_000)]
    safety.let_go()
    states = [_settled(safety, number) for number in due]
    failed = sum(state in ("failed", "uncertain") for state in states)
    return not failed, (
        f"{len(packets)} packets made, {len(drafted)} effects drafted, {len(due)} approved ones begun: {states.count('done')} done, {failed} failed or uncertain"
    )


def _settled(safety: Safety, number: int) -> str:
    try:
        safety.queue.wait(safety.effects.enqueue(number), timeout=PATIENCE)
    except WaitTimeout:
        pass
    return str(register.show(safety.database, number)["state"])


def report(
    database: Database,
    source: str,
    totals: Mapping[str, int],
    assessment: Mapping[str, Any] | None,
    *,
    dry_run: bool | None = None,
    steps: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The documented report of a production run, or of a cycle of a live run."""
    rows, rejected = totals["rows"], totals["rejected"]
    valid = rows - rejected
    unread = None if rows else "no record was read"
    nothing = dict.fromkeys(("overall_status", "data_quality_score", "system_performance", "security_status"))
    return {
        "timestamp": iso(database.clock()),
        "mode": "PRODUCTION",
        "dry_run_enabled": live.current(database) is None if dry_run is None else dry_run,
        "data_source": source,
        "ingestion": {
            "total_records": rows,
            "valid_leads": valid,
            "invalid_leads": rejected,
            "success_rate": round(100 * valid / rows, 4) if rows else None,
            "success_rate_reason": unread,
        },
        "processing": {
            "leads_processed": valid,
            "success_rate": 100.0 if valid else None,
            "success_rate_reason": None if valid else "no lead was processed",
        },
        "risk_assessment": risk.summary(assessment)
        if assessment
        else {**nothing, "alerts": [], "reason": "the risk was not assessed"},
        "steps": [dict(each) for each in steps],
        "audit": heads.report(database),
    }


def save(home: Home, content: dict[str, Any]) -> Path:
    """Write the report; returns its path."""
    path = home.logs / REPORT_NAME
    write_report(path, content)
    return path
