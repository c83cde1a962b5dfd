"""Effects as pages and as JSON: what would go out, and a person's word on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from jobs import JobQueue
from valhalla.cockpit.server import Server
from valhalla.effects import drafting, register
from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
from valhalla.program import settings

HOOK = "https://hooks.example.com/in"
OLD_HOOK = "https://user:secret@hooks.example.com/in"
"""As versions before 0.2 took it."""


@pytest.fixture
def drafts(database: Database, load: Callable[..., int]) -> list[int]:
    """Two webhooks, a mail and an export that wait for approval."""
    load(
        "<script>alert(1)</script>,a@example.com,150000,Houston TX,7135550001,,,,,",
        "Bob Ray,b@example.com,90000,Waco TX,7135550002,,,,,",
    )
    made = [drafting.webhook(database, lead, HOOK) for lead in (1, 2)]
    made.append(drafting.email(database, 1, "Subject: Hello {name}\n\nDear {name}"))
    made.append(drafting.export(database, [1, 2], Path("out.csv")))
    return [each["id"] for each in made]


@pytest.fixture
def sending(database: Database) -> Iterator[Callable[[], None]]:
    """A function that runs what was put into the queue, and nothing before it is called, in another instance as it were."""
    queue = JobQueue(database)
    effects = Effects(database, queue, Senders(database, settings.effective(database)))
    effects.prepare()

    def send() -> None:
        worker = queue.worker(threads=1)
        worker.start()
        queue.drain(timeout=20)
        worker.stop(timeout=20)

    yield send
    queue.close()


def state_of(database: Database, number: int) -> str:
    return str(register.show(database, number)["state"])


def test_without_effects_the_page_says_how_one_comes_about(client: httpx.Client) -> None:
    page = client.get("/effects").text
    assert "Nothing is waiting to go out" in page and "Dry run: nothing leaves this computer." in page
    assert client.get("/api/effects").json()["effects"] == []


def test_drafts_are_shown_with_exactly_what_they_send(client: httpx.Client, drafts: list[int]) -> None:
    told = client.get("/api/effects", params={"state": "drafted"}).json()
    assert [each["id"] for each in told["effects"]] == drafts[::-1] and told["live_until"] is None
    by_id = {each["id"]: each for each in told["effects"]}
    assert json.loads(by_id[drafts[1]]["content"])["lead"]["name"] == "Bob Ray"
    assert by_id[drafts[2]]["content"].startswith(
        "To: a@example.com\nSubject: Hello <script>alert(1)</script>"
    )
    assert by_id[drafts[3]]["says"] == "Write 2 leads into a file outside the home."
    page = client.get("/effects").text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in client.get(f"/effects/{drafts[2]}").text


def test_a_password_in_an_address_is_not_shown(client: httpx.Client, database: Database) -> None:
    old = register.draft(database, "webhook", OLD_HOOK, {}, about="x")["id"]
    for path in ("/effects", f"/effects/{old}", "/api/effects", f"/api/effects/{old}"):
        text = client.get(path).text
        assert "secret" not in text and "https://hooks.example.com/in" in text


def test_what_is_approved_in_a_dry_run_is_blocked_and_said_so(
    client: httpx.Client, database: Database, drafts: list[int], sending: Callable[[], None]
) -> None:
    answer = client.post(f"/effects/{drafts[0]}/approve", headers={"accept": "application/json"})
    assert "Dry run is on" in answer.json()["message"]
    sending()
    assert state_of(database, drafts[0]) == "blocked"
    assert "Blocked by the dry run: nothing was sent." in client.get("/effects?state=blocked").text


def test_what_is_blocked_is_tried_again(
    client: httpx.Client, database: Database, drafts: list[int], sending: Callable[[], None]
) -> None:
    client.post("/effects/approve", data={"effect": drafts[:2]})
    sending()
    assert client.post("/effects/retry", data={"effect": drafts[:2]}).status_code == 303
    assert [state_of(database, each) for each in drafts[:2]] == ["approved", "approved"]
    sending()
    assert [state_of(database, each) for each in drafts[:2]] == ["blocked", "blocked"]


def test_chosen_effects_are_approved_together_or_not_at_all(
    client: httpx.Client, database: Database, drafts: list[int]
) -> None:
    register.deny(database, drafts[1])
    assert client.post("/effects/approve", data={"effect": drafts[:2]}).status_code == 409
    assert state_of(database, drafts[0]) == "drafted"
    assert client.post("/effects/approve").status_code == 400


def test_denying_keeps_the_reason(client: httpx.Client, database: Database, drafts: list[int]) -> None:
    client.post(f"/effects/{drafts[0]}/deny", data={"reason": "wrong <person>"})
    assert register.show(database, drafts[0])["reason"] == "wrong <person>"
    assert "wrong &lt;person&gt;" in client.get(f"/effects/{drafts[0]}").text
    client.post("/effects/deny", data={"effect": drafts[1:]})
    assert register.counts(database)["denied"] == 4


def test_an_uncertain_effect_asks_before_it_is_sent_again(
    client: httpx.Client, database: Database, drafts: list[int]
) -> None:
    with database.write():
        database.sql(
            "UPDATE effect SET state = 'uncertain', reason = 'the line broke' WHERE id = ?", (drafts[0],)
        )
    assert client.get("/api/state").json()["counts"]["uncertain"] == 1
    page = client.get("/effects?state=uncertain").text
    assert "Nobody knows whether it arrived" in page and "the line broke" in page


def test_a_standing_approval_is_given_and_ended(client: httpx.Client, database: Database) -> None:
    def per_day() -> dict[str, Any]:
        return {each["kind"]: each["per_day"] for each in client.get("/api/effects").json()["standing"]}

    settings.save(database, "webhook.url", HOOK)
    client.post("/effects/standing", data={"kind": "webhook", "per_day": 25})
    assert per_day() == {"webhook": 25, "email": 0, "export": 0}
    client.post("/effects/standing", data={"kind": "webhook", "per_day": 0})
    assert per_day()["webhook"] == 0
    assert client.post("/effects/standing", data={"kind": "purge", "per_day": 3}).status_code == 409
    assert client.post("/effects/standing", data={"kind": "webhook", "per_day": -1}).status_code == 422


def test_effects_are_paged(client: httpx.Client, drafts: list[int]) -> None:
    first = client.get("/api/effects", params={"limit": 3}).json()
    rest = client.get("/api/effects", params={"limit": 3, "before": first["next"]}).json()
    assert [each["id"] for each in first["effects"] + rest["effects"]] == drafts[::-1] and rest[
        "next"
    ] is None


def test_unknown_effects_are_not_found_and_a_read_only_cockpit_decides_nothing(
    client: httpx.Client,
    serve: Callable[..., Server],
    sign_in: Callable[..., httpx.Client],
    drafts: list[int],
) -> None:
    assert client.get("/effects/999").status_code == client.get("/api/effects/999").status_code == 404
    assert client.post("/effects/999/approve").status_code == 404
    assert sign_in(serve(read_only=True)).post(f"/effects/{drafts[0]}/approve").status_code == 403
