"""``valhalla leads``: who to call, and everything about a lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli import decisions, rejects
from valhalla.cli.invocation import invocation
from valhalla.program.errors import InputError, UsageError

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads.view import Record, Viewer

app = typer.Typer(help="Who to call today and why; one lead; lists and exports.", no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")]
Market = Annotated[str | None, typer.Option("--market", help='Only this market, such as "Houston, TX".')]
Source = Annotated[str | None, typer.Option("--source", help="Only leads of this source.")]


def make_viewer(database: Database) -> Viewer:
    """What shows leads, by the settings in force."""
    from valhalla.leads.view import Viewer
    from valhalla.program import settings

    values = settings.effective(database)
    return Viewer(database, database.clock(), quiet=values["quiet_hours"], zone=values["timezone"])


@app.command("top")
def top(ctx: typer.Context, limit: Limit = 10, market: Market = None, source: Source = None) -> None:
    """The call list: who to call now, best first, and why."""
    from valhalla.leads.call_list import top as call_list

    inv = invocation(ctx)
    with inv.reading() as database:
        viewer = make_viewer(database)
        records = call_list(database, viewer, limit, market=market, source=source)
        entries = [viewer.entry(record, rank) for rank, record in enumerate(records, 1)]
    inv.show(entries, lambda: _print_top(entries))


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Limit = 20,
    after: Annotated[int, typer.Option("--after", min=0, help="Begin behind this lead's number.")] = 0,
    market: Market = None,
    source: Source = None,
) -> None:
    """Leads in the order in which they came."""
    inv = invocation(ctx)
    with inv.reading() as database:
        viewer = make_viewer(database)
        entries = [viewer.entry(record) for record in _page(database, viewer, after, limit, market, source)]
    inv.show(entries, lambda: print_list(entries))


@app.command("show")
def show(ctx: typer.Context, lead: Annotated[int, typer.Argument(help="Number of the lead.")]) -> None:
    """One lead: its fields, the six stages with their reasons, its history, where it came from."""
    inv = invocation(ctx)
    with inv.reading() as database:
        viewer = make_viewer(database)
        whole = viewer.whole(viewer.record(lead))
    inv.show(whole, lambda: _print_lead(whole))


@app.command("export")
def export(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(help="The file to write: .csv, or .xlsx for a workbook.")],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="How many at most (default: all).")
    ] = None,
    market: Market = None,
    source: Source = None,
    call_list: Annotated[bool, typer.Option("--top", help="The call list instead of all leads.")] = False,
) -> None:
    """Write leads to a CSV or workbook that Excel opens and Valhalla reads again."""
    inv = invocation(ctx)
    with inv.reading() as database:
        count = _export(database, target, limit, market, source, call_list)
    inv.show({"file": str(target), "leads": count}, lambda: print(f"{count:,} leads written to {target}"))


def _export(
    database: Database,
    target: Path,
    limit: int | None,
    market: str | None,
    source: str | None,
    call_list: bool,
) -> int:
    import os

    from valhalla.leads.call_list import top as best
    from valhalla.leads.export import COLUMNS, cells, write_csv, write_workbook

    viewer = make_viewer(database)
    if call_list:
        records: Any = best(database, viewer, limit or 100, market=market, source=source)
    else:
        records = _exported(database, viewer, limit, market, source)

    rows = (cells(viewer.entry(record)) for record in records)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.suffix.lower() == ".xlsx":
            count = write_workbook(part, COLUMNS, rows)
        else:
            with open(part, "w", encoding="utf-8", newline="") as file:
                count = write_csv(file, COLUMNS, rows)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{target} cannot be written: {error.strerror}") from None
    return count


def _page(
    database: Database,
    viewer: Viewer,
    after: int,
    limit: int,
    market: str | None,
    source: str | None,
    *,
    contactable: bool = False,
) -> list[Record]:
    from valhalla.leads import sql

    chosen = {"after": after, "limit": limit, "market": market, "source": source}
    return viewer.records(database.sql(sql.PAGE, {**chosen, "contactable": int(contactable)}))


def _exported(
    database: Database, viewer: Viewer, limit: int | None, market: str | None, source: str | None
) -> Any:
    """All leads that may be contacted."""
    after, left = 0, limit if limit is not None else 2**62
    while left > 0:
        page = _page(database, viewer, after, min(left, 1000), market, source, contactable=True)
        if not page:
            return
        yield from page
        after, left = page[-1].lead.id, left - len(page)


def _print_top(entries: list[dict[str, Any]]) -> None:
    from rich.console import Group
    from rich.text import Text

    from valhalla.cli.tables import console, hanging

    if not entries:
        print("Nobody to call yet. Put a lead list into the inbox folder, or try: valhalla ingest FILE")
        return
    out = console()
    for entry in entries:
        head = Text.assemble(
            (f"{entry['rank']:>3}  ", "dim"),
            (entry["name"], "bold"),
            ("  " + (entry["phone"] or entry["email"] or ""), "cyan"),
            f"  {entry['location'] or ''}",
        )
        figures = Text.assemble(
            "     ",
            (f"score {entry['score']} {entry['band']}", _BANDS.get(entry["band"], "")),
            f"  {dollars(entry['value'])}  ",
            (f"-> {entry['next_action']}", "bold"),
        )
        why = Text(hanging(entry["next_action_why"], 5), style="dim")
        reasons = [Text(hanging(reason, 7, "- ")) for reason in entry["reasons"]]
        email = [Text("     " + entry["email"], style="dim")] if entry["phone"] and entry["email"] else []
        out.print(Group(head, figures, why, *reasons, *email, Text("")))


_BANDS = {"A": "bold green", "B": "green", "C": "yellow", "D": "dim"}


def dollars(value: float | None) -> str:
    """$500,000, cents only where there are any; "unknown" for None."""
    if value is None:
        return "unknown"
    return f"${value:,.0f}" if value == int(value) else f"${value:,.2f}"


def print_list(entries: list[dict[str, Any]]) -> None:
    """Leads as a table."""
    from valhalla.cli.tables import table

    table(
        ("lead", "name", "phone", "email", "location", "value", "score", "next"),
        (
            (
                *(str(entry["id"]), entry["name"], entry["phone"] or "", entry["email"] or ""),
                *(entry["location"] or "", dollars(entry["value"]), f"{entry['score']} {entry['band']}"),
                entry["next_action"],
            )
            for entry in entries
        ),
        numbers=("lead", "value", "score"),
        spare=("email", "location", "next"),
        empty="No leads yet. Put a lead list into the inbox folder, or try: valhalla ingest FILE",
    )


def _print_lead(whole: dict[str, Any]) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, hanging, table
    from valhalla.scoring.stages import STAGES

    titles = dict(STAGES)
    out = console()
    out.print(Text.assemble((whole["name"], "bold"), f"  lead {whole['id']}, {whole['status']}"))
    fields = [
        ("phone", whole["phone"]),
        ("email", whole["email"]),
        ("location", whole["location"]),
        ("value", dollars(whole["value"])),
        ("source", whole["source"]),
        ("score", f"{whole['score']} {whole['band']}"),
        ("next", f"{whole['next_action']}: {whole['next_action_why']}"),
        *whole["extra"].items(),
    ]
    for name, value in fields:
        out.print(
            Text.assemble((f"  {name:<14}", "dim"), str(value) if value not in (None, "") else "unknown")
        )
    for number, stage in enumerate(whole["stages"], 1):
        title = titles.get(stage["stage"], stage["stage"])
        out.print(
            Text.assemble(f"\n[{number}/6] ", (title, "bold"), ": PROCESSED - ", (stage["decision"], "bold"))
        )
        for reason in stage["reasons"]:
            out.print(Text(hanging(reason, 6)))
    where = whole["provenance"]
    out.print(
        Text(f"\nRead from {where['file']}, line {where['line']} (import {where['import_id']})", style="dim")
    )
    if whole["outcomes"]:
        table(
            ("outcome", "when (UTC)", "event", "how", "why", "by", ""),
            (
                (
                    *(str(each["id"]), each["at"][:16].replace("T", " "), each["event"].replace("_", " ")),
                    *(each["channel"] or "", each["reason"] or "", each["recorded_by"]),
                    "taken back" if each["undone_at"] else "",
                )
                for each in whole["outcomes"]
            ),
            title="What came of it",
        )
    if whole["history"]:
        table(
            ("when", "who", "cause", "before"),
            (
                (
                    item["at"],
                    item["actor"],
                    item["cause"],
                    ", ".join(f"{k}: {v}" for k, v in item["before"].items()),
                )
                for item in whole["history"]
            ),
            title="History",
        )


def parse_lead(text: str) -> int:
    """A lead's number from what a person typed. Raises :class:`UsageError`."""
    if not text.isdigit():
        raise UsageError(f"{text!r} is no lead number; see: valhalla leads list")
    return int(text)


decisions.register(app)
app.add_typer(rejects.app, name="rejects")
