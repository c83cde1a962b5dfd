"""``valhalla dnc``: who must not be contacted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import UsageError

app = typer.Typer(
    help="Do not contact: e-mail addresses, phone numbers and domains that stay out of every list.",
    no_args_is_help=True,
)

Words = Annotated[list[str], typer.Argument(help="E-mail addresses, phone numbers or domains.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for anyone who asks later.")]


@app.command("list")
def list_(
    ctx: typer.Context, limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 100
) -> None:
    """Who is on the list."""
    from db.clock import iso
    from valhalla.leads import do_not_contact

    inv = invocation(ctx)
    with inv.reading() as database:
        entries = do_not_contact.listed(database, limit)
    found = [{**entry._asdict(), "created_at": iso(entry.created_at)} for entry in entries]

    inv.table(
        found,
        ("kind", "who", "since", "origin", "reason"),
        [
            (
                item["kind"],
                _shown(item["kind"], item["value"]),
                item["created_at"][:10],
                item["origin"],
                item["reason"] or "",
            )
            for item in found
        ],
        empty="Nobody is on the do-not-contact list. Add somebody: valhalla dnc add 713-555-0101",
    )


@app.command("add")
def add(ctx: typer.Context, who: Words, reason: Reason = None) -> None:
    """Put people on the list; leads they concern leave every call list and export at once."""
    from valhalla.leads import do_not_contact, suppression

    entries = [suppression.entry(word) for word in who]
    inv = invocation(ctx)
    with inv.writing() as database:
        added, leads = do_not_contact.add(database, entries, reason=reason)
    _print(
        inv, {"added": added, "leads": leads}, f"{added} added; {leads} leads are now marked do not contact."
    )


@app.command("remove")
def remove(ctx: typer.Context, who: Words) -> None:
    """Take people off the list; leads that nothing else keeps out may be contacted again."""
    from valhalla.leads import do_not_contact, suppression

    entries = [suppression.entry(word) for word in who]
    inv = invocation(ctx)
    with inv.writing() as database:
        removed, leads = do_not_contact.remove(database, entries)
        registered = [] if removed else do_not_contact.registered(database, entries)
    if registered:
        raise UsageError(
            f"+{registered[0]} is in the national do-not-call registry; only consent lifts that: "
            'valhalla dnc consent LEAD --words "what they said"'
        )
    _print(
        inv, {"removed": removed, "leads": leads}, f"{removed} removed; {leads} leads may be contacted again."
    )
    if not removed:
        raise typer.Exit(1)


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="A list of numbers or people, in any form that a lead list may have.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="national: numbers of the registry are flagged. litigator: those people are marked do not contact. own: your do-not-contact list.",
        ),
    ] = "own",
    reason: Reason = None,
) -> None:
    """Check all leads against a list, now and for lists that come later; its day stands on every export."""
    from valhalla.intake.other_lists import import_scrub
    from valhalla.leads.scrubbing import KINDS

    inv = invocation(ctx)
    chosen = next((each for each in KINDS if each == kind), None)
    if chosen is None:
        raise UsageError(f"{kind!r} is not a kind of list; use --kind {', '.join(KINDS)}")
    with inv.writing() as database:
        done, found = import_scrub(database, file, chosen, reason=reason)
    known = done.numbers - done.added if chosen != "litigator" else max(0, done.numbers - done.added)
    facts = {
        "kind": chosen, "scrub": done.scrub, "numbers": done.numbers, "added": done.added, "known": known,
        "leads": done.matched, "clear": found.clear, "skipped": found.skipped,
    }  # fmt: skip
    effect = {
        "national": f"{done.matched:,} leads have such a number; it is not called any more, another one of theirs is.",
        "litigator": f"{done.matched:,} leads are of such people and are now marked do not contact.",
        "own": f"{done.matched:,} leads are now marked do not contact.",
    }[chosen]
    sentence = f"{done.added:,} added, {known:,} were on the list already; {effect}"
    if found.clear:
        sentence += f" {found.clear:,} rows say themselves that they are clear."
    if found.skipped:
        sentence += f" {len(found.skipped):,} lines hold nobody, the first is line {found.skipped[0]}."
    _print(inv, facts, sentence)


@app.command("scrubs")
def scrubs(ctx: typer.Context, limit: Annotated[int, typer.Option("--limit", min=1)] = 20) -> None:
    """When the leads were checked against which lists; the last day of each kind stands on exports."""
    from db.clock import iso
    from valhalla.leads import scrubbing

    inv = invocation(ctx)
    with inv.reading() as database:
        found = [{**each, "at": iso(each["at"])} for each in scrubbing.listed(database, limit)]

    def render() -> None:
        from valhalla.cli.tables import table

        clock = inv.clock()
        table(
            ("kind", "list", "numbers", "leads", "when", "by"),
            [
                (
                    each["kind"],
                    each["path"] or "",
                    f"{each['numbers']:,}",
                    f"{each['matched']:,}",
                    clock(each["at"]),
                    each["by"],
                )
                for each in found
            ],
            numbers=("numbers", "leads"),
            empty="The leads were never checked. Do it: valhalla dnc import FILE --kind national",
        )

    inv.show(found, render)


@app.command("consent")
def consent(
    ctx: typer.Context,
    lead: Annotated[int, typer.Argument(help="Number of the lead.")],
    words: Annotated[str | None, typer.Option("--words", help="What they agreed to, in their words.")] = None,
    channel: Annotated[str, typer.Option("--channel", help="call, text or email.")] = "call",
    at: Annotated[str | None, typer.Option("--at", help="The day they said it, such as 2026-11-29.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="They do not agree any longer.")] = False,
) -> None:
    """Record that somebody agreed to be called, texted or mailed; only this lifts what the national registry says of their numbers."""
    from valhalla.intake.reading.dates import list_date
    from valhalla.leads import consent as agreed

    inv = invocation(ctx)
    day = list_date(at) if at else None
    if at and day is None:
        raise UsageError(f"{at!r} is not a day; write it as 2026-11-29")
    if words is not None or withdraw:
        with inv.writing() as database:
            if withdraw:
                agreed.withdraw(database, lead, channel)
            else:
                agreed.record(database, lead, channel, words or "", at=day)
    with inv.reading() as database:
        found = [each.to_json() for each in agreed.of_lead(database, lead)]

    inv.table(
        found,
        ("channel", "words", "said", "by", "withdrawn"),
        [
            (
                each["channel"],
                each["words"],
                each["at"][:10],
                each["by"],
                (each["withdrawn_at"] or "")[:10],
            )
            for each in found
        ],
        empty='No consent is recorded. Record it: valhalla dnc consent LEAD --words "yes, call me"',
    )


def _print(inv: Any, data: dict[str, Any], sentence: str) -> None:
    inv.show(data, lambda: print(sentence))


def _shown(kind: str, value: str | None) -> str:
    if value is None:
        return "(forgotten)"
    return f"+{value}" if kind == "phone" else value
