"""Call list, leads and one lead: what they show and what their buttons do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit import routes
from valhalla.intake.samples import NAME, ten_leads
from valhalla.leads import browse, known_markets
from valhalla.leads.merge import merge

EVIL = "<script>alert('x')</script>"


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
    assert "Call now" in client.get("/overview").text
    clock.advance(0.5)  # from 9 in the morning to 9 in the evening, in Houston
    assert client.get("/api/overview").json()["tiles"]["calls"]["later"] is True
    page = client.get("/overview").text
    assert "Call later" in page and "Call now" not in page


def test_leafing_reaches_every_lead_once(
    client: httpx.Client, people: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    people(23)
    monkeypatch.setattr(browse, "PAGE", 5)
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
    index: Any,
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
    monkeypatch.setattr(browse, "PAGE", 4)
    monkeypatch.setattr(browse, "WINDOW", 3)
    monkeypatch.setattr(browse, "SECONDS", 0.0)  # every window ends a page

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
    for path in ("/", "/leads"):
        said = client.get(path, params={"market": "Dalas"}).text
        assert "No market Dalas: did you mean Dallas, TX?" in said, [
            line for line in said.splitlines() if "arket" in line
        ]


def test_merged_leads_are_not_listed(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(3)
    merge(database, 1, 2)
    assert numbers(client.get("/api/leads")) == [3, 1]


def test_search_finds_words_and_numbers(
    client: httpx.Client, database: Database, people: Callable[[int], int], index: Any
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
        ({"event": "eaten"}, 400),
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
    assert ">do not contact<" not in client.get("/leads/1").text
    assert client.post("/leads/1/dnc", data={"reason": "asked"}).status_code == 303
    assert [each["id"] for each in client.get("/api/calls").json()["calls"]] == [2]
    assert ">do not contact<" in client.get("/leads/1").text
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
    client: httpx.Client, database: Database, people: Callable[[int], int], index: Any
) -> None:
    people(3)
    index(database)
    client.post("/leads/1/packet")
    before = database.value("PRAGMA data_version"), database.value("SELECT entries FROM audit_head")
    paths = [
        route.path.replace("{number}", "1")
        for subject in routes.SUBJECTS
        for route in subject.routes
        if "GET" in getattr(route, "methods", ())
    ]
    assert len(paths) > 10
    for path in [*paths, "/leads?q=person", "/leads?status=new", "/calls?market=Houston%2C%20TX"]:
        assert client.get(path).status_code in (200, 202, 303, 404, 422, 503), path
    assert (database.value("PRAGMA data_version"), database.value("SELECT entries FROM audit_head")) == before


def test_a_market_in_an_address_is_shown_without_a_look_at_every_lead(
    client: httpx.Client, people: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    people(3)
    monkeypatch.setattr(known_markets.facets, "count", pytest.fail)
    assert len(numbers_called(client, "Houston, TX")) == 3
    assert numbers_called(client, "Nowhere, TX") == []


def numbers_called(client: httpx.Client, market: str) -> list[int]:
    calls = client.get("/api/calls", params={"market": market}).json()["calls"]
    return [each["id"] for each in calls]


@pytest.fixture
def priced(load: Callable[..., int]) -> list[int]:
    """Twelve leads with other prices, names and scores; their prices."""
    prices = [150_000 + 10_000 * (7 * i % 12) for i in range(12)]
    for i, price in enumerate(prices):
        arv = 300_000 + 20_000 * (5 * i % 12)
        load(
            f'{"zyxwvutsrqpo"[i]}{i} Lead,p{i}@example.com,{price},"Houston, TX",713555{i:04d},{i} Main St,{arv},30000,2026-09-20,'
        )
    return prices


def leaf(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """All pages, one after the other."""
    seen: list[dict[str, Any]] = []
    after: Any = None
    while True:
        answer = client.get("/api/leads", params={**asked, **({} if after is None else {"after": after})})
        assert answer.status_code == 200
        seen += answer.json()["leads"]
        after = answer.json()["next"]
        if after is None:
            return seen


def test_few_leads_are_put_in_any_order(
    client: httpx.Client, priced: list[int], tell: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(3, "won", amount=100)
    tell(4, "interested")
    monkeypatch.setattr(browse, "PAGE", 5)
    assert [each["value"] for each in leaf(client, order="cheapest")] == sorted(priced)
    assert [each["value"] for each in leaf(client, order="dearest")] == sorted(priced, reverse=True)
    names = [each["name"] for each in leaf(client, order="name")]
    assert names == sorted(names) and len(names) == 12
    best = leaf(client, order="best")
    scores = [each["score"] for each in best]
    assert scores == sorted(scores, reverse=True) and len({each["id"] for each in best}) == 12
    assert {each["id"] for each in best} == set(range(1, 13)), "also who cannot be called any more"
    assert [each["id"] for each in leaf(client, order="best", status="won")] == [3]
    assert len(set(scores)) > 2, "scores that differ, or nothing was put in order"


def test_of_many_leads_only_orders_that_an_index_has_are_offered(
    client: httpx.Client, priced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_score = [each["id"] for each in leaf(client, order="best")]
    assert client.get("/api/leads").json()["orders"] == [*browse.ORDERS]
    monkeypatch.setattr(browse, "SMALL", 11)
    monkeypatch.setattr(browse, "RANKED", 7)
    monkeypatch.setattr(browse, "PAGE", 5)
    assert client.get("/api/leads").json()["orders"] == ["newest", "oldest", "best"]
    assert [each["id"] for each in leaf(client, order="best")] == by_score[:7]
    filtered = client.get("/api/leads", params={"order": "best", "status": "new"}).json()
    assert filtered["orders"] == ["newest", "oldest"]
    answer = client.get("/api/leads", params={"order": "name", "after": 6}).json()
    assert (answer["wanted"]["order"], answer["leads"][0]["id"]) == ("newest", 12)
    page = client.get("/leads", params={"order": "name"}).text
    assert "lowest price first" not in page and 'href="/leads?after=8"' in page
    assert 'href="/leads?order=oldest"' in page and "order=dearest" not in page


def test_a_click_on_a_head_sorts_and_another_turns_it_round(
    client: httpx.Client, people: Callable[[int], int]
) -> None:
    people(2)
    page = client.get("/leads?order=dearest&status=new").text
    assert (
        '<th scope="col" class="num" aria-sort="descending"><a href="/leads?status=new&amp;order=cheapest">'
        in page
    )
    assert 'href="/leads?status=new&amp;order=best"' in page and page.count("aria-sort") == 1
    assert "aria-sort" not in client.get("/leads?q=person").text


def test_chosen_leads_are_exported_but_nobody_who_is_kept_out(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(4)
    client.post("/leads/2/dnc", data={})
    answer = client.post("/leads/export", data={"lead": [3, 2, 1]})
    assert answer.headers["content-disposition"] == 'attachment; filename="chosen-leads.csv"'
    rows = answer.text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["Person 3", "Person 1"]
    told = database.sql("SELECT subject, body FROM audit WHERE action = 'leads.export'")
    assert told == [("chosen leads", '{"leads":2}')]
    assert client.post("/leads/export", data={"lead": [2]}).status_code == 400


def test_the_same_is_recorded_of_all_chosen_leads_and_taken_back(
    client: httpx.Client, people: Callable[[int], int]
) -> None:
    people(3)
    answer = client.post(
        "/leads/outcome", data={"lead": [1, 3], "event": "appointment", "back": "/leads?order=oldest"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/leads?order=oldest")
    page = client.get("/leads").text
    assert "2 leads: appointment." in page
    assert [client.get(f"/api/leads/{n}").json()["status"] for n in (1, 2, 3)] == [
        "appointment",
        "new",
        "appointment",
    ]
    undo = page.partition('action="/leads/outcome/undo')[2].partition('"')[0]
    assert client.post(f"/leads/outcome/undo{undo}").status_code == 303
    assert {each["status"] for each in leaf(client)} == {"new"}


def test_keeping_chosen_leads_out_asks_first_and_says_how_many(
    client: httpx.Client, people: Callable[[int], int], database: Database
) -> None:
    people(3)
    asked = client.post("/leads/dnc", data={"lead": [1, 3], "back": "//elsewhere.example/"})
    assert asked.status_code == 200
    assert "Never contact these 2 leads again" in asked.text and "elsewhere" not in asked.text
    assert 'name="lead" value="1"' in asked.text and 'name="lead" value="3"' in asked.text
    assert database.value("SELECT count(*) FROM suppression") == 0
    sure = {"lead": [1, 3], "sure": "true", "reason": "they asked"}
    assert client.post("/leads/dnc", data=sure).headers["location"] == "/leads"
    page = client.get("/leads").text
    assert "2 leads are marked do not contact from now on." in page
    assert database.sql("SELECT DISTINCT reason FROM suppression") == [("they asked",)]
    assert database.sql("SELECT id FROM lead WHERE suppressed IS NOT NULL ORDER BY id") == [(1,), (3,)]
    undo = page.partition('action="/leads/dnc/undo')[2].partition('"')[0]
    assert client.post(f"/leads/dnc/undo{undo}").status_code == 303
    assert database.value("SELECT count(*) FROM lead WHERE suppressed IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("/leads/export", {}, 400),
        ("/leads/dnc", {"lead": [1, 99]}, 404),
        ("/leads/dnc", {"lead": [-1]}, 400),
        ("/leads/outcome", {"lead": [1], "event": "sold"}, 422),
        ("/leads/outcome", {"lead": [1] * 201, "event": "lost"}, 422),
        ("/leads/outcome/undo?outcomes=1;2", {}, 422),
        ("/leads/dnc/undo?leads=99", {}, 404),
    ],
)
def test_what_is_chosen_is_checked(
    client: httpx.Client, people: Callable[[int], int], path: str, given: dict[str, Any], status: int
) -> None:
    people(1)
    assert client.post(path, data=given).status_code == status
    assert client.get("/api/leads/1").json()["status"] == "new"


def test_a_lead_is_in_a_callers_order_with_everything_in_one_timeline(
    client: httpx.Client, people: Callable[[int], int], clock: Any
) -> None:
    people(2)
    for path, data in (
        ("note", {"text": "daughter handles it"}),
        ("tag", {"text": "hot, probate"}),
        ("edit", {"phone": "713-555-9999"}),
        ("outcome", {"event": "interested"}),
    ):
        clock.advance(0.01)
        answer = client.post(f"/leads/1/{path}", data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, "/leads/1")
    lead = client.get("/api/leads/1").json()
    assert [each["kind"] for each in lead["timeline"]][:3] == ["call", "change", "note"]
    assert lead["timeline"][-1]["kind"] == "list" and lead["tags"] == ["hot", "probate"]
    page = client.get("/leads/1").text
    order = [
        "713-555-9999",
        "What to say",
        "What came of it?",
        "Notes and what happened",
        "Numbers of the deal",
    ]
    places = [page.index(word) for word in [*order, "The six stages"]]
    assert places == sorted(places)
    assert "{caller}" not in page and "Lists do not change that" in page
    client.post("/leads/1/tag", data={"text": "hot", "off": "1"})
    assert client.get("/api/leads/1").json()["tags"] == ["probate"]


def test_a_lead_is_added_promised_and_what_they_agreed_to_is_kept(client: httpx.Client) -> None:
    added = client.post(
        "/leads/add", data={"address": "12 Oak St, Houston, TX 77018", "phone": "713-555-0166"}
    )
    assert added.headers["location"] == "/leads/1"
    client.post("/leads/1/promise", data={"kind": "task", "at": "in 2 h", "note": "send the comps"})
    client.post("/leads/1/consent", data={"channel": "text", "words": "yes, text me the offer"})
    lead, page = client.get("/api/leads/1").json(), client.get("/leads/1").text
    assert [(each["kind"], each["note"], each["late"]) for each in lead["promises"]] == [
        ("task", "send the comps", False)
    ]
    assert "send the comps" in page and "yes, text me the offer" in page
    assert (lead["consents"][0]["channel"], lead["consents"][0]["withdrawn_at"]) == ("text", None)
    client.post("/leads/1/consent", data={"channel": "text", "withdraw": "true"})
    client.post(f"/calendar/{lead['promises'][0]['id']}/end", data={"state": "dropped"})
    lead = client.get("/api/leads/1").json()
    assert lead["consents"][0]["withdrawn_at"] and lead["promises"] == []
    assert client.post("/leads/1/promise", data={"kind": "task"}).status_code == 400
    assert client.post("/leads/add", data={"phone": "713-555-0167"}).status_code == 400


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ("busy", {}),
        ("sold", {}),
        ("mail_returned", {}),
        ("no_answer", {"at": "yesterday 4pm", "phone": "713-555-0199", "note": "barking dog"}),
        ("appointment", {"until": "tue 3pm", "place": "at the house", "note": "bring comps"}),
        ("offer", {"amount": "95k"}),
    ],
)
def test_every_outcome_stands_on_the_leads_page_with_what_belongs_to_it(
    client: httpx.Client, people: Callable[[int], int], event: str, more: dict[str, str]
) -> None:
    people(1)
    page = client.get("/leads/1").text
    assert f'value="{event}"' in page and all(f'name="{name}"' in page for name in more)
    assert client.post("/leads/1/outcome", data={"event": event, **more}).status_code == 303
    made = client.get("/api/leads/1").json()["outcomes"][-1]
    assert made["event"] == event and made["note"] == more.get("note")
    assert made["amount"] == (95_000 if "amount" in more else None)


def test_a_form_that_is_refused_says_so_in_place(client: httpx.Client, people: Callable[[int], int]) -> None:
    people(1)
    asked = {"X-Typed": "1", "Accept": "application/json"}
    refused = client.post("/leads/1/outcome", data={"event": "callback", "until": "purple"}, headers=asked)
    assert refused.status_code == 400 and "'purple' is not a time" in refused.json()["error"]["message"]
    taken = client.post("/leads/1/outcome", data={"event": "callback", "until": "in 2 h"}, headers=asked)
    assert taken.json() == {"to": "/leads/1"}
    assert "callback" in client.get("/leads/1").text, "the page that it goes to says what was done"
