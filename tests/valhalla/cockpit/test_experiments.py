"""Experiments, scripts and their charts, as pages and as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit.gather import experiments as gathering
from valhalla.cockpit.server import Server
from valhalla.scoring import experiments
from valhalla.scoring.scripts import add, find_script


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are made again whenever something has changed."""
    monkeypatch.setattr(gathering, "COUNT_SECONDS", 0.0)


def counted(client: httpx.Client, number: int) -> dict[str, Any]:
    """The results of an experiment, when they have been counted."""
    for _ in range(600):
        told = client.get(f"/api/experiments/{number}").json()
        if told["results"] is not None:
            found: dict[str, Any] = told
            return found
        time.sleep(0.02)
    raise AssertionError("never counted")


def running_number(client: httpx.Client) -> int:
    return int(client.get("/api/experiments").json()["running"]["id"])


@pytest.fixture
def worked(
    client: httpx.Client, database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> int:
    """The running experiment, with outcomes old enough to count; its number."""
    people(80)
    for lead in range(1, 61):
        tell(lead, "contacted", days_ago=60)
        if lead % 3 == 0:
            tell(lead, "appointment", days_ago=59)
    return running_number(client)


def test_the_running_experiment_says_that_there_is_no_winner_yet(client: httpx.Client, worked: int) -> None:
    told = counted(client, worked)["results"]
    assert told["verdict"].startswith("No winner yet")
    assert sum(variant["matured"] for variant in told["variants"]) == 60
    assert all(variant["low"] <= variant["rate"] <= variant["high"] for variant in told["variants"])
    assert told["split"]["ok"] is None
    for path in ("/experiments", f"/experiments/{worked}"):
        page = client.get(path).text
        assert "No winner yet" in page and f"/charts/experiments/{worked}.svg?theme=light" in page


def test_a_chart_is_an_image_in_either_theme_that_may_do_nothing(client: httpx.Client, worked: int) -> None:
    counted(client, worked)
    light = client.get(f"/charts/experiments/{worked}.svg")
    dark = client.get(f"/charts/experiments/{worked}.svg?theme=dark")
    assert light.headers["content-type"] == "image/svg+xml" and light.text != dark.text
    assert "<script" not in light.text
    assert light.headers["content-security-policy"].startswith(
        "default-src 'none'; img-src data:; style-src 'sha256-"
    )
    assert client.get(f"/charts/experiments/{worked}.svg?theme=pink").status_code == 422


def test_what_cannot_be_drawn_is_not_found(client: httpx.Client) -> None:
    number = running_number(client)
    counted(client, number)
    assert client.get(f"/charts/experiments/{number}.svg").status_code == 404
    assert client.get("/charts/calibration.svg").status_code == 404
    assert client.get("/charts/experiments/99.svg").status_code == 404


def test_an_experiment_is_stopped_another_started_and_weighed(
    client: httpx.Client, database: Database
) -> None:
    first = running_number(client)
    add(database, "<b>Brisk</b>", "Hi {name}")
    form = {
        "name": "<script>Nov</script>",
        "variant": ["calm", "brisk", "", ""],
        "script": ["1", str(find_script(database, "<b>Brisk</b>").id), "", ""],
        "weight": ["1", "3", "1", "1"],
    }
    refused = client.post("/experiments", data=form, headers={"accept": "application/json"})
    assert refused.status_code == 400 and "one takes leads at a time" in refused.json()["error"]["message"]
    assert client.post(f"/experiments/{first}/stop").status_code == 303
    started = client.post("/experiments", data=form)
    number = int(started.headers["location"].rpartition("/")[2])
    told = counted(client, number)
    assert [(v["name"], v["weight"]) for v in told["variants"]] == [("calm", 1), ("brisk", 3)]
    page = client.get(f"/experiments/{number}").text
    assert "&lt;script&gt;Nov" in page and "<script>Nov" not in page and "75%" in page
    client.post(f"/experiments/{number}/weights", data={"variant": ["calm", "brisk"], "weight": ["5", "5"]})
    told = counted(client, number)
    assert told["version"] == 2 and [v["weight"] for v in told["results"]["variants"]] == [5, 5]
    assert "stages.reevaluate" in {job["name"] for job in client.get("/api/jobs").json()["jobs"]}


def test_a_stopped_experiment_goes_on(client: httpx.Client) -> None:
    number = running_number(client)
    answer = client.post(f"/experiments/{number}/stop", headers={"accept": "application/json"}).json()
    assert client.get("/api/experiments").json()["running"] is None
    assert "Compare something" in client.get("/experiments").text
    assert client.post(answer["undo"]).status_code == 303
    assert counted(client, number)["state"] == "running"


@pytest.mark.parametrize(
    "form",
    [
        {"name": "x", "variant": ["a"], "script": ["1"], "weight": ["1"]},
        {"name": "x", "variant": ["a", "b"], "script": ["1", "1"], "weight": ["1", "1"]},
        {"name": "x", "variant": ["a", "b"], "script": ["1"], "weight": ["1", "1"]},
        {"name": "x", "variant": ["a", "b"], "script": ["1", "99"], "weight": ["1", "1"]},
        {"name": "x", "variant": ["a", "b"], "script": ["1", "2"], "weight": ["1", "-1"]},
        {"name": "x", "variant": ["a", "b"], "script": ["1", "2"], "weight": ["1", "1"], "metric": "luck"},
        {"name": "x"},
    ],
)
def test_what_makes_no_experiment_is_refused_and_changes_nothing(
    client: httpx.Client, database: Database, form: dict[str, Any]
) -> None:
    experiments.stop(database, client.get("/api/experiments").json()["running"]["name"])
    assert client.post("/experiments", data=form).status_code in (400, 404)
    assert len(client.get("/api/experiments").json()["experiments"]) == 1


def test_scripts_are_listed_and_written(client: httpx.Client) -> None:
    before = len(client.get("/api/experiments/scripts").json()["scripts"])
    answer = client.post(
        "/experiments/scripts", data={"name": "Opener <i>", "body": "Hi {name}\r\n<script>x</script>"}
    )
    number = int(answer.headers["location"].rpartition("/")[2])
    told = client.get(f"/api/experiments/scripts/{number}").json()
    assert told["state"] == "experimental" and told["body"] == "Hi {name}\n<script>x</script>"
    assert [move["after"] for move in told["moves"]] == ["experimental"]
    page = client.get(f"/experiments/scripts/{number}").text
    assert "&lt;script&gt;x" in page and "<script>x" not in page
    assert len(client.get("/api/experiments/scripts").json()["scripts"]) == before + 1
    assert client.post("/experiments/scripts", data={"name": "12", "body": "x"}).status_code == 400


def test_a_script_without_evidence_is_not_promoted_and_why_is_said(client: httpx.Client, worked: int) -> None:
    scripts = client.get("/api/experiments/scripts").json()["scripts"]
    other = next(each for each in scripts if each["state"] != "primary")["id"]
    promotion = client.get(f"/api/experiments/scripts/{other}").json()["promotion"]
    assert not promotion["allowed"] and promotion["says"]
    client.post(f"/experiments/scripts/{other}/promote")
    assert client.get(f"/api/experiments/scripts/{other}").json()["state"] != "primary"


def test_a_script_is_pinned_unpinned_and_retired_by_hand(client: httpx.Client, database: Database) -> None:
    number = add(database, "Mine", "Hello").id
    at = f"/experiments/scripts/{number}"
    client.post(f"{at}/pin", data={"reason": "I like <it>"})
    told = client.get(f"/api{at}").json()
    assert told["state"] == "primary" and told["pinned"] and "I like <it>" in told["moves"][-1]["why"]
    assert "I like &lt;it&gt;" in client.get(at).text
    assert client.post(f"{at}/retire").status_code == 400
    client.post(f"{at}/unpin")
    assert not client.get(f"/api{at}").json()["pinned"]
    second = add(database, "Other", "Hello").id
    client.post(f"/experiments/scripts/{second}/retire", data={"reason": "old"})
    assert client.get(f"/api/experiments/scripts/{second}").json()["state"] == "retired"


def test_what_is_not_there_is_not_found_and_a_read_only_cockpit_changes_nothing(
    client: httpx.Client, serve: Callable[..., Server], sign_in: Callable[..., httpx.Client]
) -> None:
    for path in ("/experiments/99", "/experiments/scripts/99", "/experiments/x"):
        assert client.get(path).status_code == 404
    assert (
        client.get("/api/experiments/99").status_code
        == client.get("/api/experiments/scripts/99").status_code
        == 404
    )
    assert client.post("/experiments/99/stop").status_code == 404
    assert sign_in(serve(read_only=True)).post("/experiments/1/stop").status_code == 403
