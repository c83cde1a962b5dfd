"""``valhalla markets``: markets side by side, and what may be paid in each."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation

app = typer.Typer(
    help="Markets: what there is, what came of it, what to pay: list, cap.", no_args_is_help=True
)


@app.command("list")
def list_(
    ctx: typer.Context,
    market: Annotated[str | None, typer.Option("--market", help='Only one, such as "Houston, TX".')] = None,
) -> None:
    """Leads, prices, days to the first conversation, appointments, closes, fees and buyers of each market."""
    from valhalla.leads.market_profiles import profiles

    inv = invocation(ctx)
    with inv.reading() as database:
        found = profiles(database, market)
    inv.show(found, lambda: _print(found))


@app.command("cap")
def cap(
    ctx: typer.Context,
    market: Annotated[str, typer.Argument(help='Such as "Houston, TX".')],
    apply: Annotated[bool, typer.Option("--apply", help="Put the proposed share into the policy.")] = False,
) -> None:
    """The share of ARV to pay in a market, by its own deals and buyers, with formula and bounds."""
    from valhalla.leads import market_profiles

    inv = invocation(ctx)
    if apply:
        from valhalla.cli.afterwards import follow_up

        with inv.program() as program:
            found, job_id = market_profiles.apply_cap(program.reevaluating, market)
            follow_up(program, job_id, patience=30.0)
    else:
        with inv.reading() as database:
            (found,) = market_profiles.profiles(database, market)
    inv.show(found, lambda: _print_cap(found))


def _print_cap(found: dict[str, Any]) -> None:
    from valhalla.program.wording import dollars, share

    cap = found["cap"]
    print(f"{found['market']}: {share(cap['share'])} of ARV.")
    if "applied" in found:
        print(f"In force from policy version {found['version']}: {share(found['applied'])}.")
    elif cap["proposed"] is not None:
        print(f"Proposed: {share(cap['proposed'])}. To apply it, add --apply.")
    print(f"How: {cap['formula']}.")
    if cap["most_to_pay"] is not None:
        print(f"The most to pay, by the highest buyer less your fee: {dollars(cap['most_to_pay'])}.")


def _print(found: list[dict[str, Any]]) -> None:
    from valhalla.cli.tables import table
    from valhalla.program.wording import dollars, share

    table(
        (
            "market",
            "leads",
            "open",
            "asking",
            "estimate",
            "days",
            "worked",
            "appointments",
            "closes",
            "fees",
            "buyers",
            "of ARV",
        ),
        [
            (
                *(
                    each["market"],
                    f"{each['leads']:,}",
                    f"{each['inventory']:,}",
                    dollars(each["median_asking"]),
                ),
                *(
                    dollars(each["median_estimate"]),
                    str(each["days_to_contact"] if each["days_to_contact"] is not None else "unknown"),
                ),
                *(
                    f"{each['worked']:,}",
                    str(each["appointments"]),
                    str(each["closes"]),
                    dollars(each["fees"]),
                ),
                *(str(each["buyers"]), share(each["cap"]["share"])),
            )
            for each in found
        ],
        numbers=(
            "leads",
            "open",
            "asking",
            "estimate",
            "days",
            "worked",
            "appointments",
            "closes",
            "fees",
            "buyers",
            "of ARV",
        ),
        empty="No lead is of a market yet. Lists say it with a location or with city and state.",
    )
