"""The alerts page: what stands, what to do, acknowledging and taking that back."""

from __future__ import annotations

import httpx
import pytest

from db import Database
from valhalla.cockpit.advice import OTHERWISE, advice
from valhalla.safety.risk_rules import RULES
from valhalla.sandbox.alerts import AlertSystem


def raise_alerts(database: Database, count: int = 3) -> list[int]:
    system = AlertSystem(database=database)
    return [int(system.alert(f"task:{n}", f"reason {n}", "warning")["id"]) for n in range(count)]


def states(database: Database) -> list[str]:
    return [state for (state,) in database.sql("SELECT state FROM alert ORDER BY id")]


def test_an_empty_page_says_that_all_is_well(client: httpx.Client) -> None:
    assert "All is well" in client.get("/alerts").text


def test_the_page_shows_the_reason_as_text_and_what_to_do(client: httpx.Client, database: Database) -> None:
    AlertSystem(database=database).alert("risk:R1:x", "<script>alert(1)</script>.csv cannot be read", "error")
    text = client.get("/alerts").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.csv" in text and "<script>alert" not in text
    assert "it is read by itself" in text and 'href="/imports"' in text


def test_page_and_json_say_the_same(client: httpx.Client, database: Database) -> None:
    raise_alerts(database)
    told = client.get("/api/alerts").json()
    assert told["totals"] == {"open": 3, "acknowledged": 0}
    text = client.get("/alerts").text
    for each in told["alerts"]:
        assert each["reason"] in text and each["advice"]["says"]


def test_one_is_acknowledged_and_that_is_taken_back(client: httpx.Client, database: Database) -> None:
    first, _, _ = raise_alerts(database)
    answer = client.post(f"/alerts/{first}/ack", data={"back": "/alerts"})
    assert answer.status_code == 303 and answer.headers["location"] == "/alerts"
    assert states(database) == ["acknowledged", "open", "open"]
    page = client.get("/alerts").text
    undo = f"/alerts/reopen?alerts={first}"
    assert "1 alert acknowledged." in page and undo in page
    assert client.post(undo).status_code == 303
    assert states(database) == ["open", "open", "open"]
    actions = database.sql(
        "SELECT action, actor FROM audit WHERE action LIKE 'alert.%' ORDER BY seq DESC LIMIT 2"
    )
    assert actions == [("alert.reopen", "operator"), ("alert.ack", "operator")]


def test_the_chosen_and_all_shown_are_acknowledged(client: httpx.Client, database: Database) -> None:
    numbers = raise_alerts(database, 4)
    client.post("/alerts/ack", data={"alert": numbers[:2]})
    assert states(database) == ["acknowledged", "acknowledged", "open", "open"]
    client.post("/alerts/ack", data={"shown": ",".join(map(str, numbers[2:]))})
    assert set(states(database)) == {"acknowledged"}


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/alerts/ack", {}, 400),
        ("/alerts/ack", {"shown": "1,x"}, 400),
        ("/alerts/ack", {"alert": "no number"}, 422),
        ("/alerts/99/ack", {}, 404),
        ("/alerts/reopen?alerts=", {}, 400),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    client: httpx.Client, database: Database, path: str, data: dict[str, str], status: int
) -> None:
    raise_alerts(database, 1)
    answer = client.post(path, data=data, headers={"accept": "application/json"})
    assert answer.status_code == status and answer.json()["error"]["message"]
    assert states(database) == ["open"]


def test_one_unknown_number_leaves_all_as_they_were(client: httpx.Client, database: Database) -> None:
    (number,) = raise_alerts(database, 1)
    assert client.post("/alerts/ack", data={"alert": [number, 99]}).status_code == 404
    assert states(database) == ["open"]


def test_pages_follow_each_other_without_gap_or_overlap(client: httpx.Client, database: Database) -> None:
    numbers = raise_alerts(database, 7)
    AlertSystem(database=database).close(numbers[3])
    for state, expected in (("open", [7, 6, 5, 3, 2, 1]), ("all", [7, 6, 5, 4, 3, 2, 1])):
        seen: list[int] = []
        before: int | None = None
        while True:
            params = {"state": state, "limit": 2} | ({} if before is None else {"before": before})
            told = client.get("/api/alerts", params=params).json()
            seen += [each["id"] for each in told["alerts"]]
            before = told["next"]
            if before is None:
                break
        assert [numbers.index(number) + 1 for number in seen] == expected


def test_the_worst_comes_first_also_across_pages(client: httpx.Client, database: Database) -> None:
    system = AlertSystem(database=database)
    for severity in ("warning", "critical", "info", "error", "critical"):
        system.alert("task", f"{severity} reason", severity)
    first = client.get("/api/alerts?limit=3").json()
    rest = client.get(f"/api/alerts?limit=3&before={first['next']}").json()
    assert [each["id"] for each in first["alerts"] + rest["alerts"]] == [5, 2, 4, 1, 3]


def test_a_severity_leaves_the_others_out(client: httpx.Client, database: Database) -> None:
    raise_alerts(database)
    AlertSystem(database=database).alert("x", "the worst", "critical")
    assert [each["reason"] for each in client.get("/api/alerts?severity=critical").json()["alerts"]] == [
        "the worst"
    ]
    assert client.get("/alerts?severity=loud").status_code == 422


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_advice(rule: str) -> None:
    assert advice(f"risk:{rule}:subject", {}) != OTHERWISE


def test_advice_leads_to_the_very_thing() -> None:
    assert advice("effect:12", {}).href == "/effects/12"
    assert advice("job:import.file", {"job": 7}).href == "/jobs/7"
    assert advice("job:import.file", {}).href == "/jobs?state=dead"
    assert advice("what nobody knows", {}) == OTHERWISE
