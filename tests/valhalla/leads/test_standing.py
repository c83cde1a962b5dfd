"""Where a conversation stands, from everything that was recorded about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valhalla.leads.standing import EVENTS, Event, Standing, standing

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
def test_tries_are_counted_and_only_pauses_hold(events: list[Event]) -> None:
    found = standing(events)
    talks = [event for event in events if event.event in ("contacted", "appointment", "contract")]
    assert found.contacts == len(talks)
    assert found.last_contact == (talks[-1].at if talks else None)
    assert found.hold_until is None or found.status == "paused"
