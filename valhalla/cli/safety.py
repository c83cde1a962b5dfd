"""``valhalla risk``, ``ready``, ``validate`` and ``production``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import UsageError
from valhalla.program.terminal import outlive_output


def risk(ctx: typer.Context) -> None:
    """The risk assessment now: quality, load, safety, and which rules speak."""
    from valhalla.program import settings
    from valhalla.safety import risk as assessing

    inv = invocation(ctx)
    if inv.file:
        with inv.reading() as database:
            report = assessing.assess(database, None, settings.effective(database), alerting=False)
    else:
        with inv.reading() as database:
            values = settings.effective(database)
            report = assessing.assess(database, inv.home, values)
            if values["json_export"]:
                assessing.save(report, inv.home.logs)
    inv.show(report, lambda: _print_risk(report))


def _print_risk(report: dict[str, Any]) -> None:
    data, load, safety = report["data_quality"], report["system_performance"], report["security"]
    points = "not measured" if data["score"] is None else f"{data['score']:.1f}%"
    print(f"Overall        {report['overall_status']}   risk level {report['risk_level']}")
    print(f"Data quality   {data['status']}   {points}")
    for name, part in data["details"]["dimensions"].items():
        value = (
            f"not measured: {part['reason']}"
            if part["value"] is None
            else f"{part['value']:.1%}  ({part['numerator']}/{part['denominator']}, weight {part['weight']})"
        )
        print(f"  {name:<13}{value}")
    print(f"Performance    {load['status']}")
    for name, good in load["metrics"]["checks"].items():
        print(f"  {name:<13}{'not measured' if good is None else 'ok' if good else 'above its limit'}")
    print(f"Security       {safety['status']}")
    for name, found in safety["details"].items():
        print(f"  {found['result']:<8} {name}: {found['detail']}")
    for each in report["rules"]["speaking"]:
        print(f"{each['rule']} {each['level']}: {each['reason']}")
    if not report["rules"]["speaking"]:
        print("No rule triggered.")
    for name, why in report["rules"]["not_asked"].items():
        print(f"{name} not evaluated: {why}")


def ready(ctx: typer.Context) -> None:
    """GO or NO-GO, with each check. Exit code 1 for NO-GO."""
    from valhalla.safety import readiness

    inv = invocation(ctx)
    with inv.reading() as database:
        checks = readiness.checks(database, inv.home)
    go = bool(checks) and all(check.ok for check in checks)

    def render() -> None:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
        print("GO" if go else "NO-GO")

    inv.show({"ready": go, "checks": [vars(check) for check in checks]}, render)
    raise typer.Exit(0 if go else 1)


def validate(ctx: typer.Context) -> None:
    """Make every check of production mode. Exit code 1 when one failed."""
    from valhalla.program import settings
    from valhalla.safety import validation

    inv = invocation(ctx)
    with inv.writing() as database:
        values = settings.effective(database)
        report = validation.validate(database, inv.home, values)
        if values["json_export"]:
            validation.save(report, inv.home.logs)

    def render() -> None:
        for name, result in report["validation_results"].items():
            print(f"{result}  {name}: {report['details'][name]}")
        print(report["clearance"])

    inv.show(report, render)
    raise typer.Exit(0 if report["clearance"] == "PRODUCTION READY" else 1)


def production(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(readable=False, help="Files and folders; none: the same sources as run."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Preflight, ingest, risk, process, report, with the dry-run lock off behind the risk gate. Asks first."""
    from valhalla.intake.lines import warn
    from valhalla.program import settings
    from valhalla.program.instance import Instance
    from valhalla.service import production as workflow
    from valhalla.service.whole import WholeProgram

    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; use --home with production")
    inv.home.prepare()
    instance = Instance(inv.home.path)
    instance.acquire("production")
    outlive_output()
    try:
        with WholeProgram.open(inv.home) as program:
            if not yes:
                _ask(program.database)

            def report(step: dict[str, Any]) -> None:
                if not inv.json:
                    print(
                        f"{'[OK]' if step['ok'] else '[STOPPED]'} {step['step']}: {step['detail']}",
                        flush=True,
                    )

            program.importing.space.say = warn
            sources = [path.absolute() for path in paths or []]
            flow = workflow.run(program, sources, settings.effective(program.database), report)
    finally:
        instance.release()
    inv.show(flow.report or {"steps": flow.steps}, lambda: None)
    if flow.ok:
        return
    stopped = next(step for step in flow.steps if not step["ok"])
    print(f"production stopped at {stopped['step']}: {stopped['detail']}", file=sys.stderr)
    unread = any(file.error for file in flow.result.files) or stopped["step"] == "preflight"
    raise typer.Exit(3 if unread else 1)


def _ask(database: Any) -> None:
    from valhalla.cli.live import confirm
    from valhalla.effects import register

    counts = register.counts(database)
    print(
        f"{counts['approved']} approved effects would go out, {counts['drafted']} drafts wait.",
        file=sys.stderr,
    )
    confirm()
