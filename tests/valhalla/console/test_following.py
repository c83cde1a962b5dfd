"""A Redis that says what changes, and the net below: it is asked every few seconds all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from valhalla.console import keyspace
from valhalla.console.board import Board
from valhalla.console.federation import NOBODY_WATCHES, FederationDataSource
from valhalla.console.hub import Outbox

pytestmark = [pytest.mark.anyio, pytest.mark.redis]


@pytest.fixture
async def source(redis_server: Any, anyio_backend: str) -> AsyncIterator[FederationDataSource]:
    source = FederationDataSource(redis_server.url)
    await source.connect()
    yield source
    await source.disconnect()


async def following(source: FederationDataSource) -> None:
    assert not await source.change(0.0)
    async with asyncio.timeout(20):
        await source.following.wait()


@pytest.mark.parametrize("flags", ["Kghlx", "KEA"])
async def test_what_is_written_is_known_at_once(source: FederationDataSource, redis: Any, flags: str) -> None:
    await redis.config_set("notify-keyspace-events", flags)
    await following(source)
    assert source.polling_reason is None and (await source.health())["redis"]["following"] is True
    for write in (redis.hset("peer:a", "hostname", "a"), redis.lpush("sync_events", "{}")):
        await write
        assert await source.change(20.0)
    await redis.set("another", 1)
    assert not await source.change(0.05)  # whatever else is written is nothing to the board
    await redis.pexpire("peer:a", 1)
    assert await source.change(20.0)


async def test_a_redis_that_says_nothing_is_only_asked_and_that_is_said(
    source: FederationDataSource, redis: Any
) -> None:
    assert (await source.health())["redis"]["polling_reason"] == NOBODY_WATCHES
    await redis.config_set("notify-keyspace-events", "KEx")  # not those of hashes and lists
    async with asyncio.timeout(20):
        while source.polling_reason != keyspace.OFF:
            assert not await source.change(0.01)
    await redis.hset("peer:a", "hostname", "a")
    assert not await source.change(0.05)
    assert [peer["id"] for peer in await source.get_peers()] == ["a"]


async def test_a_board_sends_a_frame_when_something_was_written(
    source: FederationDataSource, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await redis.config_set("notify-keyspace-events", "Kghlx")
    monkeypatch.setattr("valhalla.console.board.SHORTEST", 600.0)
    monkeypatch.setattr("valhalla.console.board.LONGEST", 600.0)
    monkeypatch.setattr("valhalla.console.board.SOONEST", 0.01)

    class State:
        async def update_metrics(self) -> dict[str, Any]:
            return {"peers": [peer["id"] for peer in await source.get_peers()]}

    board = Board("federation", State(), change=source.change)
    running = board.begin()
    outbox: Outbox
    with board.hub.outbox() as outbox:
        async with asyncio.timeout(20):
            await source.following.wait()
            await redis.hset("peer:new", "hostname", "new")
            assert await outbox.take() == '{"peers":["new"]}'
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_redis_killed_ends_the_following_and_nobody_watching_does_too(
    source: FederationDataSource, redis: Any, redis_server: Any
) -> None:
    await redis.config_set("notify-keyspace-events", "Kghlx")
    await following(source)
    await source.rest()
    assert not source.following.is_set() and source.polling_reason == NOBODY_WATCHES
    await following(source)
    redis_server.kill()
    async with asyncio.timeout(20):
        while source.following.is_set():
            await source.change(0.01)
    assert "cannot be reached" in str((await source.health())["redis"]["polling_reason"])
