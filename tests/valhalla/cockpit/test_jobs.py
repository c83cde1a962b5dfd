"""The queue as pages and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db import Database
from jobs import JobQueue, cancel_job, list_queues, show_job
from jobs.web.showing import attempts
from valhalla.cockpit.server import Server


@pytest.fixture
def failed(database: Database) -> int:
    """A job that has failed for good."""
    queue = JobQueue(database)

    @queue.task(name="demo.fail")
    def fail(text: str) -> None:
        raise ValueError(f"no <b>{text}</b>")

    number = queue.enqueue(fail.s("<script>"))
    worker = queue.worker(threads=1)
    worker.start()
    try:
        assert queue.wait(number, timeout=20).state == "dead"
    finally:
        worker.stop(timeout=5)
        queue.close()
    return int(number)


def waiting(server: Server, count: int) -> list[int]:
    """So many jobs that nobody works on."""
    here = server.cockpit
    handler = here.queue.task(name="demo.wait")(lambda number: None)
    return [int(here.queue.enqueue(handler.s(number))) for number in range(count)]


def test_an_empty_queue_says_what_it_is_for(client: httpx.Client) -> None:
    page = client.get("/jobs")
    assert page.status_code == 200 and "No jobs yet" in page.text
    assert client.get("/api/jobs").json()["jobs"] == []


def test_a_failed_job_is_shown_with_its_reason_attempts_and_events(client: httpx.Client, failed: int) -> None:
    page = client.get("/jobs?state=dead")
    assert "no &lt;b&gt;&lt;script&gt;&lt;/b&gt;" in page.text and "<script>&" not in page.text
    job = client.get(f"/api/jobs/{failed}").json()
    assert job["state"] == "dead" and job["arguments"] == ["<script>"]
    assert [(each["number"], each["ended"]) for each in job["attempts"]] == [(1, "dead")]
    assert [each["event"] for each in job["events"]] == ["enqueued", "started", "dead"]
    assert "&lt;script&gt;" in client.get(f"/jobs/{failed}").text


def test_a_failed_job_is_tried_again_and_that_is_taken_back(
    client: httpx.Client, database: Database, failed: int
) -> None:
    answer = client.post(f"/jobs/{failed}/retry", headers={"accept": "application/json"}).json()
    assert answer["undo"] == f"/jobs/{failed}/cancel"
    assert show_job(database, failed).state == "waiting"
    client.post(answer["undo"])
    assert show_job(database, failed).state == "canceled"


def test_what_has_ended_cannot_be_canceled(client: httpx.Client, failed: int) -> None:
    refused = client.post(f"/jobs/{failed}/cancel", headers={"accept": "application/json"})
    assert refused.status_code == 409 and "dead already" in refused.json()["error"]["message"]


def test_an_unknown_job_is_not_found(client: httpx.Client) -> None:
    assert client.get("/jobs/999").status_code == 404
    assert client.get("/api/jobs/999").status_code == 404
    assert client.post("/jobs/999/retry").status_code == 404


def test_chosen_jobs_are_canceled_together_or_not_at_all(
    server: Server, client: httpx.Client, database: Database
) -> None:
    numbers = waiting(server, 3)
    assert client.post("/jobs/cancel", data={"job": [numbers[0], 999]}).status_code == 404
    assert show_job(database, numbers[0]).state == "waiting"
    assert client.post("/jobs/cancel", data={"job": numbers[:2]}).status_code == 303
    assert [show_job(database, each).state for each in numbers] == ["canceled", "canceled", "waiting"]
    assert client.post("/jobs/retry", data={"job": numbers[:2]}).status_code == 303
    assert client.post("/jobs/retry").status_code == 400


def test_a_queue_is_paused_with_a_reason_and_goes_on(client: httpx.Client, database: Database) -> None:
    assert (
        client.post("/jobs/pause", data={"queue": "background", "reason": "<i>night</i>"}).status_code == 303
    )
    told = {each["name"]: each for each in client.get("/api/jobs").json()["queues"]}
    assert told["background"]["paused"] and told["background"]["reason"] == "<i>night</i>"
    assert "&lt;i&gt;night&lt;/i&gt;" in client.get("/jobs").text
    client.post("/jobs/resume?of=background")
    assert not list_queues(database)[0].paused
    assert client.post("/jobs/pause", data={"queue": "nonsense"}).status_code == 400


def test_jobs_are_found_by_state_kind_and_text_and_paged(server: Server, client: httpx.Client) -> None:
    numbers = waiting(server, 5)
    first = client.get("/api/jobs", params={"limit": 2, "name": "demo.wait"}).json()
    assert [each["id"] for each in first["jobs"]] == numbers[:2:-1]
    second = client.get("/api/jobs", params={"limit": 3, "before": first["next"]}).json()
    assert [each["id"] for each in second["jobs"]] == numbers[2::-1] and second["next"] is None
    assert client.get("/api/jobs", params={"state": "dead"}).json()["jobs"] == []
    assert client.get("/api/jobs", params={"text": "wa%t"}).json()["jobs"] == []
    assert len(client.get("/api/jobs", params={"text": "demo.w"}).json()["jobs"]) == 5
    assert client.get("/jobs?state=nonsense").status_code == 422


def test_a_read_only_cockpit_changes_no_job(
    serve: Callable[..., Server], sign_in: Callable[[Server], httpx.Client], failed: int
) -> None:
    client = sign_in(serve(read_only=True))
    assert client.get(f"/jobs/{failed}").status_code == 200
    assert client.post(f"/jobs/{failed}/retry").status_code == 403


def test_an_attempt_that_has_not_ended_has_no_end() -> None:
    from jobs import JobEvent

    events = [
        JobEvent(1, 1_000_000, "enqueued", None, None, None, None),
        JobEvent(2, 2_000_000, "started", 1, 7, None, None),
        JobEvent(3, 4_500_000, "rescued", 1, None, "its worker died", None),
        JobEvent(4, 5_000_000, "started", 2, 8, None, None),
        JobEvent(5, 6_000_000, "cancel asked", None, None, None, None),
    ]
    found: list[dict[str, Any]] = attempts(events, {7: "process 1"})
    assert [(each["ended"], each["seconds"], each["worker"]) for each in found] == [
        ("rescued", 2.5, "process 1"),
        (None, None, None),
    ]


def test_a_job_that_ended_before_it_began_took_no_time(client: httpx.Client, server: Server) -> None:
    (number,) = waiting(server, 1)
    cancel_job(server.cockpit.database, number)
    (job,) = client.get("/api/jobs?state=canceled").json()["jobs"]
    assert (job["id"], job["seconds"]) == (number, None)
