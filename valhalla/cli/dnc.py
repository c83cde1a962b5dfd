"""``valhalla dnc``: who must not be contacted."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import InputError, UsageError

if TYPE_CHECKING:
    from valhalla.leads.suppression import Entry

app = typer.Typer(
    help="Do not contact: e-mail addresses, phone numbers and domains that stay out of every list.",
    no_args_is_help=True,
)

Words = Annotated[list[str], typer.Argument(help="E-mail addresses, phone numbers or domains.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for those who wonder later.")]


@app.command("list")
def list_(
    ctx: typer.Context, limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 100
) -> None:
    """Who is on the list."""
    from db.clock import iso
    from valhalla.leads import do_not_contact

    inv = invocation(ctx)
    with inv.reading() as database:
        entries = do_not_contact.listed(database, limit)
    found = [{**entry._asdict(), "created_at": iso(entry.created_at)} for entry in entries]

    def render() -> None:
        from valhalla.cli.tables import table

        table(
            ("kind", "who", "since", "origin", "reason"),
            [
                (
                    item["kind"],
                    _shown(item["kind"], item["value"]),
                    item["created_at"][:10],
                    item["origin"],
                    item["reason"] or "",
                )
                for item in found
            ],
            empty="Nobody is on the do-not-contact list. Add somebody: valhalla dnc add 713-555-0101",
        )

    inv.show(found, render)


@app.command("add")
def add(ctx: typer.Context, who: Words, reason: Reason = None) -> None:
    """Put people on the list; leads they concern leave every call list and export at once."""
    from valhalla.leads import do_not_contact, suppression

    entries = [suppression.entry(word) for word in who]
    inv = invocation(ctx)
    with inv.writing() as database:
        added, leads = do_not_contact.add(database, entries, reason=reason)
    _told(inv, {"added": added, "leads": leads}, f"{added} added; {leads} leads are kept out by this.")


@app.command("remove")
def remove(ctx: typer.Context, who: Words) -> None:
    """Take people off the list; leads that nothing else keeps out may be contacted again."""
    from valhalla.leads import do_not_contact, suppression

    entries = [suppression.entry(word) for word in who]
    inv = invocation(ctx)
    with inv.writing() as database:
        removed, leads = do_not_contact.remove(database, entries)
    _told(
        inv, {"removed": removed, "leads": leads}, f"{removed} removed; {leads} leads may be contacted again."
    )
    if not removed:
        raise typer.Exit(1)


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV or text file with one person per line.")],
    reason: Reason = None,
) -> None:
    """Put everybody in a file on the list: addresses, numbers and domains wherever they stand in a line."""
    from valhalla.leads import do_not_contact

    inv = invocation(ctx)
    entries, skipped = _read(file)
    if not entries:
        raise UsageError(f"there is no e-mail address, phone number or domain in {file}")
    with inv.writing() as database:
        added, leads = do_not_contact.add(database, entries, origin="list", reason=reason or file.name)
    told = {"added": added, "known": len(set(entries)) - added, "leads": leads, "skipped": skipped}
    _told(
        inv,
        told,
        f"{added:,} added, {told['known']:,} were on the list already; {leads:,} leads are kept out by this."
        + (f" {len(skipped):,} lines hold nobody, the first is line {skipped[0]}." if skipped else ""),
    )


def _read(file: Path) -> tuple[list[Entry], list[int]]:
    """The entries of a file, and the numbers of lines that hold none (a header is none of them)."""
    from valhalla.leads import suppression

    try:
        with open(file, encoding="utf-8-sig", errors="replace", newline="") as lines:
            rows = list(csv.reader(lines))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    entries, skipped = [], []
    for number, row in enumerate(rows, 1):
        found = []
        for cell in filter(str.strip, row):
            try:
                found.append(suppression.entry(cell))
            except UsageError:
                continue
        entries += found
        if not found and any(map(str.strip, row)) and number > 1:
            skipped.append(number)
    return entries, skipped


def _told(inv: Any, data: dict[str, Any], sentence: str) -> None:
    inv.show(data, lambda: print(sentence))


def _shown(kind: str, value: str | None) -> str:
    if value is None:
        return "(forgotten)"
    return f"+{value}" if kind == "phone" else value
