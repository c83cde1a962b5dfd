"""The pages' WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from db import Database
from valhalla.cockpit.sockets import Outbox
from valhalla.sandbox.alerts import AlertSystem


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
    import asyncio

    async def take() -> list[str]:
        outbox = Outbox(kept)
        for number in range(100):
            outbox.put("counters", f"c{number}")
            outbox.add(f"a{number}")
        return [await outbox.take() for _ in range(kept + 1)]

    assert asyncio.run(take()) == [*(f"a{n}" for n in range(100 - kept, 100)), "c99"]
