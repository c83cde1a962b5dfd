"""The digest and the packets: pages of our own making, under rules of their own."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from valhalla.cockpit.documents import policy_of
from valhalla.program.home import Home

EVIL = "<script>alert(1)</script>,a@example.com,150000,Houston TX,7135550001,,,,,"


def ready(client: httpx.Client, path: str) -> httpx.Response:
    """A digest, when it has been put together."""
    for _ in range(600):
        answer = client.get(path)
        if answer.status_code != 202 and "is being made" not in answer.text:
            return answer
        time.sleep(0.02)
    raise AssertionError("never put together")


def test_the_digest_is_shown_as_of_now_and_nothing_is_written(
    client: httpx.Client, cockpit_home: Home, load: Callable[..., int]
) -> None:
    load(EVIL)
    answer = ready(client, "/digest")
    assert answer.status_code == 200 and "1 new lead" in answer.text
    assert "<script>alert" not in answer.text and "&lt;script&gt;alert" in answer.text
    assert list(cockpit_home.logs.glob("digest-*")) == []
    assert "WHO TO CALL" in ready(client, "/digest.txt").text
    assert client.get("/digest?days=0").status_code == 422


def test_the_digest_may_show_itself_and_nothing_else(client: httpx.Client) -> None:
    answer = ready(client, "/digest")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-") and policy.endswith(
        "; sandbox"
    )
    assert policy == policy_of(answer.text)


def test_a_digest_that_was_written_is_found_by_its_day(client: httpx.Client, cockpit_home: Home) -> None:
    answer = client.post("/digest")
    assert answer.status_code == 303
    assert client.get(answer.headers["location"]).status_code == 200
    assert len(list(cockpit_home.logs.glob("digest-*.html"))) == 1
    assert client.get("/digest/2001-01-01").status_code == 404


@pytest.mark.parametrize("date", ["..%2f..%2fvalhalla.db", "2026-11", "x"])
def test_a_day_is_no_path(client: httpx.Client, date: str) -> None:
    assert client.get(f"/digest/{date}").status_code in (404, 422)


def test_a_page_without_style_may_have_none() -> None:
    assert policy_of("<p>plain</p>") == "default-src 'none'; img-src data:; style-src 'none'; sandbox"


def test_the_digest_is_there_as_json(client: httpx.Client, people: Callable[[int], int]) -> None:
    people(2)
    assert client.get("/api/digest", params={"days": 0}).status_code == 422
    told = ready(client, "/api/digest").json()
    assert (told["totals"]["new"], len(told["calls"])) == (2, 2)
    assert "2 new leads" in ready(client, "/digest").text


def test_a_digest_that_is_being_put_together_is_asked_for_again(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("valhalla.cockpit.pages.digests._gathered", lambda here, days: None)
    answer = client.get("/api/digest")
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (202, None, "2")
