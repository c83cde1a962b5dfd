"""Sync events: JSON as other programs push it, and the lines of the feed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypedDict

from valhalla.console.moments import milliseconds
from valhalla.console.peers import LONGEST, Malformed, Peer

ACTIVE_MS = 60_000
"""An event that is not older counts as an active sync."""


class Event(TypedDict):
    """One transfer between two peers; ``timestamp`` in UTC milliseconds."""

    timestamp: int
    source: str
    target: str
    event_type: str
    bytes: int
    success: bool


def read_event(text: str | bytes) -> Event:
    """The event in ``text``. Raises :class:`Malformed` for what is no JSON object with a time, two ends and a size."""
    try:
        said = json.loads(text)
        moment = milliseconds(said["timestamp"])
        size = said.get("bytes", 0)
        ends = said["source"], said["target"]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Malformed("no sync event") from None
    if moment is None or isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < 2**63:
        raise Malformed("no sync event")
    if not all(isinstance(end, str) and end for end in ends):
        raise Malformed("no sync event")
    return Event(
        timestamp=moment,
        source=ends[0][:LONGEST],
        target=ends[1][:LONGEST],
        event_type=str(said.get("event_type") or "unknown")[:LONGEST],
        bytes=int(size),
        success=_is_success(said.get("success", True)),
    )


def _is_success(value: object) -> bool:
    return value.strip().lower() not in ("false", "0", "no", "") if isinstance(value, str) else bool(value)


def shared_bytes(peer: Peer, events: Iterable[Event]) -> int | None:
    """Bytes of those of the events that name the peer, None when none does."""
    names = {peer["id"], peer["hostname"]}
    sizes = [event["bytes"] for event in events if event["source"] in names or event["target"] in names]
    return sum(sizes) if sizes else None


def active(events: Iterable[Event], now: int) -> int:
    """How many of the events are not older than a minute at ``now``."""
    return sum(now - event["timestamp"] <= ACTIVE_MS for event in events)


def feed_line(event: Event) -> Mapping[str, object]:
    """The event as a frame shows it."""
    return {
        "timestamp": event["timestamp"],
        "peer": f"{event['source']} → {event['target']}",
        "action": event["event_type"],
        "status": "complete" if event["success"] else "error",
        "bytes": event["bytes"],
    }
