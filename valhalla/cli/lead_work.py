"""``valhalla note`` and, in the group ``leads``: tag, edit. What a person writes on a lead and puts right about it."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation
from valhalla.cli.options import Lead


def register(app: typer.Typer) -> None:
    """Put the commands into the group ``leads``."""
    app.command("tag")(tag)
    app.command("edit")(edit)


def note(
    ctx: typer.Context,
    lead: Lead,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="What to remember.")],
) -> None:
    """Write a note on a lead. Notes stay; they are shown with the lead and in its timeline."""
    from valhalla.leads import notes

    inv = invocation(ctx)
    with inv.writing() as database:
        made = notes.add(database, lead, " ".join(text))
    inv.show({"lead": lead, **made.to_json()}, lambda: print(f"Note {made.id} was written on lead {lead}."))


def tag(
    ctx: typer.Context,
    lead: Lead,
    words: Annotated[
        list[str], typer.Argument(metavar="TAG...", help='Tags, such as hot "call after church".')
    ],
    off: Annotated[bool, typer.Option("--off", help="Take them off.")] = False,
) -> None:
    """Put tags on a lead, or take them off. A search finds them, exports carry them."""
    from valhalla.leads import tags

    inv = invocation(ctx)
    with inv.writing() as database:
        tags.put(database, [lead], words, off=off)
        now = tags.of_lead(database, lead)
    inv.show(
        {"lead": lead, "tags": now},
        lambda: print(f"Lead {lead} is tagged: {', '.join(now)}." if now else f"Lead {lead} has no tags."),
    )


def edit(
    ctx: typer.Context,
    lead: Lead,
    name: Annotated[str | None, typer.Option("--name", help="The right name.")] = None,
    phone: Annotated[
        str | None, typer.Option("--phone", help="The right number; the old one is kept as wrong.")
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="The right e-mail address.")] = None,
    address: Annotated[
        str | None, typer.Option("--address", help='The property\'s, such as "12 Oak St, Houston, TX 77018".')
    ] = None,
) -> None:
    """Put a lead right by hand. What you say stays, whatever lists say later."""
    from valhalla.leads import editing

    inv = invocation(ctx)
    with inv.writing() as database:
        changed = editing.correct(database, lead, name=name, phone=phone, email=email, address=address)

    def render() -> None:
        if changed:
            print(f"Lead {lead}: {', '.join(changed)} corrected. Lists will not change that.")
        else:
            print(f"Lead {lead} said so already. Lists will not change that.")

    inv.show({"lead": lead, "changed": changed}, render)
