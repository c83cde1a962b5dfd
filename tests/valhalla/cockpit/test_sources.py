"""A source's page: what it is worth, pausing and resuming it, what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

HEADER = "name,email,value,location\n"
AT = "/imports/sources/cold"


def worth(client: httpx.Client) -> Any:
    """When it has been worked out."""
    for _ in range(500):
        told = client.get("/api/imports/sources/cold").json()["worth"]
        if told is not None:
            return told
        time.sleep(0.02)
    raise AssertionError("never worked out")


def test_a_source_that_costs_too_much_is_proposed_paused_and_resumed(
    client: httpx.Client, load: Callable[..., int], tell: Callable[..., Any]
) -> None:
    load(*(f"P {n},p{n}@x.com,150000,Houston TX" for n in range(20)), source="cold", header=HEADER)
    assert "20 more worked leads are needed" in (worth(client), client.get(AT).text)[1]
    for lead in range(1, 21):
        tell(lead, "contacted", 2)
    assert client.post(AT + "/cost", data={"amount": "$60,000"}).status_code == 303
    for _ in range(500):
        if worth(client)["should_pause"]:
            break
        time.sleep(0.02)
    text = client.get(AT).text
    assert "Pause it?" in text and "of 100" in text and "n = 20" in text
    assert "pause it?" in client.get("/imports/sources").text
    (proposed,) = client.get("/api/decisions").json()["proposals"]["pauses"]
    assert proposed["source"] == "cold" and "n = 20" in proposed["why"]
    assert "Pause it" in client.get("/decisions").text
    assert client.post(AT + "/pause", data={"reason": "too dear", "until": "2w"}).status_code == 303
    assert client.get("/api/decisions").json()["proposals"]["pauses"] == []
    text = client.get(AT).text
    assert "paused until" in text and "too dear" in text and "Resume" in text
    assert ">paused<" in client.get("/imports/sources").text
    assert client.get("/api/imports/sources/cold").json()["pause"]["kind"] == "pause"
    assert client.post(AT + "/resume").status_code == 303
    assert client.get("/api/imports/sources/cold").json()["pause"] is None
    assert client.post(AT + "/resume").status_code == 400
    assert client.post(AT + "/pause", data={"reason": " "}).status_code in (400, 422)
