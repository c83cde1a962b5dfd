"""Today, Work the list and filters, as requests see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from valhalla.intake.importer import import_file
from valhalla.intake.request import Request


@pytest.fixture
def at_work(client: httpx.Client, people: Callable[[int], int]) -> httpx.Client:
    people(5)
    return client


def shown(client: httpx.Client, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/work", params=asked).json()
    return found


def test_a_key_records_once_and_the_next_lead_comes(at_work: httpx.Client) -> None:
    first = shown(at_work)
    lead = first["card"]["lead"]["id"]
    for _ in range(2):  # two quick presses
        answer = at_work.post(
            "/work/record", data={"key": first["key"], "event": "no_answer"}, headers={"X-Work": "1"}
        )
        assert answer.status_code == 200 and f'data-lead="{lead}"' not in answer.text
    assert len(at_work.get(f"/api/leads/{lead}").json()["outcomes"]) == 1
    other = shown(at_work)["card"]["lead"]["id"]
    assert other != lead
    assert len(at_work.get(f"/api/leads/{other}").json()["outcomes"]) == 0
    old = at_work.post("/work/record", data={"key": "nothing", "event": "no_answer"}, headers={"X-Work": "1"})
    assert "That page was old" in old.text
    assert shown(at_work)["day"]["dials"] == 1


def test_what_cannot_be_leaves_the_key_good(at_work: httpx.Client) -> None:
    first = shown(at_work)
    for data in ({"event": "callback"}, {"event": "callback", "when": "nonsense"}, {"event": "slept"}):
        answer = at_work.post(
            "/work/record",
            data={"key": first["key"], **data},
            headers={"X-Work": "1", "Accept": "application/json"},
        )
        assert answer.status_code == 400 and answer.json()["error"]["message"]
    lead = first["card"]["lead"]["id"]
    at_work.post("/work/record", data={"key": first["key"], "event": "callback", "when": "3d"})
    assert [each["kind"] for each in shown(at_work)["week"]] == ["callback"]
    assert at_work.get(f"/api/leads/{lead}").json()["outcomes"][0]["event"] == "callback"


def test_the_last_ten_are_undone_one_after_the_other(at_work: httpx.Client) -> None:
    order = []
    for _ in range(3):
        found = shown(at_work)
        order.append(found["card"]["lead"]["id"])
        at_work.post("/work/record", data={"key": found["key"], "event": "voicemail"})
    for lead in reversed(order):
        answer = at_work.post("/work/undo", headers={"X-Work": "1"})
        assert f'data-lead="{lead}"' in answer.text and "Undone: voicemail" in answer.text
    assert "Nothing was recorded today" in at_work.post("/work/undo", headers={"X-Work": "1"}).text


def test_a_skipped_lead_comes_again_when_a_person_says_so(at_work: httpx.Client) -> None:
    first = shown(at_work)
    at_work.post("/work/skip", data={"key": first["key"]})
    again = shown(at_work)
    assert again["card"]["lead"]["id"] != first["card"]["lead"]["id"] and again["skipped"] == 1
    at_work.post("/work/unskip")
    assert shown(at_work)["card"]["lead"]["id"] == first["card"]["lead"]["id"]


def test_today_has_groups_with_counts(at_work: httpx.Client) -> None:
    found = at_work.get("/api/today").json()
    assert [(each["key"], each["count"], len(each["rows"])) for each in found["groups"]] == [("new", 5, 5)]
    assert found["next"]["group"] == "new" and found["day"]["goal"] == 50
    at_work.post("/leads/2/outcome", data={"event": "interested"})
    page = at_work.get("/").text
    assert page.index("Warm") < page.index(">New ")
    assert at_work.get("/?only=warm").status_code == 200
    assert at_work.get("/?only=cold").status_code == 400


def test_outside_calling_hours_today_lists_and_work_says_when(at_work: httpx.Client, clock: Any) -> None:
    clock.advance(0.5)  # from 9 in the morning to 9 in the evening, in Houston
    found = shown(at_work)
    assert found["card"] is None and found["opens"] is not None
    assert "Nobody may be called right now" in at_work.get("/work").text
    assert at_work.get("/api/today").json()["groups"][0]["count"] == 5


def test_filters_are_counted_worked_and_removed(at_work: httpx.Client) -> None:
    assert at_work.post("/filters", data={"name": "fresh", "text": "never called"}).status_code == 303
    (made,) = at_work.get("/api/filters").json()["filters"]
    assert made["count"] in (5, None)
    found = shown(at_work, only=f"filter:{made['id']}")
    assert found["card"] is not None and found["heading"] == "fresh"
    assert at_work.post(f"/filters/{made['id']}/tag", data={"text": "hot"}).status_code == 303
    assert at_work.get("/api/leads/1").json()["tags"] == ["hot"]
    assert at_work.post(f"/filters/{made['id']}/export").text.count("\r\n") == 6
    at_work.post(f"/filters/{made['id']}/remove")
    assert at_work.get("/api/filters").json()["filters"] == []
    assert at_work.post("/filters", data={"name": "x", "text": "purple"}).status_code == 400


def test_a_row_that_is_refused_again_counts_once(at_work: httpx.Client, database: Any, tmp_path: Any) -> None:
    path = tmp_path / "bad.csv"
    for value in ("1", "2", "3"):
        path.write_text(f"name,email,value\nAnn,ann@example.com,{value}\nBob,nothing,5\n", encoding="utf-8")
        import_file(database, Request(str(path), "csv"))
    today, *_ = at_work.get("/api/overview").json()["funnel"]
    assert today["refused"] == 1 and today["accepted"] == today["read"] - 1
