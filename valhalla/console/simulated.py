"""Made-up data for a board whose source is unavailable. The same seed gives the same course. Nothing here is ever mixed
with what a source says, and every frame of it carries the mode ``simulated``."""

from __future__ import annotations

from random import Random
from typing import Any

from valhalla.console import peers as peer_rules
from valhalla.console.peers import Peer
from valhalla.console.reasoning import HISTORY_STEPS, HISTORY_WIDTH

SEED = 20_260_107

NODES = (
    ("alpha", "core", 14.0),
    ("beta", "trusted", 23.0),
    ("gamma", "trusted", 38.0),
    ("delta", "verified", 61.0),
    ("epsilon", "verified", 97.0),
    ("zeta", "external", 142.0),
)
ACTIONS = ("memory_sync", "reflection_sync", "identity_sync", "knowledge_sync")
SUBJECTS = (
    "batch of traces",
    "pattern review",
    "index refresh",
    "reflection",
    "trace comparison",
    "conflict check",
)


class SimulatedFederation:
    """A small mesh with a little traffic."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = Random(seed)
        self._latencies = [latency for _, _, latency in NODES]
        self._shared = [0] * len(NODES)
        self._feed: list[dict[str, Any]] = []

    def step(self, now: int) -> dict[str, Any]:
        """The values of a frame at ``now``, a little on from those before."""
        if not self._feed:
            for age in range(9, 0, -1):
                self._sync(now - age * 7_000)
        self._latencies = [max(2.0, each + self._random.uniform(-4, 4)) for each in self._latencies]
        if self._random.random() < 0.4:
            self._sync(now)
        away = self._random.random() < 0.05
        mesh = [
            Peer(
                id=f"simulated-{name}",
                hostname=f"simulated-{name}",
                trust_tier=tier,
                status="offline" if name == "zeta" or (name == "epsilon" and away) else "online",
                latency=round(latency, 1),
                last_seen=now,
            )
            for (name, tier, _), latency in zip(NODES, self._latencies, strict=True)
        ]
        return {
            "peers": [
                {
                    "id": peer["id"],
                    "name": peer["hostname"],
                    "trust_tier": peer["trust_tier"],
                    "status": peer["status"],
                    "latency": peer["latency"],
                    "data_shared": shared or None,
                }
                for peer, shared in zip(mesh, self._shared, strict=True)
            ],
            "sync_traffic": list(self._feed),
            **peer_rules.network_metrics(mesh),
            "data_integrity_basis": peer_rules.integrity_basis(mesh),
            "total_peers": len(mesh),
            "active_syncs": sum(now - each["timestamp"] <= 60_000 for each in self._feed),
        }

    def _sync(self, at: int) -> None:
        source, target = self._random.sample(range(5), 2)
        size = self._random.randint(512, 16_384)
        for end in (source, target):
            self._shared[end] += size
        self._feed.insert(
            0,
            {
                "timestamp": at,
                "peer": f"simulated-{NODES[source][0]} → simulated-{NODES[target][0]}",
                "action": self._random.choice(ACTIONS),
                "status": "error" if self._random.random() < 0.1 else "complete",
                "bytes": size,
            },
        )
        del self._feed[10:]


class SimulatedMemory:
    """A memory engine at moderate work."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = Random(seed)
        self._rates = (8.0, 6.0)
        self._dedup = 92.0
        self._trust = {"core": 140, "trusted": 85, "sandbox": 36, "external": 12}
        self._deltas = [self._delta() for _ in range(50)]
        self._logs: list[dict[str, Any]] = []

    def step(self, now: int) -> dict[str, Any]:
        """The values of a frame at ``now``, a little on from those before."""
        if not self._logs:
            for age in range(9, 0, -1):
                self._log(now - age * 11_000)
        self._rates = self._next(self._rates)
        self._dedup = min(99.0, max(80.0, self._dedup + self._random.uniform(-0.3, 0.3)))
        if self._random.random() < 0.5:
            self._deltas = [*self._deltas[1:], self._delta()]
        if self._random.random() < 0.3:
            self._trust["sandbox"] += 1
            self._log(now)
        return {
            "ingestion_rate": round(self._rates[0], 2),
            "consolidation_rate": round(self._rates[1], 2),
            "dedup_rate": round(self._dedup, 2),
            "quarantine_count": 2,
            "trust_distribution": dict(self._trust),
            "confidence_deltas": list(self._deltas),
            "logs": list(self._logs),
        }

    def history(self, now: int) -> list[dict[str, float]]:
        """Ten minutes that lead up to the rates of the last step."""
        width = HISTORY_WIDTH * 1_000
        end = now - now % width
        rates, found = self._rates, []
        for step in range(HISTORY_STEPS):
            found.append(
                {
                    "at": end - step * width,
                    "ingestion_rate": round(rates[0], 2),
                    "consolidation_rate": round(rates[1], 2),
                }
            )
            rates = self._next(rates)
        return found[::-1]

    @staticmethod
    def quarantine() -> list[dict[str, Any]]:
        """Two executions that were never run."""
        return [
            {"execution_id": "simulated-2", "status": "failed", "violations": ["simulated: wrote outside its folder"]},
            {"execution_id": "simulated-1", "status": "timeout", "violations": []},
        ]  # fmt: skip

    def _next(self, rates: tuple[float, float]) -> tuple[float, float]:
        ingestion = max(0.5, rates[0] + self._random.uniform(-0.8, 0.8))
        consolidation = max(0.2, rates[1] + self._random.uniform(-0.6, 0.6))
        return ingestion, min(ingestion, consolidation)

    def _delta(self) -> float:
        return round(self._random.gauss(0.02, 0.12), 3)

    def _log(self, at: int) -> None:
        confidence = round(self._random.uniform(0.35, 0.98), 2)
        kind, severity = (
            ("consolidation", "info")
            if confidence >= 0.7
            else ("reasoning", "info")
            if confidence >= 0.5
            else ("doubt", "warning")
        )
        message = f"simulated agent: {self._random.choice(SUBJECTS)} (confidence {confidence:.2f})"
        self._logs.insert(0, {"timestamp": at, "message": message, "type": kind, "severity": severity})
        del self._logs[10:]
