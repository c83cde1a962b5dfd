"""Three reasons for a call: why they may sell, why it may pay, why now.

Every fact of a lead has forms, the plain one first and then finer ones with the lead's own date, amount or length; each has a code
that says the same of every lead. From :data:`valhalla.scoring.stages.shares.FROM` callable leads on a form that more than a quarter of them
share is passed over for a finer or rarer one, and one that more than one in fifty share for a finer one; of fewer leads the finest is
said. Of what is left the fact with the most points x surprise (-log2 of its share) is taken. A slot without a fact is the
question to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from valhalla.program.later import later
from valhalla.program.wording import listed, money, percent, several
from valhalla.scoring.stages.known import DAY, EQUITY_SIGNS, Known, known, signs_of
from valhalla.scoring.stages.lead import StoredLead
from valhalla.scoring.stages.packet import Figures
from valhalla.scoring.stages.points import NAMES, PointRules, days_owned
from valhalla.scoring.stages.segment import Segment
from valhalla.scoring.stages.shares import Counts

if TYPE_CHECKING:
    from valhalla.scoring.stages import zones
else:
    zones = later("valhalla.scoring.stages.zones")

SELL, PAY, NOW = "sell", "pay", "now"
SLOTS = (SELL, PAY, NOW)
"""Why they may sell, why it may pay, why now."""

THOUSAND = 100_000
"""Cents."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SOON = 30
"""Days in which a date is news."""


class Form(NamedTuple):
    """One way to say a fact."""

    code: str
    says: str
    """Without a full stop."""
    own: bool = False
    """Whether it holds this lead's own date, amount or length."""
    also: str = ""
    """What else it says, so that no other slot says it again."""


class Fact(NamedTuple):
    """What is true of a lead and may be a reason; ``weight`` in hundredths of a point."""

    slot: str
    about: str
    """What it is about: two slots never say the same thing."""
    weight: int
    tail: str
    """How the others are counted: "are", "have as much"."""
    forms: tuple[Form, ...]


class Reason(NamedTuple):
    """A reason as it is shown."""

    slot: str
    code: str
    says: str


def reasons(
    lead: StoredLead,
    found: Figures,
    base: Sequence[int],
    fresh: int,
    segment: Segment,
    rules: PointRules,
    counts: Counts,
    now: int,
    promise: tuple[str, int] | None = None,
) -> list[Reason]:
    """The three reasons, in the order of :data:`SLOTS`. ``base`` and ``fresh`` are the contributions of the score; ``promise``:
    what was promised next, its kind and time."""
    more = known(lead.details, lead.phone_key)
    signs = signs_of(lead.distress, more, lead.address, lead.state, segment.signs)
    every = facts(lead, found, more, signs, base, fresh, rules, now)
    if promise is not None:
        home = more.mailing[2] if more.mailing is not None and more.mailing[2] else lead.state
        every.append(_promised(lead, home, *promise))
    chosen: list[Reason] = []
    said: set[str] = set()
    for slot in SLOTS:
        mine = [fact for fact in every if fact.slot == slot and fact.about not in said]
        fact, form = best_of(mine, counts)
        if fact is None or form is None:
            chosen.append(Reason(slot, *_question(slot, lead, more, found, signs, said)))
            continue
        said |= {fact.about, form.also}
        chosen.append(Reason(slot, form.code, f"{form.says}{_among(form.code, fact.tail, counts)}."))
    return chosen


def codes(facts_: Iterable[Fact]) -> set[str]:
    """Every code that is true of a lead: what the shares are counted from."""
    return {form.code for fact in facts_ for form in fact.forms}


def facts(
    lead: StoredLead,
    found: Figures,
    more: Known,
    signs: tuple[str, ...],
    base: Sequence[int],
    fresh: int,
    rules: PointRules,
    now: int,
) -> list[Fact]:
    """Everything that is true of a lead and may be a reason."""
    points = dict(zip(NAMES, base, strict=True))
    days = days_owned(more, lead.decision.decided_at)
    return [
        *_signs(lead, more, signs, days, rules, now),
        *_owned(more, days, points["years owned"]),
        *_lists(lead, points["further lists"]),
        *(_equity(more, points["equity"] + points["equity amount"]) if points["equity"] > 0 else ()),
        *_price(lead, found, more, points["spread"]),
        *_house(lead, more),
        *_dates(lead, more, rules, now),
        *_conversation(lead),
        *_fresh(lead, fresh, now),
    ]


def best_of(candidates: Sequence[Fact], counts: Counts) -> tuple[Fact | None, Form | None]:
    """The fact with the most points x surprise in the plainest form that is rare; else one that is common, in a form that has
    something of its own."""
    rare: list[tuple[int, int, Fact, Form]] = []
    shared: list[tuple[int, int, Fact, Form]] = []
    for number, fact in enumerate(candidates):
        forms = [form for form in fact.forms if not counts.common(form.code)]
        if forms:
            shown = next((form for form in forms if not counts.usual(form.code)), forms[-1])
            rare.append((fact.weight * counts.surprise(forms[0].code), -number, fact, shown))
            continue
        own = [form for form in fact.forms if form.own]
        if own:
            form = min(own, key=lambda form: counts.count(form.code))
            shared.append((fact.weight * counts.surprise(form.code), -number, fact, form))
    best = max(rare or shared, default=None, key=lambda each: each[:2])
    return (None, None) if best is None else (best[2], best[3])


def _among(code: str, tail: str, counts: Counts) -> str:
    """How many of those who can be called share it: ``; 3 of 484 are``. Nothing while no share is asked, nor of what only
    concerns the two who talk (``tail`` is empty)."""
    if not counts.of or not tail:
        return ""
    count = counts.count(code)
    if counts.rare(code):
        return f"; fewer than {counts.least:,} of {counts.of:,} {tail}"
    if counts.sampled:
        return f"; about 1 in {max(1, round(counts.of / count)):,} {tail}"
    if count <= 1:
        return f"; the only one of {counts.of:,}"
    return f"; {count:,} of {counts.of:,} {tail}"


# -- why they may sell ------------------------------------------------------------------------------


def _signs(
    lead: StoredLead, more: Known, signs: tuple[str, ...], days: int | None, rules: PointRules, now: int
) -> Iterable[Fact]:
    worth = {sign: rules.signs.get(sign, rules.sign_other) for sign in signs if sign not in EQUITY_SIGNS}
    dates = dict(more.dates)
    if len(worth) > 1:
        ranked = sorted(worth, key=lambda sign: (-worth[sign], sign))
        says = _capital(listed(ranked))
        code = "+".join(ranked)
        together = min(sum(worth.values()), rules.signs_most)
        yield Fact(
            SELL,
            "signs",
            together,
            "have just these signs",
            (Form(code, says), *_owned_forms(code, says, days, more)),
        )
    for sign, points in worth.items():
        says = _capital(sign)
        forms = [Form(sign, says)]
        if sign in ("out of state", "absentee") and more.mailing is not None and more.mailing[1]:
            place = ", ".join(part for part in more.mailing[1:] if part)
            forms = [
                Form(sign, f"The owner lives in {place}"),
                Form(f"{sign}:{more.mailing[2]}", f"The owner lives in {place}"),
                Form(f"{sign}:{place.casefold()}", f"The owner lives in {place}", True),
            ]
            says = f"The owner lives in {place}"
        if sign == "tax lien" and more.tax_owed:
            band = _band(more.tax_owed, 5 * THOUSAND)
            says = f"Owes {money(more.tax_owed)} in taxes"
            forms = [Form(sign, says), Form(f"{sign}:{band}", says, True)]
        at = dates.get(sign)
        if at is not None and at <= now:
            dated = f"{says} since {day(at, now)}"
            forms = [
                forms[0],
                Form(f"{sign}:{_age(at, now)}", dated, True, f"date:{sign}"),
                Form(f"{sign}:{_when(at):%Y-%m}", dated, True, f"date:{sign}"),
                Form(f"{sign}:{_when(at):%Y-%m-%d}", dated, True, f"date:{sign}"),
            ]
            says = dated
        yield Fact(SELL, "signs", points, "are", (*forms, *_owned_forms(sign, says, days, more)))


def _owned_forms(code: str, says: str, days: int | None, more: Known) -> Iterable[Form]:
    """The same with how long it was owned."""
    if days is not None and days >= 365:
        own = f"{says}, owned for {_for_years(days, more)}"
        for length in _lengths(days, more):
            yield Form(f"{code}:owned {length}", own, True, "owned")


def _for_years(days: int, more: Known) -> str:
    years = several(days // 365, "year")
    if more.bought is None:
        return years
    bought = _when(more.bought)
    return f"{years}, since {bought:%b} {bought.day}, {bought.year}"


def _lengths(days: int, more: Known) -> list[str]:
    """How long it was owned, for codes: within five years, a year, a month."""
    years = days // 365
    month = [] if more.bought is None else [f"since {_when(more.bought):%Y-%m}"]
    return [f"{years // 5 * 5}+", f"{years}", *month]


def _owned(more: Known, days: int | None, points: int) -> Iterable[Fact]:
    if days is None or points <= 0:
        return
    says = f"Owned for {_for_years(days, more)}"
    forms = tuple(Form(f"owned:{length}", says, True) for length in _lengths(days, more))
    yield Fact(SELL, "owned", points, "have had theirs as long", forms)


def _lists(lead: StoredLead, points: int) -> Iterable[Fact]:
    if lead.lists > 1:
        yield Fact(
            SELL, "lists", points, "are", (Form(f"lists:{lead.lists}", f"On {lead.lists} of your lists"),)
        )
    yield Fact(SELL, "source", 50, "are", (Form(f"source:{lead.source}", f"On your list {lead.source}"),))


# -- why it may pay ---------------------------------------------------------------------------------


def _equity(more: Known, points: int) -> Iterable[Fact]:
    share = more.equity_share
    if share is None or points <= 0:
        return
    if share >= 1_000_000:
        says, code = "Free and clear", "free and clear"
        if more.estimated is not None:
            says += f", worth about {money(more.estimated)}"
        amount = more.estimated
    else:
        says, code = f"{percent(share // 10_000 * 10_000)} equity", f"equity:{share // 100_000 * 10}+"
        if more.equity is not None:
            says += f", about {money(more.equity)}"
        amount = more.equity
    forms = [Form(code, says, True)]
    if amount is not None:
        forms += [
            Form(f"{code}:{_band(amount, width * THOUSAND)}", says, True) for width in (100, 50, 25, 10)
        ]
    yield Fact(PAY, "equity", points, "have as much", tuple(forms))


def _price(lead: StoredLead, found: Figures, more: Known, points: int) -> Iterable[Fact]:
    if found.spread is not None and found.spread > 0:
        says = f"Asks {money(found.asking or 0)}, {money(found.spread)} less than you can offer"
        yield _graded(
            PAY, "price", "spread", max(points, 100), "leave as much", found.spread, says, (50, 10, 5)
        )
    elif found.asking is not None and found.arv is not None and found.asking < found.arv:
        share = (found.arv - found.asking) * 1_000_000 // found.arv
        says = f"Asks {money(found.asking)}, {percent(share // 10_000 * 10_000)} less than its value repaired"
        code = f"discount:{share // 100_000 * 10}+"
        forms = [Form(code, says, True), Form(f"{code}:{_band(found.asking, 50 * THOUSAND)}", says, True)]
        yield Fact(PAY, "price", 60, "do", tuple(forms))
    elif found.asking is not None:
        says = f"Asks {money(found.asking)}"
        yield _graded(PAY, "price", "asking", 40, "ask about as much", found.asking, says, (50, 10, 5))


def _graded(
    slot: str, about: str, code: str, weight: int, tail: str, cents: int, says: str, widths: Sequence[int]
) -> Fact:
    forms = [Form(f"{code}:{_band(cents, width * THOUSAND)}", says, True) for width in widths]
    return Fact(slot, about, weight, tail, tuple(forms))


def _house(lead: StoredLead, more: Known) -> Iterable[Fact]:
    """What stands there: little of a reason, but this house's own."""
    parts = [
        *([f"{lead.beds} beds"] if lead.beds else []),
        *([f"{lead.sqft:,} sq ft"] if lead.sqft else []),
        *([f"built in {more.built}"] if more.built else []),
        *([f"condition {lead.condition}"] if lead.condition else []),
    ]
    if lead.sqft is None and more.built is None:
        return
    size = f"{lead.sqft // 250 * 250}+" if lead.sqft else "?"
    decade = f"{more.built // 10 * 10}s" if more.built else "?"
    says = _capital(", ".join(parts))
    worth = f", worth about {money(more.estimated)}" if more.estimated else ""
    forms = (
        Form(f"house:{size}", says + worth, True),
        Form(f"house:{size}:{decade}", says + worth, True),
        Form(f"house:{lead.sqft}:{more.built}", says + worth, True),
    )
    yield Fact(PAY, "house", 10, "are like it", forms)


# -- why now ----------------------------------------------------------------------------------------


def _dates(lead: StoredLead, more: Known, rules: PointRules, now: int) -> Iterable[Fact]:
    for sign, at in more.dates:
        ahead = (at - now) // DAY
        if at > now:
            says = f"{_capital(sign)} on {day(at, now)}, in {several(ahead, 'day')}"
            weight = rules.deadlines.get(sign, 0) + rules.signs.get(sign, rules.sign_other)
            weeks = ahead // 7
            forms = (
                Form(f"{sign}:in {weeks + 1} weeks", says, True),
                Form(f"{sign}:on {_when(at):%Y-%m-%d}", says, True),
            )
            yield Fact(NOW, f"date:{sign}", weight, "are", forms)
        elif now - at <= SOON * DAY:
            past = (now - at) // DAY
            says = f"{_capital(sign)} is new: {day(at, now)}, {several(past, 'day')} ago"
            new = (
                Form(f"{sign}:new", says, True),
                Form(f"{sign}:new {past // 7 + 1} weeks", says, True),
                Form(f"{sign}:new {_when(at):%Y-%m-%d}", says, True),
            )
            yield Fact(NOW, f"date:{sign}", 300, "are", new)


def _promised(lead: StoredLead, home: str | None, kind: str, at: int) -> Fact:
    """A promise comes before everything else. ``home``: the state in which the owner gets mail."""
    words = {
        "callback": "You promised to call back on",
        "appointment": "You have an appointment on",
    }
    from zoneinfo import ZoneInfo  # loads much, and few leads need it

    there = _when(at).astimezone(ZoneInfo(zones.zones_of(home, lead.phone_key, "UTC")[0]))
    clock = f"{there.hour % 12 or 12}:{there.minute:02} {'am' if there.hour < 12 else 'pm'}"
    says = f"{words.get(kind, 'You meant to do something by')} {there:%b} {there.day} at {clock} their time"
    forms = (Form(f"promise:{kind}", says, True), Form(f"promise:{kind}:{_when(at):%Y-%m-%d}", says, True))
    return Fact(NOW, "promise", 10_000, "", forms)


def _conversation(lead: StoredLead) -> Iterable[Fact]:
    last = lead.last_contact
    if lead.hold_until is not None and lead.hold_until <= lead.decision.decided_at:
        says = f"You put it off until {day(lead.hold_until, lead.decision.decided_at)}"
        yield Fact(NOW, "conversation", 400, "", (Form("back", says, True),))
    if last is None:
        return
    when = _when(last)
    if lead.status in ("contacted", "appointment", "contract"):
        says = f"You talked on {day(last, last)}"
        forms = (Form("talked", says, True), Form(f"talked:{when:%Y-%m-%d}", says, True))
        yield Fact(NOW, "conversation", 400, "", forms)
    elif lead.contacts:
        says = f"Try {lead.contacts + 1}; the last was on {day(last, last)}, so call at another hour"
        tries = (
            Form(f"try:{lead.contacts + 1}", says, True),
            Form(f"try:{lead.contacts + 1}:{when:%Y-%m-%d}", says, True),
        )
        yield Fact(NOW, "conversation", 200, "", tries)


def _fresh(lead: StoredLead, points: int, now: int) -> Iterable[Fact]:
    if lead.list_date is None or points <= 0:
        return
    days = max(0, (now - lead.list_date) // DAY)
    says = f"From a list of {day(lead.list_date, now)}, {'today' if days == 0 else several(days, 'day') + ' ago'}"
    width = next((width for width in (7, 30, 90) if days < width), 365)
    forms = (
        Form(f"fresh:{width}d", says, True),
        Form(f"fresh:week {days // 7}", says, True),
        Form(f"fresh:day {days}", says, True),
    )
    yield Fact(NOW, "fresh", points, "are as new", forms)


# -- questions --------------------------------------------------------------------------------------

_WHEN = {
    "foreclosure": "When is the sale?",
    "auction": "When is the auction?",
    "pre-foreclosure": "How far behind are they, and is there a sale date?",
    "lis pendens": "Is there a sale date?",
    "eviction": "When does the tenant leave?",
    "probate": "Has the court appointed somebody who may sell?",
    "inherited": "Do all heirs agree to sell?",
    "tax lien": "By when must the taxes be paid?",
    "divorce": "Has the court said what becomes of the house?",
    "code violation": "By when does the city want it fixed?",
    "bankruptcy": "Does the trustee let them sell?",
    "fire damage": "Has the insurance paid?",
    "vacant": "Since when has it stood empty?",
    "out of state": "Who looks after it while they live elsewhere?",
    "absentee": "Is it let, and until when?",
}
"""What to ask by sign, the most pressing first."""


def _question(
    slot: str, lead: StoredLead, more: Known, found: Figures, signs: tuple[str, ...], said: set[str]
) -> tuple[str, str]:
    """(code, question) of a slot for which nothing is known."""
    if slot == SELL:
        if signs:
            where = lead.address or lead.location or lead.name
            return "ask:since", f"{_capital(signs[0])}, like most you can call: since when, at {where}?"
        return "ask:why", "Nothing says why they may sell: ask"
    if slot == PAY:
        share = more.equity_share
        if share is not None:
            own = "No equity" if share <= 0 else f"Only {percent(share // 10_000 * 10_000)} equity"
            return "ask:terms", f"{own}: would they sell with the loan left in place?"
        if more.estimated is not None:
            return "ask:owed", f"Worth about {money(more.estimated)}; what is owed on it: ask"
        if found.asking is not None:
            return "ask:arv", f"Asks {money(found.asking)}; what would it be worth repaired?"
        return "ask:price", "Asking price not known: ask"
    sign = next((sign for sign in _WHEN if sign in signs), None)
    if sign is not None:
        return f"ask:{sign}", _WHEN[sign]
    return "ask:when", "Nothing says why now: when do they want to be done?"


# -- words ------------------------------------------------------------------------------------------


def day(at: int, now: int) -> str:
    """``Oct 3``; with the year where it is another one than now."""
    when = _when(at)
    text = f"{when:%b} {when.day}"
    return text if when.year == _when(now).year else f"{text}, {when.year}"


def _when(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)  # also before 1970, everywhere


def _age(at: int, now: int) -> str:
    days = (now - at) // DAY
    return "recent" if days < 90 else "this year" if days < 365 else f"{days // 365} years"


def _band(cents: int, width: int) -> str:
    """The band of an amount: ``150k+``."""
    return f"{cents // width * width // THOUSAND}k+"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
