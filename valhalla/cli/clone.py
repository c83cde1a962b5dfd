"""``valhalla clone``: what is proven enough to be copied elsewhere, and copying it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from valhalla.cli.invocation import invocation

if TYPE_CHECKING:
    from valhalla.scoring.cloning import Copyable


class _Group(TyperGroup):
    """``clone NAME`` is ``clone show NAME``: what was there first keeps its form."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word ``show`` in front of what is not a command."""
        if (not args or args[0] not in self.commands) and "--help" not in args:
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    help="Is a market, source or script proven enough to be copied elsewhere, and copying a market: show, apply, undo.",
)


@app.command("show")
def show(
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
    from valhalla.leads.known_markets import market_named
    from valhalla.scoring import cloning

    inv = invocation(ctx)
    with inv.reading() as database:
        found = cloning.plays(database, by, name=name, target=market_named(database, target))
    inv.show([each.to_json() for each in found], lambda: _print(found, by, whole=name is not None))


@app.command("apply")
def apply(
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--from", help='The market that works, such as "Houston, TX".')],
    target: Annotated[str, typer.Option("--to", help="The market that is to be worked like it.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Although it is not proven.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for those who read the history.")] = "",
) -> None:
    """Copy a market's rules, scripts and source profiles to another one, as one decision."""
    from valhalla.cli.afterwards import follow_up, say_follow_up
    from valhalla.intake import market_copies

    inv = invocation(ctx)
    with inv.program() as program:
        made, job_id = market_copies.apply(program.reevaluating, source, target, anyway=anyway, reason=reason)
        done = follow_up(program, job_id, patience=30.0)

    def render() -> None:
        print(
            f"{target} is worked like {source} from now on (policy version {made['policy_version']}): {made['why']}."
        )
        for name in made["sources"]:
            print(f"  source {name}: lists for {target} go into the inbox folder of this name")
        if made["scripts"]:
            print(f"  scripts {', '.join(map(str, made['scripts']))}")
        print(f"To undo it: valhalla clone undo {made['id']}")
        say_follow_up(done)

    inv.show({**made, "reevaluated": done}, render)


@app.command("undo")
def undo(
    ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="ID", min=1, help="Of the copy.")]
) -> None:
    """Undo a copy whole."""
    from valhalla.cli.afterwards import follow_up, say_follow_up
    from valhalla.intake import market_copies

    inv = invocation(ctx)
    with inv.program() as program:
        made, job_id = market_copies.undo(program.reevaluating, number)
        done = follow_up(program, job_id, patience=30.0)

    def render() -> None:
        print(
            f"{made['to']} is as it was before {made['from']} was copied to it (policy version {made['policy_version']})."
        )
        say_follow_up(done)

    inv.show({**made, "reevaluated": done}, render)


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
