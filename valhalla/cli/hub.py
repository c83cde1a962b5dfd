"""``valhalla hub``: several workspaces on one computer: run in one process, and asked together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Interval, NoCockpit, Open, Port
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from valhalla.cli.run import Window
    from valhalla.fleet.hub import Trouble
    from valhalla.intake.passes import Pass
    from valhalla.service.hub_run import HubEvents, HubRun

app = typer.Typer(
    help="Several markets or operators, each with a file of its own: init, add, list, run, top, week, search.",
    no_args_is_help=True,
)


@app.command("init")
def init(ctx: typer.Context) -> None:
    """Make the home (--home) a hub: it holds no leads, only where the workspaces are."""
    from valhalla.fleet import hub

    inv = invocation(ctx)
    path = hub.begin(inv.home)
    inv.show(
        {"hub": str(path), "workspaces": []},
        lambda: print(f"{inv.home.path} is a hub. Add a workspace with: valhalla hub add NAME [HOME]"),
    )


@app.command("add")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens, such as houston.")],
    folder: Annotated[
        Path | None,
        typer.Argument(help="A home that there is already (default: a new one in the hub's folder)."),
    ] = None,
) -> None:
    """Add a home as a workspace. Its file stays where it is, and works alone as before."""
    from valhalla.fleet import hub

    inv = invocation(ctx)
    made = hub.add(inv.home, name, folder)
    inv.show(
        {"workspace": made.name, "home": str(made.home.path)},
        lambda: print(f"{made.name} is a workspace of the hub: {made.home.path}"),
    )


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """The workspaces: leads, who may be called today, and when a list was last read."""
    from valhalla.fleet import hub

    inv = invocation(ctx)
    with hub.opened(inv.home) as found:
        rows, troubles = found.table()
    data = sorted([*rows, *(each.to_json() for each in troubles)], key=lambda row: str(row["workspace"]))
    inv.show(data, lambda: _print_list(data, inv.clock()))


@app.command("top")
def top(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 10,
) -> None:
    """Who to call today over all workspaces, in the groups of Today."""
    from valhalla.fleet import hub

    inv = invocation(ctx)
    with hub.opened(inv.home) as found:
        entries, troubles = found.top(limit)
    data = {"entries": entries, "unread": [each.to_json() for each in troubles]}
    inv.show(data, lambda: _print_top(entries, troubles))


@app.command("week")
def week(
    ctx: typer.Context,
    back: Annotated[int, typer.Option("--back", min=0, max=520, help="Weeks ago.")] = 0,
) -> None:
    """What a week of calls came to: together, and in each workspace."""
    from valhalla.fleet import hub

    inv = invocation(ctx)
    with hub.opened(inv.home) as found:
        data = found.week(back)
    inv.show(data, lambda: _print_week(data))


@app.command("search")
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words of a name, address or list, or a number.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 20,
) -> None:
    """Find leads in all workspaces."""
    from valhalla.fleet import hub

    inv = invocation(ctx)
    with hub.opened(inv.home) as found:
        data = found.search(" ".join(words), limit)
    inv.show(data, lambda: _print_found(data))


@app.command("run")
def run(
    ctx: typer.Context,
    interval: Interval = None,
    no_cockpit: NoCockpit = False,
    port: Port = None,
    open_: Open = False,
) -> None:
    """Run all workspaces in one process, with one log-in and their own pages, until Ctrl+C."""
    from valhalla.cli.entry import INTERRUPTED
    from valhalla.cli.run import Window, listen
    from valhalla.program.terminal import outlive_output

    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; use --home with hub run")
    outlive_output()
    stop, interrupted = threading.Event(), listen()
    interrupted.add(stop)
    window = None if no_cockpit or inv.cockpit is None else Window(port, open_, inv.cockpit)
    _run(inv, stop, interval, window)
    raise typer.Exit(INTERRUPTED if interrupted.happened else 0)


def _run(inv: Invocation, stop: threading.Event, interval: int | None, window: Window | None) -> None:
    from valhalla.cli import browser
    from valhalla.cli.run import take
    from valhalla.fleet import hub
    from valhalla.program import logs
    from valhalla.program.heap import few_heaps
    from valhalla.program.instance import Instance
    from valhalla.program.memory import collect_regularly
    from valhalla.service import links, unpacked
    from valhalla.service.hub_run import COMMAND, HubRun
    from valhalla.service.whole import WholeProgram

    few_heaps()
    collect_regularly()
    hub.workspaces(inv.home)  # refused before anything is made
    inv.home.prepare()
    unpacked.sweep_soon()
    instance = Instance(inv.home.path)
    take(instance, inv, COMMAND, window)
    log = logs.to_file(inv.home.logs, instance=True)
    try:
        with WholeProgram.open(inv.home) as program:

            def serving(at_work: HubRun) -> contextlib.AbstractContextManager[None]:
                if window is None:
                    return contextlib.nullcontext()
                made = partial(window.make, program, port=window.port, hub=at_work)
                return browser.serving(made, inv.home, instance, opens=window.opens, quiet=inv.json)

            at_work = HubRun(inv.home, links.name_of(program.database), _events(inv), interval)
            at_work.run(stop, serving)
    finally:
        logs.stop(log)
        instance.release()


def _events(inv: Invocation) -> HubEvents:
    from valhalla.intake.lines import file_lines, say, warn
    from valhalla.service.hub_run import HubEvents

    if inv.json:
        return HubEvents(disk=warn, fleet=warn, trouble=lambda name, why: warn(f"{name}: {why}"))
    reported: dict[tuple[str, str], list[str]] = {}

    def cycle_ends(name: str, done: Pass) -> None:
        for file in done.result.files:
            lines = [line for line in file_lines(file) if not line.startswith("[HEADERS]")]
            if file.new or file.updated:
                lines.insert(0, f"[OK] {file.path}: {file.new:,} new, {file.updated:,} updated")
            if reported.get((name, file.path)) != lines:
                reported[name, file.path] = lines
                for line in lines:
                    say(f"{name}: {line}")

    return HubEvents(
        begins=lambda name: say(f"{name}: at work"),
        trouble=lambda name, why: say(f"[WARNING] {name} does not run here: {why}"),
        cycle_ends=cycle_ends,
        disk=say,
        fleet=say,
    )


def _unread(found: dict[str, Any]) -> None:
    for each in found["unread"]:
        print(f"{each['workspace']} cannot be read and is left out: {each['error']}")


def _print_week(found: dict[str, Any]) -> None:
    from valhalla.cli.tables import table

    names = ("dials", "contacts", "appointments", "offers", "contracts", "closes", "fees")
    _unread(found)
    rows = [*found["workspaces"], {"workspace": "together", **found}]
    table(
        ("workspace", *(name.capitalize() for name in names)),
        [
            (
                row["workspace"],
                *(f"{row[name]:,.0f}" if name != "fees" else f"${row[name]:,.0f}" for name in names),
            )
            for row in rows
        ],
    )


def _print_found(found: dict[str, Any]) -> None:
    from valhalla.cli.tables import table

    _unread(found)
    if not found["leads"]:
        print(f"No lead in any workspace has {found['q']}.")
        return
    table(
        ("workspace", "lead", "name", "phone", "place"),
        [
            (
                row["workspace"],
                str(row["id"]),
                row["name"],
                row["phone"] or row["email"] or "",
                row["location"] or "",
            )
            for row in found["leads"]
        ],
    )


def _print_list(rows: list[dict[str, Any]], clock: Callable[[str], str]) -> None:
    from valhalla.cli.tables import table

    if not rows:
        print("No workspaces yet. Add one with: valhalla hub add NAME [HOME]")
        return
    cells = []
    for row in rows:
        if "error" in row:
            cells.append((row["workspace"], "cannot be read", "", row["error"]))
            continue
        groups = ", ".join(f"{key} {says}" for key, says in row["today"].items()) or "nobody"
        cells.append(
            (
                row["workspace"],
                f"{row['leads']:,}",
                groups,
                clock(row["last_import"]) if row["last_import"] else "never",
            )
        )
    table(("workspace", "leads", "today", "last list read"), cells)


def _print_top(entries: list[dict[str, Any]], troubles: list[Trouble]) -> None:
    from valhalla.cli.tables import console
    from valhalla.leads.today import HEADINGS

    for trouble in troubles:
        print(f"{trouble.workspace} cannot be read and is left out: {trouble.why}")
    if not entries:
        print("Nobody to call in any workspace. Put a lead list into the inbox folder of one.")
        return
    out, group = console(), ""
    for entry in entries:
        if entry["group"] != group:
            group = entry["group"]
            out.print(HEADINGS[group], style="bold underline", markup=False)
        reach = entry["phone"] or entry["email"] or ""
        out.print(
            f"{entry['rank']:>3}  {entry['name']}  {reach}  {entry['workspace']}  "
            f"score {entry['score']} {entry['band']}  -> {entry['next_action']}",
            markup=False,
            highlight=False,
        )
