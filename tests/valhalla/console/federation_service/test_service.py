"""The federation service on a real Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from valhalla.console import FederationDataSource
from valhalla.console.federation_service import store as stores
from valhalla.console.federation_service.service import LOOPBACK_NAMES, make_app
from valhalla.console.federation_service.store import Store
from valhalla.console.moments import now_ms

pytestmark = [pytest.mark.anyio, pytest.mark.redis]


@pytest.fixture
async def store(redis_server: Any, anyio_backend: str) -> AsyncIterator[Store]:
    store = Store(redis_server.url, timeout=1)
    yield store
    await store.close()


@pytest.fixture
async def service(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(store))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9001") as client:
        yield client


async def test_a_node_announces_itself_and_is_discovered_and_seen_by_a_console(
    service: httpx.AsyncClient, node: Any, redis: Any, redis_server: Any
) -> None:
    body = node("alpha").signed(hostname="alpha.local", latency=12, capabilities={"sync": True})
    answer = await service.post("/manifest", json=body)
    assert (answer.status_code, answer.json()) == (200, {"status": "registered", "node_id": "alpha"})
    found = (await service.get("/discover")).json()
    assert found["count"] == 1
    (peer,) = found["peers"]
    assert (peer["id"], peer["hostname"], peer["status"], peer["latency"]) == (
        "alpha",
        "alpha.local",
        "online",
        12,
    )
    assert abs(peer["last_seen"] - now_ms()) < 60_000
    assert (await redis.hget("peer:alpha", "capabilities")) == b'{"sync": true}'
    assert 100 < await redis.ttl("peer:alpha") <= 120
    source = FederationDataSource(redis_server.url)
    await source.connect()
    assert await source.get_peers() == [peer]
    await source.disconnect()


async def test_trust_is_set_here_and_not_by_the_node(
    service: httpx.AsyncClient, node: Any, store: Store
) -> None:
    alpha = node("alpha")

    async def tier() -> str:
        return str((await service.get("/discover")).json()["peers"][0]["trust_tier"])

    await service.post("/manifest", json=alpha.signed(trust_tier="core"))
    assert await tier() == "external"
    await store.trust("alpha", "trusted")
    assert await tier() == "trusted"
    await service.post("/manifest", json=alpha.signed(trust_tier="core", again=1))
    assert await tier() == "trusted"


async def test_an_id_belongs_to_its_first_key_even_after_the_peer_is_gone(
    service: httpx.AsyncClient, node: Any, redis: Any
) -> None:
    first, second = node("alpha"), node("alpha")
    await service.post("/manifest", json=first.signed())
    await redis.delete("peer:alpha")
    answer = await service.post("/manifest", json=second.signed())
    assert (answer.status_code, answer.json()) == (
        401,
        {"detail": "this node id belongs to another key: the first one that used it"},
    )
    assert not await redis.exists("peer:alpha")
    assert (await service.post("/manifest", json=first.signed())).status_code == 200


async def test_of_two_first_manifests_at_once_one_pins_the_id(service: httpx.AsyncClient, node: Any) -> None:
    bodies = [node("alpha").signed() for _ in range(12)]
    answers = await asyncio.gather(*(service.post("/manifest", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 11


async def test_an_older_manifest_is_not_replayed(service: httpx.AsyncClient, node: Any, redis: Any) -> None:
    alpha, now = node("alpha"), now_ms()
    older, newer = alpha.signed(timestamp=now - 5_000, v=1), alpha.signed(timestamp=now, v=2)
    assert (await service.post("/manifest", json=older)).status_code == 200
    assert (await service.post("/manifest", json=newer)).status_code == 200
    for body in (older, alpha.signed(timestamp=now, v=3), alpha.signed(v=4)):
        answer = await service.post("/manifest", json=body)
        assert answer.status_code == 401
        assert answer.json()["detail"]
    assert await redis.hget("peer:alpha", "v") == b"2"


async def test_the_same_manifest_again_is_taken_but_renews_nothing(
    service: httpx.AsyncClient, node: Any, redis: Any
) -> None:
    body = node("alpha").signed(timestamp=now_ms())
    await service.post("/manifest", json=body)
    await redis.expire("peer:alpha", 30)
    assert (await service.post("/manifest", json=body)).status_code == 200
    assert await redis.ttl("peer:alpha") <= 30


async def test_a_field_that_a_later_manifest_leaves_out_is_gone(
    service: httpx.AsyncClient, node: Any, redis: Any
) -> None:
    alpha = node("alpha")
    await service.post("/manifest", json=alpha.signed(extra="x"))
    await service.post("/manifest", json=alpha.signed())
    assert not await redis.hexists("peer:alpha", "extra")


async def test_there_is_an_end_to_new_nodes(
    service: httpx.AsyncClient, node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_NODES", 2)
    nodes = [node(f"n{number}") for number in range(3)]
    answers = [(await service.post("/manifest", json=each.signed())).status_code for each in nodes]
    assert answers == [200, 200, 403]
    assert (await service.post("/manifest", json=nodes[0].signed())).status_code == 200


async def test_pins_of_silent_nodes_make_room_and_those_of_trusted_ones_stay(
    service: httpx.AsyncClient, store: Store, node: Any, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_NODES", 2)
    first, second, third = (node(f"n{number}") for number in range(3))
    for each in (first, second):
        assert (await service.post("/manifest", json=each.signed())).status_code == 200
    await store.trust("n0", "core")
    assert (await redis.ttl("federation:node:n0"), await redis.ttl("federation:node:n1") > 600_000) == (
        -1,
        True,
    )
    await redis.persist("federation:node:n1")  # as a version before pins ended left it
    assert (await service.post("/manifest", json=third.signed())).status_code == 403
    assert await redis.ttl("federation:node:n1") > 600_000
    await redis.delete("federation:node:n1")  # a week later
    assert (await service.post("/manifest", json=third.signed())).status_code == 200
    assert (await service.post("/manifest", json=node("n0").signed())).status_code == 401
    assert await store.forget("n0") and not await store.forget("n0")
    assert (await service.post("/manifest", json=node("n3").signed())).status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"manifest": {"node_id": "a"}}', 400),
        (b'{"manifest": {"node_id": "a"}, "signature": "x", "pubkey": "y"}', 400),
        (json.dumps({"manifest": {"node_id": "a"}, "signature": "A" * 86 + "==", "pubkey": "A" * 43 + "="}).encode(), 400),
        (b" " * 70_000, 413),
    ],
)  # fmt: skip
async def test_bad_input_is_refused_with_a_sentence(
    service: httpx.AsyncClient, content: bytes, status: int
) -> None:
    answer = await service.post("/manifest", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) == {"detail"}
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
)
async def test_a_page_of_another_site_cannot_announce_a_node(
    service: httpx.AsyncClient, node: Any, redis: Any, kind: str
) -> None:
    content = json.dumps(node().signed()).encode()
    answer = await service.post("/manifest", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]
    assert await redis.dbsize() == 0


async def test_a_service_for_this_computer_answers_to_its_own_names_only(store: Store) -> None:
    transport = httpx.ASGITransport(make_app(store, hosts=LOOPBACK_NAMES))
    async with httpx.AsyncClient(transport=transport) as client:
        for host, status in (
            ("127.0.0.1:9001", 200),
            ("localhost:9001", 200),
            ("[::1]:9001", 200),
            ("evil.example", 400),
        ):
            assert (await client.get(f"http://{host}/discover")).status_code == status


async def test_sync_tells_what_is_new_or_different_here(service: httpx.AsyncClient, node: Any) -> None:
    for name in ("a", "b", "c"):
        await service.post("/manifest", json=node(name).signed())
    everything = (await service.post("/sync", json={"nodes": []})).json()
    assert (everything["delta_count"], [each["id"] for each in everything["nodes"]]) == (3, ["a", "b", "c"])
    known = [dict(everything["nodes"][0]), {"id": "b", "hash": "old"}, {"id": "z", "hash": "z"}]
    delta = (await service.post("/sync", json={"nodes": known})).json()
    assert (delta["delta_count"], [each["id"] for each in delta["nodes"]]) == (2, ["b", "c"])


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"nodes": 1},
        {"nodes": [1]},
        {"nodes": [{"id": "a"}]},
        {"nodes": [{"id": 1, "hash": "x"}]},
    ],
)
async def test_a_sync_that_makes_no_sense_is_refused(service: httpx.AsyncClient, body: Any) -> None:
    answer = await service.post("/sync", json=body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "nodes must be a list of objects with id and hash"},
    )


async def test_without_redis_every_answer_says_so(
    service: httpx.AsyncClient, node: Any, redis_server: Any
) -> None:
    redis_server.kill()
    for answer in (
        await service.get("/discover"),
        await service.post("/manifest", json=node().signed()),
        await service.post("/sync", json={"nodes": []}),
    ):
        assert answer.status_code == 503
        assert "cannot be reached" in answer.json()["detail"]


async def test_its_description_names_every_answer_and_no_page_loads_from_elsewhere(
    service: httpx.AsyncClient,
) -> None:
    described = (await service.get("/openapi.json")).json()
    assert set(described["paths"]) == {"/discover", "/manifest", "/sync"}
    assert {"200", "400", "401", "403", "413", "503"} <= set(
        described["paths"]["/manifest"]["post"]["responses"]
    )
    assert (await service.get("/docs")).status_code == 404
