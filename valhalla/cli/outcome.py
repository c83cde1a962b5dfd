"""``valhalla outcome``: what came of a lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
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
    from valhalla.cli.afterwards import follow_up, teaching
    from valhalla.leads.outcomes import Outcome, Recorder, read_lead
    from valhalla.program import settings
    from valhalla.program.moments import ahead, moment
    from valhalla.program.wording import cents

    reason, amount, at, channel, until = options
    number = _number(lead, "lead")
    with teaching(inv) as (database, background):
        zone, now = settings.value(database, "timezone"), database.clock()
        given = Outcome(
            number,
            event,
            moment(at, now, zone, noon=True) if at else now,
            cents(amount) if amount else None,
            channel.lower() if channel else None,
            reason,
            ahead(until, now, zone) if until else None,
        )
        with database.write(durable=True):
            recorded = Recorder(database).record(given)
            job_id = background.reevaluating.ask() if recorded.new else None
        done = follow_up(inv, background, job_id) if job_id is not None else None
        name = read_lead(database, number).name
        inv.show(_json(recorded, done), lambda: _say(recorded, name, zone, job_id is not None, done))


def _undo(inv: Invocation, text: str) -> None:
    from valhalla.cli.afterwards import follow_up, teaching
    from valhalla.leads.outcomes import Recorder, read_lead

    number = _number(text, "outcome")
    with teaching(inv) as (database, background):
        with database.write(durable=True):
            undone = Recorder(database).undo(number)
            job_id = background.reevaluating.ask()
        done = follow_up(inv, background, job_id)
        name = read_lead(database, undone.lead_id).name
        status = undone.standing.status.replace("_", " ")
        inv.show(
            _json(undone, done),
            lambda: print(f"Outcome {number} was taken back. {name} stands at: {status}."),
        )


def _list(inv: Invocation, text: str) -> None:
    from valhalla.leads import sql
    from valhalla.leads.outcomes import read_lead
    from valhalla.program import settings
    from valhalla.program.moments import clock_text
    from valhalla.program.wording import money

    number = _number(text, "lead")
    with inv.reading() as database:
        read_lead(database, number)
        zone = settings.value(database, "timezone")
        rows = database.sql(sql.OUTCOMES, (number,))
    names = ("id", "at", "event", "amount", "channel", "reason", "until", "recorded_by", "undone_at")
    from db.clock import iso

    data = [
        {
            name: iso(value) if name in ("at", "until", "undone_at") and value is not None
            else value / 100 if name == "amount" and value is not None else value
            for name, value in zip(names, row, strict=True)
        }
        for row in rows
    ]  # fmt: skip

    def render() -> None:
        from valhalla.cli.tables import table

        table(
            ("outcome", "when", "event", "fee", "how", "why", "until", "by", ""),
            (
                (
                    *(str(row[0]), clock_text(row[1], zone), row[2], money(row[3]) if row[3] else ""),
                    *(
                        row[4] or "",
                        row[5] or "",
                        clock_text(row[6], zone, "%Y-%m-%d") if row[6] else "",
                        row[7],
                    ),
                    "taken back" if row[8] else "",
                )
                for row in rows
            ),
            numbers=("outcome", "fee"),
            empty=f"Nothing was recorded on lead {number} yet. Record it with: valhalla outcome {number} contacted",
        )

    inv.show(data, render)


def _import(inv: Invocation, text: str) -> None:
    from valhalla.cli.afterwards import follow_up, say_follow_up, teaching
    from valhalla.leads.outcome_lists import import_outcomes
    from valhalla.program import settings

    with teaching(inv) as (database, background):
        done = import_outcomes(database, Path(text), zone=settings.value(database, "timezone"))
        again = None
        if done.recorded:
            again = follow_up(inv, background, background.reevaluating.ask(), patience=30.0)
        data = {
            "rows": done.rows,
            "recorded": done.recorded,
            "known": done.known,
            "refused": [vars(each) for each in done.refused],
        }

        def render() -> None:
            for each in done.refused[:20]:
                print(f"[REFUSED] {text}:{each.line}: {each.message}")
            if len(done.refused) > 20:
                print(f"[REFUSED] ... {len(done.refused) - 20:,} more")
            print(
                f"{done.rows:,} lines: {done.recorded:,} recorded, {done.known:,} known before, {len(done.refused):,} refused"
            )
            if again is not None:
                say_follow_up(again)

        inv.show(data, render)
    if done.rows and len(done.refused) == done.rows:
        raise typer.Exit(1)


def _json(recorded: Recorded, done: dict[str, int | bool] | None) -> dict[str, Any]:
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


def _say(
    recorded: Recorded, name: str, zone: str | None, changed: bool, done: dict[str, int | bool] | None
) -> None:
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
    if changed and done is not None:
        say_follow_up(done)


def _number(text: str, what: str) -> int:
    if not text.isdigit():
        raise UsageError(f"{text!r} is no {what} number")
    return int(text)
