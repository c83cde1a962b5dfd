"""Call list, leads and one lead: what they show and what their buttons do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit import routes
from valhalla.cockpit.gather import leads as gathering
from valhalla.leads import search
from valhalla.leads.merging import merge
from valhalla.samples import NAME, ten_leads

EVIL = "<script>alert('x')</script>"


def index(database: Database) -> None:
    """Bring the search index up to date."""
    with database.write():
        while search.index_some(database):
            pass


def numbers(answer: httpx.Response) -> list[int]:
    return [each["id"] for each in answer.json()["leads"]]


def test_text_of_lists_is_shown_as_text(client: httpx.Client, load: Callable[..., int]) -> None:
    load(f'"{EVIL}",x@example.com,150000,"{EVIL}",7135550101,"{EVIL}",,,,"{EVIL}"')
    for path in ("/", "/calls", "/leads", "/leads/1", "/leads?q=script"):
        page = client.get(path)
        assert page.status_code == 200
        assert EVIL not in page.text
        assert "&lt;script&gt;alert" in page.text
    assert client.get("/api/leads/1").json()["name"] == EVIL


def test_pages_and_json_say_the_same(client: httpx.Client, people: Callable[[int], int]) -> None:
    people(3)
    assert numbers(client.get("/api/leads")) == [3, 2, 1]
    calls = client.get("/api/calls").json()["calls"]
    page = client.get("/calls").text
    assert [each["name"] for each in calls] == sorted((each["name"] for each in calls), key=page.index)
    assert calls[0]["rank"] == 1
    overview = client.get("/api/overview").json()
    assert overview["tiles"]["calls"] == {
        "count": 3,
        "more": False,
        "best": calls[0]["score"],
        "later": False,
    }
    assert [each["id"] for each in overview["calls"]] == [each["id"] for each in calls]
    assert overview["funnel"][2]["read"] == 3


def test_nobody_is_to_be_called_now_in_quiet_hours(
    client: httpx.Client, people: Callable[[int], int], clock: Any
) -> None:
    people(3)
    assert "Call now" in client.get("/").text
    clock.advance(0.5)  # from 9 in the morning to 9 in the evening, in Houston
    assert client.get("/api/overview").json()["tiles"]["calls"]["later"] is True
    page = client.get("/").text
    assert "Call later" in page and "Call now" not in page


def test_leafing_reaches_every_lead_once(
    client: httpx.Client, people: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    people(23)
    monkeypatch.setattr(gathering, "PAGE", 5)
    for order in ("newest", "oldest"):
        seen, after = [], None
        while True:
            answer = client.get(
                "/api/leads", params={"order": order, **({} if after is None else {"after": after})}
            )
            seen += numbers(answer)
            after = answer.json()["next"]
            if after is None:
                break
        assert seen == sorted(range(1, 24), reverse=order == "newest")


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_filters_find_what_fits_with_and_without_the_index(
    client: httpx.Client,
    database: Database,
    load: Callable[..., int],
    tell: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    indexed: bool,
    order: str,
) -> None:
    for i in range(1, 31):
        place = "Dallas, TX" if i % 3 == 0 else "Houston, TX"
        load(
            f'P {i},p{i}@example.com,150000,"{place}",713555{i:04d},{i} Main St,300000,30000,2026-09-20,',
            source=f"list {i % 2}",
        )
    tell(4, "contacted")
    tell(9, "opted_out")
    if indexed:
        index(database)
    monkeypatch.setattr(gathering, "PAGE", 4)
    monkeypatch.setattr(gathering, "WINDOW", 3)
    monkeypatch.setattr(gathering, "SECONDS", 0.0)  # every window ends a page

    def everything(**asked: Any) -> list[int]:
        seen: list[int] = []
        after: Any = None
        while True:
            given = {**asked, "order": order, **({} if after is None else {"after": after})}
            answer = client.get("/api/leads", params=given)
            assert answer.status_code == 200
            seen += numbers(answer)
            after = answer.json()["next"]
            if after is None:
                return seen

    down = order == "newest"
    assert everything(market="Dallas, TX") == sorted(range(3, 31, 3), reverse=down)
    assert everything(market="Dallas, TX", source="list 1") == sorted(range(3, 31, 6), reverse=down)
    assert everything(source="list 0") == sorted(range(2, 31, 2), reverse=down)
    assert everything(status="contacted") == [4]
    assert everything(kept_out="true") == [9]
    assert everything(market="Nowhere") == []


def test_merged_leads_are_not_listed(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(3)
    merge(database, 1, 2)
    assert numbers(client.get("/api/leads")) == [3, 1]


def test_search_finds_words_and_numbers(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(12)
    index(database)
    assert numbers(client.get("/api/leads", params={"q": "(713) 555-0007"})) == [7]
    assert len(numbers(client.get("/api/leads", params={"q": "pers hou"}))) == 12
    assert numbers(client.get("/api/leads", params={"q": "nobody"})) == []
    assert "No lead has these words" in client.get("/leads", params={"q": "nobody"}).text
    for odd in ('"', "tax_list", "a" * 200, "*", "AND OR NOT", "\u19b0x", "-", "💰", "' OR 1=1 --"):
        assert client.get("/api/leads", params={"q": odd}).status_code == 200


def test_wrong_filters_are_told(client: httpx.Client) -> None:
    assert client.get("/api/leads", params={"status": "nothing"}).json()["error"]["code"] == "NOT_POSSIBLE"
    assert client.get("/api/leads", params={"order": "x"}).status_code == 400
    assert client.get("/api/leads", params={"after": "x"}).status_code == 422
    assert client.get("/api/leads", params={"after": 2**70}).status_code == 422
    assert client.get("/api/leads/99").status_code == 404
    assert client.get("/leads/99").status_code == 404
    assert client.get(f"/leads/{2**80}").status_code == 422


def test_an_outcome_is_one_click_and_can_be_taken_back(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(2)
    answer = client.post("/leads/1/outcome", data={"event": "appointment", "back": "/calls"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/calls")
    page = client.get("/calls").text
    assert "Person 1: appointment." in page
    assert "Person 1: appointment." not in client.get("/calls").text  # told once
    assert client.get("/api/leads/1").json()["status"] == "appointment"
    undo = page.partition('action="/outcomes/')[2].partition('"')[0]
    assert client.post(f"/outcomes/{undo}", data={"back": "/"}).status_code == 303
    assert client.get("/api/leads/1").json()["status"] == "new"
    waiting = database.sql("SELECT count(*) FROM task WHERE name = 'stages.reevaluate'")
    assert waiting == [(1,)]  # both asked for it, and it waits once


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"event": "won", "amount": "12,000"}, 303),
        ({"event": "won", "amount": "a lot"}, 400),
        ({"event": "paused", "until": "2w"}, 303),
        ({"event": "paused"}, 400),
        ({"event": "sold"}, 400),
        ({"event": "contacted", "at": "2099-01-01"}, 400),
        ({}, 422),
    ],
)
def test_outcomes_are_checked(
    client: httpx.Client, people: Callable[[int], int], given: dict[str, str], status: int
) -> None:
    people(1)
    assert client.post("/leads/1/outcome", data=given).status_code == status


def test_a_form_leads_back_into_the_cockpit_only(client: httpx.Client, people: Callable[[int], int]) -> None:
    people(1)
    for back in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nX: y",
    ):
        answer = client.post("/leads/1/outcome", data={"event": "contacted", "back": back})
        assert answer.headers["location"] == "/"


def test_do_not_contact_takes_a_lead_out_of_the_list(
    client: httpx.Client, people: Callable[[int], int]
) -> None:
    people(2)
    assert client.post("/leads/1/dnc", data={"reason": "asked"}).status_code == 303
    assert [each["id"] for each in client.get("/api/calls").json()["calls"]] == [2]
    assert "kept out of every list" in client.get("/leads/1").text
    assert client.post("/leads/1/dnc/undo").status_code == 303
    assert len(client.get("/api/calls").json()["calls"]) == 2


def test_a_packet_is_made_by_a_click_and_shown_under_rules_of_its_own(
    client: httpx.Client, people: Callable[[int], int], tmp_path: Path
) -> None:
    people(1)
    assert client.get("/leads/1/packet").status_code == 404
    assert client.post("/leads/1/packet").headers["location"] == "/leads/1/packet"
    shown = client.get("/leads/1/packet")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert policy.endswith("sandbox")
    assert client.get("/leads/1/packet.pdf").content.startswith(b"%PDF")
    assert (tmp_path / "packets" / "lead-1.html").exists()


def test_the_call_list_is_saved_by_hand_and_audited(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(3)
    answer = client.post("/calls/export", data={"limit": 2})
    assert answer.headers["content-disposition"].startswith("attachment")
    assert len(answer.text.strip().splitlines()) == 3
    assert database.value("SELECT body FROM audit WHERE action = 'leads.export'") == '{"leads":2}'


def test_sample_leads_go_into_the_inbox(client: httpx.Client, tmp_path: Path) -> None:
    assert client.post("/samples").status_code == 303
    assert (tmp_path / "inbox" / NAME).read_bytes() == ten_leads()


def test_looking_changes_nothing(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(3)
    index(database)
    client.post("/leads/1/packet")
    before = database.value("PRAGMA data_version"), database.value("SELECT entries FROM audit_head")
    paths = [
        route.path.replace("{number}", "1")
        for module in (*routes.PAGES, *routes.API)
        for route in module.router.routes
        if "GET" in getattr(route, "methods", ())
    ]
    assert len(paths) > 10
    for path in [*paths, "/leads?q=person", "/leads?status=new", "/calls?market=Houston%2C%20TX"]:
        assert client.get(path).status_code in (200, 303, 404, 422, 503), path
    assert (database.value("PRAGMA data_version"), database.value("SELECT entries FROM audit_head")) == before
