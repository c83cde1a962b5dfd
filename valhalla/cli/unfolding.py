"""``valhalla leads unfold``: taking leads apart that version 0.1 made of several houses of one owner."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from valhalla.cli.asking import confirm
from valhalla.cli.invocation import invocation
from valhalla.cli.options import Limit


def register(app: typer.Typer) -> None:
    """Put the command into the group ``leads``."""
    app.command("unfold")(unfold)


def unfold(
    ctx: typer.Context,
    limit: Limit = 20,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    undo: Annotated[
        int | None, typer.Option("--undo", metavar="RUN", help="Put the leads of this run together again.")
    ] = None,
    assign: Annotated[
        tuple[int, int] | None,
        typer.Option("--assign", metavar="NUMBER LEAD", help="The calls of this decision are this lead's."),
    ] = None,
) -> None:
    """Take leads apart that version 0.1 made of several houses of one owner: each house becomes a lead of its own, with what was
    recorded for it. Shows first what would be done; --undo undoes it."""
    from valhalla.cli.working import working
    from valhalla.intake import unfolding

    inv = invocation(ctx)
    if assign is not None:
        with inv.writing() as database:
            moved = unfolding.assign(database, *assign)
        inv.show({"lead": assign[1], "moved": moved}, lambda: print(f"{moved:,} moved to lead {assign[1]}."))
        return
    if preview:
        with inv.reading() as database:
            found = unfolding.preview(database, limit)
        inv.show(found, lambda: _print(found))
        return
    with working(inv, "leads unfold") as program:
        chores = program.importing.chores
        if undo is not None:
            result = chores.answer(chores.ask_refold(undo))
        else:
            found = unfolding.preview(program.database, limit)
            if not found["leads"]:
                result = {"unfolding": None, "leads": 0, "houses": 0}
            else:
                if not yes and not inv.json:
                    _print(found)
                    confirm(f"Take {found['leads']:,} leads apart?")
                result = chores.answer(chores.ask_unfold())
        asked = unfolding.unsure(program.database, limit)
    inv.show({**result, "unsure": asked}, lambda: _print_result(result, asked, undone=undo is not None))


def _print(found: dict[str, Any]) -> None:
    from valhalla.cli.tables import table

    rows = [
        (
            *(str(lead["lead"]) if first else "", lead["name"] if first else "", house["address"] or ""),
            *(house["location"] or "", f"stays lead {lead['lead']}" if house["stays"] else "new lead"),
            str(house["work"] or ""),
        )
        for lead in found["found"]
        for first, house in ((at == 0, each) for at, each in enumerate(lead["houses"]))
    ]
    table(
        ("lead", "name", "address", "place", "becomes", "recorded"),
        rows,
        numbers=("lead", "recorded"),
        empty="No lead covers several houses.",
    )
    if found["leads"]:
        print(
            f"{found['leads']:,} leads stand for several houses; {found['houses']:,} new leads would be made."
        )
    if found["unsure"]:
        print(
            f"{found['unsure']:,} outcomes or notes stay with their lead until you say for which house they were."
        )


def _print_result(result: dict[str, Any], asked: list[dict[str, Any]], *, undone: bool) -> None:
    if undone:
        print(f"{result['leads']:,} leads were put together again.")
        if result["kept"]:
            print(f"{result['kept']:,} houses stay leads of their own, because a person worked with them.")
    elif not result["leads"]:
        print("No lead covers several houses.")
    else:
        print(f"{result['leads']:,} leads were taken apart; {result['houses']:,} new leads.")
        print(f"Take it back: valhalla leads unfold --undo {result['unfolding']}")
    for each in asked:
        houses = ", ".join(f"{house['address']} (lead {house['lead']})" for house in each["houses"])
        print(
            f"Lead {each['lead']}, {each['name']}: for which house were {each['pieces']} of its outcomes? "
            f"They stay at {each['address']}, or were for {houses}: "
            f"valhalla leads unfold --assign {each['id']} LEAD"
        )
