"""``valhalla effects``: what would go out, and a person's yes or no to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import InputError, UsageError

app = typer.Typer(
    help="What would leave this computer: list, draft, approve, deny, try again.", no_args_is_help=True
)

Numbers = Annotated[list[int], typer.Argument(help="Numbers of effects.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option("--state", help="Only in this state.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="webhook, email, export or purge.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")] = 100,
) -> None:
    """The newest effects and where they stand."""
    from valhalla.effects import register

    if state is not None and state not in register.STATES:
        raise UsageError(f"there is no state {state!r}; there are {', '.join(register.STATES)}")
    inv = invocation(ctx)
    with inv.reading() as database:
        found = [
            register.as_json(each) for each in register.find(database, state=state, kind=kind, limit=limit)
        ]

    inv.table(
        found,
        ("effect", "kind", "to", "state", "tries", "why"),
        (
            (
                str(each["id"]),
                each["kind"],
                each["target"],
                each["state"],
                str(each["tries"]),
                each["reason"] or "",
            )
            for each in found
        ),
        numbers=("effect", "tries"),
        empty="Nothing is to go out.",
    )


@app.command("draft")
def draft(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="webhook, email, export or purge.")],
    leads: Annotated[
        list[int] | None, typer.Argument(help="Numbers of leads (export: none for the call list).")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Address or file, where the settings do not say it.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="A mail's text; its first line is its subject.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="Leads of an exported call list.")
    ] = 100,
) -> None:
    """Note an effect; it goes out when it is approved and the dry-run lock is off."""
    from valhalla.effects import drafting

    inv = invocation(ctx)
    text = None
    if template is not None:
        try:
            text = template.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise InputError(f"{template} cannot be read: {error}") from None
    with inv.writing() as database:
        made = drafting.by_hand(database, kind, leads or [], to=to, template=text, limit=limit)
    _print(inv, made)


@app.command("approve")
def approve(
    ctx: typer.Context,
    effects: Annotated[list[int] | None, typer.Argument(help="Numbers of effects.")] = None,
    standing: Annotated[
        str | None, typer.Option("--standing", help="Approve this kind by itself from now on.")
    ] = None,
    per_day: Annotated[
        int, typer.Option("--per-day", min=0, help="With --standing: so many a day (0: end it).")
    ] = 10,
) -> None:
    """Say yes: to drafts by number, or to a kind of effect up to a daily number."""
    from valhalla.effects import register

    inv = invocation(ctx)
    if standing is not None:
        with inv.writing() as database:
            if per_day:
                register.stand(database, standing, per_day)
            else:
                register.end_standing(database, standing)
        sentence = (
            f"{standing}s are approved by themselves, up to {per_day} a day."
            if per_day
            else f"{standing}s are approved one by one."
        )
        inv.show({"kind": standing, "per_day": per_day}, lambda: print(sentence))
        return
    if not effects:
        raise UsageError("which effects? Give their numbers, or --standing KIND")
    with inv.whole_program() as program:
        made = program.effects.approve(effects)
    _print(inv, made)


@app.command("deny")
def deny(
    ctx: typer.Context,
    effects: Numbers,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "denied by the operator",
) -> None:
    """Say no."""
    from valhalla.effects import register

    inv = invocation(ctx)
    with inv.writing() as database:
        made = register.deny_all(database, effects, reason)
    _print(inv, made)


@app.command("retry")
def retry(ctx: typer.Context, effects: Numbers) -> None:
    """Send what was blocked, denied, failed or is uncertain on its way again, under the same key."""
    inv = invocation(ctx)
    with inv.whole_program() as program:
        made = program.effects.retry(effects)
    _print(inv, made)


def _print(inv: Invocation, made: list[dict[str, Any]]) -> None:
    from valhalla.effects import register

    def render() -> None:
        for each in made:
            print(f"Effect {each['id']} ({each['kind']} to {each['target']}): {each['state']}")

    inv.show([register.as_json(each) for each in made], render)
