"""Redis says that a peer or a sync event was written, where it is set up to: then a board need not wait for its next look.

Valhalla changes nothing in a Redis that it looks at, so the person who runs it switches this on:
``CONFIG SET notify-keyspace-events Kghlx`` (keyspace events of any key's, hashes', lists' and expiry's commands).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

NEEDED = (frozenset("gA"), frozenset("hA"), frozenset("lA"), frozenset("xA"))
"""One flag of each is needed, and K."""

OFF = "Redis does not publish keyspace events (notify-keyspace-events needs K, g, h, l and x); it is asked every 2 to 3 seconds"
NOT_SAID = "Redis does not say whether it publishes keyspace events; it is asked every 2 to 3 seconds"


async def refusal(redis: Redis) -> str | None:
    """Why there is nothing to follow; None when there is."""
    try:
        said: Any = await redis.config_get("notify-keyspace-events")
    except Exception as error:
        from redis.exceptions import ResponseError

        if isinstance(error, ResponseError):  # renamed or forbidden, as hosted ones do
            return NOT_SAID
        raise
    flags = said.get("notify-keyspace-events", said.get(b"notify-keyspace-events", ""))
    found = frozenset(flags.decode() if isinstance(flags, bytes) else str(flags))
    return None if "K" in found and all(found & each for each in NEEDED) else OFF


async def follow(redis: Redis, changed: asyncio.Event, following: asyncio.Event) -> None:
    """Set ``changed`` whenever a peer or the list of sync events is written or expires; ``following`` once that is so. Ends with the
    connection."""
    number = redis.connection_pool.connection_kwargs.get("db") or 0
    pubsub = redis.pubsub(ignore_subscribe_messages=False)
    patterns = (f"__keyspace@{number}__:peer:*", f"__keyspace@{number}__:sync_events")
    try:
        await pubsub.psubscribe(*patterns)
        confirmed = 0
        while True:
            message = await pubsub.get_message(timeout=30.0)
            if message is None:
                continue
            if message["type"] == "psubscribe":
                confirmed += 1
                if confirmed == len(patterns):
                    following.set()
            else:
                changed.set()
    finally:
        following.clear()
        await pubsub.aclose()  # type: ignore[no-untyped-call]
