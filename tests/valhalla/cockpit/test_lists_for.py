"""Export lists: what the button says is what the file holds."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable
from typing import Any

import httpx

from db import Database


def lists(client: httpx.Client, query: str = "") -> dict[str, Any]:
    """The lists by kind, once all are counted."""
    for _ in range(200):
        found = client.get(f"/api/leads/lists{query}").json()["lists"]
        if all(each["leads"] is not None for each in found):
            return {each["kind"]: each for each in found}
        time.sleep(0.01)
    raise AssertionError("never counted")


def test_the_count_on_the_button_is_what_is_downloaded(
    client: httpx.Client, database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(5)
    tell(2, "lost")
    assert lists(client)["dialer"]["leads"] == 4
    tell(3, "opted_out")
    told = lists(client)["dialer"]
    assert (told["leads"], told["left_out"]) == (3, {"do not contact": 1, "won, lost or dead": 1})
    page = client.get("/leads/lists").text
    words = re.sub(r"<[^>]+>", "", page)
    assert "3 leads" in words and "1 do not contact" in words and "Not checked against" in words
    answer = client.post("/leads/lists/dialer")
    assert 'filename="leads-dialer-2026-09-21.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Lead"] for row in rows] == ["1", "4", "5"]
    assert client.post("/leads/lists/excel").content.startswith(b"PK")
    assert lists(client, "?market=houston&status=new")["dialer"]["leads"] == 3
    assert client.post("/leads/lists/fax").status_code == 400
    assert database.path is not None and not list(database.path.parent.glob(".scratch/*")), (
        "nothing is left behind"
    )
    assert "/leads/lists" in client.get("/leads").text
