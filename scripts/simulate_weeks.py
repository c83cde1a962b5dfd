#!/usr/bin/env python3
"""Operators' weeks with the real list and the real rules: do they ever call somebody whom they must not, or a promise too late?

    python scripts/simulate_weeks.py               1,000 weeks
    python scripts/simulate_weeks.py --weeks 20    so many

Each operator has leads of several states and provinces, with several numbers of other area codes, owners of two properties and
numbers that two people share; records what comes of each call; and works some of these weeks while the clocks change. Exit code 1
when a promise of the program is broken: no number twice a day (a busy line and a call that was asked for apart), no person more
than three times in 24 hours, none after a conversation that day unless they asked for it, none after opting out, none outside the hours of
both zones, no promise later than the first free moment.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from db.clock import DAY, HOUR, MINUTE
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads import indexing, promises, working
from valhalla.leads.contact_rules import may_call
from valhalla.leads.outcomes import Outcome, record
from valhalla.leads.standing import CONVERSATIONS
from valhalla.leads.view import Entries, Viewer
from valhalla.program import settings
from valhalla.program.database import memory_database
from valhalla.scoring import store as stages

if TYPE_CHECKING:
    from db import Database
    from valhalla.scoring.stages.calling import CallingRules

PLACES = {
    "TX": ("Houston", "713", "America/Chicago"),
    "FL": ("Orlando", "407", "America/New_York"),
    "RI": ("Providence", "401", "America/New_York"),
    "AZ": ("Phoenix", "602", "America/Phoenix"),
    "CA": ("Los Angeles", "213", "America/Los_Angeles"),
    "HI": ("Honolulu", "808", "Pacific/Honolulu"),
    "ON": ("Toronto", "416", "America/Toronto"),
}
"""State or province, and a city, an area code and the zone of it."""

HOURS = {
    "TX": ((9, 21), (9, 21), (12, 21)),
    "FL": ((8, 20), (8, 20), (8, 20)),
    "RI": ((9, 18), (10, 17), None),
    "ON": ((9, 21.5), (10, 18), (10, 18)),
}
"""Weekdays, Saturday, Sunday; the others are open from 8 to 21. Written down here once more: what is checked is not asked."""

MONDAYS = ("2026-06-15", "2026-10-26", "2026-11-02", "2027-03-08", "2027-03-15", "2027-07-12")
"""Weeks: plain ones, and those in which the clocks change."""

EVENTS = {
    "no_answer": 45,
    "voicemail": 12,
    "busy": 6,
    "wrong_number": 5,
    "disconnected": 4,
    "someone_else": 5,
    "contacted": 6,
    "callback": 6,
    "interested": 4,
    "not_interested": 4,
    "appointment": 2,
    "opted_out": 1,
}
"""What comes of calls, with how often."""

HEADER = "Owner Name,Address,City,State,Zip,Mailing Address,Mailing City,Mailing State,Mailing Zip,Phone 1,Phone 2,Phone 3\n"


@dataclass
class Call:
    """One dial of a week."""

    at: int
    lead: int
    person: str
    number: str
    event: str
    promised: bool


@dataclass
class Week:
    """What happened, and what was broken."""

    calls: list[Call] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)


@dataclass
class Owner:
    """Who somebody is: where they get mail, and their numbers."""

    name: str
    home: str
    numbers: list[str]


def one_week(seed: int, folder: Path, leads: int | None = None, most_calls: int = 200) -> Week:
    """Simulate an operator's week, with so many owners (None: drawn)."""
    draw, week = random.Random(seed), Week()
    owners = _owners(draw, leads or draw.randint(3, 8))
    monday = datetime.fromisoformat(draw.choice(MONDAYS)).replace(tzinfo=ZoneInfo("America/Chicago"))
    now = int(monday.timestamp()) * 1_000_000 + 7 * HOUR
    end = now + 7 * DAY
    with memory_database() as database:
        stages.seed(database)
        database.clock = lambda: now
        path = folder / f"week-{seed}.csv"
        path.write_text(HEADER + "".join(_rows(draw, owners)), encoding="utf-8")
        import_file(database, Request(str(path), "csv"))
        path.unlink()
        more = True
        while more:
            with database.write():
                more = indexing.index_some(database)
        owner_of = dict(database.sql("SELECT id, name FROM lead"))
        people = {owner.name: owner for owner in owners}
        kept = Entries()
        values = settings.effective(database) | {"quiet_hours": "00:00-00:00", "timezone": "America/Chicago"}
        while now < end and len(week.calls) < most_calls:
            viewer = Viewer(database, now, values, kept)
            found, rules = working.next_row(database, viewer), viewer.calling
            if found.row is None or found.row.promise is None:
                _promises_first(database, rules, people, owner_of, week, now)
            if found.row is None:
                opens = min(found.opens or now + 4 * HOUR, end)
                while (
                    now := now + draw.randrange(30, 90) * MINUTE
                ) < opens:  # nobody could be called until then
                    _promises_first(database, rules, people, owner_of, week, now)
                now = opens + draw.randrange(0, 5) * MINUTE
                continue
            lead = found.row.record.lead.id
            dial = may_call(database, lead, viewer.calling, now).dial
            if dial is None:
                week.broken.append(f"{seed}: lead {lead} has no number to dial")
                break
            event = draw.choices([*EVENTS], [*EVENTS.values()])[0]
            until = (
                now + draw.choice((3 * MINUTE, HOUR, DAY, 2 * DAY))
                if event in ("callback", "appointment")
                else None
            )
            call = Call(now, lead, owner_of[lead], dial.number.e164, event, found.row.promise is not None)
            _check(call, people, week, seed)
            record(database, Outcome(lead, event, now, until=until, number=call.number))
            week.calls.append(call)
            week.events[event] += 1
            now += draw.randrange(1, 12) * MINUTE
    return week


def _owners(draw: random.Random, count: int) -> list[Owner]:
    owners = []
    for number in range(count):
        home = draw.choice([*PLACES])
        codes = [
            PLACES[draw.choice([home, home, draw.choice([*PLACES])])][1] for _ in range(draw.randint(1, 3))
        ]
        owners.append(
            Owner(
                f"Owner {number} Quill",
                home,
                [f"+1{code}555{number:02}{place:02}" for place, code in enumerate(codes)],
            )
        )
    for one, other in zip(owners[::5], owners[1::5], strict=False):
        other.numbers[-1] = one.numbers[0]  # two people share a line
    return owners


def _rows(draw: random.Random, owners: list[Owner]) -> list[str]:
    rows = []
    for number, owner in enumerate(owners):
        city = PLACES[owner.home][0]
        for house in range(2 if number % 4 == 0 else 1):
            situs = draw.choice([*PLACES])
            phones = [*owner.numbers, "", ""][:3]
            rows.append(
                f"{owner.name},{number * 10 + house + 1} Oak St,{PLACES[situs][0]},{situs},,"
                f"{number} Elm St,{city},{owner.home},,{','.join(phones)}\n"
            )
    return rows


def _check(call: Call, people: dict[str, Owner], week: Week, seed: int) -> None:
    """Whether this call was allowed, by what happened before and by the clocks."""
    owner = people[call.person]
    zones = {PLACES[owner.home][2], _place(call.number)[1]}
    said = f"{seed}: {call.person} at {datetime.fromtimestamp(call.at / 1e6, UTC):%a %d %H:%M} UTC: "
    for region in {owner.home, _place(call.number)[0]}:
        if not _open(call.at, region):
            week.broken.append(f"{said}outside the hours of {region}")
    before = [each for each in week.calls if each.person == call.person]
    if any(each.event == "opted_out" for each in before):
        week.broken.append(f"{said}opted out")
    if sum(each.at > call.at - DAY for each in before) >= 3:
        week.broken.append(f"{said}a fourth dial in 24 hours")
    if call.promised:
        return
    for each in before:
        if each.event in CONVERSATIONS and _same_day(each.at, call.at, zones):
            week.broken.append(f"{said}after a conversation that day")
    for each in week.calls:
        if each.number == call.number and each.event != "busy" and _same_day(each.at, call.at, zones):
            week.broken.append(f"{said}{call.number} twice a day")
            break


def _promises_first(
    database: Database,
    rules: CallingRules,
    people: dict[str, Owner],
    owner_of: dict[int, str],
    week: Week,
    now: int,
) -> None:
    """No call-back is due that may be made: somebody else is called, or nobody."""
    for each in promises.due(database, now):
        if each.promise.kind != "callback":
            continue
        owner = people[owner_of[each.promise.lead_id]]
        recent = [call for call in week.calls if call.person == owner.name and call.at > now - DAY]
        dial = may_call(database, each.promise.lead_id, rules, now).dial
        if dial is None or len(recent) >= 3:
            continue
        if all(_open(now, region) for region in {owner.home, _place(dial.number.e164)[0]}):
            week.broken.append(f"a promise to {owner.name} came later than it could")


def _place(number: str) -> tuple[str, str]:
    return next((region, zone) for region, (_, code, zone) in PLACES.items() if number[2:5] == code)


def _open(at: int, region: str) -> bool:
    here = datetime.fromtimestamp(at / 1e6, UTC).astimezone(ZoneInfo(PLACES[region][2]))
    span = HOURS.get(region, ((8, 21),) * 3)[max(0, here.weekday() - 4)]
    return span is not None and span[0] <= here.hour + here.minute / 60 < span[1]


def _same_day(one: int, other: int, zones: set[str]) -> bool:
    days = [
        [datetime.fromtimestamp(at / 1e6, UTC).astimezone(ZoneInfo(zone)).date() for at in (one, other)]
        for zone in zones
    ]
    return any(first == second for first, second in days)


def main() -> int:
    """Simulate the weeks and say what came of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weeks", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began, calls, events, broken = time.perf_counter(), 0, Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.seed, given.seed + given.weeks):
            week = one_week(seed, Path(folder))
            calls, events = calls + len(week.calls), events + week.events
            broken += week.broken
            if not (seed - given.seed + 1) % 50:
                print(
                    f"{seed - given.seed + 1:,} weeks, {calls:,} calls, {len(broken):,} broken",
                    file=sys.stderr,
                )
    print(f"{given.weeks:,} weeks, {calls:,} calls in {time.perf_counter() - began:.0f} s")
    print(", ".join(f"{event} {count:,}" for event, count in events.most_common()))
    for each in broken[:20]:
        print(f"BROKEN {each}")
    print(f"{len(broken):,} promises broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
