"""``valhalla config``: settings."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation
from valhalla.program import settings

app = typer.Typer(help="Settings: list, get, set.", no_args_is_help=True)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """All settings with what is in force."""
    inv = invocation(ctx)
    with inv.reading() as database:
        values = settings.effective(database)

    rows = [(key, settings.as_text(value), settings.SETTINGS[key].meaning) for key, value in values.items()]
    inv.table(values, ("setting", "value", "meaning"), rows)


@app.command("get")
def get(ctx: typer.Context, key: Annotated[str, typer.Argument(help="Name of the setting.")]) -> None:
    """What is in force for one setting."""
    inv = invocation(ctx)
    settings.known(key)
    with inv.reading() as database:
        value = settings.value(database, key)
    inv.show({key: value}, lambda: print(settings.as_text(value)))


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Name of the setting.")],
    value: Annotated[str, typer.Argument(help="Its new value; an empty text clears it.")],
) -> None:
    """Change a setting in the file; a running Valhalla uses it from its next cycle."""
    from valhalla.effects import register

    inv = invocation(ctx)
    settings.known(key)
    with inv.writing() as database:
        stored = settings.save(database, key, value)
        ended = register.end_outdated(database) if key in settings.PRIVATE else []

    def render() -> None:
        print(f"{key} = {settings.as_text(stored)}")
        for kind in ended:
            print(f"The standing approval of {kind}s has ended: it was for another address.")

    inv.show({key: stored}, render)
