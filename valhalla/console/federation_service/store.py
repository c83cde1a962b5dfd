"""What the federation service keeps in Redis.

``peer:<id>`` (hash, gone 120 s after the last manifest) is what consoles read. ``federation:node:<id>`` (hash: pubkey,
timestamp, digest, and the signed document for other services) pins a node's id to the first key that used it: for good when the operator has set its tier, else until
it has been silent for a week. ``federation:tiers`` (hash) is the
operator's word on whom to trust, which no manifest changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from valhalla.console import redis_client
from valhalla.console.errors import SourceError
from valhalla.console.federation import FederationDataSource
from valhalla.console.federation_service.errors import Full, StoreDown, Unproven
from valhalla.console.federation_service.manifest import Manifest
from valhalla.console.moments import now_ms
from valhalla.console.peers import Peer

if TYPE_CHECKING:
    from redis.asyncio import Redis

EXPIRY_S = 120
PIN_S = 7 * 86_400
"""How long an id stays with its key when the node is silent and the operator has not said how far it is trusted."""

MOST_NODES = 10_000
EVENTS_KEPT = 100
NEW_TIER = "external"
"""What a node is until the operator says otherwise: its key is proven, its trust is not."""

TIERS = ("core", "trusted", "verified", "external")

NODES, TIER_TABLE = "federation:nodes", "federation:tiers"

REGISTER = """
local pinned = redis.call('HGET', KEYS[2], 'pubkey')
if pinned and pinned ~= ARGV[2] then return 'key' end
if not pinned and redis.call('SCARD', KEYS[3]) >= tonumber(ARGV[6]) then
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    local ttl = redis.call('TTL', 'federation:node:' .. id)
    if ttl == -2 then redis.call('SREM', KEYS[3], id) end
    if ttl == -1 and redis.call('HEXISTS', KEYS[4], id) == 0 then
      redis.call('EXPIRE', 'federation:node:' .. id, ARGV[9])
    end
  end
  if redis.call('SCARD', KEYS[3]) >= tonumber(ARGV[6]) then return 'full' end
end
local last = redis.call('HGET', KEYS[2], 'timestamp')
if last then
  if ARGV[3] == '' then return 'unstamped' end
  if tonumber(ARGV[3]) < tonumber(last) then return 'older' end
  if tonumber(ARGV[3]) == tonumber(last) then
    if redis.call('HGET', KEYS[2], 'digest') == ARGV[4] then return 'again' end
    return 'older'
  end
end
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('HSET', KEYS[2], 'pubkey', ARGV[2], 'digest', ARGV[4], 'document', ARGV[10])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], 'timestamp', ARGV[3]) end
if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 0 then redis.call('EXPIRE', KEYS[2], ARGV[9])
else redis.call('PERSIST', KEYS[2]) end
local fields = cjson.decode(ARGV[5])
local tier = redis.call('HGET', KEYS[4], ARGV[1]) or ARGV[7]
redis.call('DEL', KEYS[1])
for i = 1, #fields, 2 do redis.call('HSET', KEYS[1], fields[i], fields[i + 1]) end
redis.call('HSET', KEYS[1], 'trust_tier', tier)
redis.call('EXPIRE', KEYS[1], ARGV[8])
return 'registered'
"""
"""One step for Redis, so that of two first manifests for one id exactly one pins it."""

_REFUSALS = {
    "key": "this node id belongs to another key: the first one that used it",
    "older": "a manifest of this node with a later timestamp, or another with this one, was seen before",
    "unstamped": "this node has signed with a timestamp before; a manifest without one could be an old one",
}


class Store:
    """The service's side of one Redis. Methods raise :class:`StoreDown` when it does not answer."""

    def __init__(self, redis_url: str, *, timeout: float = 2.0, clock: Callable[[], int] = now_ms) -> None:
        self.redis_url = redis_url
        self._clock = clock
        self._timeout = timeout
        self._redis: Redis | None = None
        self._source = FederationDataSource(redis_url, federation_url="", timeout=timeout, clock=clock)

    async def check(self) -> None:
        """Raise :class:`StoreDown` with the reason when Redis does not answer now."""
        await self._ask(lambda redis: redis.ping())

    async def register(self, manifest: Manifest, *, pulled: bool = False) -> None:
        """Take the manifest in. ``pulled``: from another service, so the node was there when it signed, and is present from then on only.
        Raises :class:`Unproven` or :class:`Full` when it must not be taken."""
        now = self._clock()
        seen = min(now, manifest.timestamp or now) if pulled else now
        expiry = max(1, EXPIRY_S - (now - seen) // 1_000)
        fields = {"hostname": manifest.node_id, **manifest.fields}
        fields |= {"status": "online", "last_seen": str(seen)}
        flat = [text for pair in fields.items() for text in pair]
        answer = await self._ask(
            lambda redis: redis.eval(
                REGISTER,
                4,
                f"peer:{manifest.node_id}",
                f"federation:node:{manifest.node_id}",
                NODES,
                TIER_TABLE,
                manifest.node_id,
                manifest.pubkey,
                "" if manifest.timestamp is None else str(manifest.timestamp),
                manifest.digest,
                json.dumps(flat),
                str(MOST_NODES),
                NEW_TIER,
                str(expiry),
                str(PIN_S),
                manifest.document,
            )
        )
        said = answer.decode() if isinstance(answer, bytes) else str(answer)
        if said in _REFUSALS:
            raise Unproven(_REFUSALS[said])
        if said == "full":
            raise Full(f"this service knows {MOST_NODES} nodes and takes no further ones")

    async def peers(self) -> list[Peer]:
        """All peers that consoles would see."""
        try:
            return (await self._source.read()).peers
        except SourceError as error:
            raise StoreDown(str(error)) from None

    async def digests(self) -> dict[str, str]:
        """The digest of each present node's latest manifest, by id."""
        present = [peer["id"] for peer in await self.peers()]

        async def question(redis: Redis) -> list[Any]:
            pipe = redis.pipeline(transaction=False)
            for node in present:
                pipe.hget(f"federation:node:{node}", "digest")
            return list(await pipe.execute())

        found = await self._ask(question) if present else []
        return {
            node: digest.decode() for node, digest in zip(present, found, strict=True) if digest is not None
        }

    async def documents(self, nodes: Sequence[str]) -> dict[str, Any]:
        """The signed document of each of these nodes, by id, where there is one with a timestamp: without one nobody else could check
        whether it is an old one."""

        async def question(redis: Redis) -> list[Any]:
            pipe = redis.pipeline(transaction=False)
            for node in nodes:
                pipe.hmget(f"federation:node:{node}", ["timestamp", "document"])
            return list(await pipe.execute())

        found = await self._ask(question) if nodes else []
        return {
            node: json.loads(document)
            for node, (stamped, document) in zip(nodes, found, strict=True)
            if stamped is not None and document is not None
        }

    async def publish(self, event: Mapping[str, Any]) -> None:
        """Add a sync event, which consoles show; the newest hundred are kept."""

        async def add(redis: Redis) -> None:
            pipe = redis.pipeline(transaction=True)
            pipe.lpush("sync_events", json.dumps(event))
            pipe.ltrim("sync_events", 0, EVENTS_KEPT - 1)
            await pipe.execute()

        await self._ask(add)

    async def trust(self, node_id: str, tier: str) -> None:
        """Set the tier of a node, for now and for later."""
        await self._ask(lambda redis: redis.hset(TIER_TABLE, node_id, tier))
        await self._ask(lambda redis: redis.persist(f"federation:node:{node_id}"))
        if await self._ask(lambda redis: redis.exists(f"peer:{node_id}")):
            await self._ask(lambda redis: redis.hset(f"peer:{node_id}", "trust_tier", tier))

    async def forget(self, node_id: str) -> bool:
        """Remove a node with its pin and tier: the next node to announce the id has it. False: there was none."""

        async def forget(redis: Redis) -> bool:
            pipe = redis.pipeline(transaction=True)
            pipe.delete(f"peer:{node_id}", f"federation:node:{node_id}")
            pipe.srem(NODES, node_id)
            pipe.hdel(TIER_TABLE, node_id)
            return any(await pipe.execute())

        return bool(await self._ask(forget))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._source.disconnect()
        redis, self._redis = self._redis, None
        if redis:
            await redis.aclose()

    async def _ask(self, question: Callable[[Redis], Any]) -> Any:
        try:
            if self._redis is None:
                self._redis = redis_client.client(self.redis_url, self._timeout)
            return await question(self._redis)
        except SourceError as error:
            raise StoreDown(str(error)) from None
        except redis_client.failures() as error:
            raise StoreDown(str(redis_client.reason(self.redis_url, error))) from None
