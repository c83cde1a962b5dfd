"""The calendar, and what becomes of a promise there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from db import Database
from db.clock import DAY, HOUR
from valhalla.leads import deals, promises
from valhalla.program import settings


def test_promises_stand_on_their_day_and_end(
    client: httpx.Client,
    database: Database,
    people: Callable[[int], int],
    tell: Callable[..., Any],
    clock: Any,
) -> None:
    settings.save(database, "timezone", "America/Chicago")
    assert "Nothing promised" in client.get("/calendar").text
    people(3)
    first = promises.add(database, 1, "callback", clock() + HOUR, note="about the roof")
    second = promises.add(database, 2, "appointment", clock() + DAY, place="at the house")
    tell(3, "contract")
    deals.set_terms(database, 3, deals.typed_terms(database, closing="5d"))
    told = client.get("/api/calendar").json()
    assert [
        (day["day"], len(day["promises"]), len(day["deals"]))
        for day in told["days"]
        if day["promises"] or day["deals"]
    ] == [
        ("2026-09-21", 1, 0),
        ("2026-09-22", 1, 0),
        ("2026-09-26", 0, 1),
    ]
    assert told["days"][0]["promises"][0]["time"] == "10:13 am"
    clock.advance(2)
    assert len(client.get("/api/calendar").json()["late"]) == 2
    page = client.get("/calendar").text
    assert "about the roof" in page and "at the house" in page and "Late" in page
    assert client.post(f"/calendar/{first.id}/end", data={"state": "kept"}).status_code == 303
    moved = {"at": "2026-10-12 15:00"}
    assert client.post(f"/calendar/{second.id}/move", data=moved).status_code == 303
    assert client.get("/api/calendar").json()["late"] == []
    assert "Person 2" in client.get("/calendar?begin=2026-10-08").text
    client.post(f"/calendar/{first.id}/reopen")
    assert [each["id"] for each in client.get("/api/calendar").json()["late"]] == [first.id]
    ics = client.get("/calendar.ics")
    assert ics.headers["content-type"].startswith("text/calendar") and ics.text.count("BEGIN:VEVENT") == 2
    assert client.get("/calendar?begin=soon").status_code == 422
