"""Where the boards' data comes from, how each source answers, and what the boards showed over days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anyio import from_thread

from valhalla.cockpit import consoles
from valhalla.cockpit.state import Cockpit
from valhalla.console import configuration
from valhalla.console.history import SHARES, history

WIDTH, HEIGHT = 200, 32
"""Of a line, in its own units."""

PARTS = (
    ("federation", "redis", "Redis"),
    ("federation", "service", "Federation service"),
    ("memory", "reasoning", "reasoning_logs.db"),
    ("memory", "ark", "ark.db"),
)

NAMES = {
    "network_health": ("Network health", "%"),
    "data_integrity": ("Data integrity", "%"),
    "avg_latency": ("Average latency", "ms"),
    "total_peers": ("Peers", ""),
    "active_syncs": ("Active syncs", ""),
    "ingestion_rate": ("Ingestion", "/s"),
    "consolidation_rate": ("Consolidation", "/s"),
    "dedup_rate": ("Deduplication", "%"),
    "quarantine_count": ("Quarantine", ""),
}


def gather(here: Cockpit, hours: int) -> dict[str, Any]:
    """Every source as it is right now, and the history of both boards."""

    async def ask() -> dict[str, Any]:
        console = consoles.of(here)
        await console.ensure()
        return await console.health()

    found = from_thread.run(ask)
    used = configuration.read(here.database)
    in_use = {"federation": used.federation_in_use, "memory": used.memory_in_use}
    return {
        "sources": [
            {
                "board": board,
                "name": name,
                "where": found[board][part].get("url") or found[board][part]["path"],
                "following": False,
                "polling_reason": None,
                **found[board][part],
            }
            for board, part, name in PARTS
            if found[board].get(part)
        ],
        "boards": {
            board: {
                "in_use": in_use[board],
                **{key: found[board][key] for key in ("available", "mode", "clients")},
            }
            for board in in_use
        },
        "malformed": found["federation"].get("malformed", 0),
        "hours": hours,
        "history": {board: history(here.database, board, hours) for board in in_use},
    }


def lines(shown: dict[str, Any], now: int) -> dict[str, list[str]]:
    """For each figure, its points as the parts of a line that has no gap in it; ``now`` in UTC milliseconds."""
    begin = now - shown["hours"] * 3_600_000
    step = shown["step_seconds"] * 1_000
    made = {}
    for name, figure in shown["figures"].items():
        points = figure["points"]
        top = 100.0 if name in SHARES else max((value for _, value in points), default=0.0)
        made[name] = [
            " ".join(
                f"{WIDTH * (at - begin) / (now - begin):.1f},{HEIGHT - 1 - (HEIGHT - 2) * value / (top or 1):.1f}"
                for at, value in part
            )
            for part in _unbroken(points, 2 * step)
        ]
    return made


def _unbroken(points: Sequence[Sequence[float]], most: float) -> list[list[Sequence[float]]]:
    parts: list[list[Sequence[float]]] = []
    for point in points:
        if not parts or point[0] - parts[-1][-1][0] > most:
            parts.append([])
        parts[-1].append(point)
    # A single point is drawn as a short stroke.
    return [part if len(part) > 1 else [part[0], (part[0][0] + most / 2, part[0][1])] for part in parts]
