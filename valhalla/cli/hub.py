"""``valhalla hub``: several workspaces on one computer, and who to call today over all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import invocation

if TYPE_CHECKING:
    from valhalla.fleet.hub import Trouble

app = typer.Typer(
    help="Several markets or operators, each with a file of its own: init, add, list, top.",
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
    inv.show(data, lambda: _print_list(data))


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


def _print_list(rows: list[dict[str, Any]]) -> None:
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
        cells.append((row["workspace"], f"{row['leads']:,}", groups, row["last_import"] or "never"))
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
