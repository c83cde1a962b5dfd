"""What to do with a lead now: call, text first, follow up or hold, and why, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from valhalla.program.wording import several
from valhalla.scoring.stages.hours import Window, window
from valhalla.scoring.stages.lead import StoredLead
from valhalla.scoring.stages.quiet import COMPUTER, QuietHours
from valhalla.scoring.stages.score_reasons import Contribution
from valhalla.scoring.stages.zones import places_of

CALL_NOW = "call now"
TEXT_THEN_CALL = "text then call"
FOLLOW_UP = "follow up"
HOLD = "hold"
ACTIONS = (CALL_NOW, TEXT_THEN_CALL, FOLLOW_UP, HOLD)

NIGHT = QuietHours.of("20:00", "08:00")

OVER = ("won", "lost", "dead", "opted_out")
"""States in which a lead is in no call list."""

HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK = 7 * DAY
_SPOKEN = ("call", "text")
_TELLING = {
    **dict.fromkeys(("stage history", "spread", "motivation", "equity", "lists", "source record"), 0),
    **dict.fromkeys(("repairs", "target market", "freshness"), 1),
    **dict.fromkeys(("buy box", "phone", "email", "own address"), 2),
}


class NextAction(NamedTuple):
    """One of :data:`ACTIONS`, by which channel, why, and from when (UTC microseconds; None: not until something changes)."""

    action: str
    channel: str | None
    why: str
    due: int | None


class CallingRules(NamedTuple):
    """The policy's section ``calling``, compiled."""

    call_now_from: int
    text_first_from: int
    ladder: tuple[tuple[int, str], ...]
    same_day_gap: int
    after_ladder: int
    quiet: QuietHours
    operator_zone: str


def compile_calling(
    policy: Mapping[str, Any], quiet: QuietHours = NIGHT, zone: str | None = None
) -> CallingRules:
    """The rules of a policy, with the quiet hours and the operator's time zone of the settings (None: the computer's)."""
    s = policy["calling"]
    return CallingRules(
        s["call_now_from"],
        s["text_first_from"],
        tuple((step["day"], step["channel"]) for step in s["ladder"]),
        s["same_day_gap_hours"] * HOUR,
        s["after_ladder_days"] * DAY,
        quiet,
        zone or COMPUTER,
    )


def wait_after(contacts: int, rules: CallingRules) -> int:
    """Microseconds from a lead's last contact to its next try, when it was contacted so often."""
    if contacts <= 0:
        return 0
    if contacts >= len(rules.ladder):
        return rules.after_ladder
    days = rules.ladder[contacts][0] - rules.ladder[contacts - 1][0]
    return days * DAY if days else rules.same_day_gap


class Reaching(NamedTuple):
    """What is known of a person in addition to the lead's own columns, as far as calling them goes."""

    state: str | None = None
    """Where they get mail; None: at the property."""
    texts: bool = False
    """Whether a text may be proposed: they agreed, or were spoken with, and the number is not a landline."""
    needs_number: bool = False
    """Calls found every number wrong or disconnected."""
    rests_until: int | None = None
    """When today's calls to them allow the next one, UTC microseconds; None: now."""
    rests_because: str = ""


UNKNOWN = Reaching()


def next_action(
    lead: StoredLead,
    score: int,
    rules: CallingRules,
    now: int,
    first: str | None = None,
    person: Reaching = UNKNOWN,
) -> NextAction:
    """What to do with the lead at ``now``, given its score of today. ``first``: the channel of its first try instead of the
    ladder's, when the lead is in an experiment on channels."""
    if lead.suppressed is not None:
        return NextAction(HOLD, None, f"Must not be contacted: {lead.suppressed}.", None)
    if lead.status in OVER:
        word = (lead.standing or lead.status).replace("_", " ")
        return NextAction(HOLD, None, f"The lead is closed: {word}.", None)
    if lead.phone_key is None and person.needs_number:
        else_ = " Skip trace it; until then there is an e-mail address." if lead.email else ""
        return NextAction(
            HOLD, None, f"Every number is wrong or disconnected: it needs a number.{else_}", None
        )
    if lead.hold_until is not None and now < lead.hold_until:
        what = "Paused until" if lead.status == "paused" else "Not before"
        return NextAction(HOLD, None, f"{what} {_date(lead.hold_until, now, rules)}.", lead.hold_until)
    channel, due, step = _step(lead, rules, now, first)
    if channel == "text" and not person.texts:
        channel = "call"
    if channel is None:
        return NextAction(HOLD, None, "There is neither a phone number nor an e-mail address.", None)
    if due > now:
        return NextAction(HOLD, channel, f"{step} The next try is due {_date(due, now, rules)}.", due)
    if channel in _SPOKEN:
        if person.rests_until is not None and now < person.rests_until:
            return NextAction(HOLD, channel, f"{person.rests_because}.", person.rests_until)
        found = hours_of(lead, rules, now, person.state)
        if not found.open:
            return NextAction(HOLD, channel, closed(found), found.opens)
    return NextAction(*_act(lead, score, channel, step, rules, person.texts), now)


def hours_of(lead: StoredLead, rules: CallingRules, now: int, state: str | None = None) -> Window:
    """Whether the lead may be called at this hour; ``state``: where the owner gets mail."""
    return window(now, places_of(state or lead.state, lead.phone_key, rules.operator_zone), rules.quiet)


def closed(found: Window) -> str:
    """Why nobody may be called now, as a sentence."""
    if found.opens is None:
        return "No hour is open in every place that the lead may be in."
    where = "here" if found.zone == COMPUTER else found.zone.rpartition("/")[2].replace("_", " ")
    return f"Outside calling hours in the lead's time zone ({where}): {found.because}."


def three_reasons(lines: Sequence[Contribution]) -> list[str]:
    """The three sentences that say most about why a lead stands where it does.

    What sets a lead apart (money, motivation, history) comes before what most leads have; where fewer than three
    contributions count for it, what is missing fills up.
    """
    against = [line.says for line in lines if line.name == "do not contact"]
    good = [line for line in lines if line.points > 0 and line.name in _TELLING]
    good.sort(key=lambda line: (_TELLING[line.name], -line.points))
    lacking = [line for line in lines if line.most > line.points <= 0 and line.name in _TELLING]
    lacking.sort(key=lambda line: (line.raise_by is None, line.points - line.most))
    found = against + [line.says for line in good] + [line.says for line in lacking]
    return list(dict.fromkeys(found))[:3]


def _step(lead: StoredLead, rules: CallingRules, now: int, first: str | None) -> tuple[str | None, int, str]:
    """(channel, due, sentence) of the lead's next try."""
    done = lead.contacts
    channel: str | None
    if done < len(rules.ladder):
        channel = first if done == 0 and first is not None else rules.ladder[done][1]
        step = f"Try {done + 1} of {len(rules.ladder)}."
    else:
        channel, step = "call", f"All {len(rules.ladder)} tries were made."
    due = now if lead.last_contact is None else lead.last_contact + wait_after(done, rules)
    if channel in _SPOKEN and lead.phone_key is None:
        channel = "email"
    if channel == "email" and lead.email is None:
        channel = "call" if lead.phone_key is not None else None
    return channel, due, step


def _act(
    lead: StoredLead, score: int, channel: str, step: str, rules: CallingRules, texts: bool
) -> tuple[str, str, str]:
    if lead.status in ("appointment", "contract"):
        return FOLLOW_UP, channel, f"Its status is {lead.status}: keep it going."
    if channel not in _SPOKEN:
        return (
            FOLLOW_UP,
            channel,
            f"{step} There is no phone number: write." if channel == "email" else f"{step} Write a letter.",
        )
    if lead.contacts >= len(rules.ladder) or score < rules.text_first_from:
        why = step if lead.contacts else f"{step} The score of {score} is low: after the others."
        return FOLLOW_UP, channel, why
    if channel == "text":
        return TEXT_THEN_CALL, channel, f"{step} It is a text, with a call after it."
    days = rules.ladder[lead.contacts][0]
    if days > 0:
        return FOLLOW_UP, channel, f"{step} It is {several(days, 'day')} into the follow-up."
    if score >= rules.call_now_from or not texts:
        return (
            CALL_NOW,
            channel,
            (
                f"{step} From a score of {rules.call_now_from} on: call at once."
                if score >= rules.call_now_from
                else step
            ),
        )
    return TEXT_THEN_CALL, "text", f"{step} With a score of {score} a text goes first."


def _date(at: int, now: int, rules: CallingRules) -> str:
    """On the operator's clock: ``Tue Dec 1, 3:00 pm``; further away only the day."""
    zone = None if rules.operator_zone == COMPUTER else ZoneInfo(rules.operator_zone)
    when = datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(zone)
    if at - now > WEEK:
        return f"{when:%b} {when.day}, {when.year}"
    return f"{when:%a %b} {when.day}, {when.hour % 12 or 12}:{when:%M} {'am' if when.hour < 12 else 'pm'}"
