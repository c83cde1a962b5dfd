"""``valhalla promises``: call-backs, appointments and tasks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Lead, Limit
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads.promises import Listed, Promise

app = typer.Typer(help="Call-backs, appointments and tasks: what was promised to whom.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the promise.")]
KINDS = "callback, appointment or task"


@app.command("list")
def list_(
    ctx: typer.Context,
    due: Annotated[bool, typer.Option("--due", help="Only those whose time has come.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were kept, missed or dropped.")
    ] = False,
    limit: Limit = 1_000,
) -> None:
    """What is promised, by time; late ones are marked."""
    from valhalla.leads import promises, when

    inv = invocation(ctx)
    with inv.reading() as database:
        now = database.clock()
        until = now + 1 if due else 2**62
        found = promises.listed(database, state=None if everything else "open", until=until, limit=limit)
        times = [when.shown(database, each.promise.lead_id, each.promise.at) for each in found]

    inv.table(
        [each.to_json(now) for each in found],
        ("id", "when", "what", "lead", "name", "note", "state"),
        (
            (
                *(str(each.promise.id), says, each.promise.kind, str(each.promise.lead_id), each.name),
                " · ".join(part for part in (each.promise.place, each.promise.note) if part),
                _state(each, now),
            )
            for each, says in zip(found, times, strict=True)
        ),
        numbers=("id", "lead"),
        empty="Nothing is promised. Promise something with: valhalla outcome LEAD callback --at 'tue 3pm'",
    )


@app.command("add")
def add(
    ctx: typer.Context,
    lead: Lead,
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help=KINDS)] = "callback",
    at: Annotated[str, typer.Option("--at", help="When, such as 'tue 3pm', 'in 2 h' or 'jan 5 2pm'.")] = "",
    note: Annotated[str | None, typer.Option("--note", help="What about.")] = None,
    place: Annotated[str | None, typer.Option("--place", help="Where.")] = None,
) -> None:
    """Promise a lead something at a time, on the lead's clock ("my time" behind it: on yours)."""
    from valhalla.leads import promises, when

    inv = invocation(ctx)
    if not at.strip():
        raise UsageError("say when, such as --at 'tue 3pm'")
    with inv.writing() as database:
        meant = when.meant(database, lead, at)
        promises.check_time(meant.at, database.clock())
        agree(inv, meant.says)
        made = promises.add(database, lead, kind.strip().lower(), meant.at, place=place, note=note)
        _show(inv, database, made, f"Promised: {made.kind} {meant.says}.")


@app.command("move")
def move(
    ctx: typer.Context,
    number: Number,
    to: Annotated[str, typer.Argument(metavar="[WHEN]", help="The new time, such as 'thu 10am'.")] = "",
    at: Annotated[str, typer.Option("--at", help="The same.")] = "",
) -> None:
    """Another time for a promise; it has to be confirmed again."""
    from valhalla.leads import promises, when

    inv = invocation(ctx)
    typed = at.strip() or to.strip()
    if not typed:
        raise UsageError(f"say when instead, such as: valhalla promises move {number} 'thu 10am'")
    with inv.writing() as database:
        meant = when.meant(database, promises.find(database, number).lead_id, typed)
        promises.check_time(meant.at, database.clock())
        agree(inv, meant.says)
        moved = promises.move(database, number, meant.at)
        _show(inv, database, moved, f"Moved: {moved.kind} {meant.says}.")


@app.command("done")
def done(
    ctx: typer.Context,
    number: Number,
    missed: Annotated[bool, typer.Option("--missed", help="It did not happen.")] = False,
    dropped: Annotated[bool, typer.Option("--dropped", help="It is not wanted any more.")] = False,
) -> None:
    """A promise was kept (or missed, or is dropped)."""
    from valhalla.leads import promises

    inv = invocation(ctx)
    if missed and dropped:
        raise UsageError("a promise is missed or dropped, not both")
    state = "missed" if missed else "dropped" if dropped else "kept"
    with inv.writing() as database:
        ended = promises.done(database, number, state)
        says = f"Promise {number} was {state}. (A mistake? valhalla promises reopen {number})"
        _show(inv, database, ended, says)


@app.command("confirm")
def confirm(ctx: typer.Context, number: Number) -> None:
    """The other side confirmed it."""
    from valhalla.leads import promises

    inv = invocation(ctx)
    with inv.writing() as database:
        _show(inv, database, promises.confirm(database, number), f"Promise {number} is confirmed.")


@app.command("reopen")
def reopen(ctx: typer.Context, number: Number) -> None:
    """Undo done: the promise is open again."""
    from valhalla.leads import promises

    inv = invocation(ctx)
    with inv.writing() as database:
        _show(inv, database, promises.reopen(database, number), f"Promise {number} is open again.")


def agree(inv: Invocation, says: str) -> None:
    """In a terminal: show the time that was understood before it is stored, and end the command unless it is right."""
    from valhalla.cli.asking import confirm as ask

    if not inv.json and sys.stdin.isatty() and sys.stdout.isatty():
        ask(f"{says}: right?")


def _show(inv: Invocation, database: Database, promise: Promise, says: str) -> None:
    from valhalla.leads.promises import listed_as

    now = database.clock()
    inv.show(listed_as(database, promise).to_json(now), lambda: print(says))


def _state(each: Listed, now: int) -> str:
    promise = each.promise
    if promise.state != "open":
        return promise.state
    if promise.at <= now:
        return "late"
    return "confirmed" if promise.confirmed_at is not None else "open"
