"""``valhalla outcome``: what came of a lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from valhalla.cli.afterwards import Done
    from valhalla.leads.outcomes import Recorded

HELP = """Record what came of a lead.

valhalla outcome LEAD EVENT records one; EVENT is contacted, appointment, contract, won, lost, dead, paused or opted_out.

valhalla outcome import FILE records a CSV; valhalla outcome undo NUMBER takes a mistake back (numbers: outcome list LEAD)."""


def outcome(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(help="Number of the lead; or import, undo, list.")],
    event: Annotated[
        str, typer.Argument(help="What happened; or the file, the outcome's number, the lead's number.")
    ],
    reason: Annotated[str | None, typer.Option(help="Why, in your words.")] = None,
    amount: Annotated[str | None, typer.Option(help="With won: the fee.")] = None,
    at: Annotated[str | None, typer.Option(help="When, such as 2026-11-20 14:30 (default: now).")] = None,
    channel: Annotated[str | None, typer.Option(help="How: call, text, email, letter or visit.")] = None,
    until: Annotated[
        str | None, typer.Option(help="With paused: until when, such as 2w or 2027-01-15.")
    ] = None,
) -> None:
    inv = invocation(ctx)
    if lead in ("import", "undo", "list"):
        if any(value is not None for value in (reason, amount, at, channel, until)):
            raise UsageError(f"outcome {lead} takes no options")
        {"import": _import, "undo": _undo, "list": _list}[lead](inv, event)
        return
    _record(inv, lead, event.lower(), reason, amount, at, channel, until)


outcome.__doc__ = HELP


def _record(inv: Invocation, lead: str, event: str, *options: str | None) -> None:
    from valhalla.cli.afterwards import follow_up
    from valhalla.leads.outcomes import as_typed, read_lead, record_all
    from valhalla.program import settings

    reason, amount, at, channel, until = options
    number = _number(lead, "lead")
    with inv.program() as program:
        database = program.database
        given = as_typed(
            database, number, event, at=at, amount=amount, channel=channel, reason=reason, until=until
        )
        (recorded,), job_id = record_all(program.reevaluating, [given])
        done = follow_up(program, job_id)
        name, zone = read_lead(database, number).name, settings.value(database, "timezone")
        inv.show(_json(recorded, done), lambda: _say(recorded, name, zone, done))


def _undo(inv: Invocation, text: str) -> None:
    from valhalla.cli.afterwards import follow_up
    from valhalla.leads.outcomes import read_lead, undo_all

    number = _number(text, "outcome")
    with inv.program() as program:
        (undone,), job_id = undo_all(program.reevaluating, [number])
        done = follow_up(program, job_id)
        name = read_lead(program.database, undone.lead_id).name
        status = undone.standing.status.replace("_", " ")
        inv.show(
            _json(undone, done),
            lambda: print(f"Outcome {number} was taken back. {name} stands at: {status}."),
        )


def _list(inv: Invocation, text: str) -> None:
    from valhalla.leads.outcome_history import outcomes_of
    from valhalla.leads.outcomes import read_lead
    from valhalla.program import settings
    from valhalla.program.moments import clock_text
    from valhalla.program.wording import money

    number = _number(text, "lead")
    with inv.reading() as database:
        read_lead(database, number)
        zone = settings.value(database, "timezone")
        found = outcomes_of(database, number)

    def render() -> None:
        from valhalla.cli.tables import table

        table(
            ("outcome", "when", "event", "fee", "how", "why", "until", "by", ""),
            (
                (
                    *(str(each.id), clock_text(each.at, zone), each.event),
                    *(money(each.amount) if each.amount else "", each.channel or "", each.reason or ""),
                    clock_text(each.until, zone, "%Y-%m-%d") if each.until else "",
                    *(each.recorded_by, "taken back" if each.undone_at else ""),
                )
                for each in found
            ),
            numbers=("outcome", "fee"),
            empty=f"Nothing was recorded on lead {number} yet. Record it with: valhalla outcome {number} contacted",
        )

    inv.show([each.to_json() for each in found], render)


def _import(inv: Invocation, text: str) -> None:
    from valhalla.cli.afterwards import follow_up, say_follow_up
    from valhalla.intake.other_lists import import_and_reevaluate

    with inv.program() as program:
        done, job_id = import_and_reevaluate(program.reevaluating, Path(text))
        again = follow_up(program, job_id, patience=30.0)
        data = {
            "rows": done.rows,
            "recorded": done.recorded,
            "known": done.known,
            "refused": [each._asdict() for each in done.refused],
        }

        def render() -> None:
            for each in done.refused[:20]:
                print(f"[REFUSED] {text}:{each.line}: {each.message}")
            if len(done.refused) > 20:
                print(f"[REFUSED] ... {len(done.refused) - 20:,} more")
            print(
                f"{done.rows:,} lines: {done.recorded:,} recorded, {done.known:,} known before, {len(done.refused):,} refused"
            )
            say_follow_up(again)

        inv.show(data, render)
    if done.rows and len(done.refused) == done.rows:
        raise typer.Exit(1)


def _json(recorded: Recorded, done: Done | None) -> dict[str, Any]:
    from db.clock import iso

    where = recorded.standing
    return {
        "outcome": recorded.id,
        "lead": recorded.lead_id,
        "new": recorded.new,
        "status": where.status,
        "contacts": where.contacts,
        "hold_until": iso(where.hold_until) if where.hold_until else None,
        "suppressed": recorded.suppressed,
        "reevaluated": done,
    }


def _say(recorded: Recorded, name: str, zone: str | None, done: Done | None) -> None:
    from valhalla.cli.afterwards import say_follow_up
    from valhalla.program.moments import clock_text

    where = recorded.standing
    if not recorded.new:
        print(f"That was recorded before, as outcome {recorded.id}; nothing was changed.")
        return
    says = f"Recorded as outcome {recorded.id}. {name} stands at: {where.status.replace('_', ' ')}"
    if where.hold_until:
        says += f", paused until {clock_text(where.hold_until, zone, '%Y-%m-%d')}"
    elif recorded.suppressed:
        says += ", and will not be called again"
    print(f"{says}. (A mistake? valhalla outcome undo {recorded.id})")
    say_follow_up(done)


def _number(text: str, what: str) -> int:
    if not text.isdigit():
        raise UsageError(f"{text!r} is no {what} number")
    return int(text)
