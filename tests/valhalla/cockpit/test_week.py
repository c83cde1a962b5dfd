"""The page of the week, its charts, and what lists cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from db import Database
from valhalla.program import settings


def test_the_week_with_its_charts_and_costs(
    client: httpx.Client, database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    settings.save(database, "timezone", "America/Chicago")
    assert client.get("/week").status_code == 200, "with nothing at all"
    people(30)
    for lead in range(1, 31):
        tell(lead, "contacted" if lead % 5 == 0 else "no_answer")
    tell(5, "won", amount=1_200_000)
    told = client.get("/api/week").json()
    assert (told["dials"], told["contacts"], told["fees"]) == (30, 6, 12000.0)
    assert client.post("/week/cost", data={"import_id": 1, "amount": "$600"}).status_code == 303
    assert client.get("/api/week").json()["lists"][0]["cost"]["per_contact"] == 100.0
    assert client.post("/week/cost", data={"import_id": 9, "amount": "600"}).status_code == 400
    page = client.get("/week").text
    for words in ("list-1.csv", "20% ", "n 30", "9 am", "$12,000", "$600"):
        assert words in page, words
    for chart in ("steps", "hours"):
        svg = client.get(f"/charts/week/{chart}.svg?theme=dark")
        assert svg.headers["content-type"] == "image/svg+xml" and "<script" not in svg.text
    assert client.get("/charts/week/hours.svg?back=9").status_code == 404
    assert client.get("/api/week?back=1").json()["dials"] == 0
