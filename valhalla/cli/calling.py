"""``valhalla call`` and ``valhalla leads next``: working through today's list, one lead at a time, one key for each outcome."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import ValhallaError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from db import Database
    from jobs import JobId
    from valhalla.leads.outcomes import Recorded
    from valhalla.leads.today import Row
    from valhalla.service.reevaluating import ReevaluatingProgram

OPERATOR = "operator"

CORRECTED = ("name", "email", "address", "phone")
"""What can be put right besides the number, by the word behind the key."""

PATIENCE = 0.05
"""Seconds that a person does not notice: how long a key waits for the disk before the next lead is shown."""

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
        zone = settings.value(database, "timezone")
    opens = iso(found.opens) if found.opens is not None else None
    data = {"lead": entry, "hold": hold} | ({} if found.row else {"opens": opens, "why": says})
    inv.show(data, lambda: _print_card(card, "", zone) if card else print(says))
    if found.row is None:
        raise typer.Exit(1)


def call(ctx: typer.Context, market: Market = None, only: Group = None, filter: Chosen = None) -> None:
    """Work through today's list: one lead at a time, one key for what came of the call, then the next."""
    from concurrent import futures

    from valhalla.leads.known_markets import market_named

    inv = invocation(ctx)
    with inv.program() as program:
        market = market_named(program.database, market)
        with futures.ThreadPoolExecutor(1, "valhalla-call") as helper:
            _Desk(inv, program, market, _group(only), filter, helper).work()


class _Shown(NamedTuple):
    """A lead on the screen, with all that is printed of it."""

    row: Row
    card: dict[str, Any]
    at: int
    """When it was chosen, UTC microseconds."""


class _Storing(NamedTuple):
    """An outcome on its way to the disk."""

    name: str
    event: str
    stored: Future[tuple[list[Recorded], JobId | None]]


class _Desk:
    """A person who calls, at the terminal. Storing waits its turn while a list is read; so who is next is worked out while a call
    goes on, and shown at once. Nothing is recorded on them before what came before is on the disk."""

    def __init__(
        self,
        inv: Invocation,
        program: ReevaluatingProgram,
        market: str | None,
        only: str | None,
        chosen: str | None,
        helper: ThreadPoolExecutor,
    ) -> None:
        self.inv, self.program, self.database = inv, program, program.database
        self.market, self.only, self.filter = market, only, chosen
        self.skipped: set[int] = set()
        self.job: JobId | None = None
        self._helper = helper
        self._storing: _Storing | None = None
        self._following: Future[_Shown | None] | None = None

    def work(self) -> None:
        """Until nobody is left, or the person leaves."""
        from valhalla.cli.afterwards import follow_up

        self._introduce()
        try:
            self._work()
        finally:
            self._settle()
            follow_up(self.program, self.job)

    def _introduce(self) -> None:
        """Ask once what the caller says their name is: the scripts begin with it."""
        from valhalla.program import settings

        if settings.value(self.database, "my.name") is None and sys.stdin.isatty():
            name = self._ask("What do you say your name is")
            if name:
                settings.save(self.database, "my.name", name)

    def _work(self) -> None:
        while True:
            shown = self._follows() or self._first()
            if not self._one(shown):
                self._settle()
                print(_day(self.database))
                return

    def _first(self) -> _Shown:
        """Who is next by everything that was recorded; leaves when that is nobody."""
        from valhalla.leads import working
        from valhalla.leads.view import Viewer

        self._settle()
        viewer = Viewer.now(self.database)
        found = working.next_row(self.database, viewer, without=self.skipped, **self._filters())
        if found.row is None:
            print(_nobody(self.database, found.opens))
            raise typer.Exit(1 if found.opens is not None else 0)
        return _Shown(found.row, working.card(self.database, viewer, found.row), viewer.at)

    def _follows(self) -> _Shown | None:
        """Who was worked out while the call went on; None: nobody, or somebody else comes first now."""
        from valhalla.leads import working
        from valhalla.leads.view import Viewer

        following, self._following = self._following, None
        try:
            shown = following.result() if following is not None else None
        except ValhallaError:  # asked again, it is said where a person can read it
            shown = None
        if shown is None:
            return None
        viewer = Viewer.now(self.database)
        return shown if working.still_next(self.database, viewer, shown.row, shown.at) else None

    def _work_out(self, row: Row, without: set[int]) -> _Shown | None:
        """Who follows ``row``. In the helper's thread."""
        from valhalla.leads import working
        from valhalla.leads.view import Viewer

        with self.database.view():
            viewer = Viewer.now(self.database)
            found = working.next_after(self.database, viewer, row, without=without, **self._filters())
            return (
                None
                if found is None
                else _Shown(found, working.card(self.database, viewer, found), viewer.at)
            )

    def _filters(self) -> dict[str, Any]:
        return {"only": self.only, "market": self.market, "among": _among(self.database, self.filter)}

    def _one(self, shown: _Shown) -> bool:
        """Show a lead and take keys until something is recorded. False: the person leaves."""
        from valhalla.program import settings

        row = shown.row
        _print_card(shown.card, _day(self.database), settings.value(self.database, "timezone"))
        self._following = self._helper.submit(self._work_out, row, {row.record.lead.id, *self.skipped})
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
                what, _, right = (
                    rest or self._ask("The right number, or: name, email or address and it")
                ).partition(" ")
                field, right = (what, right) if what in CORRECTED and right else ("phone", f"{what} {right}")
                editing.correct(self.database, lead, **{field: right.strip()})
                self._following = None  # the lead comes again
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
                print(f"{key!r} is not a key. {_keys()}")
        return None

    def _record(self, row: Row, event: str, typed: str) -> bool | None:
        from concurrent import futures

        from valhalla.leads import working
        from valhalla.leads.outcomes import as_typed, record_all

        lead = row.record.lead
        until = place = note = None
        if event in working.TIMED:
            typed, *more = (typed or self._ask("When, such as tue 3pm or in 2 h")).split(";")
            place, note = _place_and_note(event, more)
            meant = working.meant(self.database, lead, typed)
            print(f"{meant['says']}")
            if not self.inv.json and self._ask("Right? [Y/n]").lower() in ("n", "no"):
                return None
            until = meant["at"]
        self._settle()
        given = as_typed(self.database, lead.id, event, until=until, place=place, note=note)
        stored = self._helper.submit(record_all, self.program.reevaluating, [given])
        self._storing = _Storing(lead.name, event, stored)
        if event == "wrong_number":
            self._following = None  # another number of the same person may be next
        elif futures.wait([stored], timeout=PATIENCE).not_done:
            print(f"{lead.name}: {event.replace('_', ' ')}, is being stored.")
            return True
        return True if self._said() else None

    def _settle(self) -> None:
        """Wait until what was recorded is on the disk; a mistake there is said, and its lead comes again."""
        try:
            self._said()
        except ValhallaError as error:
            print(error)

    def _said(self) -> bool:
        """Wait for what is being stored and say that it is. Whether it was new."""
        storing, self._storing = self._storing, None
        if storing is None:
            return True
        (recorded,), self.job = storing.stored.result()
        print(f"{storing.name}: {storing.event.replace('_', ' ')}. (z undoes it)")
        return recorded.new

    def _undo(self) -> bool | None:
        from valhalla.leads import working
        from valhalla.leads.outcomes import read_lead, undo_all

        self._settle()
        numbers = working.recorded_today(self.database, OPERATOR)
        if not numbers:
            print("Nothing was recorded today that could be undone.")
            return None
        (undone,), self.job = undo_all(self.program.reevaluating, numbers[:1])
        print(f"Undone: {undone.event.replace('_', ' ')} of {read_lead(self.database, undone.lead_id).name}.")
        self._following = None  # the lead comes again
        return True

    @staticmethod
    def _ask(question: str) -> str:
        return input(f"{question}: ").strip()


def _place_and_note(event: str, typed: list[str]) -> tuple[str | None, str | None]:
    """What stands behind the time, between semicolons: of an appointment the place, then the note."""
    parts = [part.strip() for part in typed]
    place = parts.pop(0) if event == "appointment" and parts else None
    return place or None, "; ".join(part for part in parts if part) or None


def _group(only: str | None) -> str | None:
    from valhalla.leads.today import HEADINGS
    from valhalla.program.errors import UsageError

    if only is not None and only.lower() not in HEADINGS:
        raise UsageError(f"{only!r} is not a group of today; use {', '.join(HEADINGS)}")
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
    return f"Nobody may be called right now. Calling may continue {clock_text(opens, zone, '%a %b %d, %I:%M %p')}."


def _day(database: Database) -> str:
    from valhalla.leads import working

    day = working.day(database)
    goal = f" of {day['goal']}" if day["goal"] else ""
    dates = "appointment" if day["appointments"] == 1 else "appointments"
    return f"{day['dials']}{goal} dials today · {day['talked']} talked · {day['appointments']} {dates}"


def _keys() -> str:
    from valhalla.leads.working import KEYS, LABELS

    keys = "  ".join(f"{key} {LABELS[event]}" for key, event in KEYS.items())
    return (
        f"{keys}\n4 tue 3pm; a note   6 tue 3pm; the place; a note\n"
        "n note  t tag  e right number (e name, e email, e address)  w what to say  s skip  z undo  q leave"
    )


def _print_card(card: dict[str, Any], day: str, zone: str | None) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, hanging
    from valhalla.leads.card_words import in_words
    from valhalla.leads.today import HEADINGS

    lead, out = card["lead"], console()
    if day:
        out.print(Text(f"\n{day}", style="dim"))
    words = in_words(card, zone)
    place = ", ".join(part for part in (lead["address"], lead["location"]) if part)
    place = " · ".join(part for part in (place, words["house"]) if part)
    out.print(Text.assemble((lead["name"], "bold"), f"  {HEADINGS[lead['group']]}  score {lead['score']}"))
    if place:
        out.print(Text(f"  {place}", style="dim"))
    out.print(Text(f"  {words['time']} · {words['tried']}", style="dim"))
    if card["number"]:
        out.print(
            Text.assemble("  ", (card["number"]["written"], "bold cyan"), f"  {words['number']}".rstrip())
        )
    elif lead["email"]:
        out.print(Text(f"  {lead['email']}", style="cyan"))
    if lead["promise"]:
        out.print(Text(f"  promised: {lead['promise']['kind']} {lead['promise']['note'] or ''}".rstrip()))
    if lead["deal"]:
        out.print(Text(f"  {lead['deal']['why']}."))
    for reason in lead["reasons"]:
        out.print(Text(hanging(reason, 4, "- ")))
    for each in card["notes"][-3:]:
        out.print(Text(hanging(f"“{each['text']}”", 2), style="italic"))
    if card["script"]:
        opener, *_ = card["script"]["text"].split("\n\n")
        out.print(Text(hanging(opener, 2)))
    out.print(Text(_keys(), style="dim"))
