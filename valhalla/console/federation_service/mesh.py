"""Services that pull from each other: what one has heard of, all know.

Each asks the others every few seconds what it lacks (``POST /sync?documents=true``), and takes in the manifests that come back as if
their nodes had announced themselves here: it checks each signature itself, keeps ids with their first key, and believes nobody about
trust. A node is present from when it signed, so that no ring of services keeps one alive that has gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from valhalla.console.federation_service import manifest as manifests
from valhalla.console.federation_service.errors import Malformed, Refused, StoreDown, Unproven
from valhalla.console.federation_service.store import MOST_NODES, Store
from valhalla.console.moments import now_ms
from valhalla.console.redaction import shown

if TYPE_CHECKING:
    from httpx import AsyncClient

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two pulls from one service; a manifest is valid for 120."""

TIMEOUT = 5.0
LARGEST = 8 * 2**20
"""Bytes of an answer that are read: a hundred manifests of the largest size fit."""


class Pulled(NamedTuple):
    """What one pull brought."""

    taken: int
    refused: int
    """Manifests that were not proven, or that belong to another key here."""
    size: int
    """Bytes of the answer."""


class Mesh:
    """Pulls from ``others`` (addresses of federation services) into ``store`` while it is entered. ``name``: what this service is called
    in the sync events that consoles show."""

    def __init__(
        self, store: Store, others: Sequence[str], name: str, clock: Callable[[], int] = now_ms
    ) -> None:
        self.others = [other.rstrip("/") for other in others]
        self._store = store
        self._name = name
        self._clock = clock
        self._http: AsyncClient | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._failing: set[str] = set()
        self._refused: set[tuple[str, str]] = set()
        """Nodes and hashes that were refused once, and said so."""

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._follow(other), name=f"mesh: {other}") for other in self.others
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        http, self._http = self._http, None
        if http:
            await http.aclose()

    async def pull(self, other: str) -> Pulled:
        """Ask one service for what is lacking here, and take it in. Raises :class:`Malformed` when its answer is none, and
        :class:`StoreDown` when Redis does not answer here; OSError when it cannot be reached."""
        answer = await self._asked(other, await self._store.digests())
        taken = refused = 0
        for node in _nodes(answer):
            which = str(node.get("id")), str(node.get("hash"))
            if which in self._refused:
                continue
            try:
                found = manifests.verified(node.get("document"), self._clock())
                if found.timestamp is None:
                    raise Unproven("without a timestamp its age is unknown")
                await self._store.register(found, pulled=True)
                taken += 1
            except StoreDown:
                raise
            except Refused as error:
                log.warning("mesh: %s of %s is not taken: %s", which[0][:128], shown(other), error)
                refused += 1
                if len(self._refused) >= MOST_NODES:
                    self._refused.clear()
                self._refused.add(which)
        if taken or refused:
            await self._publish(other, len(answer), success=not refused)
        return Pulled(taken, refused, len(answer))

    async def _follow(self, other: str) -> None:
        while True:
            try:
                await self.pull(other)
                if other in self._failing:
                    self._failing.discard(other)
                    log.info("mesh: %s answers again", shown(other))
            except (OSError, Refused) as error:
                if other not in self._failing:
                    self._failing.add(other)
                    log.warning("mesh: nothing was pulled from %s: %s", shown(other), error)
                    await self._report_failure(other)
            except Exception:
                log.exception("mesh: a pull failed")
            await asyncio.sleep(EVERY)

    async def _report_failure(self, other: str) -> None:
        try:
            await self._publish(other, 0, success=False)
        except StoreDown:
            pass  # said once it is asked for

    async def _publish(self, other: str, size: int, *, success: bool) -> None:
        event = {
            "timestamp": self._clock(),
            "source": shown(other),
            "target": self._name,
            "event_type": "manifest_sync",
            "bytes": size,
            "success": success,
        }
        await self._store.publish(event)

    async def _asked(self, other: str, known: dict[str, str]) -> bytes:
        import httpx

        if self._http is None:
            # No proxy, no redirect: the address is the operator's and stays it.
            self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        nodes = [{"id": node, "hash": digest} for node, digest in list(known.items())[:MOST_NODES]]
        body = bytearray()
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                self._http.stream("POST", f"{other}/sync?documents=true", json={"nodes": nodes}) as answer,
            ):
                if answer.status_code != 200:
                    raise Malformed(f"it answers with {answer.status_code}")
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        raise Malformed(f"it answers with more than {LARGEST // 2**20} MB")
        except TimeoutError:
            raise OSError("it does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise OSError("it cannot be reached") from None
        return bytes(body)


def _nodes(answer: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    nodes = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise Malformed("it does not answer with a list of nodes")
    return nodes
