"""What the federation's peers are: read from what others wrote, merged, and summed up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from valhalla.console.moments import milliseconds

HEARTBEAT_MS = 120_000
"""A peer whose last heartbeat is older is offline, whatever it said of itself."""

TIER_WEIGHT = {"core": 100, "trusted": 95, "verified": 90}
"""Percent of integrity that a peer of the tier stands for while it is online; any other tier stands for none."""

LONGEST = 200
"""Characters of a name that are kept."""


class Malformed(ValueError):
    """What was read cannot be a peer or an event."""


class Peer(TypedDict):
    """One peer. ``latency`` in milliseconds and ``last_seen`` in UTC milliseconds are None when nobody said."""

    id: str
    hostname: str
    trust_tier: str
    status: str
    latency: float | None
    last_seen: int | None


def read_peer(peer_id: str, fields: Mapping[str, object], now: int) -> Peer:
    """The peer that ``fields`` describe at ``now`` (UTC milliseconds). Raises :class:`Malformed`."""
    if not peer_id:
        raise Malformed("a peer without an id")
    try:
        last_seen = milliseconds(fields.get("last_seen"))
    except (ValueError, OverflowError):
        raise Malformed(f"last_seen of {peer_id} is not a point in time") from None
    said = _text(fields.get("status")).lower()
    fresh = last_seen is not None and now - last_seen <= HEARTBEAT_MS
    return Peer(
        id=peer_id,
        hostname=_text(fields.get("hostname")) or peer_id[:LONGEST],
        trust_tier=_text(fields.get("trust_tier")).lower() or "unknown",
        status="online" if fresh and said != "offline" else "offline",
        latency=_latency(peer_id, fields.get("latency")),
        last_seen=last_seen,
    )


def read_discovered(answer: object, now: int) -> tuple[list[Peer], int]:
    """The peers in the answer of ``GET /discover``, and how many entries of it were malformed. Raises Malformed."""
    listed = answer.get("peers") if isinstance(answer, Mapping) else None
    if isinstance(listed, Mapping):
        listed = [
            {"id": key, **entry} if isinstance(entry, Mapping) else None for key, entry in listed.items()
        ]
    if not isinstance(listed, list):
        raise Malformed("the answer holds no list of peers")
    peers, malformed = {}, 0
    for entry in listed:
        try:
            if not isinstance(entry, Mapping):
                raise Malformed("no object")
            peer = read_peer(_text(entry.get("id") or entry.get("node_id")), entry, now)
        except Malformed:
            malformed += 1
        else:
            peers[peer["id"]] = peer
    return list(peers.values()), malformed


def merged(own: Iterable[Peer], discovered: Iterable[Peer]) -> list[Peer]:
    """Both lists as one, by id. Of a peer in both, the fresher heartbeat counts, and the tier in ``own``."""
    found = {peer["id"]: peer for peer in own}
    for peer in discovered:
        mine = found.get(peer["id"])
        if mine is None:
            found[peer["id"]] = peer
        elif (peer["last_seen"] or 0) > (mine["last_seen"] or 0):
            latency = mine["latency"] if peer["latency"] is None else peer["latency"]
            found[peer["id"]] = Peer(**{**peer, "trust_tier": mine["trust_tier"], "latency": latency})
        elif mine["latency"] is None:
            found[peer["id"]] = Peer(**{**mine, "latency": peer["latency"]})
    return [found[key] for key in sorted(found)]


def network_metrics(peers: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """``network_health`` (online of all, %), ``data_integrity`` (mean weight of the tiers, %) and ``avg_latency``
    (milliseconds), the last two over the peers that are online: data comes from nobody else. Each is None when there is
    nothing to take it from."""
    all_peers = list(peers)
    online = [peer for peer in all_peers if peer.get("status") == "online"]
    latencies = [peer["latency"] for peer in online if peer.get("latency") is not None]
    weights = [TIER_WEIGHT.get(str(peer.get("trust_tier")), 0) for peer in online]
    return {
        "network_health": _rounded(100 * len(online), len(all_peers)),
        "data_integrity": _rounded(sum(weights), len(weights)),
        "avg_latency": _rounded(sum(latencies), len(latencies)),
    }


def integrity_basis(peers: Iterable[Mapping[str, Any]]) -> str | None:
    """How ``data_integrity`` was computed, with the numbers put in: ``(2 core × 100 + 1 trusted × 95) / 3 online``."""
    online = [str(peer.get("trust_tier")) for peer in peers if peer.get("status") == "online"]
    if not online:
        return None
    terms = [
        f"{online.count(tier)} {tier} × {weight}" for tier, weight in TIER_WEIGHT.items() if tier in online
    ]
    others = sum(tier not in TIER_WEIGHT for tier in online)
    terms += [f"{others} other × 0"] if others else []
    return f"({' + '.join(terms)}) / {len(online)} online"


def _rounded(total: float, count: int) -> float | None:
    # Six places: enough for any reader, and 95 stays 95 where binary fractions would say 94.99999999999999.
    return round(total / count, 6) if count else None


def _latency(peer_id: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or number < 0:
        raise Malformed(f"latency of {peer_id} is not a number of milliseconds")
    return int(number) if number.is_integer() else number


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()[:LONGEST]
