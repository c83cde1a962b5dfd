"""The federation source on a real Redis."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from valhalla.console import federation
from valhalla.console.errors import SourceError
from valhalla.console.federation import FederationDataSource

pytestmark = [pytest.mark.anyio, pytest.mark.redis]


@pytest.fixture
async def source(redis_server: Any, anyio_backend: str) -> AsyncIterator[FederationDataSource]:
    source = FederationDataSource(redis_server.url)
    assert await source.connect()
    yield source
    await source.disconnect()


def fields(**more: str) -> dict[str, str]:
    return {
        "hostname": "h",
        "trust_tier": "core",
        "status": "online",
        "latency": "10",
        "last_seen": str(int(time.time())),
        **more,
    }


def event(number: int) -> str:
    return json.dumps(
        {
            "timestamp": int(time.time() * 1000),
            "source": "a",
            "target": "b",
            "event_type": "memory_sync",
            "bytes": number,
            "success": True,
        }
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_peers_are_read_from_their_hashes(source: FederationDataSource, redis: Any) -> None:
    now = int(time.time())
    await redis.hset("peer:ark-node-1", mapping=fields(hostname="ark-node-1.local", last_seen=str(now)))
    await redis.hset("peer:with:colon", mapping=fields(last_seen=str(now * 1000 - 500_000)))
    (first, second) = await source.get_peers()
    assert first == {
        "id": "ark-node-1",
        "hostname": "ark-node-1.local",
        "trust_tier": "core",
        "status": "online",
        "latency": 10,
        "last_seen": now * 1000,
    }
    assert (second["id"], second["status"]) == ("with:colon", "offline")
    assert (await source.get_network_metrics([first, second]))["network_health"] == 50


async def test_one_malformed_entry_is_skipped_and_counted(source: FederationDataSource, redis: Any) -> None:
    await redis.hset("peer:good", mapping=fields())
    await redis.hset("peer:fast", mapping=fields(latency="fast"))
    await redis.hset("peer:foreign", mapping={"colour": "blue"})
    await redis.hset("peer:bytes", mapping={"hostname": b"\xff\xfe"})
    await redis.set("peer:text", "not a hash")
    await redis.hset("peerless:x", mapping=fields())
    await redis.lpush("sync_events", event(1), "{broken", event(2))
    found = await source.read()
    assert [peer["id"] for peer in found.peers] == ["good"]
    assert [each["bytes"] for each in found.events or []] == [2, 1]
    assert found.malformed == source.malformed == 5
    assert found.notes == ["5 entries could not be read and are left out"]


async def test_the_ten_newest_events_are_read_newest_first(source: FederationDataSource, redis: Any) -> None:
    for number in range(15):
        await redis.lpush("sync_events", event(number))
    assert [each["bytes"] for each in await source.get_sync_traffic()] == list(range(14, 4, -1))


async def test_a_list_of_events_that_is_none_costs_only_the_events(
    source: FederationDataSource, redis: Any
) -> None:
    await redis.set("sync_events", "text")
    await redis.hset("peer:a", mapping=fields())
    found = await source.read()
    assert (len(found.peers), found.events, found.malformed) == (1, [], 1)


async def test_more_peers_than_one_step_of_a_scan_are_all_found(
    source: FederationDataSource, redis: Any
) -> None:
    pipe = redis.pipeline()
    for number in range(2_500):
        pipe.hset(f"peer:{number:04d}", mapping=fields())
        pipe.set(f"other:{number}", 1)
    await pipe.execute()
    assert [peer["id"] for peer in await source.get_peers()] == [f"{number:04d}" for number in range(2_500)]


async def test_it_never_asks_for_all_keys_at_once(source: FederationDataSource, redis: Any) -> None:
    await redis.config_resetstat()
    await source.read()
    asked = await redis.info("commandstats")
    assert "cmdstat_scan" in asked
    assert "cmdstat_keys" not in asked


async def test_redis_killed_and_started_again_is_found_again(
    source: FederationDataSource, redis_server: Any
) -> None:
    redis_server.kill()
    with pytest.raises(SourceError, match="cannot be reached"):
        await source.read()
    assert not source.connected
    assert await source.get_peers() == []
    redis_server.start()
    await until(lambda: source.connected)
    assert (await source.read()).peers == []


async def test_redis_that_is_down_at_the_start_is_found_later(redis_server: Any) -> None:
    redis_server.kill()
    source = FederationDataSource(redis_server.url)
    assert not await source.connect()
    assert source.reason is not None
    assert "cannot be reached" in source.reason
    redis_server.start()
    await until(lambda: source._connected)
    await source.disconnect()
    assert not source.connected


async def test_a_redis_that_hangs_costs_its_timeout_once(redis_server: Any) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    source = FederationDataSource(f"redis://127.0.0.1:{port}/0", timeout=0.2)
    assert not await source.connect()
    with pytest.raises(SourceError, match="does not answer in time"):
        await source.read()
    await source.disconnect()
    server.close()


async def test_a_sign_in_that_is_refused_is_named_and_the_password_is_not(
    redis_server: Any, redis: Any
) -> None:
    await redis.config_set("requirepass", "right-secret")
    source = FederationDataSource(redis_server.url.replace("redis://", "redis://:wrong-secret@"))
    assert not await source.connect()
    assert source.reason is not None
    assert "sign-in" in source.reason
    assert "secret" not in source.reason
    await source.disconnect()


async def test_an_address_that_is_none_is_named() -> None:
    source = FederationDataSource("http://localhost/")
    assert not await source.connect()
    with pytest.raises(SourceError, match="not an address of a Redis"):
        await source.read()
    await source.disconnect()


async def test_without_redis_py_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    source = FederationDataSource()
    assert not await source.connect()
    with pytest.raises(SourceError, match=r"pip install 'valhalla\[redis\]'"):
        await source.read()
    await source.disconnect()


class Service:
    """A federation service with one answer."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.body = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + self.body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def service(anyio_backend: str) -> AsyncIterator[tuple[Service, str]]:
    service = Service()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    yield service, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def listed(*ids: str) -> bytes:
    now = int(time.time() * 1000)
    return json.dumps({"peers": [{"id": each, "last_seen": now} for each in ids], "count": len(ids)}).encode()


async def test_peers_of_a_federation_service_are_merged_in(
    redis_server: Any, redis: Any, service: tuple[Service, str]
) -> None:
    service[0].body = listed("b", "a")
    await redis.hset("peer:a", mapping=fields())
    source = FederationDataSource(redis_server.url, federation_url=service[1] + "/")
    await source.connect()
    found = await source.read()
    assert [(peer["id"], peer["trust_tier"]) for peer in found.peers] == [("a", "core"), ("b", "unknown")]
    assert found.notes == []
    await source.disconnect()


async def test_the_variable_of_the_documents_names_the_service(
    redis_server: Any, service: tuple[Service, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service[0].body = listed("b")
    monkeypatch.setenv("ARK_FEDERATION_URL", service[1])
    for given, found in ((None, ["b"]), ("", [])):
        source = FederationDataSource(redis_server.url, federation_url=given)
        assert [peer["id"] for peer in await source.get_peers()] == found
        await source.disconnect()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("500 Oh", b"", "answers with 500"),
        ("200 OK", b"<html>", "does not answer with a list of peers"),
        ("200 OK", b'{"count": 1}', "does not answer with a list of peers"),
        ("302 Go\r\nLocation: http://127.0.0.1:9/", b"", "answers with 302"),
    ],
)
async def test_a_federation_service_that_fails_is_named_and_redis_still_shown(
    redis_server: Any, redis: Any, service: tuple[Service, str], status: str, body: bytes, said: str
) -> None:
    service[0].status, service[0].body = status, body
    await redis.hset("peer:a", mapping=fields())
    source = FederationDataSource(redis_server.url, federation_url=service[1])
    await source.connect()
    found = await source.read()
    assert [peer["id"] for peer in found.peers] == ["a"]
    assert len(found.notes) == 1
    assert said in found.notes[0]
    await source.disconnect()


async def test_with_redis_down_the_services_peers_are_shown_and_the_feed_is_not_known(
    redis_server: Any, service: tuple[Service, str]
) -> None:
    service[0].body = listed("b")
    redis_server.kill()
    source = FederationDataSource(redis_server.url, federation_url=service[1])
    await source.connect()
    found = await source.read()
    assert ([peer["id"] for peer in found.peers], found.events) == (["b"], None)
    assert "cannot be reached" in found.notes[0]
    service[0].status = "503 No"
    with pytest.raises(SourceError, match=r"Redis at .* cannot be reached; the federation service .* 503"):
        await source.read()
    await source.disconnect()


async def test_an_answer_without_end_is_cut(
    redis_server: Any, service: tuple[Service, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(federation, "LARGEST_ANSWER", 1_000)
    service[0].body = b" " * 5_000 + listed("b")
    source = FederationDataSource(redis_server.url, federation_url=service[1])
    await source.connect()
    assert "more than" in (await source.read()).notes[0]
    await source.disconnect()


async def test_health_asks_now(redis_server: Any, service: tuple[Service, str]) -> None:
    service[0].body = listed("b")
    source = FederationDataSource(redis_server.url, federation_url=service[1])
    await source.connect()
    redis_server.kill()
    found = await source.health()
    assert found["redis"]["connected"] is False
    assert "cannot be reached" in found["redis"]["reason"]
    assert found["service"]["connected"] is True
    await source.disconnect()
