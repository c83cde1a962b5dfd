"""``valhalla leads``: who to call, and everything about a lead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli import calling, decisions, lead_work, rejects, unfolding
from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Limit
from valhalla.cli.today import Market, Source, clock_of, top
from valhalla.program.errors import UsageError

app = typer.Typer(help="Who to call today and why; one lead; lists and exports.", no_args_is_help=True)

app.command("top")(top)


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
        out.print(Text(hanging(f"{clock_of(each['at'], zone, '%b', ' %Y,')}  {says}", 4)))


decisions.register(app)
lead_work.register(app)
unfolding.register(app)
app.command("next")(calling.next_)
app.add_typer(rejects.app, name="rejects")
