"""``valhalla week``: what a week of calls came to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation


def week(
    ctx: typer.Context,
    back: Annotated[int, typer.Option("--back", min=0, max=520, help="How many weeks ago.")] = 0,
) -> None:
    """This week: dials, contacts, appointments, offers, contracts, closes, fees; by list, script and hour."""
    from valhalla.reports.week import gather

    inv = invocation(ctx)
    with inv.reading() as database:
        found = gather(database, back)
    inv.show(found, lambda: _print(found))


def _print(found: dict[str, Any]) -> None:
    from valhalla.cli.tables import table
    from valhalla.program.wording import dollars
    from valhalla.reports.week import FIGURES, clock_hour

    print(f"Week of {found['from']}, {found['n']:,} leads worked")
    goal = found["goal"]["dials"]
    for name in FIGURES:
        value = dollars(found[name]) if name == "fees" else f"{found[name]:,}"
        notes = []
        if name == "dials" and goal:
            notes.append(f"goal {goal:,}")
        if name in found["rates"]:
            notes.append(_rate(found["rates"][name], "dials" if name == "contacts" else "contacts"))
        note = f"  ({', '.join(each for each in notes if each)})" if any(notes) else ""
        print(f"{name.capitalize():<13} {value:>10}{note}")
    columns = ("dials", "contacts", "appointments", "offers", "contracts", "closes", "fees")
    for title, key, name in (
        ("By list", "lists", "list"),
        ("By caller", "callers", "caller"),
        ("By script", "scripts", "script"),
        ("By hour, eight weeks", "hours", "hour"),
    ):
        if not found[key]:
            continue
        costs = key == "lists" and any(each["cost"] for each in found[key])
        head = (name, *columns, "answered", *(("paid", "per contact", "per appointment") if costs else ()))
        table(
            head,
            (
                (
                    clock_hour(each["hour"]) if key == "hours" else str(each[name]),
                    *(dollars(each[c]) if c == "fees" else f"{each[c]:,}" for c in columns),
                    _rate(each["rates"]["contacts"], ""),
                    *(_cost(each["cost"]) if costs else ()),
                )
                for each in found[key]
            ),
            numbers=head[1:],
            spare=("offers", "contracts", "closes"),
            title=title,
        )


def _cost(cost: dict[str, Any] | None) -> tuple[str, str, str]:
    from valhalla.program.wording import dollars

    if cost is None:
        return "", "", ""
    return dollars(cost["paid"]), dollars(cost["per_contact"], ""), dollars(cost["per_appointment"], "")


def _rate(rate: dict[str, Any], of: str) -> str:
    if rate["share"] is None:
        return ""
    between = f"{rate['low']:.0%}-{rate['high']:.0%}"
    return f"{rate['share']:.0%} of {rate['n']:,} {of}".rstrip() + f", {between}"
