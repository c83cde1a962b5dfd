"""``valhalla leads``: what a person decides about leads. Add, duplicates, merge, review, forget."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from valhalla.cli.asking import confirm
from valhalla.cli.invocation import invocation
from valhalla.cli.options import Lead, Limit
from valhalla.cli.sources import pairs


def register(app: typer.Typer) -> None:
    """Put the commands into the group ``leads``."""
    app.command("add")(add)
    app.command("duplicates")(duplicates)
    app.command("merge")(merge)
    app.command("unmerge")(unmerge)
    app.command("review")(review)
    app.command("forget")(forget)


def add(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option("--name", help="Who; with an address not needed.")] = None,
    value: Annotated[
        str | None, typer.Option("--value", help="Asking price, such as 250000, if known.")
    ] = None,
    email: Annotated[str | None, typer.Option("--email")] = None,
    phone: Annotated[str | None, typer.Option("--phone")] = None,
    location: Annotated[str | None, typer.Option("--location", help='Such as "Houston, TX".')] = None,
    address: Annotated[
        str | None, typer.Option("--address", help='The property\'s, such as "12 Oak St, Houston, TX 77018".')
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option("--set", help='A further column such as "type=probate"; may be repeated.'),
    ] = None,
) -> None:
    """Add a lead by hand: checked, recognised and decided on like a row of a list. A name or an address is enough."""
    from valhalla.intake.by_hand import add_lead

    given = {
        "name": name,
        "email": email,
        "phone": phone,
        "value": value,
        "location": location,
        "address": address,
    }
    lead = {column: text for column, text in given.items() if text} | pairs(more, "--set")
    inv = invocation(ctx)
    with inv.writing() as database:
        added = add_lead(database, lead)
    sentence = {
        "new": f"Lead {added.lead_id} was added.",
        "updated": f"Lead {added.lead_id} was known and was changed.",
    }.get(added.what, f"Lead {added.lead_id} was known already; it says nothing new.")
    inv.show({"id": added.lead_id, "what": added.what}, lambda: print(sentence))


def duplicates(
    ctx: typer.Context,
    limit: Limit = 20,
    different: Annotated[
        tuple[int, int] | None,
        typer.Option("--different", help="These two leads are two; do not ask again."),
    ] = None,
) -> None:
    """Possible duplicates: one phone number and two e-mail addresses, or nearly one property address. Nothing is merged by itself."""
    from valhalla.leads import merge as merging

    inv = invocation(ctx)
    if different is not None:
        with inv.writing() as database:
            merging.keep_apart(database, *different)
        one, other = different
        inv.show({"different": [one, other]}, lambda: print(f"Leads {one} and {other} stay two."))
        return
    from db.clock import iso

    with inv.reading() as database:
        found = [{**pair, "found_at": iso(pair["found_at"])} for pair in merging.possible(database, limit)]
        waiting = merging.count_possible(database)

    def render() -> None:
        from valhalla.cli.tables import table

        rows = []
        for pair in found:
            one, other = pair["leads"]
            rows.append(
                (
                    *(pair["phone"] or "address", str(one["id"]), one["name"], _known_by(pair, one)),
                    *(str(other["id"]), other["name"], _known_by(pair, other)),
                )
            )
        table(
            ("both have", "lead", "name", "known by", "lead", "name", "known by"),
            rows,
            numbers=("lead",),
            empty="No possible duplicates are open.",
        )
        if found:
            one, other = (lead["id"] for lead in found[0]["leads"])
            print(f"{waiting:,} open. One lead: valhalla leads merge {one} {other}")
            print(f"Two leads: valhalla leads duplicates --different {one} {other}")

    inv.show(found, render)


def _known_by(pair: dict[str, Any], lead: dict[str, Any]) -> str:
    return lead["address" if pair["why"] == "address" else "email"] or ""


def merge(
    ctx: typer.Context,
    kept: Annotated[int, typer.Argument(metavar="KEEP", help="The lead that stays.")],
    others: Annotated[list[int], typer.Argument(metavar="LEAD...", help="Leads that are the same person.")],
) -> None:
    """Make leads one: the first stays and learns what the others know; unmerge undoes it."""
    from valhalla.leads import merge as merging

    inv = invocation(ctx)
    with inv.writing() as database:
        merges = [merging.merge(database, kept, other) for other in others]
    names = ", ".join(map(str, others))
    inv.show(
        {"kept": kept, "merged": others, "merges": merges},
        lambda: print(f"Lead {names} merged into lead {kept}. Undo it: valhalla leads unmerge {others[0]}"),
    )


def unmerge(ctx: typer.Context, lead: Lead) -> None:
    """Take a lead that was merged into another one out again."""
    from valhalla.leads import merge as merging

    inv = invocation(ctx)
    with inv.writing() as database:
        result = merging.unmerge(database, lead)
    stays = f" It keeps its {', '.join(result['stays'])}, changed since." if result["stays"] else ""
    inv.show(
        result,
        lambda: print(f"Lead {lead} is a lead of its own again, next to lead {result['kept']}.{stays}"),
    )


def review(
    ctx: typer.Context,
    limit: Limit = 20,
    accept: Annotated[list[int] | None, typer.Option("--accept", help="Let this change happen.")] = None,
    decline: Annotated[list[int] | None, typer.Option("--decline", help="Leave the lead as it is.")] = None,
    accept_import: Annotated[
        int | None, typer.Option("--accept-import", help="Let everything happen that this import asks for.")
    ] = None,
    decline_import: Annotated[
        int | None,
        typer.Option("--decline-import", help="Leave all leads as they are that this import asks about."),
    ] = None,
) -> None:
    """Changes that lists ask for and a person allows, such as another owner of a house: the old lead ends as sold, a new one begins."""
    from db.clock import iso
    from valhalla.intake import deciding
    from valhalla.leads import review as reviewing

    inv = invocation(ctx)
    whole = accept_import if accept_import is not None else decline_import
    if whole is not None:
        accepted = accept_import is not None
        with inv.writing() as database:
            leads = deciding.decide_import(database, whole, accepted=accepted)
        says = "made" if accepted else "declined"
        inv.show(
            {"import": whole, "accepted": accepted, "leads": leads},
            lambda: print(f"{len(leads):,} changes {says}."),
        )
        return
    if accept or decline:
        done: list[dict[str, Any]] = []
        with inv.writing() as database:
            for changes, accepted in ((accept or [], True), (decline or [], False)):
                leads = deciding.decide_all(database, changes, accepted=accepted)
                done += [
                    {"change": change, "lead": lead, "accepted": accepted}
                    for change, lead in zip(dict.fromkeys(changes), leads, strict=True)
                ]
        inv.show(
            done,
            lambda: [
                print(f"Lead {d['lead']}: {'changed' if d['accepted'] else 'left as it is'}.") for d in done
            ],
        )
        return
    with inv.reading() as database:
        found = [{**item, "at": iso(item["at"])} for item in reviewing.waiting(database, limit)]

    inv.table(
        found,
        ("change", "lead", "name", "what would change"),
        [
            (
                *(str(item["id"]), str(item["lead"]), item["name"]),
                "; ".join(
                    f"{key}: {_shown(key, old)} -> {_shown(key, new)}"
                    for key, (old, new) in item["changes"].items()
                ),
            )
            for item in found
        ],
        numbers=("change", "lead"),
        empty="No changes wait for a decision.",
    )


def _shown(column: str, value: Any) -> str:
    from valhalla.program.wording import money

    if value is None:
        return "unknown"
    return money(value) if column in ("value", "arv", "repairs") else str(value)


def forget(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(help="E-mail address, phone number, or number of a lead.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person for good, and keep their address and number from coming back."""
    from valhalla.effects import erasure

    inv = invocation(ctx)
    with inv.writing() as database:
        person = erasure.named(database, who)
        if not yes and not inv.json:
            shown = ", ".join(map(str, person.leads))
            what = f"lead {shown} with history and outcomes" if shown else "this person"
            confirm(f"Erase {what}? This cannot be undone.")
        result = erasure.forget(database, *person)

    def render() -> None:
        print(
            f"Erased: {len(result['leads'])} leads, {result['rejects']} refused rows, {result['buyers']} buyers, {result['jobs']} jobs, "
            f"and words in {result['texts']} notes and other texts. They will not be imported again."
        )
        for number in result["running_jobs"]:
            print(f"Job {number} names them and is running; forget them again when it has ended.")
        for number in result["named_in"]:
            print(f"Lead {number} names them, too; see: valhalla leads show {number}")
        for path in result["still_in"]:
            print(f"Still in {path}; it is yours to delete.")

    inv.show(result, render)
