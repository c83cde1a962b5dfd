"""The two boards' state: the latest frame, and how the next one is made."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from valhalla.console import events, peers
from valhalla.console.errors import SourceError
from valhalla.console.federation import FederationDataSource, FederationReading
from valhalla.console.memory import MemoryDataSource, MemoryReading
from valhalla.console.moments import now_ms
from valhalla.console.simulated import SEED, SimulatedFederation, SimulatedMemory

log = logging.getLogger(__name__)

Frame = dict[str, Any]

PEERS_SHOWN = 500
"""Peers in a frame at most; the figures are about all of them."""

NO_SOURCE = "no source is set up"
NOT_ASKED = "not asked yet"

NO_FEDERATION: Frame = {
    "peers": [],
    "sync_traffic": [],
    "network_health": None,
    "data_integrity": None,
    "data_integrity_basis": None,
    "avg_latency": None,
    "total_peers": None,
    "active_syncs": None,
}
NO_MEMORY: Frame = {
    "ingestion_rate": None,
    "consolidation_rate": None,
    "dedup_rate": None,
    "quarantine_count": None,
    "trust_distribution": {},
    "confidence_deltas": [],
    "logs": [],
}


def federation_values(reading: FederationReading) -> Frame:
    """A frame's values from what was read."""
    traffic = reading.events or []
    shown = reading.peers
    notes = reading.notes
    if len(shown) > PEERS_SHOWN:
        notes.append(f"{PEERS_SHOWN} of {len(shown)} peers are shown")
        # People who can be reached come first; the order among equals stays.
        shown = sorted(shown, key=lambda peer: peer["status"] != "online")[:PEERS_SHOWN]
    return {
        "peers": [
            {
                "id": peer["id"],
                "name": peer["hostname"],
                "trust_tier": peer["trust_tier"],
                "status": peer["status"],
                "latency": peer["latency"],
                "data_shared": events.shared_bytes(peer, traffic),
            }
            for peer in shown
        ],
        "sync_traffic": [events.feed_line(event) for event in traffic],
        **peers.network_metrics(reading.peers),
        "data_integrity_basis": peers.integrity_basis(reading.peers),
        "total_peers": len(reading.peers),
        "active_syncs": None if reading.events is None else events.active(traffic, reading.as_of),
    }


def memory_values(reading: MemoryReading) -> Frame:
    """A frame's values from what was read."""
    return {name: getattr(reading, name) for name in NO_MEMORY}


def _yes() -> bool:
    return True


class _State:
    """What both have in common: three modes, and that a frame has exactly one of them."""

    kind: str
    nothing: Frame
    simulation: Callable[[int], Any]
    """Made-up values, by a seed."""
    values: Callable[[Any], Frame]
    """A frame's values from what was read."""

    def __init__(
        self,
        source: Callable[[], FederationDataSource | MemoryDataSource | None],
        *,
        fallback: Callable[[], bool] = _yes,
        seed: int = SEED,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._source: Callable[[], Any] = source
        self._simulation = self.simulation(seed)
        self._fallback = fallback
        self._clock = clock
        self._last_real: int | None = None
        self.frame: Frame = self._framed(self.nothing, "unavailable", NOT_ASKED)
        """The latest frame. Never changed afterwards: each update makes a new one."""

    def __getattr__(self, name: str) -> Any:
        """Each value of the latest frame, as in the ARK documents: ``state.network_health``."""
        frame = self.__dict__.get("frame", {})
        if name in frame:
            return frame[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def to_dict(self) -> Frame:
        """The latest frame."""
        return self.frame

    async def update_metrics(self) -> Frame:
        """Ask the source and make the next frame: ``production`` from what it says; when it says nothing ``simulated``,
        or, with the fallback off, ``unavailable``. Returns the frame; never raises for a source."""
        try:
            values, as_of, notes = await self._real()
        except SourceError as error:
            self.frame = self._without(str(error))
        except Exception as error:
            # Whatever other programs put into their files and servers, a board goes on.
            log.exception("console: the %s source failed", self.kind)
            self.frame = self._without(f"the source failed ({type(error).__name__})")
        else:
            self._last_real = as_of
            self.frame = self._framed(values, "production", "; ".join(notes) or None)
        return self.frame

    async def _real(self) -> tuple[Frame, int, list[str]]:
        """Values, since when they are true (UTC milliseconds), and what is to be said about them."""
        source = self._source()
        if source is None:
            raise SourceError(NO_SOURCE)
        reading = await source.read()
        return self.values(reading), reading.as_of, reading.notes

    def _without(self, reason: str) -> Frame:
        if self._fallback():
            return self._framed(self._simulation.step(self._clock()), "simulated", reason)
        return self._framed(self.nothing, "unavailable", reason)

    def _framed(self, values: Frame, mode: str, reason: str | None) -> Frame:
        return {
            "type": f"{self.kind}_update",
            "timestamp": self._clock(),
            **values,
            "source": {"mode": mode, "as_of": self._last_real, "reason": reason},
        }


class FederationState(_State):
    """Frames of type ``federation_update``. ``source.as_of`` is when real data was read last (UTC milliseconds)."""

    kind = "federation"
    nothing = NO_FEDERATION
    simulation = SimulatedFederation
    values = staticmethod(federation_values)


class MemoryState(_State):
    """Frames of type ``memory_update``. ``source.as_of`` is when real data was read last (UTC milliseconds)."""

    kind = "memory"
    nothing = NO_MEMORY
    simulation = SimulatedMemory
    values = staticmethod(memory_values)

    async def details(self) -> dict[str, Any]:
        """What the board shows in addition to the frames, in the mode of the latest one: ``history`` (both rates over ten
        minutes) and ``quarantine`` (what is in it, and why)."""
        mode = self.frame["source"]["mode"]
        source = self._source()
        if mode == "production" and source is not None:
            return {
                "mode": mode,
                "history": await source.get_history(),
                "quarantine": await source.get_quarantine(),
            }
        if mode == "simulated":
            return {
                "mode": mode,
                "history": self._simulation.history(self._clock()),
                "quarantine": self._simulation.quarantine(),
            }
        return {"mode": mode, "history": [], "quarantine": []}
