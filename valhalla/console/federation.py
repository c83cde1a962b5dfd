"""The federation as it is: peers and sync events from Redis, peers from a federation service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from valhalla.console import events, keyspace, peers, redis_client
from valhalla.console.configuration import DEFAULT_REDIS_URL
from valhalla.console.errors import NotUsable, SourceError
from valhalla.console.events import Event
from valhalla.console.moments import now_ms
from valhalla.console.peers import Malformed, Peer
from valhalla.console.redaction import shown
from valhalla.console.vitals import Vitals

if TYPE_CHECKING:
    from httpx import AsyncClient
    from redis.asyncio import Redis

log = logging.getLogger(__name__)

PEER_FIELDS = ("hostname", "trust_tier", "status", "latency", "last_seen")
EVENTS_READ = 10

TIMEOUT = 2.0
"""Seconds that one look may take. Frames come each 2 to 3 seconds, also from a Redis that takes this long."""

SCAN_COUNT = 1_000
HASHES_AT_ONCE = 500
LARGEST_ANSWER = 4 * 2**20
"""Bytes of a federation service's answer that are read."""

FIRST_WAIT, LONGEST_WAIT = 0.25, 15.0
"""Seconds between two tries to reach a Redis that is gone: doubled each time up to the longest."""

NOBODY_WATCHES = "nobody watches the board"


@dataclass(frozen=True)
class FederationReading:
    """What one look at the federation found."""

    peers: list[Peer]
    events: list[Event] | None
    """Newest first; None when Redis could not be asked."""
    malformed: int
    """Entries that were skipped because they could not be read."""
    as_of: int
    """When, UTC milliseconds."""
    notes: list[str] = field(default_factory=list)
    """What is missing from this, as sentences."""


class FederationDataSource:
    """Reads the federation's state from Redis (``peer:*`` hashes, list ``sync_events``) and merges in what ``GET /discover``
    of the federation service lists. A Redis that is down is tried again in the background.

    ``federation_url``: address of the service; None: ``ARK_FEDERATION_URL``, if that is set; empty: none.
    """

    def __init__(
        self,
        redis_url: str = DEFAULT_REDIS_URL,
        *,
        federation_url: str | None = None,
        timeout: float = TIMEOUT,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.redis_url = redis_url
        if federation_url is None:
            federation_url = os.environ.get("ARK_FEDERATION_URL")
        self.federation_url = federation_url.rstrip("/") if federation_url else None
        self.connected = False
        """Whether Redis answered when it was last asked."""
        self.malformed = 0
        """Entries skipped by the last look."""
        self.reason: str | None = None
        """Why Redis is not connected."""
        self.changed = asyncio.Event()
        """Set when Redis said that a peer or a sync event was written."""
        self.following = asyncio.Event()
        """Set while Redis says so by itself."""
        self.polling_reason: str | None = NOBODY_WATCHES
        """Why Redis is only asked every few seconds; None while it says by itself what changes."""
        self.redis_vitals, self.service_vitals = Vitals(), Vitals()
        self._timeout = timeout
        self._clock = clock
        self._follower: asyncio.Task[None] | None = None
        self._redis: Redis | None = None
        self._http: AsyncClient | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()

    @property
    def _connected(self) -> bool:
        return self.connected

    async def connect(self) -> bool:
        """Try to reach Redis now, and keep trying in the background from here on. Returns whether it answered."""
        await self._try()
        if self._keeper is None and self._redis is not None:
            self._keeper = asyncio.create_task(self._keep(), name="federation source: reconnect")
        return self.connected

    async def disconnect(self) -> None:
        """Close what is open and stop trying."""
        await self.rest()
        keeper, self._keeper = self._keeper, None
        if keeper:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        redis, self._redis = self._redis, None
        self.connected = False
        if redis:
            with contextlib.suppress(*redis_client.failures()):
                await redis.aclose()
        http, self._http = self._http, None
        if http:
            await http.aclose()

    async def change(self, patience: float) -> bool:
        """Wait until Redis says that something was written, at most ``patience`` seconds. Returns whether it did. A Redis that says
        nothing costs the whole patience: then it is asked."""
        if self._follower is None or self._follower.done():
            self._follower = asyncio.create_task(self._follow(), name="federation source: follow")
        try:
            async with asyncio.timeout(patience):
                await self.changed.wait()
        except TimeoutError:
            return False
        self.changed.clear()
        return True

    async def rest(self) -> None:
        """Follow no longer, because nobody watches."""
        follower, self._follower = self._follower, None
        if follower:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
        self.polling_reason = NOBODY_WATCHES

    async def _follow(self) -> None:
        """Follow for as long as Redis is there and lets it; frames are made by asking all the same."""
        try:
            redis = self._open()
            async with asyncio.timeout(self._timeout):
                self.polling_reason = await keyspace.refusal(redis)
            if self.polling_reason is None:
                await keyspace.follow(redis, self.changed, self.following)
        except NotUsable as error:
            self.polling_reason = str(error)
        except redis_client.failures() as error:
            self.polling_reason = str(redis_client.reason(self.redis_url, error))
        # Not at once again: each call of change() begins again, and they come every few seconds.
        await asyncio.sleep(LONGEST_WAIT)

    async def get_peers(self) -> list[Peer]:
        """All peers that can be read, by id; those of the federation service merged in. Empty when nothing answers."""
        try:
            return (await self.read()).peers
        except SourceError:
            return []

    async def get_sync_traffic(self) -> list[Event]:
        """The ten newest sync events, newest first. Empty when Redis does not answer."""
        try:
            found, malformed = await self._events()
        except SourceError:
            return []
        self.malformed = malformed
        return found

    async def get_network_metrics(self, peers_: list[Peer] | list[dict[str, Any]]) -> dict[str, float | None]:
        """See :func:`valhalla.console.peers.network_metrics`."""
        return peers.network_metrics(peers_)

    async def read(self) -> FederationReading:
        """Everything for one frame. Raises :class:`SourceError` with the reason when nothing answers."""
        redis_part, service_part = await asyncio.gather(
            self._peers_and_events(), self._discovered(), return_exceptions=True
        )
        for part in (redis_part, service_part):
            if isinstance(part, BaseException) and not isinstance(part, SourceError):
                raise part
        notes = [str(part) for part in (redis_part, service_part) if isinstance(part, SourceError)]
        own: list[Peer] = []
        found_events: list[Event] | None = None
        discovered: list[Peer] = []
        malformed = 0
        if not isinstance(redis_part, BaseException):
            own, found_events, malformed = redis_part
        elif self.federation_url is None or isinstance(service_part, BaseException):
            raise SourceError("; ".join(notes))
        if not isinstance(service_part, BaseException):
            discovered, more = service_part
            malformed += more
        self.malformed = malformed
        if malformed:
            notes.append(
                f"{malformed} {'entry' if malformed == 1 else 'entries'} could not be read and "
                f"{'is' if malformed == 1 else 'are'} left out"
            )
        return FederationReading(peers.merged(own, discovered), found_events, malformed, self._clock(), notes)

    async def health(self) -> dict[str, Any]:
        """Whether each part answers right now."""
        began = time.monotonic()
        try:
            redis = self._open()
            async with asyncio.timeout(self._timeout):
                await redis.ping()
            self._found()
            self.redis_vitals.answered(self._clock(), time.monotonic() - began)
        except SourceError as error:
            self.reason = str(error)
        except redis_client.failures() as error:
            self._gone(error)
        service: dict[str, Any] | None = None
        if self.federation_url:
            try:
                await self._discovered()
                service = {"url": shown(self.federation_url), "connected": True, "reason": None}
            except SourceError as error:
                service = {"url": shown(self.federation_url), "connected": False, "reason": str(error)}
            service |= self.service_vitals.to_json()
        return {
            "redis": {
                "url": shown(self.redis_url),
                "connected": self.connected,
                "reason": self.reason,
                "following": self.following.is_set(),
                "polling_reason": None if self.following.is_set() else self.polling_reason,
                **self.redis_vitals.to_json(),
            },
            "service": service,
            "malformed": self.malformed,
        }

    # Redis

    def _open(self) -> Redis:
        if self._redis is None:
            self._redis = redis_client.client(self.redis_url, self._timeout)
        return self._redis

    async def _try(self) -> None:
        try:
            redis = self._open()
            async with asyncio.timeout(self._timeout):
                await redis.ping()
        except NotUsable as error:
            self.connected, self.reason = False, str(error)
            self.redis_vitals.failed(self._clock())
        except redis_client.failures() as error:
            self._gone(error)
        else:
            self._found()

    async def _keep(self) -> None:
        """Wait until Redis is lost, then try again until it is back."""
        wait = FIRST_WAIT
        while True:
            if self.connected:
                wait = FIRST_WAIT
                self._lost.clear()
                await self._lost.wait()
            # Half fixed, half by chance: consoles that lost the same Redis do not all come back in one moment.
            await asyncio.sleep(wait / 2 + random.uniform(0, wait / 2))
            wait = min(wait * 2, LONGEST_WAIT)
            if not self.connected:
                await self._try()

    def _found(self) -> None:
        if not self.connected:
            log.info("federation source: connected to Redis at %s", shown(self.redis_url))
        self.connected, self.reason = True, None

    def _gone(self, error: BaseException) -> SourceError:
        sentence = redis_client.reason(self.redis_url, error)
        if self.connected or self.reason is None:
            log.warning("federation source: %s", sentence)
        self.connected, self.reason = False, str(sentence)
        self.redis_vitals.failed(self._clock())
        self._lost.set()
        return sentence

    async def _ask(self, question: Callable[[Redis], Any]) -> Any:
        """What ``question`` finds on the connection; whatever goes wrong becomes a SourceError."""
        if not self.connected and self._keeper is not None:
            raise SourceError(
                self.reason or "Redis is not connected"
            )  # the keeper tries, frames do not wait for it
        redis = self._open()
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await question(redis)
        except redis_client.failures() as error:
            raise self._gone(error) from None
        self._found()
        self.redis_vitals.answered(self._clock(), time.monotonic() - began)
        return answer

    async def _peers_and_events(self) -> tuple[list[Peer], list[Event], int]:
        async def question(redis: Redis) -> tuple[list[bytes], list[Any], Any]:
            keys = sorted({key async for key in redis.scan_iter(match=b"peer:*", count=SCAN_COUNT)})
            hashes: list[Any] = []
            pipe = redis.pipeline(transaction=False)
            pipe.lrange("sync_events", 0, EVENTS_READ - 1)
            for start in range(0, max(len(keys), 1), HASHES_AT_ONCE):
                for key in keys[start : start + HASHES_AT_ONCE]:
                    pipe.hmget(key, PEER_FIELDS)
                hashes += await pipe.execute(raise_on_error=False)
            listed = hashes.pop(0)
            return keys, hashes, listed

        keys, hashes, listed = await self._ask(question)
        found, malformed = [], 0
        now = self._clock()
        for key, values in zip(keys, hashes, strict=True):
            try:
                found.append(_peer(key, values, now))
            except Malformed:
                malformed += 1
        found_events, more = _events(listed)
        return found, found_events, malformed + more

    async def _events(self) -> tuple[list[Event], int]:
        async def question(redis: Redis) -> Any:
            pipe = redis.pipeline(transaction=False)
            pipe.lrange("sync_events", 0, EVENTS_READ - 1)
            return (await pipe.execute(raise_on_error=False))[0]

        return _events(await self._ask(question))

    # Federation service

    async def _discovered(self) -> tuple[list[Peer], int]:
        if self.federation_url is None:
            return [], 0
        began = time.monotonic()
        try:
            found = await self._asked_service()
        except SourceError:
            self.service_vitals.failed(self._clock())
            raise
        self.service_vitals.answered(self._clock(), time.monotonic() - began)
        return found

    async def _asked_service(self) -> tuple[list[Peer], int]:
        assert self.federation_url is not None
        where = f"the federation service at {shown(self.federation_url)}"
        import httpx

        if self._http is None:
            # No proxy, no redirect: the address is the operator's and stays it.
            self._http = httpx.AsyncClient(timeout=self._timeout, trust_env=False)
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._http.stream("GET", f"{self.federation_url}/discover") as answer,
            ):
                if answer.status_code != 200:
                    raise SourceError(f"{where} answers with {answer.status_code}")
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        raise SourceError(f"{where} answers with more than {LARGEST_ANSWER // 2**20} MB")
            return peers.read_discovered(json.loads(body), self._clock())
        except TimeoutError:
            raise SourceError(f"{where} does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            raise SourceError(f"{where} cannot be reached") from None
        except (ValueError, RecursionError):
            raise SourceError(f"{where} does not answer with a list of peers") from None


def _peer(key: bytes, values: object, now: int) -> Peer:
    if not isinstance(values, list) or not any(values):
        raise Malformed("no hash with anything about a peer in it")
    try:
        said = {name: value.decode() for name, value in zip(PEER_FIELDS, values, strict=True) if value}
        return peers.read_peer(key.decode().removeprefix("peer:"), said, now)
    except UnicodeDecodeError:
        raise Malformed("no UTF-8") from None


def _events(listed: object) -> tuple[list[Event], int]:
    if not isinstance(listed, list):
        return [], 1  # sync_events is something else than a list
    found, malformed = [], 0
    for text in listed:
        try:
            found.append(events.read_event(text))
        except Malformed:
            malformed += 1
    return found, malformed
