"""The calendar that other calendars fetch."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from db import Database
from db.clock import DAY
from valhalla.cockpit.server import Server
from valhalla.leads import promises
from valhalla.service import tokens


def test_a_calendar_brings_a_token_in_the_address(
    server: Server, database: Database, people: Any, client: httpx.Client
) -> None:
    people(1)
    promises.add(database, 1, "appointment", database.clock() + DAY)
    token = tokens.add(database, "calendar", "read")
    address = f"http://127.0.0.1:{server.cockpit.port}/calendar.ics"
    found = httpx.get(address, params={"token": token})
    assert (found.status_code, found.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert found.text.count("BEGIN:VEVENT\r\n") == 1
    assert httpx.get(address, params={"token": "guessed"}).status_code == 401
    assert httpx.get(address).status_code in (401, 403, 421)
    assert httpx.post(address, params={"token": token}).status_code >= 400
    assert client.get("/calendar.ics").status_code == 200, "who is signed in needs none"


@pytest.mark.parametrize("path", ["/leads", "/settings", "/api/leads"])
def test_nothing_else_takes_a_token_in_the_address(server: Server, database: Database, path: str) -> None:
    token = tokens.add(database, "calendar", "read")
    found = httpx.get(f"http://127.0.0.1:{server.cockpit.port}{path}", params={"token": token})
    assert found.status_code in (401, 403, 421)


def test_a_call_is_recorded_with_number_note_and_promise(
    client: httpx.Client, database: Database, people: Any
) -> None:
    people(1)
    given = {"event": "callback", "at": "in 2 h", "phone": "713-555-0001", "note": "about the roof"}
    said = client.post("/leads/1/outcome", data=given, headers={"accept": "application/json"})
    assert said.status_code in (200, 303), said.text
    assert database.sql("SELECT event, number, note FROM outcome") == [
        ("callback", "+17135550001", "about the roof")
    ]
    assert [each["kind"] for each in client.get("/api/calendar").json()["days"][0]["promises"]] == [
        "callback"
    ]
    assert client.get("/api/promises/due").json() == []
