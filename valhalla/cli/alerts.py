"""``valhalla alerts``: what needs somebody."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(help="Alerts: list, ack.", no_args_is_help=True)


@app.command("list")
def list_(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    severity: Annotated[
        str | None, typer.Option("--severity", help="info, warning, error or critical.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")] = 100,
) -> None:
    """Alerts that are not closed, the newest last."""
    from valhalla.sandbox import AlertSystem

    inv = invocation(ctx)
    with inv.reading() as database:
        state = None if all_ else "standing"
        alerts = AlertSystem(database=database).get_alerts(severity, None, limit, state=state)
    found = [{**each, "at": each["timestamp"]} for each in alerts]

    inv.table(
        found,
        ("alert", "severity", "about", "reason", "times", "last seen", "state"),
        (
            (
                str(each["id"]),
                each["severity"],
                each["task"],
                each["reason"],
                str(each["seen"]),
                each["last_seen"][:19],
                each["state"],
            )
            for each in found
        ),
        numbers=("alert", "times"),
        empty="No alerts.",
    )


@app.command("ack")
def ack(ctx: typer.Context, alerts: Annotated[list[int], typer.Argument(help="Numbers of alerts.")]) -> None:
    """Say that you have seen to it."""
    from valhalla.sandbox import AlertSystem

    inv = invocation(ctx)
    with inv.writing() as database:
        system = AlertSystem(database=database)
        done = [system.acknowledge(number, "operator") for number in alerts]
    inv.show(done, lambda: print("\n".join(f"Alert {each['id']}: {each['state']}" for each in done)))
