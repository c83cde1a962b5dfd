"""``valhalla governor``: what may happen how often."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(help="Limits: status, set.", no_args_is_help=True)


@app.command("status")
def status(ctx: typer.Context) -> None:
    """All limits, how far each is used up, and how much was denied."""
    from valhalla.sandbox import GovernorEnforcer

    inv = invocation(ctx)
    with inv.reading() as database:
        found = list(GovernorEnforcer(database=database).get_status().values())

    rows = [tuple(str(value) for value in each.values()) for each in found]
    inv.table(
        found, ("resource", "now", "at most", "in seconds", "denied"), rows, empty="There are no limits yet."
    )


@app.command("set")
def set_(
    ctx: typer.Context,
    resource: Annotated[str, typer.Argument(help="What is limited, such as effect.webhook.")],
    most: Annotated[int, typer.Argument(min=0, help="How often at most (0: never).")],
    seconds: Annotated[float, typer.Argument(help="In how many seconds.")] = 3600,
) -> None:
    """Set a limit."""
    from valhalla.sandbox import GovernorEnforcer

    inv = invocation(ctx)
    with inv.writing() as database:
        found = GovernorEnforcer(database=database).change_limit(resource, most, seconds)
    inv.show(found, lambda: print(f"{resource}: at most {most} in {seconds:g} seconds"))
