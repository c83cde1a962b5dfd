"""Where a conversation stands, worked out from everything that was recorded about it.

Always from all outcomes and never step by step, so that an outcome that is recorded late, or taken back, leaves the lead as if things
had been recorded in their true order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

EVENTS = ("contacted", "appointment", "contract", "won", "lost", "dead", "paused", "opted_out")
"""What can be recorded."""

_PROGRESS = {"new": 0, "contacted": 1, "appointment": 2, "contract": 3}
_ENDS = ("won", "lost", "dead")


class Event(NamedTuple):
    """One outcome; times are UTC microseconds."""

    event: str
    at: int
    until: int | None = None


class Standing(NamedTuple):
    """The columns of table ``lead`` that say where the conversation stands."""

    status: str = "new"
    contacts: int = 0
    """Tries on the follow-up ladder."""
    last_contact: int | None = None
    hold_until: int | None = None


def standing(events: Iterable[Event]) -> Standing:
    """The standing after ``events``, given in the order in which they happened.

    A lead moves forward through contacted, appointment, contract; a call after an appointment does not move it back. Won, lost and dead
    end the conversation, and a later contact or pause opens it again. A pause keeps what was reached. Who opted out stays out.
    """
    reached, ended, paused, opted_out = "new", None, False, False
    contacts, last, hold = 0, None, None
    for event, at, until in events:
        if event == "opted_out":
            opted_out = True
        elif event in _ENDS:
            ended, paused, hold = event, False, None
        else:
            if ended is not None:
                reached, ended = "new", None
            paused, hold = event == "paused", until if event == "paused" else None
            if paused:
                continue
            if _PROGRESS[event] > _PROGRESS[reached]:
                reached = event
        if event in _PROGRESS:
            contacts += 1
            last = at if last is None else max(last, at)
    if opted_out:
        return Standing("opted_out", contacts, last, None)
    return Standing(ended or ("paused" if paused else reached), contacts, last, hold)
