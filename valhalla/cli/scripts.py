"""``valhalla scripts``: what is said to a lead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import InputError

if TYPE_CHECKING:
    from jobs import JobId
    from valhalla.scoring.jobs import Reevaluating
    from valhalla.scoring.promoting import Moved

app = typer.Typer(
    help="Scripts and how they come into use: list, show, add, promote, pin, retire.", no_args_is_help=True
)

Which = Annotated[str, typer.Argument(help="Number or name of the script.")]
Reason = Annotated[str, typer.Option(help="Why, for those who read the history.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """All scripts, those in use first."""
    from valhalla.scoring.scripts import all_scripts

    inv = invocation(ctx)
    with inv.reading() as database:
        found = all_scripts(database)

    rows = [
        (
            *(str(s["id"]), f"{s['name']} v{s['version']}", s["channel"], s["market"] or "every market"),
            s["state"] + (", pinned" if s["pinned"] else ""),
            *(f"{s[count]:,}" for count in ("used_on", "appointments", "won", "opted_out")),
        )
        for s in found
    ]
    headers = (
        "id",
        "script",
        "channel",
        "market",
        "state",
        "used on",
        "appointments",
        "won",
        "opted out",
    )
    inv.table(
        found,
        headers,
        rows,
        numbers=("id", "used on", "appointments", "won", "opted out"),
        empty="No scripts.",
    )


@app.command("show")
def show(ctx: typer.Context, script: Which) -> None:
    """One script: its text, what came of it, every move it made and why, and what it takes to come into use."""
    from valhalla.scoring.experiment_results import gate_json
    from valhalla.scoring.promoting import assess
    from valhalla.scoring.scripts import whole

    inv = invocation(ctx)
    with inv.reading() as database:
        found = whole(database, script)
        verdict = assess(database, script)
        found["promotion"] = {
            "allowed": verdict.allowed,
            "says": verdict.says,
            "gates": [gate_json(g) for g in verdict.gates],
        }

    def render() -> None:
        from rich.text import Text

        from valhalla.cli.tables import console, hanging
        from valhalla.program.wording import several

        out = console()
        where = f"{found['channel']}, {found['market'] or 'every market'}"
        state = found["state"] + (", pinned" if found["pinned"] else "")
        out.print(Text.assemble((f"{found['name']} v{found['version']}", "bold"), f"  {state}; {where}"))
        print(
            f"Used on {several(found['used_on'], 'lead')}: {several(found['appointments'], 'appointment')}, "
            f"{found['won']:,} won, {found['opted_out']:,} opted out."
        )
        print(hanging(verdict.says, 0))
        _print_gates(verdict.gates)
        out.print(Text("\n" + found["body"]))
        print("\nHistory")
        clock = inv.clock()
        for move in found["moves"]:
            out.print(
                Text(
                    f"  {clock(move['at'])}  {move['before'] or 'new'} -> {move['after']}, by {move['by']}: {move['why']}"
                )
            )

    inv.show(found, render)


@app.command("add")
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name; a name that exists gets a new version.")],
    text: Annotated[str, typer.Argument(help="A text file, or - for standard input.")],
    channel: Annotated[
        str, typer.Option(help="How it is used: call, text, email, letter or visit.")
    ] = "call",
    market: Annotated[str | None, typer.Option(help="Only for this market.")] = None,
) -> None:
    """Add a script or a new version of one. It begins as experimental."""
    from valhalla.scoring.scripts import add as add_script

    inv = invocation(ctx)
    body = _read(text)
    with inv.writing() as database:
        made = add_script(database, name, body, channel=channel, market=market)
    inv.show(
        {"id": made.id, "name": made.name, "version": made.version, "state": made.state},
        lambda: print(
            f"{made.title} was added as script {made.id}; it is experimental. Compare it with: valhalla experiments start"
        ),
    )


@app.command("promote")
def promote(ctx: typer.Context, script: Which) -> None:
    """Bring a script into use, if every gate passes; otherwise say what is missing (exit code 1)."""
    from valhalla.cli.afterwards import follow_up
    from valhalla.scoring import changes
    from valhalla.scoring.experiment_results import gate_json

    inv = invocation(ctx)
    with inv.program() as program:
        (verdict, made), job_id = changes.promote_script(program.reevaluating, script)
        follow_up(program, job_id)
        data = {
            "promoted": bool(made),
            "says": verdict.says,
            "gates": [gate_json(g) for g in verdict.gates],
            "moves": _moves(made),
        }

        def render() -> None:
            print(verdict.says)
            _print_gates(verdict.gates)
            _print_moves(made)

        inv.show(data, render)
    if not made:
        raise typer.Exit(1)


@app.command("pin")
def pin(
    ctx: typer.Context,
    script: Which,
    reason: Reason = "chosen by hand",
    off: Annotated[bool, typer.Option("--off", help="Let the evidence move it again.")] = False,
) -> None:
    """Bring a script into use by hand and keep it there, whatever the evidence says."""
    from valhalla.scoring import changes, promoting

    inv = invocation(ctx)
    if off:
        with inv.writing() as database:
            found = promoting.unpin(database, script)
        inv.show(
            {"script": found.id, "pinned": False}, lambda: print(f"{found.title} is not pinned any more.")
        )
        return
    _by_hand(
        inv,
        lambda reevaluating: changes.pin_script(reevaluating, script, reason),
        "It stays in use until it is unpinned.",
    )


@app.command("retire")
def retire(ctx: typer.Context, script: Which, reason: Reason = "not wanted any more") -> None:
    """Take a script out of use by hand. It comes back when it is compared again."""
    from valhalla.scoring import changes

    def retire_it(reevaluating: Reevaluating) -> tuple[list[Moved], JobId | None]:
        moved, job_id = changes.retire_script(reevaluating, script, reason)
        return [moved], job_id

    _by_hand(invocation(ctx), retire_it, "")


def _by_hand(
    inv: Invocation, change: Callable[[Reevaluating], tuple[list[Moved], JobId | None]], says: str
) -> None:
    from valhalla.cli.afterwards import follow_up

    with inv.program() as program:
        made, job_id = change(program.reevaluating)
        follow_up(program, job_id)

        def render() -> None:
            if says:
                print(says)
            _print_moves(made)

        inv.show({"moves": _moves(made)}, render)


def _moves(made: list[Any]) -> list[dict[str, Any]]:
    return [{"script": m.script.id, "before": m.before, "after": m.after, "why": m.why} for m in made]


def _print_moves(made: list[Any]) -> None:
    for move in made:
        print(f"{move.script.title}: {move.before} -> {move.after}. {move.why}")


def _print_gates(gates: list[Any]) -> None:
    from valhalla.cli.tables import hanging

    for gate in gates:
        print(hanging(f"{gate.name}: {gate.says}", 8, f"{'ok  ' if gate.passed else 'open'}  "))


def _read(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    try:
        return Path(text).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"The file '{text}' was not found.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{text} cannot be read as text: {error}") from None
