"""``valhalla filters``: choices of leads in words, with live counts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valhalla.cli.invocation import invocation
from valhalla.cli.options import Limit

app = typer.Typer(
    help='Saved filters such as "3+ lists, no answer twice, Houston, mobile".', no_args_is_help=True
)

Which = Annotated[str, typer.Argument(metavar="FILTER", help="Its name or number.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """The saved filters, each with how many leads it is now."""
    from valhalla.leads import filters

    inv = invocation(ctx)
    with inv.reading() as database:
        found = [each.to_json(filters.count(database, each.where)) for each in filters.all_filters(database)]

    inv.table(
        found,
        ("filter", "name", "leads", "chooses by"),
        ((str(each["id"]), each["name"], f"{each['count']:,}", each["text"]) for each in found),
        numbers=("filter", "leads"),
        empty='No filter is saved. Save one with: valhalla filters save best "3+ lists, Houston"',
    )


@app.command("save")
def save(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    text: Annotated[
        str, typer.Argument(metavar="WORDS", help='Such as "3+ lists, no answer twice, Houston, mobile".')
    ],
) -> None:
    """Save a filter, or change the one of this name."""
    from valhalla.leads import filters

    inv = invocation(ctx)
    with inv.writing() as database:
        made = filters.save(database, name, text)
        count = filters.count(database, made.where)
    inv.show(made.to_json(count), lambda: print(f"Filter {made.name}: {count:,} leads now."))


@app.command("show")
def show(ctx: typer.Context, which: Which, limit: Limit = 20) -> None:
    """The leads of a filter, best score first."""
    from valhalla.cli.leads import print_list
    from valhalla.leads import filters
    from valhalla.leads.view import Viewer

    inv = invocation(ctx)
    with inv.reading() as database:
        found = filters.find(database, which)
        viewer = Viewer.now(database)
        records = viewer.some(filters.numbers(database, found.where, limit))
        entries = [viewer.entry(record) for record in records]
    inv.show(entries, lambda: print_list(entries))


@app.command("tag")
def tag(
    ctx: typer.Context,
    which: Which,
    words: Annotated[list[str], typer.Argument(metavar="TAG...", help="Tags.")],
    off: Annotated[bool, typer.Option("--off", help="Take them off.")] = False,
) -> None:
    """Put tags on all leads of a filter, or take them off."""
    from valhalla.leads import filters, tags

    inv = invocation(ctx)
    with inv.writing() as database:
        numbers = filters.numbers(database, filters.find(database, which).where)
        changed = tags.put(database, numbers, words, off=off)
    inv.show(
        {"leads": len(numbers), "changed": changed},
        lambda: print(f"{len(numbers):,} leads, {changed:,} tags {'taken off' if off else 'put on'}."),
    )


@app.command("export")
def export(
    ctx: typer.Context,
    which: Which,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write: .csv or .xlsx.")],
) -> None:
    """Write the leads of a filter to a CSV or workbook."""
    from valhalla.leads import export as exporting
    from valhalla.leads import filters
    from valhalla.leads.view import Viewer

    inv = invocation(ctx)
    with inv.reading() as database:
        viewer = Viewer.now(database)
        found = filters.find(database, which)
        numbers = filters.numbers(database, found.where, 2**31)
        parts = (viewer.some(numbers[at : at + 500]) for at in range(0, len(numbers), 500))
        count = exporting.write_file(target, viewer, (record for part in parts for record in part))
    inv.show({"file": str(target), "leads": count}, lambda: print(f"{count:,} leads written to {target}"))


@app.command("remove")
def remove(ctx: typer.Context, which: Which) -> None:
    """Remove a filter. Its leads stay as they are."""
    from valhalla.leads import filters

    inv = invocation(ctx)
    with inv.writing() as database:
        gone = filters.remove(database, which)
    inv.show({"removed": gone.id}, lambda: print(f"Filter {gone.name} is removed."))
