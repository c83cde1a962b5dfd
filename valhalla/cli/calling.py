"""``valhalla call`` and ``valhalla leads next``: working through today's list, one lead at a time, one key for each outcome."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import ValhallaError

if TYPE_CHECKING:
    from db import Database
    from jobs import JobId
    from valhalla.leads.today import Row
    from valhalla.leads.view import Viewer
    from valhalla.service.reevaluating import ReevaluatingProgram

OPERATOR = "operator"

Market = Annotated[str | None, typer.Option("--market", help='Only this market, such as "Houston, TX".')]
Group = Annotated[
    str | None,
    typer.Option("--only", help="Only this group: promised, deals, warm, new or retries."),
]

Chosen = Annotated[str | None, typer.Option("--filter", help="Only the leads of this saved filter.")]


def next_(
    ctx: typer.Context,
    market: Market = None,
    only: Group = None,
    filter: Chosen = None,
    user: Annotated[str | None, typer.Option("--as", help="In a team: who is calling.")] = None,
    back: Annotated[
        bool, typer.Option("--release", help="With --as: only give back who was handed out.")
    ] = False,
) -> None:
    """The one lead to call at this moment, and until when it is meant for you. Outside calling hours: when they begin."""
    from db.clock import MINUTE, iso
    from valhalla.leads import working
    from valhalla.leads.known_markets import market_named
    from valhalla.leads.view import Viewer
    from valhalla.program import settings
    from valhalla.program.errors import UsageError
    from valhalla.team import holds, members

    inv = invocation(ctx)
    if back and user is None:
        raise UsageError("--release gives back what somebody holds; say who with --as NAME")
    # One operator is handed the first of the list and holds nobody, so nothing is written.
    with inv.writing() if user is not None else inv.reading() as database:
        who = members.acting(database, user)
        if back:
            given = holds.release(database, who)
            inv.show(
                {"released": given},
                lambda: print(f"{who} {'gave back who was handed out' if given else 'holds nobody'}."),
            )
            return
        viewer = Viewer.now(database)
        filters: dict[str, Any] = {
            "only": _group(only),
            "market": market_named(database, market),
            "among": _among(database, filter),
        }
        if user is not None:
            found = holds.draw(database, viewer, who, **filters)
        else:
            ready = working.next_row(database, viewer, **filters)
            until = viewer.at + settings.value(database, "team.hold_minutes") * MINUTE
            found = holds.Drawn(ready.row, until if ready.row else None, ready.opens)
        says = "" if found.row else _nobody(database, found.opens)
        entry = found.row.to_json(viewer, 1) if found.row else None
        hold = {"until": iso(found.until), "by": who} if found.until is not None else None
        card = working.card(database, viewer, found.row) if found.row and not inv.json else None
    opens = iso(found.opens) if found.opens is not None else None
    data = {"lead": entry, "hold": hold} | ({} if found.row else {"opens": opens, "why": says})
    inv.show(data, lambda: _print_card(card, "") if card else print(says))
    if found.row is None:
        raise typer.Exit(1)


def call(ctx: typer.Context, market: Market = None, only: Group = None, filter: Chosen = None) -> None:
    """Work through today's list: one lead at a time, one key for what came of the call, then the next."""
    from valhalla.leads.known_markets import market_named

    inv = invocation(ctx)
    with inv.program() as program:
        market = market_named(program.database, market)
        _Desk(inv, program, market, _group(only), filter).work()


class _Desk:
    """A person who calls, at the terminal."""

    def __init__(
        self,
        inv: Invocation,
        program: ReevaluatingProgram,
        market: str | None,
        only: str | None,
        chosen: str | None,
    ) -> None:
        self.inv, self.program, self.database = inv, program, program.database
        self.market, self.only, self.filter = market, only, chosen
        self.skipped: set[int] = set()
        self.job: JobId | None = None

    def work(self) -> None:
        """Until nobody is left, or the person leaves."""
        from valhalla.cli.afterwards import follow_up

        self._introduce()
        try:
            self._work()
        finally:
            follow_up(self.program, self.job)

    def _introduce(self) -> None:
        """Ask once what the caller says their name is: the scripts begin with it."""
        from valhalla.program import settings

        if settings.value(self.database, "my.name") is None and sys.stdin.isatty():
            name = self._ask("What do you say your name is")
            if name:
                settings.save(self.database, "my.name", name)

    def _work(self) -> None:
        from valhalla.leads import working
        from valhalla.leads.view import Viewer

        while True:
            viewer = Viewer.now(self.database)
            found = working.next_row(
                self.database,
                viewer,
                without=self.skipped,
                only=self.only,
                market=self.market,
                among=_among(self.database, self.filter),
            )
            if found.row is None:
                print(_nobody(self.database, found.opens))
                raise typer.Exit(1 if found.opens is not None else 0)
            if not self._one(viewer, found.row):
                print(_day(self.database))
                return

    def _one(self, viewer: Viewer, row: Row) -> bool:
        """Show a lead and take keys until something is recorded. False: the person leaves."""
        from valhalla.leads import working

        _print_card(working.card(self.database, viewer, row), _day(self.database))
        while True:
            try:
                key = input("> ").strip()
            except (EOFError, KeyboardInterrupt):
                print()
                return False
            try:
                done = self._key(row, key)
            except (
                ValhallaError
            ) as error:  # nothing typed is lost: the lead stays, and so does what was recorded
                print(error)
                continue
            if done is not None:
                return done

    def _key(self, row: Row, key: str) -> bool | None:
        """True: the next lead. False: leave. None: stay with this one."""
        from valhalla.leads import editing, notes, tags, working
        from valhalla.leads.view import Viewer

        lead = row.record.lead.id
        word, _, rest = key.partition(" ")
        rest = rest.strip()
        if word in working.KEYS:
            return self._record(row, working.KEYS[word], rest)
        match word.lower():
            case "n":
                notes.add(self.database, lead, rest or self._ask("Note"))
                print("Noted.")
            case "t":
                tags.put(self.database, [lead], [rest or self._ask("Tag")])
                print(f"Tagged: {', '.join(tags.of_lead(self.database, lead))}.")
            case "e":
                editing.correct(self.database, lead, phone=rest or self._ask("The right number"))
                return True
            case "s":
                self.skipped.add(lead)
                return True
            case "z":
                return self._undo()
            case "w":
                script = working.card(self.database, Viewer.now(self.database), row)["script"]
                print(script["text"] if script else "No script was drawn for this lead.")
            case "q":
                return False
            case _:
                print(f"{key!r} is no key. {_keys()}")
        return None

    def _record(self, row: Row, event: str, typed: str) -> bool | None:
        from valhalla.leads import working
        from valhalla.leads.outcomes import as_typed, record_all

        lead = row.record.lead
        until = None
        if event in working.TIMED:
            typed = typed or self._ask("When, such as tue 3pm or in 2 h")
            meant = working.meant(self.database, lead, typed)
            print(f"{meant['says']}")
            if not self.inv.json and self._ask("Right? [Y/n]").lower() in ("n", "no"):
                return None
            until = meant["at"]
        given = as_typed(self.database, lead.id, event, until=until)
        (recorded,), self.job = record_all(self.program.reevaluating, [given])
        print(f"{lead.name}: {event.replace('_', ' ')}. (z undoes it)")
        return True if recorded.new else None

    def _undo(self) -> bool | None:
        from valhalla.leads import working
        from valhalla.leads.outcomes import read_lead, undo_all

        numbers = working.recorded_today(self.database, OPERATOR)
        if not numbers:
            print("Nothing was recorded today that could be undone.")
            return None
        (undone,), self.job = undo_all(self.program.reevaluating, numbers[:1])
        print(f"Undone: {undone.event.replace('_', ' ')} of {read_lead(self.database, undone.lead_id).name}.")
        return True

    @staticmethod
    def _ask(question: str) -> str:
        return input(f"{question}: ").strip()


def _group(only: str | None) -> str | None:
    from valhalla.leads.today import HEADINGS
    from valhalla.program.errors import UsageError

    if only is not None and only.lower() not in HEADINGS:
        raise UsageError(f"{only!r} is no group of today; use {', '.join(HEADINGS)}")
    return only.lower() if only else None


def _among(database: Database, which: str | None) -> list[int] | None:
    from valhalla.leads import filters

    return None if which is None else filters.numbers(database, filters.find(database, which).where)


def _nobody(database: Database, opens: int | None) -> str:
    from valhalla.program import settings
    from valhalla.program.moments import clock_text

    if opens is None:
        return "Nobody is left to call today. See: valhalla today"
    zone = settings.value(database, "timezone")
    return (
        f"Nobody may be called right now. Calling may go on {clock_text(opens, zone, '%a %b %d, %I:%M %p')}."
    )


def _day(database: Database) -> str:
    from valhalla.leads import working

    day = working.day(database)
    goal = f" of {day['goal']}" if day["goal"] else ""
    dates = "appointment" if day["appointments"] == 1 else "appointments"
    return f"{day['dials']}{goal} dials today · {day['talked']} talked · {day['appointments']} {dates}"


def _keys() -> str:
    from valhalla.leads.working import KEYS, LABELS

    keys = "  ".join(f"{key} {LABELS[event]}" for key, event in KEYS.items())
    return f"{keys}\nn note  t tag  e right number  w what to say  s skip  z undo  q leave"


def _print_card(card: dict[str, Any], day: str) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, hanging
    from valhalla.leads.today import HEADINGS

    lead, out = card["lead"], console()
    if day:
        out.print(Text(f"\n{day}", style="dim"))
    place = ", ".join(part for part in (lead["address"], lead["location"]) if part)
    out.print(Text.assemble((lead["name"], "bold"), f"  {HEADINGS[lead['group']]}  score {lead['score']}"))
    if place:
        out.print(Text(f"  {place}", style="dim"))
    number = card["number"]
    if number:
        which = f"  number {number['which']} of {number['of']}" if number["of"] > 1 else ""
        kind = f"  {number['type']}" if number["type"] else ""
        out.print(Text.assemble("  ", (number["written"], "bold cyan"), f"{kind}{which}"))
    elif lead["email"]:
        out.print(Text(f"  {lead['email']}", style="cyan"))
    if lead["promise"]:
        out.print(Text(f"  promised: {lead['promise']['kind']} {lead['promise']['note'] or ''}".rstrip()))
    if lead["deal"]:
        out.print(Text(f"  {lead['deal']['why']}."))
    for reason in lead["reasons"]:
        out.print(Text(hanging(reason, 4, "- ")))
    for each in [*card["outcomes"][-2:]]:
        out.print(Text(f"  {each['at'][:10]} {each['event'].replace('_', ' ')}", style="dim"))
    for each in card["notes"][-3:]:
        out.print(Text(hanging(f"“{each['text']}”", 2), style="italic"))
    if card["script"]:
        opener, *_ = card["script"]["text"].split("\n\n")
        out.print(Text(hanging(opener, 2)))
    out.print(Text(_keys(), style="dim"))
