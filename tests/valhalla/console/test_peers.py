"""Peers: who is online, what their figures are, whose word counts."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.console.peers import (
    Malformed,
    Peer,
    integrity_basis,
    merged,
    network_metrics,
    read_discovered,
    read_peer,
)

NOW = 1_700_000_000_000


def peer(peer_id: str = "a", **fields: Any) -> Peer:
    said = {
        "hostname": f"{peer_id}.local",
        "trust_tier": "core",
        "status": "online",
        "latency": "12",
        **fields,
    }
    return read_peer(peer_id, {"last_seen": str(NOW), **said}, NOW)


def test_a_peer_is_read() -> None:
    assert peer("ark-node-alpha", hostname="ark-node-alpha.local") == {
        "id": "ark-node-alpha",
        "hostname": "ark-node-alpha.local",
        "trust_tier": "core",
        "status": "online",
        "latency": 12,
        "last_seen": NOW,
    }


@pytest.mark.parametrize(
    ("age_ms", "stored", "status"),
    [
        (0, "online", "online"),
        (120_000, "online", "online"),
        (120_001, "online", "offline"),
        (0, "offline", "offline"),
        (0, "OFFLINE", "offline"),
        (0, "", "online"),
        (0, "degraded", "online"),
    ],
)
def test_online_is_a_fresh_heartbeat_and_no_word_to_the_contrary(
    age_ms: int, stored: str, status: str
) -> None:
    assert peer(last_seen=str(NOW - age_ms), status=stored)["status"] == status


def test_what_nobody_said_is_unknown_and_not_zero() -> None:
    assert read_peer("a", {}, NOW) == {
        "id": "a",
        "hostname": "a",
        "trust_tier": "unknown",
        "status": "offline",
        "latency": None,
        "last_seen": None,
    }


@pytest.mark.parametrize(
    "fields", [{"latency": "fast"}, {"latency": "nan"}, {"latency": "-1"}, {"last_seen": "yesterday"}]
)
def test_what_makes_no_sense_is_malformed(fields: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        peer(**fields)


def test_figures_of_a_mesh() -> None:
    mesh = [
        peer("a", latency="10"),
        peer("b", trust_tier="trusted", latency="20"),
        peer("c", trust_tier="verified", latency="900", status="offline"),
        peer("d", trust_tier="external", latency=""),
    ]
    assert network_metrics(mesh) == {"network_health": 75.0, "data_integrity": 65.0, "avg_latency": 15.0}
    assert integrity_basis(mesh) == "(1 core × 100 + 1 trusted × 95 + 1 other × 0) / 3 online"


def test_no_peers_have_no_figures() -> None:
    assert network_metrics([]) == {"network_health": None, "data_integrity": None, "avg_latency": None}


def test_a_mesh_that_is_all_offline_has_no_latency_but_a_health_of_zero() -> None:
    found = network_metrics([peer(status="offline")])
    assert found["network_health"] == 0
    assert found["avg_latency"] is found["data_integrity"] is None
    assert integrity_basis([peer(status="offline")]) is None


def test_of_a_peer_in_both_lists_the_fresher_heartbeat_counts_and_the_tier_set_here() -> None:
    own = peer("a", trust_tier="verified", last_seen=str(NOW - 300_000), latency="7")
    discovered = peer("a", trust_tier="core", hostname="new.local", latency="")
    (found,) = merged([own], [discovered])
    assert found == {
        "id": "a",
        "hostname": "new.local",
        "trust_tier": "verified",
        "status": "online",
        "latency": 7,
        "last_seen": NOW,
    }
    (kept,) = merged([peer("a", hostname="mine")], [peer("a", hostname="old", last_seen=str(NOW - 5_000))])
    assert kept["hostname"] == "mine"


def test_both_lists_are_shown_by_id() -> None:
    assert [each["id"] for each in merged([peer("b")], [peer("c"), peer("a")])] == ["a", "b", "c"]


def test_an_answer_of_discover_is_read_in_both_shapes_and_its_bad_entries_are_counted() -> None:
    entry = {"hostname": "x", "last_seen": NOW}
    listed, bad = read_discovered({"peers": [{"id": "a", **entry}, {"node_id": "b", **entry}, 7, {}]}, NOW)
    assert ([each["id"] for each in listed], bad) == (["a", "b"], 2)
    by_id, bad = read_discovered({"peers": {"a": entry, "b": None}}, NOW)
    assert ([each["id"] for each in by_id], bad) == (["a"], 1)


@pytest.mark.parametrize("answer", [None, [], {"peers": 3}, {"nodes": []}])
def test_an_answer_without_peers_is_refused(answer: object) -> None:
    with pytest.raises(Malformed):
        read_discovered(answer, NOW)
