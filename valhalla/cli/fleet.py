"""``valhalla fleet``: several machines, of which each owns some of the workspaces, with a PostgreSQL server that says which."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import NotFound

if TYPE_CHECKING:
    from valhalla.fleet.register import Member, Register

app = typer.Typer(
    help="Several machines share the workspaces of a hub: init, join, list, move, ask, leave.",
    no_args_is_help=True,
)

Url = Annotated[str, typer.Argument(metavar="URL", help="postgresql://HOST/DATABASE")]
Name = Annotated[str | None, typer.Option("--name", help="This machine's name (default: its host name).")]


@app.command("init")
def init(
    ctx: typer.Context,
    url: Url,
    copies: Annotated[
        str,
        typer.Option(
            "--copies",
            help="A folder or s3://BUCKET/FOLDER that every machine reaches: protected copies go there.",
        ),
    ],
    name: Name = None,
) -> None:
    """Make a fleet on a PostgreSQL server, of which this hub's machine is the first."""
    inv = invocation(ctx)
    _join(inv, url, name, copies)


@app.command("join")
def join(ctx: typer.Context, url: Url, name: Name = None) -> None:
    """Join this hub's machine to a fleet, with its workspaces; again: put in those that were added since."""
    _join(invocation(ctx), url, name, None)


def _join(inv: Invocation, url: str, name: str | None, copies: str | None) -> None:
    from valhalla.fleet import hub, joining

    hub.workspaces(inv.home)
    member, added = joining.join(inv.home, url, name, copies)
    data = {"machine": member.machine, "copies": member.place, "workspaces": added}

    def render() -> None:
        print(f"{member.machine} is in the fleet. Protected copies go to {member.place}.")
        print(f"Workspaces put in: {', '.join(added) or 'none'}. Begin with: valhalla hub run")

    inv.show(data, render)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Machines, and which owns which workspace."""
    inv = invocation(ctx)
    with _register(inv) as (_, register):
        rows = [each.to_json() for each in register.rows()]
        machines = [
            {"machine": machine, "seen_seconds": round(seen, 1), "workspaces": count}
            for machine, seen, count in register.call("fleet_machines")
        ]
    inv.show({"machines": machines, "workspaces": rows}, lambda: _print(machines, rows))


@app.command("move")
def move(
    ctx: typer.Context,
    workspace: Annotated[str, typer.Argument(help="The workspace.")],
    machine: Annotated[str, typer.Argument(help="The machine that it is to move to.")],
) -> None:
    """Move a workspace to another machine. Its owner stops it, copies it and hands it over; the other begins from the copy."""
    inv = invocation(ctx)
    with _register(inv) as (_, register):
        found = register.call("fleet_move", workspace, machine)
    if not found:
        raise _unknown(workspace)
    inv.show(
        {"workspace": workspace, "from": found[0][0], "to": machine},
        lambda: print(f"{workspace} moves from {found[0][0]} to {machine}, as soon as both run."),
    )


@app.command("ask")
def ask(
    ctx: typer.Context,
    workspace: Annotated[str, typer.Argument(help="The workspace, wherever it is.")],
    what: Annotated[str, typer.Argument(help="lists, decide, digest, packets or copy.")],
) -> None:
    """Have the owner of a workspace do something now: read its lists, decide on its leads again, write a digest or packets, copy it."""
    from valhalla.fleet.asking import Post

    inv = invocation(ctx)
    with _register(inv) as (member, register):
        if all(row.name != workspace for row in register.rows()):
            raise _unknown(workspace)
        post = Post(member.url)
        try:
            number = post.ask(workspace, what)
        finally:
            post.close()
    inv.show(
        {"workspace": workspace, "job": number},
        lambda: print(f"Job {number} of the fleet: {what} in {workspace}, as soon as its owner runs."),
    )


@app.command("leave")
def leave(ctx: typer.Context) -> None:
    """Take this machine out of the fleet, when it owns no workspace any more."""
    from valhalla.fleet import joining

    inv = invocation(ctx)
    machine = joining.leave(inv.home)
    inv.show({"machine": machine}, lambda: print(f"{machine} is in no fleet any more."))


@contextlib.contextmanager
def _register(inv: Invocation) -> Iterator[tuple[Member, Register]]:
    from valhalla.fleet.register import Register, required

    member = required(inv.home)
    with Register(member.url) as register:
        yield member, register


def _unknown(workspace: str) -> NotFound:
    return NotFound(f"there is no workspace {workspace} in the fleet; see: valhalla fleet list")


def _print(machines: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    from valhalla.cli.tables import table

    table(
        ("machine", "workspaces", "last heard of"),
        [
            (each["machine"], str(each["workspaces"]), f"{each['seen_seconds']:.0f} s ago")
            for each in machines
        ],
    )
    if rows:
        print()
        table(
            ("workspace", "machine", "epoch", "state"),
            [
                (
                    each["workspace"],
                    each["machine"],
                    str(each["epoch"]),
                    f"moving to {each['moving_to']}"
                    if each["moving_to"]
                    else "held"
                    if each["held"]
                    else "nobody holds it",
                )
                for each in rows
            ],
        )
