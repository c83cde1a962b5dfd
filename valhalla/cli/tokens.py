"""``valhalla token``: programs' own ways into the cockpit."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(help="Ways into the cockpit for programs: add, list, revoke.", no_args_is_help=True)


Name = Annotated[str, typer.Argument(help="What you call the program that uses it.")]


@app.command("add")
def add(
    ctx: typer.Context,
    name: Name,
    scope: Annotated[
        str, typer.Option("--scope", help="read: only look. write: also change, as a person at the pages.")
    ] = "read",
) -> None:
    """Make a token and print it, once."""
    from valhalla.service import tokens

    inv = invocation(ctx)
    with inv.writing() as database:
        token = tokens.add(database, name, scope)
    inv.show({"token": token}, lambda: print(token))


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """The tokens that hold; never the tokens themselves."""
    from db.clock import iso
    from valhalla.service import tokens

    inv = invocation(ctx)
    with inv.reading() as database:
        found = tokens.listed(database)
    rows = [
        {
            "name": each.name,
            "scope": each.scope,
            "created_at": iso(each.created_at),
            "created_by": each.created_by,
        }
        for each in found
    ]

    inv.table(
        rows,
        ("name", "scope", "made", "by"),
        [tuple(row.values()) for row in rows],
        empty="There are no tokens; make one with: valhalla token add NAME --scope read",
    )


@app.command("revoke")
def revoke(ctx: typer.Context, name: Name) -> None:
    """Let nobody in by a token from now on."""
    from valhalla.service import tokens

    inv = invocation(ctx)
    with inv.writing() as database:
        tokens.revoke(database, name)
    inv.show({"revoked": name}, lambda: print(f"{name} has no way in any more."))
