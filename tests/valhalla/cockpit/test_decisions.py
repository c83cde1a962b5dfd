"""What waits for a person's word, as a page and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit.server import Server
from valhalla.effects import drafting
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.source_settings import Change, set_source
from valhalla.scoring.policies import change

ANN = "<script>Ann</script> Ames,ann@example.com,100000,Houston TX,713-555-2101,1 Elm St,,,,"
ANN2 = "Ann Ames,ann@work.example,90000,Houston TX,(713) 555-2101,1 Elm St,300000,,,likes mail"


@pytest.fixture
def pair(database: Database, load: Callable[..., int], index: Any) -> tuple[int, int]:
    """Two leads with one number and two addresses."""
    load(ANN)
    load(ANN2)
    index(database)
    return 1, 2


@pytest.fixture
def changes(database: Database, load: Callable[..., int]) -> None:
    """Two changes of a source that asks first."""
    set_source(database, "careful", Change(options={"merge": "review"}))
    load("Rita,r@example.com,200000,Dallas TX,,,,,,", "Bob,b@example.com,1000,,,,,,,", source="careful")
    load("Rita <b>,r@example.com,215000,Dallas TX,,,,,,", "Bob,b@example.com,2000,,,,,,,", source="careful")


def told(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/decisions").json()
    return found


def test_with_nothing_to_decide_the_page_says_what_would_be_here(client: httpx.Client) -> None:
    page = client.get("/decisions").text
    assert "Nothing to decide" in page and "One lead or two?" not in page
    assert told(client)["counts"] == {"duplicates": 0, "changes": 0, "effects": 0, "offers": 0, "houses": 0}


def test_possible_duplicates_stand_side_by_side(client: httpx.Client, pair: tuple[int, int]) -> None:
    (found,) = told(client)["duplicates"]
    assert found["phone"] == "+17135552101" and [lead["id"] for lead in found["leads"]] == [1, 2]
    rows = {row["title"]: (row["values"], row["same"]) for row in found["rows"]}
    assert rows["address"] == (["1 Elm St", "1 Elm St"], True)
    assert rows["asking"] == ([100000, 90000], False)
    assert rows["ARV"] == ([None, 300000], False)
    assert rows["notes"] == ([None, "likes mail"], False)
    page = client.get("/decisions").text
    assert "&lt;script&gt;Ann" in page and "<script>Ann" not in page
    assert client.get("/api/state").json()["counts"]["decisions"] == 1


def test_whoever_was_worked_with_is_kept(
    client: httpx.Client, pair: tuple[int, int], tell: Callable[..., Any]
) -> None:
    assert told(client)["duplicates"][0]["suggested"] == 1
    tell(2, "contacted")
    assert told(client)["duplicates"][0]["suggested"] == 2


def test_a_merge_is_made_and_taken_back(
    client: httpx.Client, database: Database, pair: tuple[int, int]
) -> None:
    answer = client.post(
        "/decisions/merge", data={"kept": 2, "merged": 1}, headers={"accept": "application/json"}
    ).json()
    assert answer["undo"] == "/decisions/unmerge/1"
    assert database.value("SELECT suppressed FROM lead WHERE id = 1") == "merged into lead 2"
    after = told(client)
    assert after["duplicates"] == [] and [(m["kept"], m["merged"]) for m in after["merges"]] == [(2, 1)]
    assert "Undo" in client.get("/decisions").text
    assert client.post(answer["undo"]).status_code == 303
    assert database.value("SELECT suppressed FROM lead WHERE id = 1") is None
    assert told(client)["merges"] == []
    assert client.post(answer["undo"]).status_code == 404


def test_two_people_are_not_proposed_again(
    client: httpx.Client, database: Database, pair: tuple[int, int], index: Any
) -> None:
    assert client.post("/decisions/apart", data={"one": 1, "other": 2}).status_code == 303
    index(database)
    assert told(client)["duplicates"] == []
    assert client.post("/decisions/apart", data={"one": 1, "other": 1}).status_code == 400
    assert client.post("/decisions/apart", data={"one": 1, "other": 99}).status_code == 404


def test_pairs_are_paged(
    client: httpx.Client, database: Database, load: Callable[..., int], index: Any
) -> None:
    for offer in ("x", "y"):
        load(*(f"P{n},p{n}@{offer}.com,1000,,713555{n:04d},,,,," for n in range(23)))
    index(database)
    seen, after = [], 0
    for _ in range(3):
        page = client.get("/api/decisions", params={"pairs_after": after}).json()
        seen += [pair["id"] for pair in page["duplicates"]]
        after = page["next_pairs"]
    assert after is None and len(seen) == len(set(seen)) == 23
    assert client.get("/decisions?pairs_after=10").status_code == 200
    assert "23" in client.get("/decisions").text


def test_changes_say_what_was_and_what_becomes(client: httpx.Client, changes: None) -> None:
    rita, bob = told(client)["changes"]
    assert {(c["title"], c["before"], c["after"]) for c in rita["changes"]} == {
        ("name", "Rita", "Rita <b>"),
        ("asking", 200000, 215000),
    }
    assert bob["line"] == 3
    page = client.get("/decisions").text
    assert "Rita &lt;b&gt;" in page and "$215,000" in page


def test_a_change_is_made_or_declined(client: httpx.Client, database: Database, changes: None) -> None:
    rita, bob = told(client)["changes"]
    client.post(f"/decisions/changes/{rita['id']}/accept")
    client.post(f"/decisions/changes/{bob['id']}/decline")
    assert database.sql("SELECT name, value FROM lead ORDER BY id") == [
        ("Rita <b>", 21_500_000),
        ("Bob", 100_000),
    ]
    assert told(client)["changes"] == []
    assert client.post(f"/decisions/changes/{bob['id']}/accept").status_code == 404


def test_chosen_changes_are_made_together_or_not_at_all(
    client: httpx.Client, database: Database, changes: None
) -> None:
    numbers = [change["id"] for change in told(client)["changes"]]
    assert client.post("/decisions/changes/accept", data={"change": [*numbers, 999]}).status_code == 404
    assert len(told(client)["changes"]) == 2
    assert client.post("/decisions/changes/accept", data={"change": numbers}).status_code == 303
    assert database.value("SELECT sum(value) FROM lead") == 21_700_000
    assert client.post("/decisions/changes/accept").status_code == 400


def test_drafted_effects_are_decided_here_too(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(1)
    made = drafting.webhook(database, 1, "https://hooks.example.com/in")
    assert [each["id"] for each in told(client)["effects"]] == [made["id"]]
    assert "Tell hooks.example.com about Person 1." in client.get("/decisions").text


def test_a_read_only_cockpit_decides_nothing(
    serve: Callable[..., Server], sign_in: Callable[..., httpx.Client], pair: tuple[int, int]
) -> None:
    client = sign_in(serve(read_only=True))
    assert client.get("/decisions").status_code == 200
    assert client.post("/decisions/merge", data={"kept": 1, "merged": 2}).status_code == 403


def test_people_who_buy_are_taken_or_declined(
    client: httpx.Client, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "name,phone,city,interested_in\nAnn,713-555-0101,Houston,buy\nBob,713-555-0102,Waco,invest\nEve,713-555-0103,Waco,sell\n"
    )
    import_file(database, Request(str(path)))
    found = told(client)
    assert found["counts"]["offers"] == 2 and [each["wants"] for each in found["offers"]] == ["buy", "invest"]
    page = client.get("/decisions").text
    assert "People who buy" in page and "Take all 2" in page and "Bob" in page
    first, second = (each["id"] for each in found["offers"])
    assert client.post("/decisions/buyers/accept", data={"offer": first}).status_code == 303
    assert [each["name"] for each in client.get("/api/buyers").json()["buyers"]] == ["Ann"]
    assert client.post(f"/decisions/buyers/{first}/undo").status_code == 303
    assert client.post("/decisions/buyers/decline", data={"offer": second}).status_code == 303
    assert [each["id"] for each in told(client)["offers"]] == [first]
    assert client.post("/decisions/buyers/accept", data={"every": "true"}).status_code == 303
    assert told(client)["counts"]["offers"] == 0
    assert client.post("/decisions/buyers/accept", data={}).status_code == 400


def test_all_changes_of_an_import_are_one_click(
    client: httpx.Client, database: Database, tmp_path: Path
) -> None:
    for name, owner in (("a.csv", "Ann Lee"), ("b.csv", "Bob Roe")):
        rows = "".join(f"{owner},{number} Oak St,Houston,TX,77002\n" for number in (1, 2))
        (tmp_path / name).write_text(f"Owner Name,Property Address,City,State,Zip\n{rows}", encoding="utf-8")
        import_file(database, Request(str(tmp_path / name)))
    found = told(client)
    assert [each["new_owner"] for each in found["changes"]] == [True, True]
    assert found["by_import"] == [{"import_id": 2, "file": "b.csv", "changes": 2}]
    page = client.get("/decisions").text
    assert "Accept all of this import" in page and "New owner?" in page and "Yes, it was sold" in page
    assert client.post("/decisions/imports/2/accept").status_code == 303
    assert told(client)["counts"]["changes"] == 0
    assert [client.get(f"/api/leads/{number}").json()["name"] for number in (1, 3)] == ["Ann Lee", "Bob Roe"]


def test_what_was_decided_is_listed_with_who_and_why(client: httpx.Client, database: Database) -> None:
    change(database, "packet.fee", 12_000, "fees <have> risen")
    text = client.get("/decisions/log?about=policy&by=operator").text
    assert "changed the policy: packet.fee" in text and "fees &lt;have&gt; risen" in text
    found = client.get("/api/decisions/log?about=policy").json()
    assert [each["about"] for each in found["decisions"]] == ["policy:2", "policy:1"] and found[
        "next"
    ] is None
    assert client.get("/api/decisions/log?by=nobody").json()["decisions"] == []
    assert "/decisions/log" in client.get("/decisions").text


def test_leads_of_an_earlier_version_are_shown_taken_apart_and_put_together(
    server: Server, database: Database, client: httpx.Client, load: Callable[..., int]
) -> None:
    load("Ann Lee,ann@x.com,1000,Houston TX,,2 B St,,,,")
    assert "Several houses" not in client.get("/decisions").text
    with database.write():
        said = (database.value("SELECT max(id) FROM import"), '{"address": "1 A St", "value": 200}')
        database.sql(
            "INSERT INTO lead_history (lead_id, at, actor, cause, import_id, before) VALUES (1, 1, 'import', 'import:1', ?, ?)",
            said,
        )
        database.sql("UPDATE lead_index_state SET folded_id = 1")
    assert "See which leads" in client.get("/decisions").text
    page = client.get("/decisions?houses=1").text
    assert "1 A St" in page and "Take 1 lead apart" in page
    worker = server.cockpit.queue.worker(threads=1)
    worker.start()
    try:
        asked = {"accept": "application/json"}
        answer = client.post("/decisions/houses/apart", headers=asked).json()
        server.cockpit.queue.drain(timeout=20)
        assert database.sql("SELECT address FROM lead ORDER BY id") == [("2 B St",), ("1 A St",)]
        (run,) = told(client)["houses"]["runs"]
        assert client.post(f"/decisions/houses/{run['id']}/undo", headers=asked).status_code == 200, answer
        server.cockpit.queue.drain(timeout=20)
        assert database.sql("SELECT address FROM lead ORDER BY id") == [("2 B St",)]
    finally:
        worker.stop(timeout=5)
    assert client.post("/decisions/houses/9/assign", data={"lead": 1}).status_code == 404
