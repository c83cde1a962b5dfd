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

valhalla outcome LEAD EVENT records one. EVENT is, nobody reached: no_answer, busy, voicemail, wrong_number, disconnected, someone_else; a conversation: inbound, callback, contacted (or talked), interested, not_interested, appointment; the deal: offer, contract, won, lost, sold, dead; and paused, mail_returned, opted_out.

valhalla outcome import FILE records a CSV; valhalla outcome undo NUMBER undoes a mistake (numbers: outcome list LEAD)."""


def outcome(
    ctx: typer.Context,
    lead: Annotated[str, typer.Argument(help="Number of the lead; or import, undo, list.")],
    event: Annotated[
        str, typer.Argument(help="What happened; or the file, the outcome's number, the lead's number.")
    ],
    reason: Annotated[str | None, typer.Option(help="Why, in your words.")] = None,
    amount: Annotated[
        str | None, typer.Option(help="With won: the fee; with offer and contract: the price.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="When it happened, such as 2026-11-20 14:30 (default: now); of a callback or appointment: when it is to be."
        ),
    ] = None,
    channel: Annotated[str | None, typer.Option(help="How: call, text, email, letter or visit.")] = None,
    until: Annotated[
        str | None, typer.Option(help="With paused and not_interested: until when, such as 2w or 2027-01-15.")
    ] = None,
    number: Annotated[
        str | None, typer.Option(help="The number that was dialed (default: the one whose turn it was).")
    ] = None,
    note: Annotated[str | None, typer.Option(help="What was said.")] = None,
    place: Annotated[str | None, typer.Option(help="With appointment: where.")] = None,
    user: Annotated[str | None, typer.Option("--as", help="In a team: who records it.")] = None,
    closing: Annotated[
        str | None, typer.Option(help="With contract: the closing date, such as 2026-12-15.")
    ] = None,
) -> None:
    inv = invocation(ctx)
    given = {
        "reason": reason,
        "amount": amount,
        "at": at,
        "channel": channel,
        "until": until,
        "number": number,
        "note": note,
        "place": place,
        "closing": closing,
    }
    if lead in ("import", "undo", "list"):
        if any(value is not None for value in (*given.values(), user)):
            raise UsageError(f"outcome {lead} takes no options")
        {"import": _import, "undo": _undo, "list": _list}[lead](inv, event)
        return
    _record(inv, lead, event, given, user)


outcome.__doc__ = HELP


def _record(inv: Invocation, lead: str, event: str, given: dict[str, str | None], user: str | None) -> None:
    from valhalla.cli.afterwards import follow_up
    from valhalla.cli.promises import agree
    from valhalla.leads.numbers import next_number
    from valhalla.leads.outcome_history import count_of
    from valhalla.leads.outcomes import as_typed, read_lead, record_all
    from valhalla.leads.standing import PROMISED
    from valhalla.leads.when import shown
    from valhalla.program import settings
    from valhalla.team.members import acting

    number = _number(lead, "lead")
    with inv.program() as program:
        database = program.database
        who = acting(database, user)
        typed = as_typed(database, number, event, **given)
        if typed.event in PROMISED and typed.until is not None:
            agree(inv, shown(database, number, typed.until))
        (recorded,), job_id = record_all(program.reevaluating, [typed], actor=who)
        done = follow_up(program, job_id)
        name, zone = read_lead(database, number).name, settings.value(database, "timezone")
        dial = next_number(database, number)
        promised = shown(database, number, typed.until) if recorded.promise_id and typed.until else None
        facts = {
            **count_of(database, number)._asdict(),
            "promise": recorded.promise_id,
            "next_number": None if dial is None else dial.number.to_json(),
        }
        inv.show(
            {**_json(recorded, done), **facts},
            lambda: _say(recorded, name, zone, done, None if dial is None else dial.number.written, promised),
        )


def _undo(inv: Invocation, text: str) -> None:
    from valhalla.cli.afterwards import follow_up
    from valhalla.leads.outcomes import read_lead, undo_all

    number = _number(text, "outcome")
    with inv.program() as program:
        (undone,), job_id = undo_all(program.reevaluating, [number])
        done = follow_up(program, job_id)
        name = read_lead(program.database, undone.lead_id).name
        status = undone.standing.word.replace("_", " ")
        inv.show(
            _json(undone, done),
            lambda: print(f"Outcome {number} was undone. {name}: {status}."),
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

    inv.table(
        [each.to_json() for each in found],
        ("outcome", "when", "event", "amount", "how", "why", "until", "number", "by", ""),
        (
            (
                *(str(each.id), clock_text(each.at, zone), each.event),
                *(
                    money(each.amount) if each.amount else "",
                    each.channel or "",
                    each.reason or each.note or "",
                ),
                clock_text(each.until, zone, "%Y-%m-%d") if each.until else "",
                *(each.number or "", each.recorded_by, "undone" if each.undone_at else ""),
            )
            for each in found
        ),
        numbers=("outcome", "amount"),
        empty=f"Nothing was recorded on lead {number} yet. Record it with: valhalla outcome {number} contacted",
    )


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
        "status": where.word,
        "contacts": where.contacts,
        "hold_until": iso(where.hold_until) if where.hold_until else None,
        "suppressed": recorded.suppressed,
        "reevaluated": done,
    }


def _say(
    recorded: Recorded,
    name: str,
    zone: str | None,
    done: Done | None,
    number: str | None,
    promised: str | None,
) -> None:
    from valhalla.cli.afterwards import say_follow_up
    from valhalla.leads.standing import BAD_NUMBER
    from valhalla.program.moments import clock_text

    where = recorded.standing
    if not recorded.new:
        print(f"That was recorded before, as outcome {recorded.id}; nothing was changed.")
        return
    says = f"Recorded as outcome {recorded.id}. {name}: {where.word.replace('_', ' ')}"
    if promised is not None:
        says += f", promised for {promised}"
    elif where.hold_until:
        until = clock_text(
            where.hold_until, zone, "%Y-%m-%d %H:%M" if recorded.event == "busy" else "%Y-%m-%d"
        )
        says += f" until {until}" if where.status == "paused" else f", not before {until}"
    elif recorded.suppressed:
        says += ", and will not be called again"
    elif recorded.event in BAD_NUMBER:
        says += f". Next number: {number}" if number else ", and needs a number: none is left to dial"
    print(f"{says}. (A mistake? valhalla outcome undo {recorded.id})")
    say_follow_up(done)


def _number(text: str, what: str) -> int:
    if not text.isdigit():
        raise UsageError(f"{text!r} is no {what} number")
    return int(text)
