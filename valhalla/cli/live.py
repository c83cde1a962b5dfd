"""``valhalla live``: the dry-run lock of the running instance."""

from __future__ import annotations

import sys
from typing import Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import ValhallaError

app = typer.Typer(help="The dry-run lock: on, off, status.", no_args_is_help=True)


@app.command("on")
def on(ctx: typer.Context) -> None:
    """Let approved effects go out, until the running instance stops or eight hours have passed. Asks first."""
    from db.clock import iso
    from valhalla.effects import live, register
    from valhalla.program.instance import running

    inv = invocation(ctx)
    with inv.writing() as database:
        instance = running(inv.home.path)
        run_id = live.running_run(database, instance.pid if instance else None)
        counts = register.counts(database)
        print(
            f"Would go out: {counts['approved']} approved effects now; {counts['blocked']} blocked ones can be sent on "
            f"with effects retry; {counts['drafted']} drafts wait for approval.",
            file=sys.stderr,
        )
        confirm()
        opened = live.open_for(database, run_id, "operator")
    inv.show(
        {"live": True, "until": iso(opened.until)},
        lambda: print(f"Live until {iso(opened.until)}, or until the instance stops."),
    )


@app.command("off")
def off(ctx: typer.Context) -> None:
    """Let nothing go out any more."""
    from valhalla.effects import live

    inv = invocation(ctx)
    with inv.writing() as database:
        closed = live.close(database, "operator")
    inv.show({"live": False}, lambda: print("Dry run." if closed else "It was a dry run already."))


@app.command("status")
def status(ctx: typer.Context) -> None:
    """Whether effects go out."""
    inv = invocation(ctx)
    with inv.reading() as database:
        found = state(database)
    sentence = (
        f"Live until {found['until']} (opened by {found['by']})."
        if found["live"]
        else "Dry run: nothing goes out."
    )
    inv.show(found, lambda: print(sentence))


def state(database: Any) -> dict[str, Any]:
    """Whether the lock is off, until when, by whom."""
    from db.clock import iso
    from valhalla.effects import live

    found = live.current(database)
    return {
        "live": found is not None,
        "until": iso(found.until) if found else None,
        "by": found.opened_by if found else None,
    }


def confirm() -> None:
    """Ask to type LIVE. Raises :class:`ValhallaError` for anything else."""
    print("Type LIVE to continue: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "LIVE":
        raise ValhallaError("not confirmed; it stays a dry run")
