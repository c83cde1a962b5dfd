"""Where a conversation stands, from everything that was recorded about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.leads.standing import (
    BUSY,
    CONVERSATIONS,
    DIALS,
    ENDS,
    EVENTS,
    NOT_INTERESTED,
    Event,
    Standing,
    counted,
    standing,
)

CASES = [
    ([], Standing("new", 0, None, None)),
    ([("contacted", 1)], Standing("contacted", 1, 1, None)),
    ([("contacted", 1), ("appointment", 2), ("contacted", 3)], Standing("appointment", 3, 3, None)),
    ([("contract", 1), ("appointment", 2)], Standing("contract", 2, 2, None)),
    ([("contacted", 1), ("won", 2)], Standing("won", 1, 1, None)),
    ([("won", 1), ("lost", 2)], Standing("lost", 0, None, None)),
    ([("lost", 1), ("contacted", 2)], Standing("contacted", 1, 2, None)),
    ([("appointment", 1), ("dead", 2), ("contacted", 3)], Standing("contacted", 2, 3, None)),
    ([("appointment", 1), ("paused", 2, 9)], Standing("paused", 1, 1, 9)),
    ([("appointment", 1), ("paused", 2, 9), ("contacted", 3)], Standing("appointment", 2, 3, None)),
    ([("paused", 1, 9), ("lost", 2)], Standing("lost", 0, None, None)),
    ([("lost", 1), ("paused", 2, 9)], Standing("paused", 0, None, 9)),
    ([("opted_out", 1), ("contacted", 2)], Standing("opted_out", 1, 2, None)),
    ([("no_answer", 1), ("voicemail", 2)], Standing("new", 2, 2, None)),
    ([("wrong_number", 1), ("disconnected", 2), ("mail_returned", 3)], Standing("new", 0, None, None)),
    ([("lost", 1), ("no_answer", 2)], Standing("lost", 1, 2, None)),
    ([("paused", 1, 9), ("no_answer", 2)], Standing("paused", 1, 2, 9)),
    ([("busy", 1)], Standing("new", 0, None, 1 + BUSY)),
    ([("busy", 1), ("no_answer", 2)], Standing("new", 1, 2, None)),
    ([("interested", 1), ("no_answer", 2)], Standing("contacted", 2, 2, None, "interested")),
    ([("interested", 1), ("callback", 2, 9)], Standing("contacted", 2, 2, None, "interested")),
    ([("interested", 1), ("contacted", 2)], Standing("contacted", 2, 2, None)),
    ([("appointment", 1), ("interested", 2)], Standing("appointment", 2, 2, None, "interested")),
    (
        [("not_interested", 1)],
        Standing("contacted", 1, 1, 1 + NOT_INTERESTED, "not_interested"),
    ),
    ([("not_interested", 1, 9)], Standing("contacted", 1, 1, 9, "not_interested")),
    ([("not_interested", 1, 9), ("inbound", 2)], Standing("contacted", 2, 2, None)),
    ([("offer", 1), ("contacted", 2)], Standing("appointment", 2, 2, None, "offer")),
    ([("offer", 1), ("contract", 2)], Standing("contract", 2, 2, None)),
    ([("offer", 1), ("sold", 2)], Standing("dead", 1, 1, None, "sold")),
]


@pytest.mark.parametrize(("events", "found"), CASES)
def test_the_standing_follows_from_the_events(events: list[tuple[str, int]], found: Standing) -> None:
    assert standing(Event(*event) for event in events) == found


histories = st.lists(st.sampled_from(EVENTS), max_size=12).map(
    lambda events: [
        Event(event, at, at + 5 if event == "paused" else None) for at, event in enumerate(events)
    ]
)


@given(histories)
def test_who_opted_out_stays_out(events: list[Event]) -> None:
    out = any(event.event == "opted_out" for event in events)
    assert (standing(events).status == "opted_out") == out


@given(histories)
def test_dials_are_no_conversations_and_both_are_tries(events: list[Event]) -> None:
    found, both = standing(events), counted(events)
    names = [event.event for event in events]
    assert both == (sum(name in DIALS for name in names), sum(name in CONVERSATIONS for name in names))
    tries = [
        each
        for each in events
        if each.event in CONVERSATIONS or each.event in DIALS[:1] + DIALS[2:3] + DIALS[-1:]
    ]
    assert found.contacts == len(tries)
    assert found.last_contact == (tries[-1].at if tries else None)
    if not {"contacted", *CONVERSATIONS} & set(names):
        assert found.status in ("new", "paused", "opted_out", *ENDS)


@given(histories, st.lists(st.integers(1, 9), max_size=3))
def test_a_promise_comes_before_every_other_date(events: list[Event], promised: list[int]) -> None:
    found = standing(events, promised)
    if found.status in (*ENDS, "opted_out"):
        assert found.hold_until is None
    elif promised and not any(event.event == "busy" for event in events):
        assert found.hold_until == min(promised)
