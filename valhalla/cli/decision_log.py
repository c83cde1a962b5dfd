"""``valhalla decisions``: what was decided, by whom and why."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(
    help="What the program and you decided about leads, policy, sources and scripts: list, show.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many of the newest.")] = 50,
    about: Annotated[
        str | None, typer.Option(help="A subject such as lead:3, or a kind such as policy, script or source.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who decided: operator, or valhalla itself.")] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Those before this one.")] = None,
) -> None:
    """The newest decisions, newest first, with reason and who."""
    from valhalla.audit import decisions

    inv = invocation(ctx)
    with inv.reading() as database:
        found = decisions.listed(database, limit, about=about, by=by, before=before)

    def render() -> None:
        from valhalla.cli.tables import table

        clock = inv.clock()
        table(
            ("id", "when", "by", "about", "what", "why"),
            [
                (
                    *(str(each["id"]), clock(each["at"]), each["by"]),
                    *(each["about"], each["what"], each["reason"] or ""),
                )
                for each in found
            ],
            numbers=("id",),
            empty="Nothing has been decided yet.",
        )

    inv.show(found, render)


@app.command("show")
def show(
    ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="ID", min=1, help="Its id.")]
) -> None:
    """One decision with what it was decided from."""
    from valhalla.audit import decisions

    inv = invocation(ctx)
    with inv.reading() as database:
        found = decisions.whole(database, number)

    def render() -> None:
        print(f"{found['at']} {found['by']} {found['what']} ({found['about']})")
        if found["reason"]:
            print(f"Why: {found['reason']}")
        for name, value in found["inputs"].items():
            print(f"  {name}: {value}")

    inv.show(found, render)
