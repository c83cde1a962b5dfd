"""The federation and memory boards in the cockpit: pages, sockets, JSON, and who may ask for them."""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest
from websockets.exceptions import InvalidStatus

from db import Database
from valhalla.cockpit import consoles
from valhalla.cockpit.server import Server
from valhalla.console import redis_client
from valhalla.console.population import populate
from valhalla.program import settings

Connect = Callable[..., Any]

NOWHERE = "redis://127.0.0.1:1/0"
BOARDS = ("federation", "memory")


@pytest.fixture(autouse=True)
def _no_sources(database: Database, tmp_path: Path) -> None:
    """Keep whatever runs on the tester's machine out of the boards; neither is listed."""
    settings.save(database, "console.redis_url", NOWHERE)
    settings.save(database, "console.base_path", str(tmp_path / "nothing"))
    settings.save(database, "console.boards", "off")


def frame_of(page: str, attribute: str) -> Any:
    """The frame that a page came with."""
    (found,) = re.findall(rf'{attribute}="([^"]*)"', page)
    return json.loads(html.unescape(found))


def test_pages_are_there_and_say_that_their_data_is_simulated(client: httpx.Client) -> None:
    for board in BOARDS:
        answer = client.get(f"/{board}")
        assert answer.status_code == 200
        assert "Nothing on this board is real" in answer.text
        assert "style=" not in answer.text
    assert frame_of(client.get("/federation").text, "data-frame")["source"]["mode"] == "simulated"
    memory = frame_of(client.get("/memory").text, "data-board")
    assert (memory["frame"]["source"]["mode"], memory["mode"]) == ("simulated", "simulated")


def test_with_the_fallback_off_pages_say_unknown_and_no_zero(
    database: Database, client: httpx.Client
) -> None:
    settings.save(database, "console.fallback", "off")
    for board in BOARDS:
        page = client.get(f"/{board}").text
        assert "Not available." in page
        values = re.findall(r"<strong class=\"tile-value\" data-value>(.*?)</strong>", page)
        assert len(values) >= 4
        assert set(values) == {'<i class="unknown">unknown</i>'}


def rail(client: httpx.Client) -> set[str]:
    return {board for board in BOARDS if f'href="/{board}"' in client.get("/").text}


def test_a_board_is_listed_when_its_source_is_named_or_boards_are_on(
    database: Database, client: httpx.Client
) -> None:
    assert rail(client) == set()
    settings.save(database, "console.boards", "auto")
    assert rail(client) == {"federation", "memory"}
    settings.save(database, "console.base_path", "")
    assert rail(client) == {"federation"}
    settings.save(database, "console.redis_url", "")
    assert rail(client) == set()
    settings.save(database, "console.boards", "on")
    assert rail(client) == {"federation", "memory"}


def test_no_source_is_reached_for_before_somebody_looks(server: Server, client: httpx.Client) -> None:
    client.get("/")
    assert server.cockpit.boards.console is None
    client.get("/federation")
    assert server.cockpit.boards.console is not None
    assert server.cockpit.boards.console.federation_source is not None


def test_figures_are_kept_as_soon_as_a_board_is_in_use(
    database: Database, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consoles, "LOOK_EVERY", 0.01)
    server = serve()
    time.sleep(0.2)
    assert server.cockpit.boards.console is None
    settings.save(database, "console.boards", "on")
    end = time.monotonic() + 10
    while server.cockpit.boards.console is None and time.monotonic() < end:
        time.sleep(0.01)
    assert server.cockpit.boards.console is not None
    assert server.cockpit.boards.console._remembering is not None


@pytest.mark.parametrize("board", BOARDS)
def test_a_socket_needs_a_session_and_our_own_origin(connect: Connect, board: str) -> None:
    with connect(f"/ws/{board}") as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == f"{board}_update"
        socket.send("ping")
        assert json.loads(socket.recv(timeout=10))["type"] in ("pong", f"{board}_update")
    for wrong in ({"cookie": False}, {"origin": "http://evil.example"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"/ws/{board}", **wrong)
        assert refused.value.response.status_code in (401, 403)


def test_json_needs_a_session(visitor: httpx.Client) -> None:
    for path in ("/api/sources", "/api/federation", "/api/memory", "/federation", "/memory"):
        assert visitor.get(path).status_code in (303, 401, 403)


def test_sources_and_boards_as_json(client: httpx.Client) -> None:
    sources = client.get("/api/sources").json()
    assert (sources["federation"]["available"], sources["memory"]["available"]) == (False, False)
    assert "cannot be reached" in sources["federation"]["redis"]["reason"]
    assert "does not exist" in sources["memory"]["ark"]["reason"]
    assert client.get("/api/federation").json()["source"]["mode"] == "simulated"
    assert len(client.get("/api/memory").json()["history"]) == 60
    described = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/sources", "/api/federation", "/api/memory"} <= set(described)


HOSTILE = "<script>alert(1)</script>\" onload='x'"


@pytest.mark.redis
def test_what_others_wrote_is_shown_as_it_stands(
    database: Database, client: httpx.Client, redis_server: Any
) -> None:
    async def fill() -> None:
        redis = redis_client.client(redis_server.url, 5)
        now = "2999-01-01T00:00:00Z"
        await redis.hset("peer:evil", mapping={"hostname": HOSTILE, "trust_tier": HOSTILE, "last_seen": now})
        event = {"timestamp": 1, "source": HOSTILE, "target": "b", "event_type": HOSTILE, "bytes": 1}
        await redis.lpush("sync_events", json.dumps(event))
        await redis.aclose()

    asyncio.run(fill())
    settings.save(database, "console.redis_url", redis_server.url)
    page = client.get("/federation").text
    assert frame_of(page, "data-frame")["peers"][0]["name"] == HOSTILE
    assert "<script>alert" not in page
    assert "onload='x'" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_memory_board_shows_what_is_in_quarantine_and_why(
    database: Database, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "ark" / "data").mkdir(parents=True)
    writer = apsw.Connection(str(tmp_path / "ark" / "data" / "ark.db"))
    writer.execute("CREATE TABLE sandbox_executions (execution_id, status, security_violations)")
    writer.execute("INSERT INTO sandbox_executions VALUES ('x-1', 'success', ?)", (json.dumps([HOSTILE]),))
    writer.close()
    settings.save(database, "console.base_path", str(tmp_path / "ark"))
    page = client.get("/memory").text
    board = frame_of(page, "data-board")
    assert (board["frame"]["quarantine_count"], board["frame"]["source"]["mode"]) == (1, "production")
    assert "reasoning_logs.db does not exist" in board["frame"]["source"]["reason"]
    assert board["quarantine"][0]["violations"] == [HOSTILE]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_stopped_cockpit_leaves_no_source_open(
    serve: Callable[..., Server], sign_in: Callable[[Server], httpx.Client]
) -> None:
    server = serve()
    sign_in(server).get("/federation")
    assert server.cockpit.boards.console is not None
    server.stop()
    assert server.cockpit.boards.console is None


def test_each_source_says_how_it_answers_and_the_boards_keep_their_figures(
    database: Database, server: Server, client: httpx.Client, tmp_path: Path
) -> None:
    populate(tmp_path / "ark", 60)
    settings.save(database, "console.base_path", str(tmp_path / "ark"))
    before = client.get("/api/boards").json()
    states = {each["name"]: (each["connected"], each["answers"]) for each in before["sources"]}
    assert states == {"Redis": (False, 0), "reasoning_logs.db": (True, 1), "ark.db": (True, 1)}
    assert before["history"]["memory"]["since"] is None and not before["boards"]["memory"]["in_use"]
    console = server.cockpit.boards.console
    assert console is not None
    loop = console._tasks[0].get_loop()
    kept = asyncio.run_coroutine_threadsafe(console.remember_now(), loop)
    assert kept.result(20) == []  # no board is in use
    settings.save(database, "console.boards", "on")
    kept = asyncio.run_coroutine_threadsafe(console.remember_now(), loop)
    assert kept.result(20) == ["memory"]  # the other one shows nothing real
    found = client.get("/api/boards").json()
    (held,) = found["history"]["memory"]["figures"]["quarantine_count"]["points"]
    assert held[1] == 3 and found["history"]["federation"]["since"] is None
    assert {each["name"]: each["answers"] for each in found["sources"]}["ark.db"] == 3
    page = client.get("/boards").text
    assert "1 of 3 does not answer" in page and "<polyline" in page and "in 11 hours" in page
    metrics = client.get("/metrics").text
    assert 'valhalla_board_figure{board="memory",figure="quarantine_count"} 3.0' in metrics
    assert 'valhalla_board_mode{board="federation",mode="simulated"} 1.0' in metrics
    assert 'valhalla_board_source_up{board="memory",source="ark"} 1.0' in metrics
    assert 'valhalla_board_source_up{board="federation",source="redis"} 0.0' in metrics
    assert 'valhalla_board_figure{board="federation"' not in metrics
    assert client.get("/boards?hours=0").status_code == 422
