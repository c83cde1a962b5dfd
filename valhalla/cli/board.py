"""``valhalla cockpit``: the live view in the terminal. Every figure says how old it is."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation

if TYPE_CHECKING:
    from db import Database
    from valhalla.program.home import Home


@dataclass(frozen=True)
class Line:
    """A figure with its age in seconds (None: read this moment)."""

    group: str
    name: str
    value: str
    age: float | None = None
    style: str = ""


def cockpit(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Print one frame and end.")] = False,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Open the running instance's cockpit in the browser, by a fresh link."),
    ] = False,
    every: Annotated[float, typer.Option("--every", min=0.2, max=60, help="Seconds between frames.")] = 1.0,
) -> None:
    """Service, cycles, leads, quality, queue, limits, alerts, heartbeat and load, live."""
    import sys

    inv = invocation(ctx)
    if open_:
        _open(inv)
        return
    with inv.reading() as database:
        home = None if inv.file else inv.home
        if once or inv.json or not sys.stdout.isatty():
            lines = frame(database, home)
            inv.show([vars(line) for line in lines], lambda: _console().print(_drawn(lines)))
            return
        from rich.live import Live

        stop = threading.Event()
        with Live(
            _drawn(frame(database, home)), console=_console(), screen=True, auto_refresh=False
        ) as shown:
            try:
                while not stop.wait(every):
                    shown.update(_drawn(frame(database, home)), refresh=True)
            except KeyboardInterrupt:
                return


def _open(inv: Invocation) -> None:
    """A fresh link to the cockpit of the instance that runs, printed and opened."""
    from valhalla.cli import browser
    from valhalla.program.errors import UsageError, ValhallaError
    from valhalla.program.instance import running

    if inv.file:
        raise UsageError("--db only reads; a cockpit belongs to a --home")
    other = running(inv.home.path)
    if other is None:
        raise ValhallaError("nothing runs on this home; start it with: valhalla run --open")
    if browser.again(inv.home, other, opens=True) is None:
        raise ValhallaError(f"process {other.pid} runs without a cockpit; stop it, then: valhalla run --open")


def frame(database: Database, home: Home | None) -> list[Line]:
    """What stands in the file and is measured now."""
    return [*_service(database, home), *_quality(database, home), *_work(database), *_load(database, home)]


def _service(database: Database, home: Home | None) -> list[Line]:
    from db.clock import SECOND
    from valhalla.effects import live
    from valhalla.leads.view import count
    from valhalla.program.instance import running
    from valhalla.sandbox.heartbeat import seen_from_outside
    from valhalla.service import runs

    now = database.clock()
    instance = running(home.path) if home else None
    lines = [
        Line("Service", "state", f"RUNNING, process {instance.pid} ({instance.command})", style="bold green")
        if instance
        else Line("Service", "state", "STOPPED", style="bold red")
    ]
    beat = seen_from_outside(database)
    if beat:
        alive = instance is not None and beat["is_healthy"]
        lines.append(
            Line(
                "Service",
                "heartbeat",
                "healthy" if alive else "silent",
                beat["seconds_since_heartbeat"],
                "" if alive else "yellow",
            )
        )
    open_session = live.current(database)
    lines.append(
        Line(
            "Service",
            "lock",
            "LIVE: effects go out" if open_session else "dry run",
            style="bold red" if open_session else "",
        )
    )
    cycle = runs.last_cycle(database)
    if cycle:
        counts, age = cycle.counts, (now - cycle.finished_at) / SECOND
        lines.append(
            Line(
                "Ingestion",
                "last cycle",
                f"{cycle.number}: {counts['rows']:,} rows in {(cycle.finished_at - cycle.started_at) / SECOND:.2f} s, "
                f"{'ok' if cycle.ok else 'with errors'}",
                age,
            )
        )
        names = ("new", "updated", "unchanged", "duplicate", "rejected")
        facts = ", ".join(f"{counts[name]:,} {name.replace('rejected', 'refused')}" for name in names)
        lines.append(Line("Ingestion", "its rows", facts, age))
    lines.append(Line("Ingestion", "leads in the file", f"{count(database):,}"))
    return lines


def _quality(database: Database, home: Home | None) -> list[Line]:
    from db.clock import SECOND, now
    from valhalla.safety.risk import REPORT_NAME

    path = home.logs / REPORT_NAME if home else None
    try:
        report = json.loads(path.read_text(encoding="utf-8")) if path else None
        age = max(0.0, now() / SECOND - path.stat().st_mtime) if path else None
    except (OSError, ValueError):
        report = None
    if report is None:
        return [Line("Risk", "assessment", "none yet", style="dim")]
    points = report["data_quality"]["score"]
    return [
        Line("Risk", "overall", f"{report['overall_status']}, level {report['risk_level']}", age),
        Line(
            "Risk",
            "data quality",
            "not measured" if points is None else f"{points:.1f}% {report['data_quality']['status']}",
            age,
        ),
        Line("Risk", "security", report["security"]["status"], age),
    ]


def _work(database: Database) -> list[Line]:
    from jobs import count_by_state
    from valhalla.effects import register
    from valhalla.sandbox.alerts import AlertSystem
    from valhalla.sandbox.governor import GovernorEnforcer

    def listed(counts: dict[str, int]) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"

    system = AlertSystem(database=database)
    counts = system.counts()
    lines = [
        Line("Work", "jobs", listed(count_by_state(database))),
        Line("Work", "effects", listed(register.counts(database))),
        Line("Work", "alerts", listed(counts), style="red" if counts["error"] or counts["critical"] else ""),
    ]
    lines += [
        Line("Work", f"  {each['severity']}", f"{each['task']}: {each['reason']}")
        for each in system.get_alerts(limit=5, state="standing")
    ]
    for each in GovernorEnforcer(database=database).get_status().values():
        used = f"{each['current_actions']} of {each['max_actions']} in {each['window_seconds']} s, {each['denied_count']} denied"
        lines.append(Line("Limits", each["resource"], used))
    return lines


def _load(database: Database, home: Home | None) -> list[Line]:
    import psutil

    from valhalla.program.instance import running

    lines = []
    instance = running(home.path) if home else None
    if instance:
        try:
            process = psutil.Process(instance.pid)
            lines.append(
                Line("Load", "processor", f"{process.cpu_percent(0.1) / (psutil.cpu_count() or 1):.1f}%")
            )
            lines.append(Line("Load", "memory", f"{process.memory_info().rss / 2**20:.0f} MB"))
        except psutil.Error as error:
            lines.append(Line("Load", "processor", f"not measured: {error}"))
    if database.path is not None:
        lines.append(Line("Load", "file", f"{database.path.stat().st_size / 2**20:,.1f} MB"))
    return lines


def _drawn(lines: list[Line]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Valhalla", box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for header in ("", "", "", "age"):
        table.add_column(header, overflow="fold")
    group = ""
    for line in lines:
        age = (
            "now"
            if line.age is None
            else f"{line.age:.0f} s"
            if line.age < 120
            else f"{line.age / 60:.0f} min"
        )
        title, group = ("" if line.group == group else line.group), line.group
        table.add_row(Text(title, "bold"), Text(line.name), Text(line.value, line.style), Text(age, "dim"))
    return table


def _console() -> Any:
    from valhalla.cli.tables import console

    return console()
