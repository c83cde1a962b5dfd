"""``valhalla leads rejects``: rows that were refused, and a file to repair them in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(help="Rows that were refused: list them, or export them to be repaired.")

Source = Annotated[str | None, typer.Option("--source", help="Only of this source.")]
Import = Annotated[int | None, typer.Option("--import", help="Only of this import.")]
Code = Annotated[str | None, typer.Option("--code", help="Only with this code, such as EMAIL_FORMAT.")]


@app.callback(invoke_without_command=True)
def rejects(
    ctx: typer.Context,
    source: Source = None,
    import_id: Import = None,
    code: Code = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
) -> None:
    """Refused rows with file, line and reason; each waits until it is repaired or its list says better."""
    if ctx.invoked_subcommand is not None:
        return
    from valhalla.intake.rejects import Choice, counts, listed

    inv = invocation(ctx)
    choice = Choice(source, import_id, code.upper() if code else None)
    with inv.reading() as database:
        found, totals = listed(database, choice, limit), counts(database, choice)

    def render() -> None:
        from valhalla.cli.tables import table

        table(
            ("row", "list", "line", "column", "reason", "value"),
            [
                (
                    *(str(item["id"]), Path(item["file"]).name, str(item["line"]), item["column"] or ""),
                    *(item["message"], item["value"] or ""),
                )
                for item in found
            ],
            numbers=("row", "line"),
            empty="No refused rows are open.",
        )
        if totals:
            print(", ".join(f"{count:,} {word}" for word, count in totals.items()))
            print(f'Repair one: valhalla leads rejects repair {found[0]["id"]} --set "Column=text"')
            print("Repair them in a spreadsheet: valhalla leads rejects export FILE")

    inv.show(found, render)


@app.command("export")
def export(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(help="The CSV file to write; several sources get a file each.")],
    source: Source = None,
    import_id: Import = None,
    code: Code = None,
) -> None:
    """Write the refused rows with their reasons in front; repaired and put into the inbox, they close."""
    from valhalla.intake.rejects import Choice
    from valhalla.intake.rejects import export as write

    inv = invocation(ctx)
    with inv.reading() as database:
        written = write(database, target, Choice(source, import_id, code.upper() if code else None))
    inv.show(written, lambda: _print(written))


@app.command("repair")
def repair(
    ctx: typer.Context,
    reject: Annotated[int, typer.Argument(help="Number of the refused row.")],
    cells: Annotated[
        list[str] | None, typer.Option("--set", help='A cell as "Column=text"; may be repeated.')
    ] = None,
) -> None:
    """Read a refused row again, with other cells: it becomes a lead of its list, and is not refused any more."""
    from valhalla.cli.sources import pairs
    from valhalla.intake.repairing import repair as read_again

    inv = invocation(ctx)
    with inv.writing() as database:
        made = read_again(database, reject, pairs(cells, "--set"))
    inv.show(
        made._asdict(),
        lambda: print(f"Lead {made.lead}: {made.what}. Undo it: valhalla imports undo {made.import_id}"),
    )


def _print(written: list[dict[str, Any]]) -> None:
    if not written:
        print("No refused rows are open; nothing was written.")
    for item in written:
        print(f"{item['rejects']:,} refused rows written to {item['file']}")
    if written:
        print("Repair the cells, leave the columns _reject to _field alone, and put the file into the inbox.")
