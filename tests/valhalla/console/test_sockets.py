"""The boards' WebSockets, on a real server in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from fastapi import FastAPI, WebSocketDisconnect
from fastapi.testclient import TestClient
from websockets.asyncio.client import ClientConnection, connect

from valhalla.console import Configuration, Console, hub, redis_client, sockets
from valhalla.console.federation_service.seeding import seed

pytestmark = pytest.mark.anyio

LONG = os.environ.get("VALHALLA_LONG") == "1"
"""Also the full crowd: 200 clients on each board for a minute."""

Serve = Callable[..., "Served"]


class Served:
    """A server with both boards."""

    def __init__(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("board_server.py"))],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def url(self, path: str, scheme: str = "ws") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture
def serve(data: Any) -> Iterator[Serve]:
    """A function that starts a server; its memory board reads the folder of ``data``, its Redis is nowhere."""
    servers: list[Served] = []

    def start(**environment: str) -> Served:
        nowhere = "redis://127.0.0.1:1/0"
        servers.append(
            Served(**{"ARK_BASE_PATH": str(data.folder.parent), "REDIS_URL": nowhere, **environment})
        )
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.process.wait()


async def received(client: ClientConnection, within: float = 10) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(client.recv(), within))
    return found


async def test_a_frame_comes_at_once_and_then_each_two_to_three_seconds(serve: Serve, data: Any) -> None:
    data.make()
    server = serve()
    async with connect(server.url("/ws/memory")) as client:
        first = await received(client)
        assert (first["type"], first["source"]["mode"]) == ("memory_update", "production")
        times = [first["timestamp"], *[(await received(client))["timestamp"] for _ in range(2)]]
    for before, after in pairwise(times):
        assert after - before >= 1_500
    assert server.stop() == -15 or os.name == "nt"


async def test_ping_refresh_and_anything_else(serve: Serve, data: Any) -> None:
    data.make()
    server = serve()
    async with connect(server.url("/ws/memory")) as client:
        before = await received(client)
        await client.send("ping")
        pong = await received(client)
        assert pong["type"] == "pong"
        assert abs(pong["timestamp"] - time.time() * 1000) < 60_000
        await client.send("dance")
        assert await received(client) == {
            "type": "error",
            "message": "'dance' is not understood; send ping or refresh",
        }
        await client.send(b"\x00\x01")
        assert "not text" in (await received(client))["message"]
        data.write("ark.db", "INSERT INTO sandbox_executions VALUES (1, 'error', NULL)")
        await client.send("refresh")
        after = await received(client)
        assert (before["quarantine_count"], after["quarantine_count"]) == (0, 1)


async def test_both_boards_without_any_source_are_simulated_or_with_the_fallback_off_unavailable(
    serve: Serve,
) -> None:
    simulated, plain = serve(), serve(VALHALLA_CONSOLE_FALLBACK="off")
    for board in ("federation", "memory"):
        async with connect(simulated.url(f"/ws/{board}")) as client:
            assert (await received(client))["source"]["mode"] == "simulated"
        async with connect(plain.url(f"/ws/{board}")) as client:
            assert (await received(client))["source"]["mode"] == "unavailable"


@pytest.mark.redis
async def test_redis_killed_and_started_again_while_the_board_is_open(
    serve: Serve, redis_server: Any
) -> None:
    async def fill() -> None:
        client = redis_client.client(redis_server.url, 5)
        await seed(client, 3, 5)
        await client.aclose()

    async def until(mode: str) -> dict[str, Any]:
        async with asyncio.timeout(40):
            while True:
                frame = await received(client)
                if frame["source"]["mode"] == mode:
                    return frame

    await fill()
    server = serve(REDIS_URL=redis_server.url)
    async with connect(server.url("/ws/federation")) as client:
        first = await until("production")
        assert (first["total_peers"], len(first["sync_traffic"])) == (3, 5)
        redis_server.kill()
        gone = await until("simulated")
        assert "cannot be reached" in gone["source"]["reason"]
        assert gone["source"]["as_of"] >= first["source"]["as_of"]
        redis_server.start()
        await fill()
        again = await until("production")
        assert again["total_peers"] == 3
        assert again["source"]["reason"] is None


async def test_sources_say_where_data_comes_from_and_what_is_wrong(serve: Serve, data: Any) -> None:
    data.make("ark.db")
    server = serve(REDIS_URL="redis://user:secret@127.0.0.1:1/0")
    async with httpx.AsyncClient() as client:
        answer = await client.get(server.url("/api/sources", "http"))
    found = answer.json()
    assert found["fallback"] is True
    assert found["federation"]["available"] is False
    assert found["federation"]["redis"]["url"] == "redis://127.0.0.1:1/0"
    assert "cannot be reached" in found["federation"]["redis"]["reason"]
    assert found["memory"]["available"] is True
    ark = found["memory"]["ark"]
    assert (ark["path"], ark["connected"], ark["reason"]) == (str(data.ark), True, None)
    assert found["federation"]["redis"]["failures"] >= 1
    assert "does not exist" in found["memory"]["reasoning"]["reason"]
    assert "secret" not in answer.text


async def test_the_boards_are_also_there_to_be_fetched(serve: Serve, data: Any) -> None:
    data.make()
    data.write("ark.db", "INSERT INTO sandbox_executions VALUES ('x1', 'killed', '[\"too long\"]')")
    server = serve()
    async with httpx.AsyncClient() as client:
        federation = (await client.get(server.url("/api/federation", "http"))).json()
        memory = (await client.get(server.url("/api/memory", "http"))).json()
    assert federation["type"] == "federation_update"
    assert memory["frame"]["quarantine_count"] == 1
    assert memory["quarantine"] == [{"execution_id": "x1", "status": "killed", "violations": ["too long"]}]
    assert len(memory["history"]) == 60


@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.parametrize(
    ("clients", "deaf", "seconds"),
    [
        pytest.param(30, 5, 12, id="short"),
        pytest.param(
            200, 10, 60, id="full", marks=pytest.mark.skipif(not LONG, reason="set VALHALLA_LONG=1")
        ),
    ],
)
async def test_clients_that_do_not_read_delay_nobody_and_cost_no_memory(
    serve: Serve,
    redis_server: Any,
    data: Any,
    crowd: Callable[..., Any],
    clients: int,
    deaf: int,
    seconds: int,
) -> None:
    # Frames of about 70 KB, so that what is not read does not disappear in the buffers of the system.
    filler = redis_client.client(redis_server.url, 5)
    await seed(filler, 500, 10)
    await filler.aclose()
    data.make()
    server = serve(REDIS_URL=redis_server.url)
    await crowd(
        server.port,
        {"/ws/federation": '"federation_update"', "/ws/memory": '"memory_update"'},
        clients=clients,
        deaf=deaf,
        seconds=seconds,
        memory=server.memory,
    )


def test_there_is_an_end_to_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MOST", 1)
    console = Console(lambda: Configuration(redis_url="redis://127.0.0.1:1/0", base_path=tmp_path))
    app = FastAPI(lifespan=sockets.lifespan(console))
    app.include_router(sockets.router(lambda connection: console))
    with TestClient(app) as client:
        with client.websocket_connect("/ws/memory") as first:
            assert first.receive_json()["source"]["mode"] == "simulated"
            with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/ws/memory"):
                pass
            assert refused.value.code == 1013
        with client.websocket_connect("/ws/memory") as next_one:
            assert next_one.receive_json()["type"] == "memory_update"
