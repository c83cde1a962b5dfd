"""``valhalla clone``: what is proven enough to be copied elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from valhalla.cli.invocation import invocation

if TYPE_CHECKING:
    from valhalla.scoring.cloning import Copyable


def clone(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help='One market, source or script, such as "Houston, TX" (default: all).')
    ] = None,
    by: Annotated[str, typer.Option("--by", help="market, source or script.")] = "market",
    target: Annotated[
        str | None, typer.Option("--target", help="The market it is to be copied to: is that one like it?")
    ] = None,
) -> None:
    """Is this market, source or script proven enough to be copied elsewhere? READY, NOT YET with what is missing, or too few data."""
    from valhalla.scoring import cloning

    inv = invocation(ctx)
    with inv.reading() as database:
        found = cloning.plays(database, by, name=name, target=target)
    inv.show([each.to_json() for each in found], lambda: _print(found, by, whole=name is not None))


def _print(found: list[Copyable], by: str, *, whole: bool) -> None:
    from valhalla.cli.tables import table

    if whole:
        (only,) = found
        print(
            f"{only.name}: {only.readiness.state}, {only.readiness.passed} of {only.readiness.measurable} gates that can be measured"
        )
        words = {True: "passed", False: "not yet", None: "cannot be measured"}
        table(
            ("gate", "", "why"), [(gate.name, words[gate.passed], gate.says) for gate in only.readiness.gates]
        )
        if only.readiness.shortfall:
            print(f"It needs {', '.join(only.readiness.shortfall)}.")
        return
    table(
        (by, "state", "gates", "closes", "leads", "needs"),
        [
            (
                *(each.name, each.readiness.state, f"{each.readiness.passed}/{each.readiness.measurable}"),
                *(f"{each.play.closes:,}", f"{each.play.matured:,}", ", ".join(each.readiness.shortfall)),
            )
            for each in found
        ],
        numbers=("closes", "leads"),
        empty="No outcome has matured yet. Record what came of your calls: valhalla outcome LEAD EVENT",
    )
