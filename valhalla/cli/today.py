"""``valhalla today``: who to call, and why."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.cli.options import Limit

Market = Annotated[str | None, typer.Option("--market", help='Only this market, such as "Houston, TX".')]
Source = Annotated[str | None, typer.Option("--source", help="Only leads of this source.")]


def top(ctx: typer.Context, limit: Limit = 10, market: Market = None, source: Source = None) -> None:
    """Today: who to call, in groups: Promised, Appointments, Deals, Warm, New, Retries. The same as valhalla today."""
    from valhalla.leads.call_list_index import newest_lead
    from valhalla.leads.known_markets import market_named
    from valhalla.leads.today import groups
    from valhalla.leads.today import top as of_today
    from valhalla.leads.view import Viewer
    from valhalla.program import settings

    inv = invocation(ctx)
    with inv.reading() as database:
        market = market_named(database, market)
        viewer = Viewer.now(database)
        if inv.json:  # which counts nothing
            found, counts = of_today(database, viewer, limit, market=market, source=source), {}
        else:
            shown = groups(database, viewer, each=limit, market=market, source=source)
            found = [row for group in shown for row in group.rows][:limit]
            counts = {group.key: group.says for group in shown}
        entries = [row.to_json(viewer, rank) for rank, row in enumerate(found, 1)]
        zone = settings.value(database, "timezone")
        has_leads = bool(entries) or newest_lead(database) > 0
    inv.show(entries, lambda: _print_top(entries, counts, zone, has_leads))


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
    said = f"{promise['kind']} {clock_of(promise['at'], zone)}{', late' if promise['late'] else ''}"
    return f"{said}: {promise['note']}" if promise["note"] else said


_BANDS = {"A": "bold green", "B": "green", "C": "yellow", "D": "dim"}


def clock_of(at: str, zone: str | None, month: str = "%a %b", year: str = ",") -> str:
    """``Tue Dec 1, 3:00 pm``; with a year ``Dec 1 2026, 3:00 pm``."""
    from datetime import datetime

    from valhalla.program.moments import clock_text, hour_text

    moment = round(datetime.fromisoformat(at).timestamp()) * 1_000_000
    day = int(clock_text(moment, zone, "%d"))
    return (
        f"{clock_text(moment, zone, month)} {day}{clock_text(moment, zone, year)} {hour_text(moment, zone)}"
    )
