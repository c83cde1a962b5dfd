"""The pages' WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from db import Database
from valhalla.console import hub
from valhalla.console.hub import Outbox
from valhalla.program.database import open_database
from valhalla.safety.jobs import CHECKS_JOB
from valhalla.sandbox.alerts import AlertSystem
from valhalla.service import tokens

LONG = os.environ.get("VALHALLA_LONG") == "1"
"""Also the full crowd: 200 clients for a minute."""


def until(socket: Any, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=10))
        if message["type"] == kind:
            return message


def test_counters_come_at_once_and_when_something_changed(
    connect: Callable[..., Any], database: Database
) -> None:
    with connect("/ws/live") as socket:
        first = until(socket, "counters")
        assert first["counts"]["alerts"] == 0
        assert first["work"]["imports"] == []
        AlertSystem(database=database).alert("risk:R1", "something is wrong", "error")
        alert = until(socket, "alert")  # what must not be skipped goes first
        assert (alert["severity"], alert["reason"]) == ("error", "something is wrong")
        assert until(socket, "counters")["counts"] == first["counts"] | {"alerts": 1, "urgent": 1}


def test_alerts_from_before_are_no_news(connect: Callable[..., Any], database: Database) -> None:
    AlertSystem(database=database).alert("old", "old", "error")
    with connect("/ws/live") as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "counters"
        AlertSystem(database=database).alert("new", "new", "warning")
        assert until(socket, "alert")["reason"] == "new"


def test_what_is_said_to_the_pages_socket_is_ignored(connect: Callable[..., Any]) -> None:
    with connect("/ws/live") as socket:
        socket.send("x" * 5_000)
        socket.send(b"\x00\xff")
        assert until(socket, "counters")


@pytest.mark.parametrize("kept", [1, 3])
def test_an_outbox_keeps_the_newest_of_a_kind_and_the_last_of_the_others(kept: int) -> None:
    async def take() -> list[str]:
        outbox = Outbox(kept)
        for number in range(100):
            outbox.put("counters", f"c{number}")
            outbox.add(f"a{number}")
        return [await outbox.take() for _ in range(kept + 1)]

    assert asyncio.run(take()) == [*(f"a{n}" for n in range(100 - kept, 100)), "c99"]


class Client:
    """A client that says nothing and has not gone. ``takes``: whether it takes what it is sent."""

    application_state = None

    def __init__(self, takes: bool = True) -> None:
        self.takes = takes
        self.sent: list[str] = []

    async def send_text(self, text: str) -> None:
        if text == "broken":
            raise TypeError("a mistake of ours")
        self.sent.append(text)
        if not self.takes:
            await asyncio.Event().wait()

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError


def serving(client: Any, *messages: str) -> Coroutine[Any, Any, None]:
    outbox = Outbox()
    for message in messages:
        outbox.add(message)
    return hub.serve(client, outbox)


def test_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PATIENCE", 0.01)
    client = Client(takes=False)
    asyncio.run(serving(client, "one", "two"))
    assert client.sent == ["one"]


def test_a_mistake_while_sending_is_told() -> None:
    with pytest.raises(TypeError, match="mistake of ours"):
        asyncio.run(serving(Client(), "broken"))


def test_who_ends_a_conversation_recognises_its_end() -> None:
    class Slow(Client):
        """Has something to do before it ends."""

        async def receive(self) -> dict[str, Any]:
            try:
                return await super().receive()
            except asyncio.CancelledError:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                raise

    async def run() -> None:
        task = asyncio.create_task(serving(Slow()))
        for word in ("first", "second"):
            await asyncio.sleep(0.01)
            task.cancel(word)
        await task

    with pytest.raises(asyncio.CancelledError, match="second"):
        asyncio.run(run())


@pytest.mark.anyio
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
async def test_pages_that_do_not_read_delay_nobody_and_cost_no_memory(
    program: Callable[..., Any],
    home: Path,
    crowd: Callable[..., Any],
    eventually: Callable[[Callable[[], object]], None],
    clients: int,
    deaf: int,
    seconds: int,
) -> None:
    started = program("--interval", "1")
    port = httpx.URL(await asyncio.to_thread(started.link)).port
    with open_database(home / "valhalla.db") as database:
        token = tokens.add(database, "crowd", "read")
        checked = "SELECT count(*) FROM task WHERE name = ? AND state = 'done'"
        eventually(lambda: database.value(checked, (CHECKS_JOB,)))  # the last that a start loads

    async def write() -> None:
        """Alerts of about 70 KB, so that what is not read does not disappear in the buffers of the system."""
        with open_database(home / "valhalla.db") as database:
            system = AlertSystem(database=database)
            while True:
                await asyncio.to_thread(system.alert, "crowd", "not read " * 8_000, "info")
                await asyncio.sleep(0.5)

    writing = asyncio.create_task(write())
    try:
        await crowd(
            port,
            {"/ws/live": '"counters"'},
            clients=clients,
            deaf=deaf,
            seconds=seconds,
            memory=lambda: psutil.Process(started.process.pid).memory_info().rss,
            headers={"Authorization": f"Bearer {token}"},
        )
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
