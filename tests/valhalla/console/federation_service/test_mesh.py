"""Three federation services that pull from each other, each with a Redis of its own number and served for real."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from valhalla.console import redis_client
from valhalla.console.federation import FederationDataSource
from valhalla.console.federation_service.errors import Malformed
from valhalla.console.federation_service.mesh import Mesh, Pulled
from valhalla.console.federation_service.service import make_app
from valhalla.console.federation_service.store import EXPIRY_S, Store
from valhalla.console.moments import now_ms

pytestmark = [pytest.mark.anyio, pytest.mark.redis]


class Served:
    """A service with its store, and what it pulls with; the test says when."""

    def __init__(self, name: str, redis_url: str) -> None:
        self.redis_url = redis_url
        self.store = Store(redis_url)
        self.mesh = Mesh(self.store, [], name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def online(self) -> dict[str, str]:
        """Who is there, and how far each is trusted, as a console sees it."""
        source = FederationDataSource(self.redis_url, federation_url="")
        found = {
            peer["id"]: peer["trust_tier"] for peer in await source.get_peers() if peer["status"] == "online"
        }
        await source.disconnect()
        return found

    async def announce(self, body: dict[str, Any]) -> int:
        async with httpx.AsyncClient() as client:
            return (await client.post(f"{self.url}/manifest", json=body)).status_code

    async def events(self) -> list[dict[str, Any]]:
        client = redis_client.client(self.redis_url, 5)
        found = [json.loads(text) for text in await client.lrange("sync_events", 0, -1)]  # type: ignore[misc]
        await client.aclose()
        return found


@pytest.fixture
async def three(redis_server: Any, anyio_backend: str) -> AsyncIterator[list[Served]]:
    made = [Served(name, redis_server.url.rpartition("/")[0] + f"/{n}") for n, name in enumerate("abc")]
    servers = [
        uvicorn.Server(uvicorn.Config(make_app(each.store), log_config=None, lifespan="on")) for each in made
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[each.listener]))
        for server, each in zip(servers, made, strict=True)
    ]
    async with contextlib.AsyncExitStack() as stack:
        for each in made:
            await stack.enter_async_context(each.mesh)
        yield made
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


async def test_what_one_has_heard_of_all_know(three: list[Served], node: Any) -> None:
    a, b, c = three
    for served, name in ((a, "alpha"), (b, "beta"), (c, "gamma")):
        assert await served.announce(node(name).signed(timestamp=now_ms(), hostname=f"{name}.local")) == 200
    await a.store.trust("alpha", "core")
    ring = ((a, c), (b, a), (c, b))  # each pulls from one only
    for _ in range(2):
        for served, other in ring:
            await served.mesh.pull(other.url)
    assert await a.online() == {"alpha": "core", "beta": "external", "gamma": "external"}
    assert await b.online() == await c.online() == dict.fromkeys(("alpha", "beta", "gamma"), "external")
    assert [await served.mesh.pull(other.url) for served, other in ring] == [(0, 0, 28)] * 3, (
        "nothing is left"
    )
    told = (await b.events())[-1]
    assert (told["source"], told["target"], told["event_type"], told["success"]) == (
        a.url,
        "b",
        "manifest_sync",
        True,
    )


async def test_a_ring_keeps_nobody_alive_who_has_gone(
    three: list[Served], node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = three
    late = now_ms() - 100_000
    assert await a.announce(node("alpha").signed(timestamp=late)) == 200
    await b.mesh.pull(a.url)
    client = redis_client.client(b.redis_url, 5)
    assert 0 < await client.ttl("peer:alpha") <= EXPIRY_S - 99
    assert int(await client.hget("peer:alpha", "last_seen") or 0) == late  # type: ignore[misc]
    await client.delete("peer:alpha")  # as when it expires
    await client.aclose()
    b.mesh._clock = lambda: late + 121_000
    assert (await b.mesh.pull(a.url))[:2] == (0, 1) and await b.online() == {}


async def test_nothing_is_taken_on_trust(three: list[Served], node: Any) -> None:
    a, b, c = three
    mine, theirs = node("alpha"), node("alpha")
    assert await b.announce(mine.signed(timestamp=now_ms())) == 200
    assert await a.announce(theirs.signed(timestamp=now_ms(), hostname="impostor")) == 200
    assert await a.announce(node("unstamped").signed()) == 200
    assert (await b.mesh.pull(a.url))[:2] == (0, 1), "the id belongs to its first key here"
    assert (await b.events())[0]["success"] is False
    assert (await b.mesh.pull(a.url))[:2] == (0, 0) and len(await b.events()) == 1, "said once"
    client = redis_client.client(a.redis_url, 5)
    forged = json.loads(await client.hget("federation:node:alpha", "document") or "")  # type: ignore[misc]
    forged["manifest"]["hostname"] = "forged"
    await client.hset("federation:node:alpha", "document", json.dumps(forged))  # type: ignore[misc]
    await client.aclose()
    assert (await c.mesh.pull(a.url))[:2] == (0, 1) and await c.online() == {}


async def test_a_service_that_is_gone_or_none_is_named_and_the_others_are_still_pulled_from(
    three: list[Served], node: Any, caplog: pytest.LogCaptureFixture
) -> None:
    a, b, c = three
    assert await a.announce(node("alpha").signed(timestamp=now_ms())) == 200
    nowhere = "http://127.0.0.1:1"
    with pytest.raises(OSError, match="cannot be reached"):
        await b.mesh.pull(nowhere)
    with pytest.raises(Malformed, match="answers with 404"):
        await b.mesh.pull(a.url + "/elsewhere")
    mesh = Mesh(c.store, [nowhere, a.url], "c")
    async with mesh, asyncio.timeout(20):
        while "alpha" not in await c.online() or nowhere not in {each["source"] for each in await c.events()}:
            await asyncio.sleep(0.01)
    assert f"nothing was pulled from {nowhere}" in caplog.text and isinstance(await mesh.pull(a.url), Pulled)
    await mesh.__aexit__(None, None, None)
