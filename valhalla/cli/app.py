"""The root command. Each group of commands is a module of its own, named here and loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from valhalla import __version__
from valhalla.cli.invocation import Given, Invocation
from valhalla.program.home import locate

GROUPS = {
    "Every day": {
        "today": "today:top",
        "call": "calling:call",
        "leads": "leads:app",
        "outcome": "outcome:outcome",
        "note": "lead_work:note",
        "filters": "filters:app",
        "calendar": "calendar:calendar",
        "promises": "promises:app",
        "week": "week:week",
        "cockpit": "board:cockpit",
        "hub": "hub:app",
        "run": "run:run",
    },
    "Lists": {
        "ingest": "ingest:ingest",
        "imports": "imports:app",
        "sources": "sources:app",
        "dnc": "dnc:app",
    },
    "Deals": {
        "deals": "deals:app",
        "buyers": "documents:buyers",
        "packet": "documents:packet",
        "digest": "documents:digest",
        "policy": "policy:app",
        "experiments": "experiments:app",
        "scripts": "scripts:app",
        "clone": "clone:app",
        "decisions": "decision_log:app",
        "markets": "markets:app",
    },
    "Safety": {
        "live": "live:app",
        "effects": "effects:app",
        "alerts": "alerts:app",
        "ready": "safety:ready",
        "risk": "safety:risk",
        "validate": "safety:validate",
        "production": "safety:production",
        "doctor": "doctor:doctor",
        "selftest": "selftest:selftest",
    },
    "Audit": {
        "audit": "audit:app",
        "protect": "protecting:protect",
        "restore": "protecting:restore",
        "team": "team:app",
    },
    "Engineers": {
        "config": "config:app",
        "jobs": "jobs:app",
        "governor": "governor:app",
        "sandbox": "sandbox:app",
        "token": "tokens:app",
        "shims": "shims:shims",
        "fleet": "fleet:app",
        "federation": "federation:app",
        "startup": "startup:app",
    },
}
"""The commands under the headings of the help, and where each is: the module in this package, and in it the function, or the
group of commands."""

COMMANDS = {name: place for commands in GROUPS.values() for name, place in commands.items()}


MEANT = {
    "add": "leads add",
    "agenda": "calendar",
    "appointment": "outcome",
    "appointments": "calendar",
    "backup": "protect",
    "callback": "outcome",
    "callbacks": "promises",
    "calls": "call",
    "dial": "call",
    "edit": "leads edit",
    "export": "leads export",
    "find": "leads search",
    "help": "--help",
    "import": "ingest",
    "list": "leads list",
    "lists": "sources list",
    "load": "ingest",
    "log": "audit log",
    "next": "leads next",
    "open": "cockpit --open",
    "optout": "dnc add",
    "rejects": "leads rejects",
    "report": "week",
    "search": "leads search",
    "serve": "run",
    "set": "config set",
    "settings": "config",
    "show": "leads show",
    "start": "run",
    "stats": "week",
    "status": "sandbox status",
    "tag": "leads tag",
    "tasks": "promises",
    "undo": "imports undo",
    "users": "team list",
    "verify": "audit verify",
}
"""Words that people try, which no spelling leads from to the command that does it."""


class Grouped(TyperGroup):
    """The root: its help shows the commands by group, and a wrong word gets the one command that is meant."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of the first word."""
        word = args[0].casefold()
        if args[0] not in self.commands and not ctx.resilient_parsing and word[:1] != "-":
            from difflib import get_close_matches

            near = [MEANT[word]] if word in MEANT else get_close_matches(word, self.commands, 1)
            ctx.fail(f"No such command {args[0]!r}" + (f". Did you mean {near[0]!r}?" if near else "."))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group."""
        wide = formatter.width - 6 - max(map(len, self.commands))
        for heading, names in GROUPS.items():
            rows = [
                (name, self.commands[name].get_short_help_str(wide))
                for name in names
                if name in self.commands
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def make_app(command: str | None) -> typer.Typer:
    """The root with only ``command``; with all of them when it is none of them: for the help, for "no such command", and for
    the shell that asks what a word could become (``--install-completion``).

    Typer looks closely at the types of every option it knows, which takes longer than many a command.
    """
    app = typer.Typer(
        name="valhalla",
        cls=Grouped,
        help="Reads lead lists, checks every row, and answers: who do I call today, and why?",
        no_args_is_help=True,
        add_completion=command not in COMMANDS,
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
