"""``valhalla startup``: start with Windows, or not."""

from __future__ import annotations

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(help="Start with Windows, for you only: on, off, status.", no_args_is_help=True)


@app.command("on")
def on(ctx: typer.Context) -> None:
    """Run the background service of this home whenever you sign in."""
    from valhalla.service import startup

    inv = invocation(ctx)
    command = startup.enable(inv.home.path)
    inv.show({"command": command}, lambda: print(f"When you sign in, this is run: {command}"))


@app.command("off")
def off(ctx: typer.Context) -> None:
    """Do so no longer."""
    from valhalla.service import startup

    was = startup.disable()
    sentence = "Valhalla no longer starts with Windows." if was else "Valhalla did not start with Windows."
    invocation(ctx).show({"was": was}, lambda: print(sentence))


@app.command("status")
def status(ctx: typer.Context) -> None:
    """What is run when you sign in. Exit code 1 when nothing is."""
    from valhalla.service import startup

    command = startup.status()
    invocation(ctx).show(
        {"command": command},
        lambda: print(
            f"When you sign in, this is run: {command}"
            if command
            else "Valhalla does not start with Windows."
        ),
    )
    raise typer.Exit(0 if command else 1)
