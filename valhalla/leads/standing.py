"""Where a conversation stands, worked out from everything that was recorded about it.

Always from all outcomes and never step by step, so that an outcome that is recorded late, or undone, leaves the lead as if things
had been recorded in their true order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from db.clock import DAY, MINUTE

DIALS = ("no_answer", "busy", "voicemail", "wrong_number", "disconnected", "someone_else")
"""Somebody dialed and did not reach the person: no conversation."""

CONVERSATIONS = (
    "inbound",
    "callback",
    "contacted",
    "interested",
    "not_interested",
    "appointment",
    "offer",
    "contract",
)
"""The person was spoken with."""

ENDS = ("won", "lost", "sold", "dead")
"""The conversation is over."""

EVENTS = (*DIALS, *CONVERSATIONS, *ENDS, "paused", "mail_returned", "opted_out")
"""What can be recorded."""

SYNONYMS = {"talked": "contacted", "assigned": "won", "closed": "won"}
"""Other words for them that may be typed."""

BAD_NUMBER = ("wrong_number", "disconnected")
"""These say something about the number and nothing about the person."""

PROMISED = ("callback", "appointment")
"""Outcomes that may promise a time."""

BUSY = 30 * MINUTE
"""After this a busy line is tried again."""

NOT_INTERESTED = 90 * DAY
"""After this somebody who was not interested is asked again, unless the policy or the outcome says another time."""

_PROGRESS = {"new": 0, "contacted": 1, "appointment": 2, "offer": 3, "contract": 4}
_TRIES = frozenset(("no_answer", "voicemail", "someone_else"))


class Event(NamedTuple):
    """One outcome; times are UTC microseconds."""

    event: str
    at: int
    until: int | None = None
    """Of a pause, or of being asked again."""


class Standing(NamedTuple):
    """The columns of table ``lead`` that say where the conversation stands."""

    status: str = "new"
    contacts: int = 0
    """Tries on the follow-up ladder: conversations, and dials that reached nobody."""
    last_contact: int | None = None
    """The last of them."""
    hold_until: int | None = None
    """Not before: a pause, a promise, a busy line."""
    standing: str | None = None
    """The finer word where ``status`` is too coarse: interested, not_interested, offer or sold."""

    @property
    def word(self) -> str:
        """What people see."""
        return self.standing or self.status


class Counted(NamedTuple):
    """Dials and conversations of a lead, apart."""

    dials: int
    conversations: int


def counted(events: Iterable[Event]) -> Counted:
    """How often somebody dialed in vain, and how often the person was spoken with."""
    names = [each.event for each in events]
    return Counted(sum(name in DIALS for name in names), sum(name in CONVERSATIONS for name in names))


def standing(
    events: Iterable[Event], promised: Iterable[int] = (), *, ask_again: int = NOT_INTERESTED
) -> Standing:
    """The standing after ``events``, given in the order in which they happened, with the times of the open promises.

    A lead moves forward through contacted, appointment, offer, contract; a call after an appointment does not move it back.
    Won, lost, sold and dead end the conversation, and a later conversation or pause opens it again; a dial that reached nobody
    does not. A pause keeps what was reached. Somebody who is interested is so until another conversation says something else.
    A promise comes before every other date. Who opted out stays out. ``ask_again``: see :data:`NOT_INTERESTED`.
    """
    reached, ended, mood, paused, opted_out = "new", None, None, False, False
    contacts, last, hold, busy = 0, None, None, None
    for event, at, until in events:
        if event == "opted_out":
            opted_out = True
        elif event in ENDS:
            ended, paused, hold, busy, mood = event, False, None, None, None
        elif event == "busy":
            busy = at + BUSY
        elif event in _TRIES:
            contacts, last, busy = contacts + 1, at if last is None else max(last, at), None
        elif event == "paused":
            reached, ended = ("new", None) if ended is not None else (reached, None)
            paused, hold, busy = True, until, None
        elif event in CONVERSATIONS:
            if ended is not None:
                reached, ended = "new", None
            step = event if event in _PROGRESS else "contacted"
            reached = max(reached, step, key=_PROGRESS.__getitem__)
            mood = _mood(event, mood)
            paused, busy = False, None
            hold = until or at + ask_again if event == "not_interested" else None
            contacts, last = contacts + 1, at if last is None else max(last, at)
    if opted_out:
        return Standing("opted_out", contacts, last)
    if ended is not None:
        finer = "sold" if ended == "sold" else None
        return Standing("dead" if finer else ended, contacts, last, None, finer)
    hold = min(promised, default=hold)
    if busy is not None:
        hold = max(hold or 0, busy)
    finer = mood or ("offer" if reached == "offer" else None)
    status = "paused" if paused else "appointment" if reached == "offer" else reached
    return Standing(status, contacts, last, hold, finer)


def _mood(event: str, before: str | None) -> str | None:
    """Somebody who calls, or asks to be called, says nothing new about being interested, but is no longer uninterested."""
    if event in ("interested", "not_interested"):
        return event
    if event in ("inbound", "callback"):
        return before if before == "interested" else None
    return None
