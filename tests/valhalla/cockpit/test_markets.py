"""Markets side by side, and what the program proposes about them and about sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from db import Database


def until(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, once there is something: profiles and worth are worked out beside the pages."""
    for _ in range(500):
        if found := look():
            return found
    raise AssertionError("never worked out")


def test_a_share_of_arv_is_proposed_with_its_formula_and_applied_by_a_person(
    client: httpx.Client, database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    assert client.get("/markets").status_code == 200
    people(6)
    for lead in range(1, 5):
        tell(lead, "contract", 3, amount=15_000_000)
        tell(lead, "won", 1, amount=1_000_000)
    with database.write():
        database.sql("UPDATE deal SET buyer_price = 21000000, updated_at = updated_at + 1")
    (found,) = until(lambda: client.get("/api/decisions").json()["proposals"]["caps"])
    (market,) = client.get("/api/markets").json()["markets"]
    assert (market["market"], market["leads"], market["closes"]) == ("Houston, TX", 6, 4)
    assert market["cap"]["proposed"] == found["proposed"] != found["share"] == 0.70
    page = client.get("/decisions").text
    assert "Proposals" in page and found["formula"] in page and "in <a" in page
    assert f"Use {100 * found['proposed']:.0f}%" in client.get("/markets").text
    assert client.post("/markets/cap", data={"market": "Houston, TX"}).status_code == 303
    assert database.value("SELECT max(version) FROM policy") == 2
    until(lambda: not client.get("/api/decisions").json()["proposals"]["caps"])
    (market,) = client.get("/api/markets").json()["markets"]
    assert (market["cap"]["share"], market["cap"]["proposed"]) == (found["proposed"], None)
    refused = client.post("/markets/cap", data={"market": "Huston"})
    assert refused.status_code == 400 and "Houston, TX" in refused.text
