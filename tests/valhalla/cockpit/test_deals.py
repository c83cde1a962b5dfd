"""The board of deals, one deal, and the sheet for buyers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.leads import buyers, deals


@pytest.fixture
def agreed(database: Database, people: Callable[[int], int], tell: Callable[..., Any]) -> Database:
    """Three leads: a first offer, a contract of twelve days, a deal that was lost."""
    people(4)
    tell(1, "offer", days_ago=2, amount=9_500_000)
    tell(2, "contract", days_ago=12, amount=9_000_000)
    tell(3, "offer", days_ago=9, amount=8_000_000)
    tell(3, "lost", days_ago=1)
    buyers.add(database, {"name": "Cem Homes"})
    return database


def stages(client: httpx.Client) -> dict[str, list[int]]:
    told = client.get("/api/deals").json()["stages"]
    return {each["stage"]: [deal["lead"] for deal in each["deals"]] for each in told if each["deals"]}


def test_the_board_says_how_far_deals_are_and_what_waits(client: httpx.Client, agreed: Database) -> None:
    assert stages(client) == {"offer": [1], "contract": [2], "lost": [3]}
    told = client.get("/api/deals").json()
    assert [(each["lead"], each["waits"]["why"]) for each in told["waiting"]] == [
        (2, "Under contract for 12 days without a closing date")
    ]
    page = client.get("/deals").text
    for words in ("2 Main St", "12 days in this stage", "Waits for you", "Lost in 90 days: 1"):
        assert words in page


def test_terms_are_saved_and_taken_away(client: httpx.Client, agreed: Database) -> None:
    form = {"whole": "true", "closing_date": "2099-01-15", "earnest": "500", "buyer": "cem homes"}
    assert client.post("/deals/2/terms", data={**form, "buyer_price": "105,000"}).status_code == 303
    (deal,) = client.get("/api/deals/2").json()["deals"]
    assert (deal["closing_at"], deal["earnest"], deal["spread"]) == ("2099-01-15", 500.0, 15000.0)
    assert deal["buyer"]["name"] == "Cem Homes" and deal["waits"] is None
    client.post(
        "/deals/2/terms", data={"whole": "true", "closing_date": "2099-01-15", "buyer_price": "105000"}
    )
    (deal,) = client.get("/api/deals/2").json()["deals"]
    assert (deal["earnest"], deal["buyer"], deal["buyer_price"]) == (None, None, 105000.0)
    client.post("/deals/2/terms", data={"note": "lockbox"})
    assert client.get("/api/deals/2").json()["deals"][0]["buyer_price"] == 105000.0, (
        "only what is given changes"
    )
    answer = client.post(
        "/deals/2/terms", data={"closing_date": "some day"}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 400 and "some day" in answer.text


def test_a_contract_is_recorded_with_its_closing_date(client: httpx.Client, agreed: Database) -> None:
    form = {"event": "contract", "amount": "90,000", "closing": "2099-01-15"}
    assert client.post("/leads/1/outcome", data=form).status_code == 303
    (deal,) = client.get("/api/deals/1").json()["deals"]
    assert (deal["stage"], deal["price"], deal["closing_at"]) == ("contract", 90000.0, "2099-01-15")
    assert client.post("/leads/4/outcome", data={**form, "event": "offer"}).status_code == 400


def test_it_is_assigned_undone_and_lost(client: httpx.Client, agreed: Database) -> None:
    told = client.post(
        "/deals/2/assign",
        data={"fee": "15,000", "buyer": "Cem Homes"},
        headers={"accept": "application/json"},
    ).json()
    assert told["message"].endswith("assigned, fee $15,000.")
    assert stages(client)["assigned"] == [2]
    assert client.post(told["undo"]).status_code == 303
    assert stages(client)["contract"] == [2]
    client.post("/deals/2/assign", data={"fee": "15,000", "buyer": "Cem Homes"})
    client.post("/deals/2/close")
    client.post("/deals/1/lose", data={"reason": "sold to another"})
    assert stages(client) == {"closed": [2], "lost": [1, 3]}
    assert "$15,000" in client.get("/deals").text
    assert client.get("/deals/4").status_code == 200 and "No deal yet" in client.get("/deals/4").text
    assert client.get("/deals/99").status_code == 404


def test_the_sheet_for_buyers_is_open_to_print(client: httpx.Client, agreed: Database) -> None:
    deals.set_terms(agreed, 2, {"buyer_price": 10_500_000})
    page = client.get("/deals/2/sheet")
    assert "$105,000" in page.text and "2 Main St" in page.text and "Person 2" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/deals/2/sheet.pdf").content.startswith(b"%PDF")
    assert "Person 2" not in client.get("/api/deals/2/sheet").text


def test_a_buyer_is_added_by_hand(client: httpx.Client, agreed: Database) -> None:
    form = {"name": "Dee Holdings", "markets": "Houston, TX", "max_price": "200,000"}
    assert client.post("/settings/buyers/add", data=form).status_code == 303
    assert "Dee Holdings" in client.get("/settings/buyers").text
    assert client.post("/settings/buyers/add", data={"name": "Bob", "markets": "Atlantis"}).status_code == 400
