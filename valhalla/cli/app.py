"""The root command. Each group of commands is a module of its own, named here and loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from valhalla import __version__
from valhalla.cli.invocation import Given, Invocation
from valhalla.program.home import locate

COMMANDS = {
    "run": "run:run",
    "ingest": "ingest:ingest",
    "leads": "leads:app",
    "outcome": "outcome:outcome",
    "note": "lead_work:note",
    "policy": "policy:app",
    "experiments": "experiments:app",
    "scripts": "scripts:app",
    "clone": "clone:clone",
    "imports": "imports:app",
    "sources": "sources:app",
    "dnc": "dnc:app",
    "buyers": "documents:buyers",
    "packet": "documents:packet",
    "digest": "documents:digest",
    "config": "config:app",
    "jobs": "jobs:app",
    "effects": "effects:app",
    "live": "live:app",
    "governor": "governor:app",
    "alerts": "alerts:app",
    "production": "safety:production",
    "validate": "safety:validate",
    "ready": "safety:ready",
    "risk": "safety:risk",
    "sandbox": "sandbox:app",
    "cockpit": "board:cockpit",
    "token": "tokens:app",
    "audit": "audit:app",
    "federation": "federation:app",
    "doctor": "doctor:doctor",
    "selftest": "selftest:selftest",
    "startup": "startup:app",
}
"""Where each command is: the module in this package, and in it the function, or the group of commands."""


def make_app(command: str | None) -> typer.Typer:
    """The root with only ``command``; with all of them when it is none of them, for the help and for "no such command".

    Typer looks closely at the types of every option it knows, which takes longer than many a command.
    """
    app = typer.Typer(
        name="valhalla",
        help="Reads lead lists, checks every row, and answers: who do I call today, and why?",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(root)
    for name in [command] if command in COMMANDS else COMMANDS:
        module, _, attribute = COMMANDS[name].partition(":")
        found = getattr(import_module(f"valhalla.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _version(asked: bool) -> None:
    if asked:
        print(f"valhalla {__version__}")
        raise typer.Exit


def root(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the data (default: VALHALLA_HOME, else the usual place).")
    ] = None,
    db: Annotated[
        Path | None, typer.Option(help="Read this file instead of the home's, such as an audit copy.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Reads lead lists, checks every row, and answers: who do I call today, and why?"""
    given = ctx.find_object(Given) or Given(None, [])
    ctx.obj = Invocation(locate(home), db, json, given.cockpit, given.ends)
