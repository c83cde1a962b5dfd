"""Settings, policy, do-not-contact and buyers: seen, changed and refused as on the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import httpx
import pytest

from db import Database
from valhalla.program import settings
from valhalla.scoring import store as stages

JSON = {"accept": "application/json"}


def setting(client: httpx.Client, key: str) -> dict[str, object]:
    groups = client.get("/api/settings").json()["groups"]
    found: dict[str, object] = next(
        each for group in groups for each in group["settings"] if each["key"] == key
    )
    return found


def test_every_setting_is_on_the_page_with_its_meaning(client: httpx.Client) -> None:
    text = client.get("/settings").text
    for key, each in settings.SETTINGS.items():
        assert f'id="{key}"' in text
        assert setting(client, key)["meaning"] == each.meaning


def test_a_setting_is_changed_audited_and_says_where_it_comes_from(
    client: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert setting(client, "interval") | {"value": 30, "origin": "default"} == setting(client, "interval")
    assert client.post("/settings", data={"key": "interval", "value": "45"}).status_code == 303
    assert settings.value(database, "interval") == 45
    found = setting(client, "interval")
    assert (found["value"], found["origin"], found["by"], found["changed"]) == (45, "file", "operator", True)
    assert database.value("SELECT count(*) FROM audit WHERE action = 'setting.change'") == 1
    monkeypatch.setenv("VALHALLA_INTERVAL", "99")
    found = setting(client, "interval")
    assert (found["value"], found["origin"]) == (99, "environment")
    assert "VALHALLA_INTERVAL" in client.get("/settings").text


@pytest.mark.parametrize(
    ("key", "value"),
    [("interval", "0"), ("interval", "often"), ("watch", "maybe"), ("dry_run_enabled", "off")],
)
def test_a_value_that_cannot_be_is_told_beside_the_field(
    client: httpx.Client, database: Database, key: str, value: str
) -> None:
    before = settings.value(database, key)
    answer = client.post("/settings", data={"key": key, "value": value})
    assert answer.status_code == 400 and f"{key} must be" in answer.text
    assert client.post("/settings", data={"key": key, "value": value}, headers=JSON).json()["error"][
        "message"
    ]
    assert settings.value(database, key) == before


def test_an_unknown_setting_is_refused(client: httpx.Client) -> None:
    assert client.post("/settings", data={"key": "intervall", "value": "1"}, headers=JSON).status_code == 400


def test_the_policy_is_changed_by_a_new_version(client: httpx.Client, database: Database) -> None:
    before = stages.latest_policy(database)[0]
    answer = client.post(
        "/settings/policy", data={"key": "packet.fee", "value": "12000", "reason": "margins"}
    )
    assert answer.status_code == 303
    version, policy = stages.latest_policy(database)
    assert (version, policy["packet"]["fee"]) == (before + 1, 12_000)
    assert database.value("SELECT count(*) FROM task WHERE name = 'stages.reevaluate'") == 1
    told = client.get("/api/policy/history").json()["versions"][0]
    assert (told["version"], told["reason"], told["changes"][0]["after"]) == (version, "margins", "12000")
    (different,) = client.get(f"/api/policy/diff?from={before}&to={version}").json()["changes"]
    assert (different["key"], different["after"]) == ("packet.fee", "12000")
    assert "packet.fee" in client.get(f"/settings/policy/history?from={before}&to={version}").text
    assert "an earlier version" in client.get(f"/settings/policy?version={before}").text


def test_a_policy_that_cannot_be_is_told_beside_its_key(client: httpx.Client, database: Database) -> None:
    before = stages.latest_policy(database)
    for key, value in (
        ("packet.arv_share", "7"),
        ("packet.fee", "NaN"),
        ("packet.nothing", "1"),
        ("packet", "[" * 4_000),
        ("markets.Houston, TX.fee", "-1"),
    ):
        answer = client.post("/settings/policy", data={"key": key, "value": value})
        assert answer.status_code == 400 and "packet" in answer.text
    assert stages.latest_policy(database) == before
    assert client.get("/api/policy?version=99").status_code == 404
    assert client.get("/api/policy/diff?from=1&to=99").status_code == 404


def test_a_markets_own_rule_is_made_and_taken_away(client: httpx.Client, database: Database) -> None:
    key = "markets.Houston, TX.fee"
    client.post("/settings/policy", data={"key": key, "value": "9000"})
    assert stages.latest_policy(database)[1]["markets"] == {"Houston, TX": {"fee": 9_000}}
    assert key in client.get("/settings/policy").text
    assert client.post("/settings/policy", data={"key": key, "value": ""}).status_code == 303
    assert "fee" not in stages.latest_policy(database)[1]["markets"].get("Houston, TX", {})


def test_people_are_put_on_the_list_and_taken_off(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(2)
    answer = client.post(
        "/settings/dnc", data={"who": "p1@example.com\n713-555-0002, <b>nobody</b>", "reason": "asked"}
    )
    assert answer.status_code == 303
    assert database.value("SELECT count(*) FROM lead WHERE suppressed IS NOT NULL") == 2
    page = client.get("/settings/dnc").text
    assert "2 added; 2 leads are now marked do not contact" in page and "1 words were nobody" in page
    told = client.get("/api/dnc").json()
    assert {each["value"] for each in told["entries"]} == {"p1@example.com", "+17135550002"}
    assert client.get("/api/dnc", params={"who": "(713) 555-0002"}).json()["entries"][0]["reason"] == "asked"
    assert client.get("/api/dnc", params={"who": "other@example.com"}).json()["entries"] == []
    assert client.post("/settings/dnc/remove", data={"who": "+17135550002"}).status_code == 303
    assert database.value("SELECT count(*) FROM lead WHERE suppressed IS NOT NULL") == 1
    assert client.post("/settings/dnc/remove", data={"who": "+17135550002"}).status_code == 400
    assert client.post("/settings/dnc", data={"who": "nobody at all"}).status_code == 400


def test_buyers_are_taken_over_and_shown_as_text(
    client: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    sheet = 'name,markets,max price\n<script>x</script> LLC,"Houston, TX",250000\n,TX,1\n'
    answer = client.post("/settings/buyers", files={"list": ("../../etc/b.csv", sheet.encode(), "text/csv")})
    assert answer.status_code == 303
    page = client.get("/settings/buyers").text
    assert "&lt;script&gt;x&lt;/script&gt; LLC" in page and "<script>x" not in page
    assert "1 new, 0 changed, 0 as before, 1 refused (line 3" in page
    assert client.get("/api/buyers").json()["buyers"][0]["markets"] == ["Houston, TX"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n1,2\n"])
def test_a_list_of_buyers_that_is_none_is_refused_without_naming_our_folders(
    client: httpx.Client, content: bytes
) -> None:
    answer = client.post("/settings/buyers", files={"list": ("b.csv", content, "text/csv")}, headers=JSON)
    assert answer.status_code == 400
    assert ".scratch" not in answer.text


def test_starting_with_windows_is_refused_elsewhere(client: httpx.Client) -> None:
    import sys

    if sys.platform != "win32":
        assert client.post("/settings/startup", data={"on": "true"}).status_code == 409


def test_a_list_of_numbers_is_checked_on_the_page(client: httpx.Client, load: Callable[..., int]) -> None:
    load("Ann,a@example.com,1000,Houston TX,713-555-0101,1 Elm St,,,,")
    assert client.get("/api/dnc").json()["scrubs"]["national"] is None
    files = {"list": ("scrub.csv", b"phone,dnc\n713-555-0101,Y\n713-555-0102,N\n")}
    told = client.post("/settings/dnc/scrub", data={"kind": "national"}, files=files)
    assert told.status_code == 303
    assert client.get("/api/dnc").json()["scrubs"]["national"] is not None
    assert client.get("/api/leads/1").json()["phone"] is None
    page = client.get("/settings/dnc").text
    assert "Last checked against the registry" in page and "in the national registry" in page


def test_the_first_run_asks_four_questions_and_the_form_keeps_what_was_typed(client: httpx.Client) -> None:
    assert "Four questions" in client.get("/welcome").text
    assert 'href="/welcome"' in client.get("/").text, "the empty Today begins with them"
    answer = client.post(
        "/settings/basics",
        data={"back": "/welcome", "name": "Sam Ortiz", "markets": "Houston, TX", "from": "9am"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = client.get("/settings").text
    assert 'value="Sam Ortiz"' in page and 'value="9:00 am"' in page and "Advanced" in page
    wrong = client.post("/settings/basics", data={"name": "Sam O.", "fee": "a lot"})
    assert wrong.status_code == 400 and 'value="Sam O."' in wrong.text and "is not a number" in wrong.text
    assert 'value="Sam Ortiz"' in client.get("/settings").text
