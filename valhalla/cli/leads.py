"""``valhalla leads``: who to call, and everything about a lead."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli import calling, decisions, lead_work, rejects, unfolding
from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Limit
from valhalla.program.errors import UsageError

app = typer.Typer(help="Who to call today and why; one lead; lists and exports.", no_args_is_help=True)

Market = Annotated[str | None, typer.Option("--market", help='Only this market, such as "Houston, TX".')]
Source = Annotated[str | None, typer.Option("--source", help="Only leads of this source.")]


@app.command("top")
def top(ctx: typer.Context, limit: Limit = 10, market: Market = None, source: Source = None) -> None:
    """Today: who to call, in groups: Promised, Appointments, Deals, Warm, New, Retries. The same as valhalla today."""
    from valhalla.leads.call_list_index import newest_lead
    from valhalla.leads.known_markets import market_named
    from valhalla.leads.today import counted
    from valhalla.leads.today import top as of_today
    from valhalla.leads.view import Viewer
    from valhalla.program import settings

    inv = invocation(ctx)
    with inv.reading() as database:
        market = market_named(database, market)
        viewer = Viewer.now(database)
        found = of_today(database, viewer, limit, market=market, source=source)
        entries = [row.to_json(viewer, rank) for rank, row in enumerate(found, 1)]
        counts = counted(database, viewer, market=market, source=source) if not inv.json and entries else {}
        zone = settings.value(database, "timezone")
        has_leads = bool(entries) or newest_lead(database) > 0
    inv.show(entries, lambda: _print_top(entries, counts, zone, has_leads))


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Limit = 20,
    after: Annotated[int, typer.Option("--after", min=0, help="Begin behind this lead's number.")] = 0,
    market: Market = None,
    source: Source = None,
) -> None:
    """Leads in the order in which they came."""
    from valhalla.leads.known_markets import market_named
    from valhalla.leads.view import Viewer

    inv = invocation(ctx)
    with inv.reading() as database:
        market = market_named(database, market)
        viewer = Viewer.now(database)
        records = viewer.page(after, limit, market=market, source=source)
        entries = [viewer.entry(record) for record in records]
    inv.show(entries, lambda: print_list(entries))


@app.command("stack")
def stack(
    ctx: typer.Context,
    on: Annotated[int, typer.Option("--on", min=2, max=4, help="On so many lists; 4: or more.")] = 2,
    limit: Limit = 20,
) -> None:
    """Who is on several lists, and which lists have leads in common: several reasons to sell."""
    from valhalla.leads import stack as stacking
    from valhalla.leads.view import Viewer

    inv = invocation(ctx)
    with inv.reading() as database:
        viewer = Viewer.now(database)
        labelled = stacking.stack(database)
        found = [
            {
                **viewer.entry(record),
                "address": record.lead.address,
                "on_lists": viewer.facts(record)["on_lists"],
            }
            for record in viewer.some(stacking.leads_on(database, limit, on=on))
        ]

    def render() -> None:
        from valhalla.cli.tables import table

        counts = ", ".join(
            f"{count:,} on {number}{' or more' if number == 4 else ''}"
            for number, count in labelled["on"].items()
        )
        print(f"Leads on several lists: {counts}.")
        numbers = [str(number) for number, _ in enumerate(labelled["lists"], 1)]
        table(
            ("", "list", *numbers),
            [
                (str(place), labelled["lists"][place - 1]["name"], *(f"{count:,}" for count in row))
                for place, row in enumerate(labelled["pairs"], 1)
            ],
            numbers=numbers,
            empty="No list was read yet.",
        )
        table(
            ("lead", "name", "house", "on lists"),
            [
                (
                    str(each["id"]),
                    each["name"],
                    each["address"] or "",
                    ", ".join(one["name"] for one in each["on_lists"]),
                )
                for each in found
            ],
            numbers=("lead",),
            empty=f"No lead is on {on}{' or more' if on == 4 else ''} lists.",
        )

    inv.show({**labelled, "leads": found}, render)


@app.command("search")
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words of a name, contact, place or any column.")],
    limit: Limit = 20,
) -> None:
    """Leads in which every word occurs, best score first; a phone number is found however it is written."""
    from valhalla.leads import search as finding
    from valhalla.leads.view import Viewer

    inv = invocation(ctx)
    with inv.reading() as database:
        found = finding.search(database, " ".join(words), limit)
        viewer = Viewer.now(database)
        entries = [viewer.entry(record) for record in viewer.some(found.lead_ids)]

    def render() -> None:
        if entries:
            print_list(entries)
        else:
            print("Nobody is found.")
        if found.indexed < 100:
            print(f"The search index knows {found.indexed}% so far; the rest follows while Valhalla runs.")

    inv.show(entries, render)


@app.command("show")
def show(ctx: typer.Context, lead: Annotated[int, typer.Argument(help="Number of the lead.")]) -> None:
    """One lead: its fields, the six stages with their reasons, what happened, where it came from."""
    from valhalla.leads.view import Viewer
    from valhalla.program import settings
    from valhalla.reports.timeline import whole_lead

    inv = invocation(ctx)
    with inv.reading() as database:
        viewer = Viewer.now(database)
        whole, zone = whole_lead(viewer, viewer.record(lead)), settings.value(database, "timezone")
    inv.show(whole, lambda: _print_lead(whole, zone))


@app.command("export")
def export(
    ctx: typer.Context,
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The file to write: .csv, or .xlsx for a workbook (default with --for: its kind and the day).",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="How many at most (default: all).")
    ] = None,
    market: Market = None,
    source: Source = None,
    status: Annotated[
        str | None, typer.Option("--status", help="With --for: only leads with this status, such as new.")
    ] = None,
    call_list: Annotated[bool, typer.Option("--top", help="The call list instead of all leads.")] = False,
    filter_: Annotated[
        str | None, typer.Option("--filter", help="With --for: only leads of this saved filter.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--for", help="For whom: dialer, mail, skiptrace or excel.")
    ] = None,
) -> None:
    """Write leads, with everything that is known of them, to a CSV or workbook that Excel opens. Who must not be contacted has
    the reason in the column do_not_contact; --top leaves them out. --for writes what a dialer, a mail house or a skip tracer
    reads, and says who is left out."""
    from valhalla.leads import export as exporting
    from valhalla.leads.call_list import top as best
    from valhalla.leads.known_markets import market_named
    from valhalla.leads.view import Viewer

    inv = invocation(ctx)
    if kind is not None:
        if call_list or limit is not None:
            raise UsageError(
                "--for writes everybody whom the list is for; --top and --limit do not go with it"
            )
        _export_for(inv, target, kind, market, source, status, filter_)
        return
    if target is None:
        raise UsageError("say which file to write, such as leads.csv, or for whom: --for dialer")
    if status is not None or filter_ is not None:
        raise UsageError("--status and --filter go with --for")
    with inv.reading() as database:
        market = market_named(database, market)
        viewer = Viewer.now(database)
        records = (
            best(database, viewer, limit or 100, market=market, source=source)
            if call_list
            else viewer.everyone(limit, market=market, source=source)
        )
        count = exporting.write_file(target, viewer, records)
    inv.show({"file": str(target), "leads": count}, lambda: print(f"{count:,} leads written to {target}"))


def _export_for(
    inv: Invocation,
    target: Path | None,
    name: str,
    market: str | None,
    source: str | None,
    status: str | None,
    which: str | None,
) -> None:
    from valhalla.leads import lists_for
    from valhalla.leads.known_markets import market_named
    from valhalla.program import settings
    from valhalla.program.moments import clock_text

    kind = lists_for.kind_named(name)
    with inv.reading() as database:
        chosen = lists_for.EVERYBODY if which is None else lists_for.of_filter(database, which)
        chosen = chosen._replace(market=market_named(database, market), source=source, status=status)
        day = clock_text(database.clock(), settings.value(database, "timezone"), "%Y-%m-%d")
        target = target or Path(f"leads-{kind.name}-{day}{kind.ending}")
        written = lists_for.write(database, kind, target, chosen, audited=inv.file is None)

    def render() -> None:
        print(f"{written.leads:,} leads written to {target}")
        if written.left_out:
            print(f"Left out: {lists_for.words(written.left_out)}")
        if kind.name == "dialer":
            if written.dnc_checked:
                print(f"Checked against the do-not-call registry on {written.dnc_checked}.")
            else:
                print(
                    "Not checked against the do-not-call registry yet; see: valhalla dnc import FILE --kind national"
                )

    inv.show({"file": str(target), "for": kind.name, **written._asdict()}, render)


_Parts = tuple[tuple[str, str], ...]
"""A line of text with its styles."""


def _print_top(
    entries: list[dict[str, Any]], counts: dict[str, str], zone: str | None, has_leads: bool
) -> None:
    from valhalla.leads.today import HEADINGS

    if not entries and has_leads:
        print(
            "Nobody to call right now: everyone who can be called has been, or is resting until the next try."
        )
        print("Those without a number that works: valhalla leads export --for skiptrace FILE")
        return
    if not entries:
        print("Nobody to call yet. Put a lead list into the inbox folder, or try: valhalla ingest FILE")
        return
    group, blocks = "", list[list[_Parts]]()
    for entry in entries:
        if entry["group"] != group:
            group = entry["group"]
            blocks.append([((f"{HEADINGS[group]} ({counts.get(group, '?')})", "bold underline"),)])
        blocks.append(_lines_of(entry, zone))
    _print_styled(blocks)


def _lines_of(entry: dict[str, Any], zone: str | None) -> list[_Parts]:
    from valhalla.cli.tables import hanging
    from valhalla.program.wording import dollars

    head = (
        (f"{entry['rank']:>3}  ", "dim"),
        (entry["name"], "bold"),
        ("  " + (entry["phone"] or entry["email"] or ""), "cyan"),
        (f"  {entry['location'] or ''}", ""),
    )
    figures = (
        ("     ", ""),
        (f"score {entry['score']} {entry['band']}", _BANDS.get(entry["band"], "")),
        (f"  {'asking price unknown' if entry['value'] is None else dollars(entry['value'])}  ", ""),
        (f"-> {entry['next_action']}", "bold"),
    )
    why = ((hanging(_because(entry, zone), 5), "dim"),)
    reasons = [((hanging(reason, 7, "- "), ""),) for reason in entry["reasons"]]
    email = [(("     " + entry["email"], "dim"),)] if entry["phone"] and entry["email"] else []
    return [head, figures, why, *reasons, *email, (("", ""),)]


def _print_styled(blocks: list[list[_Parts]]) -> None:
    if not sys.stdout.isatty():  # nobody sees colours, and what makes them takes a tenth of a second to load
        for lines in blocks:
            print("\n".join("".join(text for text, _ in line) for line in lines))
        return
    from rich.console import Group
    from rich.text import Text

    from valhalla.cli.tables import console

    out = console()
    for lines in blocks:
        out.print(Group(*(Text.assemble(*line) for line in lines)))


def _because(entry: dict[str, Any], zone: str | None) -> str:
    """What is promised or waits, else what the next step is."""
    promise, deal = entry["promise"], entry["deal"]
    if deal is not None:
        return f"{deal['why']}."
    if promise is None:
        return str(entry["next_action_why"])
    said = f"{promise['kind']} {_clock(promise['at'], zone)}{', late' if promise['late'] else ''}"
    return f"{said}: {promise['note']}" if promise["note"] else said


_BANDS = {"A": "bold green", "B": "green", "C": "yellow", "D": "dim"}


def print_list(entries: list[dict[str, Any]]) -> None:
    """Leads as a table."""
    from valhalla.cli.tables import table
    from valhalla.program.wording import dollars

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


def _score(whole: dict[str, Any]) -> str:
    better = whole["better_than"]
    among = "" if better is None else f", better than {better}% of those you can call"
    return f"{whole['score']} {whole['band']}{among}"


def _print_lead(whole: dict[str, Any], zone: str | None) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, hanging
    from valhalla.leads import facts
    from valhalla.program.wording import dollars
    from valhalla.scoring.stages import STAGES

    titles = dict(STAGES)
    out = console()
    out.print(Text.assemble((whole["name"], "bold"), f"  lead {whole['id']}, {whole['status']}"))
    fields = [
        ("phone", whole["phone"]),
        ("email", whole["email"]),
        ("location", whole["location"]),
        ("source", whole["source"]),
        ("score", _score(whole)),
        *((f"  {each['part']}", f"{each['points']:g} of {each['of']}") for each in whole["score_parts"]),
        *(("why", reason) for reason in whole["reasons"]),
        ("next", f"{whole['next_action']}: {whole['next_action_why']}"),
        *(
            (label, dollars(value) if kind == "money" else value)
            for label, kind, value in facts.labelled(whole)
        ),
        *whole["extra"].items(),
    ]
    wide = min(30, max(len(name) for name, _ in fields))
    for name, value in fields:
        said = str(value) if value not in (None, "") else "unknown"
        out.print(Text.assemble((f"  {name:<{wide}}  ", "dim"), said))
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
    for promise in whole["promises"]:
        late = ", late" if promise["late"] else ""
        out.print(Text(f"Promise {promise['id']}: {promise['kind']} {promise['says']}{late}", style="bold"))
    for each in whole["consents"]:
        until = f", until {each['withdrawn_at'][:10]}" if each["withdrawn_at"] else ""
        out.print(Text(f"Agreed on {each['at'][:10]}{until} to a {each['channel']}: “{each['words']}”"))
    out.print(Text("\nWhat happened", style="bold"))
    for each in whole["timeline"]:
        says = f"“{each['says']}”" if each["kind"] == "note" else each["says"]
        says += f": {each['detail']}" if each["detail"] else ""
        says += f" by {each['by']}" if each["by"] not in (None, "operator", "import") else ""
        says += " (undone)" if each["undone"] else f" (outcome {each['undo']})" if each["undo"] else ""
        out.print(Text(hanging(f"{_clock(each['at'], zone, '%b', ' %Y,')}  {says}", 4)))


def _clock(at: str, zone: str | None, month: str = "%a %b", year: str = ",") -> str:
    """``Tue Dec 1, 3:00 pm``; with a year ``Dec 1 2026, 3:00 pm``."""
    from datetime import datetime

    from valhalla.program.moments import clock_text, hour_text

    moment = round(datetime.fromisoformat(at).timestamp()) * 1_000_000
    day = int(clock_text(moment, zone, "%d"))
    return (
        f"{clock_text(moment, zone, month)} {day}{clock_text(moment, zone, year)} {hour_text(moment, zone)}"
    )


decisions.register(app)
lead_work.register(app)
unfolding.register(app)
app.command("next")(calling.next_)
app.add_typer(rejects.app, name="rejects")
