"""Rules of contact: no number twice a day, a person at most three dials in 24 hours, none after a conversation that day.

They hold for the person and the number and not for one lead: what was recorded on the owner's other properties counts, and so does
what was dialed for somebody else with the same number. A day is a calendar day wherever the person may be. A busy line did not ring:
it counts as a dial, but the number may be tried again. Somebody who asked to be called is called when the time comes, that day too.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import apsw

from db.clock import DAY, HOUR, SECOND
from valhalla.leads import details, numbers, promise_fates, sql
from valhalla.leads.numbers import Dial, Number
from valhalla.leads.standing import CONVERSATIONS, DIALS
from valhalla.scoring.stages import calling
from valhalla.scoring.stages.calling import Reaching
from valhalla.scoring.stages.hours import Window, window
from valhalla.scoring.stages.quiet import COMPUTER
from valhalla.scoring.stages.zones import places_of

if TYPE_CHECKING:
    from db import Database
    from valhalla.scoring.stages.calling import CallingRules
    from valhalla.scoring.stages.lead import StoredLead

MOST_DIALS = 3
"""Of one person in 24 hours."""

LOOK_BACK = DAY + HOUR
"""A day has 25 hours when the clocks go back."""

TALKED = "They were spoken with today"


class Contact(NamedTuple):
    """A dial or a conversation of the last day."""

    lead_id: int
    event: str
    at: int
    number: str | None
    channel: str | None
    person: int | None

    @property
    def dial(self) -> bool:
        """Whether somebody of ours dialed."""
        if self.event in DIALS:
            return True
        return self.event in CONVERSATIONS[1:6] and self.channel in (None, "call")


class Callee(NamedTuple):
    """A lead as far as calling it goes."""

    id: int
    person: int | None
    numbers: list[Number]
    zones: tuple[str, ...]
    state: str | None
    """Where the owner gets mail, else that of the property."""


class Rest(NamedTuple):
    """What the calls of today leave open."""

    until: int | None
    """Nobody is dialed before; None: somebody may be dialed now."""
    because: str
    dial: Dial | None
    """The number to dial, if any."""


class May(NamedTuple):
    """Whether a lead may be called now, and by which number."""

    ok: bool
    dial: Dial | None
    why: str
    """While it may not be called: why, as a sentence without its point."""
    opens: int | None
    """When it may be called, UTC microseconds: now where it may; None: not until something changes."""
    until: int | None
    """While it may be called: until when."""
    zone: str
    """The lead's time zone."""


def may_call(database: Database, lead_id: int, rules: CallingRules, now: int) -> May:
    """Whether a lead may be dialed at ``now``: by its numbers, by what was dialed today, by the hours of everywhere it may be."""
    callee = _callee(database, lead_id, rules)
    if callee is None:
        return May(False, None, "There is no such lead", None, None, rules.operator_zone)
    if numbers.choose(callee.numbers) is None:
        why = "Every number is wrong or disconnected" if callee.numbers else "There is no number to dial"
        return May(False, None, f"{why}: it needs a number", None, None, callee.zones[0])
    promised = any(
        each.state == "open" and each.kind != "task" and each.at <= now
        for each in promise_fates.of_lead(database, lead_id)
    )
    rest = resting_of(callee, _contacts(database, [lead_id], now)[lead_id], now, promised=promised)
    start = now if rest.until is None else rest.until
    dial = rest.dial or numbers.choose(callee.numbers)
    found = hours(callee, dial, rules, start)
    if rest.until is None and found.open:
        return May(True, dial, "", now, found.until, found.zone)
    why = rest.because if rest.until is not None else f"Outside calling hours: {found.because}"
    return May(False, None, why, found.opens, None, found.zone)


def hours_of(lead: StoredLead, known: Mapping[str, Any], rules: CallingRules, at: int) -> Window:
    """Whether a lead may be called at this hour; ``known``: its details."""
    return calling.hours_of(lead, rules, at, mailing_state(known))


def hours(callee: Callee, dial: Dial | None, rules: CallingRules, now: int) -> Window:
    """Whether anybody may be called at this hour where the owner may be: by their state and by the area code that is dialed."""
    key = None if dial is None else dial.number.key
    return window(now, places_of(callee.state, key, rules.operator_zone), rules.quiet)


class Resting:
    """The leads that must not be dialed now because of calls of the last day, to them, to their owner or to their numbers.

    Whom those calls concern is known at once; why a lead rests is worked out when somebody asks for it, and once. Ten callers make
    thousands of calls a day, and most of those they called are on no list for days.
    """

    def __init__(self, database: Database, rules: CallingRules, now: int) -> None:
        self._database = database
        self._rules = rules
        self._now = now
        self._concerned = frozenset(
            number for (number,) in database.sql(sql.CONCERNED_SINCE, (now - LOOK_BACK, now))
        )
        self._found: dict[int, Rest | None] = {}

    def __len__(self) -> int:
        """How many leads the calls concern: no fewer than rest."""
        return len(self._concerned)

    def among(self, lead_ids: Iterable[int]) -> set[int]:
        """Those of these leads that rest."""
        concerned = self._concerned.intersection(lead_ids)
        self._work_out(concerned)
        return {lead_id for lead_id in concerned if self._found[lead_id] is not None}

    def get(self, lead_id: int) -> Rest | None:
        """Until when a lead rests, and why; None: it does not."""
        if lead_id not in self._concerned:
            return None
        self._work_out({lead_id})
        return self._found[lead_id]

    def _work_out(self, lead_ids: Set[int]) -> None:
        """Together: a statement takes as long to begin as a lead takes."""
        new = sorted(lead_ids - self._found.keys())
        if not new:
            return
        self._found.update(dict.fromkeys(new))
        contacts = _contacts(self._database, new, self._now)
        for row in self._database.sql(sql.CALLEES_OF_CALLS, (apsw.carray(array("q", new)),)):
            lead_id, person, state, phone, key, more, spoken = row
            # Only a conversation shows which number is the right one.
            said = numbers.said(self._database, lead_id) if spoken else ()
            callee = callee_of(lead_id, person, state, phone, key, more, said, self._rules)
            rest = resting_of(callee, contacts[lead_id], self._now)
            self._found[lead_id] = rest if rest.until is not None else None


def resting_of(callee: Callee, contacts: Iterable[Contact], now: int, *, promised: bool = False) -> Rest:
    """What the calls of the last day leave open for a person. ``promised``: they asked to be called at a time that has come, which
    counts more than a conversation or a call of today."""
    recent = sorted((each for each in contacts if each.at <= now), key=lambda each: each.at)
    ours = [each for each in recent if _same_person(callee, each)]
    if not promised and any(
        each.event in CONVERSATIONS and same_day(each.at, now, callee.zones) for each in ours
    ):
        return Rest(midnight(now, callee.zones), TALKED, None)
    dials = [each for each in ours if each.dial and each.at > now - DAY]
    if len(dials) >= MOST_DIALS:
        return Rest(
            dials[-MOST_DIALS].at + DAY,
            f"They were dialed {MOST_DIALS} times in the last 24 hours",
            None,
        )
    used = {
        _key(each.number)
        for each in recent
        if each.dial and each.number and each.event != "busy" and same_day(each.at, now, callee.zones)
    }
    # An older outcome may not say which number it was: it was the first one.
    if any(
        each.dial and each.number is None and each.event != "busy" and same_day(each.at, now, callee.zones)
        for each in ours
    ):
        used |= {number.key for number in callee.numbers[:1]}
    if promised:
        used.clear()
    dial = numbers.choose(callee.numbers, used)
    if dial is None and numbers.choose(callee.numbers) is not None:
        return Rest(midnight(now, callee.zones), "Every number was dialed today", None)
    return Rest(None, "", dial)


def callee_of(
    lead_id: int,
    person: int | None,
    state: str | None,
    phone: str | None,
    key: int | None,
    text: str | None,
    said: Sequence[numbers.Said],
    rules: CallingRules,
) -> Callee:
    """A lead from the columns of its row and what outcomes say about its numbers."""
    known = details.decoded(text)
    home = mailing_state(known) or state
    listed = numbers.known(numbers.in_order(phone, key, known), said)
    zones = [
        zone
        for number in [*(each.key for each in listed if each.usable), None][: max(1, len(listed))]
        for place in places_of(home, number, rules.operator_zone)
        for zone in place.zones
    ]
    return Callee(lead_id, person, listed, tuple(dict.fromkeys(zones)), home)


def mailing_state(known: Mapping[str, Any]) -> str | None:
    """The state or province in which the owner gets mail."""
    mailing = known.get("mailing")
    state = mailing.get("state") if isinstance(mailing, Mapping) else None
    return str(state).strip().upper() or None if state else None


def reaching(lead: StoredLead, known: Mapping[str, Any], rest: Rest | None) -> Reaching:
    """What the next action has to know of a person; ``known``: the lead's details."""
    phones = known.get("phones", ())
    landline = any(each.get("key") == lead.phone_key and each["type"] == "landline" for each in phones)
    spoken = lead.standing is not None or lead.status in ("contacted", "appointment", "contract")
    return Reaching(
        mailing_state(known),
        not landline and (spoken or "text" in known.get("consent", ())),
        any("marked" in each for each in phones),
        None if rest is None else rest.until,
        "" if rest is None else rest.because,
    )


def same_day(at: int, now: int, zones: Sequence[str]) -> bool:
    """Whether a moment that is past is of the calendar day of ``now`` in any of the zones."""
    return any(at >= _day(now, zone)[0] for zone in zones)


def midnight(now: int, zones: Sequence[str]) -> int:
    """When the next day has begun in all of the zones."""
    return max(_day(now, zone)[1] for zone in zones)


@lru_cache(maxsize=1_024)
def _day(now: int, zone: str) -> tuple[int, int]:
    """When the day of ``now`` began in a zone, and when it ends."""
    clock = ZoneInfo(zone) if zone != COMPUTER else None
    today = datetime.fromtimestamp(now // SECOND, UTC).astimezone(clock).date()
    began, ends = (
        datetime.combine(today + timedelta(days=days), datetime.min.time(), clock).astimezone(UTC)
        for days in (0, 1)
    )
    return int(began.timestamp()) * SECOND, int(ends.timestamp()) * SECOND


def _same_person(callee: Callee, each: Contact) -> bool:
    return each.lead_id == callee.id or (each.person is not None and each.person == callee.person)


def _callee(database: Database, lead_id: int, rules: CallingRules) -> Callee | None:
    row = database.one(sql.CALLEE, (lead_id,))
    if row is None:
        return None
    number, person, state, phone, key, more = row
    return callee_of(number, person, state, phone, key, more, numbers.said(database, lead_id), rules)


def _contacts(database: Database, lead_ids: Sequence[int], now: int) -> Mapping[int, list[Contact]]:
    """By lead, those of its owner."""
    found: dict[int, list[Contact]] = {lead_id: [] for lead_id in lead_ids}
    given = apsw.carray(array("q", lead_ids)), now - LOOK_BACK, now
    for asked, *row in database.sql(sql.CONTACTS_OF_OWNERS, given):
        found[asked].append(Contact._make(row))
    return found


def _key(number: str) -> int:
    return int(number.removeprefix("+"))
