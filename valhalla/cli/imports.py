"""``valhalla imports``: what was read, what came of it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.asking import confirm
from valhalla.cli.invocation import invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.log import KnownList

app = typer.Typer(help="Imports: list, show, undo, read again.", no_args_is_help=True)


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 20,
) -> None:
    """Imports, the newest first."""
    from valhalla.intake.log import recent

    inv = invocation(ctx)
    with inv.reading() as database:
        found = recent(database, limit)

    inv.show(found, lambda: _print_list(found, inv.clock()))


@app.command("show")
def show(ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="IMPORT")]) -> None:
    """One import: counts, columns, warnings, refused rows by reason, and what would cure them."""
    from valhalla.intake.log import details

    inv = invocation(ctx)
    with inv.reading() as database:
        found = details(database, number)
    inv.show(found, lambda: _print(found, inv.clock()))


@app.command("undo")
def undo(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="IMPORT")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Undo an import. What a person did to its leads since is kept, and named."""
    from valhalla.cli.working import working
    from valhalla.intake.log import details

    inv = invocation(ctx)
    with working(inv, "imports undo") as program:
        facts = details(program.database, number)
        if not yes and not inv.json:
            question = f"Undo import {number} of {facts['path']} ({facts['new']:,} new, {facts['updated']:,} updated)?"
            confirm(question)
        result = program.importing.chores.undo(number)

    def render() -> None:
        print(f"Import {number} was undone: {result['reversed']:,} leads reversed.")
        for bucket, words in (
            ("kept", "kept, because a person worked with them"),
            ("failed", "left as they are"),
        ):
            if result[bucket]:
                print(f"{result[bucket]:,} {words}:")
                for item in [item for item in result["items"] if item["bucket"] == bucket][:20]:
                    print(f"  lead {item['lead']}: {item['reason']}")
        print(f"The list is not read again until it changes, or with: valhalla imports reread {number}")

    inv.show(result, render)


@app.command("reread")
def reread(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="FILE|IMPORT", help="A list, or the number of an import of it.")
    ],
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--with", help="First change a setting of its source, such as contact=phone; may be repeated."
        ),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept the mapping of columns that is suggested for the list.")
    ] = False,
    source: Annotated[
        str | None, typer.Option("--source", help="From now on the list belongs to this source.")
    ] = None,
    admit: Annotated[
        bool,
        typer.Option(
            "--admit-held", help="Take the rows that were HELD: you have looked, and they are about others."
        ),
    ] = False,
    lines: Annotated[
        list[int] | None,
        typer.Option("--line", min=1, help="With --admit-held: only the row on this line; may be repeated."),
    ] = None,
) -> None:
    """Read a list again from its beginning, by other settings of its source when given."""
    from valhalla.cli.ingest import exit_code, report
    from valhalla.cli.progress import ImportProgress
    from valhalla.cli.sources import pairs
    from valhalla.cli.working import working
    from valhalla.intake.source_settings import Change, accept_suggestion, set_source

    inv = invocation(ctx)
    if lines and not admit:
        raise UsageError("--line says which held rows to take; say so with --admit-held, too")
    changed = pairs(options, "--with")
    with working(inv, "imports reread") as program:
        database = program.database
        path, name = _list_of(database, what)
        if source is not None:
            set_source(database, source, Change(pattern=str(path)))
            name = source
        if changed:
            set_source(database, name, Change(options=changed))
        if accept:
            accept_suggestion(database, name, path)
        with ImportProgress(quiet=inv.json) as progress:
            done = program.importing.read_again(path, name, progress, admit=lines or admit)
    inv.show(done.result.as_json(), lambda: report(done, preview=False))
    raise typer.Exit(exit_code(done))


def _list_of(database: Database, what: str) -> KnownList:
    """A list that was read before, by its path or an import's number."""
    from valhalla.intake.log import list_at, list_of_import

    path = Path(what).absolute()
    if what.isdigit() and not path.exists():
        return list_of_import(database, int(what))
    return list_at(database, path)


NARROW = 110
"""On a screen with fewer columns the list of imports shows what matters most."""


def _print_list(found: list[dict[str, Any]], clock: Callable[[str], str]) -> None:
    from valhalla.cli.tables import console, table

    wide = console().width >= NARROW
    figures = (
        ["rows", "new", "updated", "unchanged", "duplicate", "rejected"]
        if wide
        else ["rows", "new", "rejected"]
    )

    def cells(item: dict[str, Any]) -> list[str]:
        when, name = clock(item["started_at"]), Path(item["path"]).name
        about = [when, item["source"], name] if wide else [when[5:], name]
        return [str(item["id"]), *about, item["state"], *(f"{item[figure]:,}" for figure in figures)]

    table(
        ("import", "when", *(("source",) if wide else ()), "list", "state", *figures),
        [cells(item) for item in found],
        numbers=("import", *figures),
        empty="Nothing was read yet. Try: valhalla ingest FILE",
    )


def _print(found: dict[str, Any], clock: Callable[[str], str]) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, table

    out = console()
    out.print(
        Text.assemble(
            (f"Import {found['id']}", "bold"), f"  {found['state']}, {found['kind']}  {found['path']}"
        )
    )
    out.print(
        Text(
            f"  source {found['source']}, {clock(found['started_at'])}, {found['encoding'] or 'unknown encoding'}"
        )
    )
    if found["error"]:
        out.print(Text(f"  {found['error']['message']}", style="red"))
    figures = ("rows", "new", "updated", "unchanged", "duplicate", "rejected", "blank")
    out.print(Text("  " + ", ".join(f"{found[figure]:,} {figure}" for figure in figures)))
    if found["mapping"]:
        out.print(
            Text(
                "  columns: "
                + ", ".join(
                    name if name == field else f"{name} = {field}" for name, field in found["mapping"].items()
                )
            )
        )
    if found["undo"]:
        facts = found["undo"]
        out.print(
            Text(
                f"  undone {facts['at']}: {facts['reversed']:,} reversed, {facts['kept']:,} kept, {facts['failed']:,} left"
            )
        )
    if found["rejects"]:
        table(
            ("refused", "rows", "meaning"),
            [(item["code"], f"{item['rows']:,}", item["meaning"]) for item in found["rejects"]],
            numbers=("rows",),
        )
        print(f"See them: valhalla leads rejects --import {found['id']}")
    for item in found["advice"]:
        out.print(Text(f"{item['sentence']} Do it with: {item['command']}", style="cyan"))
    for warning in found["warnings"][:10]:
        out.print(
            Text(
                f"  warning{' line ' + str(warning['line']) if warning['line'] else ''}: {warning['message']}"
            )
        )
