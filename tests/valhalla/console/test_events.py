"""Sync events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from valhalla.console.events import active, feed_line, read_event, shared_bytes
from valhalla.console.peers import Malformed, read_peer

NOW = 1_700_000_000_000


def event(**fields: Any) -> str:
    said = {
        "timestamp": NOW,
        "source": "alpha",
        "target": "beta",
        "event_type": "memory_sync",
        "bytes": 2048,
        "success": True,
    }
    return json.dumps({**said, **fields})  # fmt: skip


def test_an_event_becomes_a_line_of_the_feed() -> None:
    assert feed_line(read_event(event(timestamp=NOW // 1000))) == {
        "timestamp": NOW,
        "peer": "alpha → beta",
        "action": "memory_sync",
        "status": "complete",
        "bytes": 2048,
    }
    assert feed_line(read_event(event(success=False)))["status"] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        "null",
        "",
        event(timestamp=None),
        event(timestamp="soon"),
        event(bytes=-1),
        event(bytes="many"),
        event(bytes=True),
        event(source=""),
        event(target=3),
        '{"timestamp": 1}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_event_is_malformed(text: str | bytes) -> None:
    with pytest.raises(Malformed):
        read_event(text)


def test_bytes_shared_are_those_of_events_that_name_the_peer_by_id_or_host() -> None:
    events = [read_event(event(bytes=10)), read_event(event(source="beta", target="c.local", bytes=5))]

    def shared(peer_id: str, host: str) -> int | None:
        return shared_bytes(read_peer(peer_id, {"hostname": host}, NOW), events)

    assert [shared("alpha", "x"), shared("beta", "x"), shared("c", "c.local")] == [10, 15, 5]
    assert shared("nobody", "x") is None


def test_a_sync_is_active_for_a_minute() -> None:
    events = [read_event(event(timestamp=NOW - age)) for age in (0, 60_000, 60_001)]
    assert active(events, NOW) == 2
