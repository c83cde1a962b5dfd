"""``valhalla sources``: which lists belong together, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import UsageError

app = typer.Typer(help="Sources: which lists belong together and how they are read.", no_args_is_help=True)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """All sources with their pattern, settings and mappings."""
    from valhalla.intake.source_registry import registry

    inv = invocation(ctx)
    with inv.reading() as database:
        found = registry(database)
    inv.show(found, lambda: _print(found))


@app.command("show")
def show(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Name of the source.")]) -> None:
    """One source: its quality with every part, what it costs and brings, and whether to pause it."""
    from valhalla.intake.source_registry import one

    inv = invocation(ctx)
    with inv.reading() as database:
        found = one(database, name)

    def render() -> None:
        _print([found])
        for part, value in found["quality"]["parts"].items():
            shown = "unknown" if value is None else f"{value:.2f}"
            print(f"  {part:<12} {shown:>7}  {found['quality']['says'][part]}")

    inv.show(found, render)


@app.command("proposals")
def proposals_(ctx: typer.Context) -> None:
    """Sources to pause, each with its evidence: at best their leads bring less than they cost. Nothing is paused by itself."""
    from valhalla.intake.source_quality import proposals

    inv = invocation(ctx)
    with inv.reading() as database:
        found = proposals(database)

    def render() -> None:
        for each in found:
            print(f"{each['source']}: {each['why']}")
            print(f"  {each['command']}")
        if not found:
            print("No source costs more than it can bring, as far as is known.")

    inv.show(found, render)


@app.command("cost")
def cost(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the source.")],
    amount: Annotated[str, typer.Argument(help="What it cost, such as 400.")],
    import_id: Annotated[
        int | None,
        typer.Option("--import", min=1, help="Of this one list (default: of the source as a whole)."),
    ] = None,
) -> None:
    """Say what a list cost: it is set against what its leads bring."""
    from valhalla.intake.source_quality import set_cost
    from valhalla.program.wording import cents, money

    inv = invocation(ctx)
    with inv.writing() as database:
        total = set_cost(database, name, cents(amount), import_id)
    inv.show({"source": name, "cost": total / 100}, lambda: print(f"{name} has cost {money(total)} so far."))


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the source; made when there is none.")],
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            help="Its files: a path, a folder or a pattern with *, in the inbox unless it says where; empty: none.",
        ),
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
        source = set_source(database, name, change, inbox=inv.home.inbox)
    inv.show(source, lambda: _print([source]))


_Name = Annotated[str, typer.Argument(help="Name of the source.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why, for those who find its leads missing.")]
_Until = Annotated[
    str | None,
    typer.Option(
        "--until", help="When it ends by itself, such as 2w or 2027-01-15; left out: until you resume it."
    ),
]


@app.command("pause")
def pause(ctx: typer.Context, name: _Name, reason: _Reason, until: _Until = None) -> None:
    """Take its leads off the call list for a while. Its lists are still read."""
    _pause(ctx, name, "pause", reason, until)


@app.command("stop")
def stop(ctx: typer.Context, name: _Name, reason: _Reason, until: _Until = None) -> None:
    """Take its leads off the call list and stop reading its lists."""
    _pause(ctx, name, "stop", reason, until)


@app.command("resume")
def resume(ctx: typer.Context, name: _Name) -> None:
    """End a pause or stop: its leads are on the call list and its lists are read again."""
    from valhalla.leads import source_pausing

    inv = invocation(ctx)
    with inv.writing() as database:
        ended = source_pausing.resume(database, name)
    was = "stopped" if ended.kind == "stop" else "paused"
    inv.show(
        {"source": name, "ended": ended.to_json()},
        lambda: print(f"{name} is no longer {was}: its leads are on the call list again."),
    )


def _pause(
    ctx: typer.Context, name: str, kind: Literal["pause", "stop"], reason: str, until: str | None
) -> None:
    from valhalla.leads import source_pauses, source_pausing

    inv = invocation(ctx)
    with inv.writing() as database:
        made = source_pausing.pause(database, name, kind, reason, until=until)
    inv.show({"source": name, **made.to_json()}, lambda: print(f"{name} is {source_pauses.as_text(made)}."))


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
        if source["pause"]:
            out.print(Text(f"  {source['pause']['says']}", style="yellow"))
        quality = source.get("quality")
        if quality:
            score = (
                f"unknown: {quality['needs']} more worked leads"
                if quality["score"] is None
                else f"{quality['score']:.0f} of 100 ({quality['interval'][0]:.0f} to {quality['interval'][1]:.0f}), n = {quality['n']:,}"
            )
            cost = "" if source["cost_per_lead"] is None else f", ${source['cost_per_lead']:,.2f} a lead"
            out.print(Text(f"  {source['kind']:<9} {source['leads']:,} leads{cost}; quality {score}"))
            if source["should_pause"]:
                out.print(Text(f"  pause it? {source['should_pause']}", style="yellow"))
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
