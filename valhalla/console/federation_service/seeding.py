"""Fills a Redis for trying the federation board out."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from valhalla.console.moments import now_ms
from valhalla.console.simulated import ACTIONS

if TYPE_CHECKING:
    from redis.asyncio import Redis

TIERS = ("core", "trusted", "verified", "verified", "external")
SEED = 1
EVENTS_KEPT = 100


async def seed(redis: Redis, peers: int, events: int, *, expire: int | None = None) -> dict[str, int]:
    """Write so many peers ``peer:seed-…`` and sync events; returns what was written.

    The last peer is silent for an hour, so that there is one offline to see. ``expire``: seconds after which the peers
    vanish by themselves.
    """
    random = Random(SEED)
    now = now_ms()
    names = [f"seed-{number:02d}" for number in range(1, peers + 1)]
    pipe = redis.pipeline(transaction=True)
    for place, name in enumerate(names):
        silent = place == len(names) - 1 and len(names) > 1
        fields: dict[Any, Any] = {
            "hostname": f"{name}.example",
            "trust_tier": TIERS[place % len(TIERS)],
            "status": "online",
            "latency": str(round(random.uniform(5, 160), 1)),
            "last_seen": str(now - 3_600_000 if silent else now),
        }
        pipe.hset(f"peer:{name}", mapping=fields)
        if expire:
            pipe.expire(f"peer:{name}", expire)
    written = events if len(names) > 1 else 0
    for age in range(written, 0, -1):
        source, target = random.sample(names, 2)
        event = {
            "timestamp": now - age * 6_000,
            "source": source,
            "target": target,
            "event_type": random.choice(ACTIONS),
            "bytes": random.randint(256, 65_536),
            "success": random.random() > 0.1,
        }
        pipe.lpush("sync_events", json.dumps(event))
    pipe.ltrim("sync_events", 0, EVENTS_KEPT - 1)
    await pipe.execute()
    return {"peers": len(names), "events": written}
