"""``valhalla sources``: which lists belong together, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import UsageError

app = typer.Typer(help="Sources: which lists belong together and how they are read.", no_args_is_help=True)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """All sources with their pattern, settings and mappings."""
    from valhalla.intake.source_settings import all_sources

    inv = invocation(ctx)
    with inv.reading() as database:
        found = all_sources(database)
    inv.show(found, lambda: _print(found))


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the source; made when there is none.")],
    pattern: Annotated[
        str | None,
        typer.Option("--pattern", help="Its files: a path, a folder or a pattern with *; empty: none."),
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option("--with", help="A setting such as contact=phone; may be repeated.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help='A column such as "Asking=value"; may be repeated.')
    ] = None,
    like: Annotated[
        Path | None, typer.Option("--like", help="The list whose columns --map means (default: the newest).")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept the suggested mapping of columns.")
    ] = False,
) -> None:
    """Make or change a source. Its lists are read again by the new rules in the next cycle or with ingest."""
    from valhalla.intake.source_settings import Change, set_source

    inv = invocation(ctx)
    change = Change(pattern, pairs(options, "--with"), pairs(columns, "--map"), accept, like)
    with inv.writing() as database:
        source = set_source(database, name, change)
    inv.show(source, lambda: _print([source]))


def pairs(words: list[str] | None, option: str) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping. Raises :class:`UsageError`."""
    found = {}
    for word in words or []:
        name, equals, value = word.rpartition("=") if option == "--map" else word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} takes NAME=VALUE, not {word!r}")
        found[name.strip()] = value.strip()
    return found


def _print(sources: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console

    out = console()
    if not sources:
        print(
            "No sources yet. A folder inside the inbox makes one, or: valhalla sources set NAME --pattern PATH"
        )
    for source in sources:
        read = f"{source['files']} {'list' if source['files'] == 1 else 'lists'}, {source['rows']:,} rows, {source['rejected']:,} refused"
        out.print(Text.assemble((source["name"], "bold"), f"  {read}"))
        if source["pattern"]:
            out.print(Text(f"  files     {source['pattern']}"))
        for key, value in source["profile"].items():
            shown = ", ".join(value) if isinstance(value, list) else str(value).lower()
            out.print(Text(f"  {key:<9} {shown}"))
        for mapping in source["mappings"]:
            words = ", ".join(
                column if column == field else f"{column} = {field}"
                for column, field in mapping["fields"].items()
            )
            out.print(Text(f"  {mapping['origin']:<9} {words}"))
