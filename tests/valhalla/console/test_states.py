"""Frames: three modes, one in each frame."""

from __future__ import annotations

import json
from typing import Any

import pytest

from valhalla.console import FederationState, MemoryState
from valhalla.console.errors import SourceError
from valhalla.console.federation import FederationReading
from valhalla.console.memory import MemoryReading
from valhalla.console.peers import read_peer
from valhalla.console.states import PEERS_SHOWN

pytestmark = pytest.mark.anyio

NOW = 1_767_813_148_000
FEDERATION_KEYS = {
    "type", "timestamp", "peers", "sync_traffic", "network_health", "data_integrity", "data_integrity_basis", "avg_latency", "total_peers",
    "active_syncs", "source",
}  # fmt: skip
MEMORY_KEYS = {
    "type", "timestamp", "ingestion_rate", "consolidation_rate", "dedup_rate", "quarantine_count", "trust_distribution",
    "confidence_deltas", "logs", "source",
}  # fmt: skip


class Source:
    """Answers with what the test put there."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def read(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def mesh(count: int = 2, notes: list[str] | None = None, **more: Any) -> FederationReading:
    peers = [
        read_peer(
            f"p{n:04d}", {"last_seen": NOW, "trust_tier": "core", "latency": 5, "hostname": f"host-{n}"}, NOW
        )
        for n in range(count)
    ]
    event = {
        "timestamp": NOW - 1,
        "source": "p0000",
        "target": "far",
        "event_type": "memory_sync",
        "bytes": 7,
        "success": True,
    }
    return FederationReading(peers, [event], 0, NOW, notes or [], **more)  # type: ignore[list-item]


def federation(source: Source, fallback: bool = True) -> FederationState:
    return FederationState(lambda: source, fallback=lambda: fallback, clock=lambda: NOW)  # type: ignore[arg-type,return-value]


def memory(source: Source, fallback: bool = True) -> MemoryState:
    return MemoryState(lambda: source, fallback=lambda: fallback, clock=lambda: NOW)  # type: ignore[arg-type,return-value]


async def test_a_federation_frame_is_what_the_source_says() -> None:
    state = federation(Source(mesh()))
    frame = await state.update_metrics()
    assert frame is state.frame is state.to_dict()
    assert frame == {
        "type": "federation_update",
        "timestamp": NOW,
        "peers": [
            {"id": "p0000", "name": "host-0", "trust_tier": "core", "status": "online", "latency": 5, "data_shared": 7},
            {"id": "p0001", "name": "host-1", "trust_tier": "core", "status": "online", "latency": 5, "data_shared": None},
        ],
        "sync_traffic": [
            {"timestamp": NOW - 1, "peer": "p0000 → far", "action": "memory_sync", "status": "complete", "bytes": 7}
        ],
        "network_health": 100,
        "data_integrity": 100,
        "data_integrity_basis": "(2 core × 100) / 2 online",
        "avg_latency": 5,
        "total_peers": 2,
        "active_syncs": 1,
        "source": {"mode": "production", "as_of": NOW, "reason": None},
    }  # fmt: skip


async def test_each_value_of_the_latest_frame_is_an_attribute() -> None:
    state = federation(Source(mesh()))
    assert state.network_health is None
    await state.update_metrics()
    assert (state.network_health, state.total_peers) == (100, 2)
    with pytest.raises(AttributeError, match="FederationState has no 'ingestion_rate'"):
        _ = state.ingestion_rate


async def test_a_federation_without_peers_has_no_figures() -> None:
    frame = await federation(Source(FederationReading([], [], 0, NOW))).update_metrics()
    assert (frame["total_peers"], frame["network_health"], frame["active_syncs"]) == (0, None, 0)
    assert frame["source"]["mode"] == "production"


async def test_of_very_many_peers_the_frame_shows_some_and_says_so() -> None:
    frame = await federation(Source(mesh(PEERS_SHOWN + 5))).update_metrics()
    assert (len(frame["peers"]), frame["total_peers"]) == (PEERS_SHOWN, PEERS_SHOWN + 5)
    assert frame["source"]["reason"] == "500 of 505 peers are shown"


async def test_a_source_that_fails_is_replaced_by_simulated_data_that_says_so_and_comes_back() -> None:
    source = Source(mesh())
    state = federation(source)
    real = await state.update_metrics()
    source.answer = SourceError("Redis cannot be reached")
    frame = await state.update_metrics()
    assert frame["source"] == {"mode": "simulated", "as_of": NOW, "reason": "Redis cannot be reached"}
    assert set(frame) == FEDERATION_KEYS
    assert {peer["id"] for peer in frame["peers"]} & {peer["id"] for peer in real["peers"]} == set()
    assert all(peer["id"].startswith("simulated") for peer in frame["peers"])
    source.answer = mesh()
    assert await state.update_metrics() == real


async def test_with_the_fallback_off_there_are_nulls_and_no_zeros() -> None:
    frame = await federation(Source(SourceError("gone")), fallback=False).update_metrics()
    assert frame["source"] == {"mode": "unavailable", "as_of": None, "reason": "gone"}
    figures = FEDERATION_KEYS - {"type", "timestamp", "source", "peers", "sync_traffic"}
    assert {key: frame[key] for key in figures} == dict.fromkeys(figures)
    assert frame["peers"] == frame["sync_traffic"] == []
    frame = await memory(Source(SourceError("gone")), fallback=False).update_metrics()
    assert set(frame) == MEMORY_KEYS
    assert [
        frame[key] for key in ("ingestion_rate", "consolidation_rate", "dedup_rate", "quarantine_count")
    ] == [None] * 4


async def test_a_defect_of_a_source_does_not_stop_the_board(caplog: pytest.LogCaptureFixture) -> None:
    frame = await federation(Source(ZeroDivisionError("x")), fallback=False).update_metrics()
    assert frame["source"]["reason"] == "the source failed (ZeroDivisionError)"
    assert "federation source failed" in caplog.text


async def test_a_memory_frame_is_what_the_source_says() -> None:
    reading = MemoryReading(0.5, 0.25, None, 3, {"core": 1}, [0.1], [], NOW, ["ark.db is empty"])
    frame = await memory(Source(reading)).update_metrics()
    assert set(frame) == MEMORY_KEYS
    assert (frame["ingestion_rate"], frame["dedup_rate"], frame["quarantine_count"]) == (0.5, None, 3)
    assert frame["source"] == {"mode": "production", "as_of": NOW, "reason": "ark.db is empty"}


async def test_details_follow_the_frame() -> None:
    source = Source(SourceError("gone"))
    state = memory(source)
    await state.update_metrics()
    details = await state.details()
    assert details["mode"] == "simulated"
    assert len(details["history"]) == 60
    dark = memory(source, fallback=False)
    await dark.update_metrics()
    assert await dark.details() == {"mode": "unavailable", "history": [], "quarantine": []}


async def test_before_the_first_question_nothing_is_claimed() -> None:
    for state in (FederationState(), MemoryState()):
        assert state.frame["source"] == {"mode": "unavailable", "as_of": None, "reason": "not asked yet"}
        json.dumps(state.frame)


async def test_without_sources_the_boards_are_simulated() -> None:
    for state in (FederationState(), MemoryState()):
        assert (await state.update_metrics())["source"]["reason"] == "no source is set up"
