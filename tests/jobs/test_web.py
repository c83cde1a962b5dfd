"""The pages about jobs, mounted in a program that has nothing to do with this one."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from jobs import DoNotRetry, JobQueue, job_history, prove, seal_events
from jobs.testing import Bench
from jobs.web import pages
from jobs.web.rendering import local
from jobs.web.views import Route


def declare(queue: JobQueue) -> None:
    @queue.task(name="report.make", by_hand=True)
    def make_report(day: str, copies: int = 1) -> str:
        """Makes the report of a day."""
        if day == "never":
            raise DoNotRetry(f"there is <b>no</b> {day}")
        return f"{copies} of {day}"

    @queue.task(name="hidden")
    def hidden(number: int) -> int:
        return number


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        declare(bench.queue)
        yield bench


class Client:
    """Asks the program without a server, and keeps its cookies as a browser does."""

    def __init__(self, program: FastAPI) -> None:
        self._program = program
        self._cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def asking() -> httpx.Response:
            transport = httpx.ASGITransport(self._program)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://shop", cookies=self._cookies
            ) as client:
                answer = await client.request(method, path, **given)
                self._cookies = client.cookies
                return answer

        return asyncio.run(asking())

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.ask("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.ask("POST", path, **given)


def mounted(app: Any) -> Client:
    program = FastAPI()
    program.mount("/queue", app)
    return Client(program)


@pytest.fixture
def client(bench: Bench) -> Client:
    return mounted(pages(bench.queue, title="Shop jobs", results={"hidden": ("Number", "/numbers/{}")}))


def enqueue(bench: Bench, name: str, *arguments: Any, **options: Any) -> int:
    return int(bench.queue.handlers[name].enqueue(*arguments, **options))


def test_a_route_is_worked_out_when_it_is_asked_for() -> None:
    worked_out: list[str] = []

    class Watched(Route):
        def get_route_handler(self) -> Any:
            worked_out.append(self.path)
            return super().get_route_handler()

    def show(number: int, text: str = "none") -> dict[str, Any]:
        return {"number": number, "text": text}

    paths = ("/a/{number}", "/b/{number}")
    app = FastAPI(routes=[Watched(path, show, methods=["get"]) for path in paths])
    client = Client(app)
    assert client.get("/c").status_code == 404
    assert client.post("/a/1").status_code == 405
    asked = [path for path in worked_out if path == "/b/{number}"]
    assert client.get("/b/2?text=some").json() == {"number": 2, "text": "some"}
    assert client.get("/b/two").status_code == 422
    assert (asked, worked_out) == ([], ["/b/{number}"])
    assert sorted(client.get("/openapi.json").json()["paths"]) == [*paths]
    assert worked_out == ["/b/{number}", "/a/{number}"]
    with pytest.raises(AttributeError):
        app.routes[-1].nothing  # type: ignore[attr-defined]  # noqa: B018


def test_an_address_that_begins_otherwise_makes_no_expression() -> None:
    def show() -> str:
        return "all"

    def one(number: int) -> int:
        return number

    made = [
        Route("/a", show),
        *(Route(path, one) for path in ("/a/{number}", "/b/{number}", "/b/{number}/c")),
    ]

    def with_expression() -> list[str]:
        return [route.path for route in made if "path_regex" in vars(route)]

    client = Client(FastAPI(routes=made))
    assert [client.get(path).status_code for path in ("/c", "/aa", "/")] == [404, 404, 404]
    assert with_expression() == []
    assert (client.get("/a").json(), client.get("/a/3").json()) == ("all", 3)
    assert with_expression() == ["/a", "/a/{number}"]
    client = mounted(FastAPI(routes=made))
    assert (client.get("/queue/b/4/c").json(), client.get("/queue/b/5").json()) == (4, 5)
    assert [client.get(path).status_code for path in ("/b/5", "/queue/bb/5")] == [404, 404]
    assert with_expression() == [route.path for route in made]


def test_every_link_and_form_stays_where_the_pages_are_mounted(client: Client, bench: Bench) -> None:
    jobs = [enqueue(bench, "report.make", day) for day in ("May", "never")]
    bench.run()
    jobs.append(enqueue(bench, "report.make", "June", delay=60))
    assert client.get("/queue/").headers["location"] == "/queue/jobs"
    left = {"/queue/jobs", *(f"/queue/jobs/{job}" for job in jobs)}
    seen: dict[str, str] = {}
    while left - seen.keys():
        address = (left - seen.keys()).pop()
        page = client.get(address)
        assert page.status_code == 200, address
        assert "default-src 'none'" in page.headers["content-security-policy"]
        seen[address] = page.text
        found = re.findall(r'(?:href|action)="([^"#]*)', page.text)
        assert [each for each in found if each and not each.startswith("/queue/")] == []
        left |= {html.unescape(each) for each in re.findall(r'<a[^>]* href="([^"#]+)', page.text)}
    assert {"/queue/jobs?state=dead", "/queue/jobs/new", "/queue/jobs/figures?span=week"} <= seen.keys()
    assert {"/queue/jobs/schedule", "/queue/jobs/new?name=report.make"} <= seen.keys()
    assert client.get("/queue/static/jobs.css").status_code == 200


def test_failed_job_is_shown_escaped_found_and_tried_again_with_a_word_about_it(
    client: Client, bench: Bench
) -> None:
    job = enqueue(bench, "report.make", "never")
    bench.run()
    page = client.get("/queue/jobs?state=dead&text=no").text
    assert "&lt;b&gt;no&lt;/b&gt;" in page and "<b>no</b>" not in page
    answer = client.post(f"/queue/jobs/{job}/retry")
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue/jobs")
    page = client.get("/queue/jobs").text
    assert f"Job {job} will be tried again." in page and f'action="/queue/jobs/{job}/cancel"' in page
    assert "will be tried again" not in client.get("/queue/jobs").text, "it is said once"
    assert bench.queue.state(job).state == "waiting"


def test_result_that_has_a_page_is_linked(client: Client, bench: Bench) -> None:
    job = enqueue(bench, "hidden", 7)
    bench.run()
    assert '<a href="/numbers/7">Number 7</a>' in client.get(f"/queue/jobs/{job}").text


def test_job_is_made_by_hand_where_its_kind_allows(client: Client, bench: Bench) -> None:
    (kind,) = client.get("/queue/api/jobs/kinds").json()["kinds"]
    assert (kind["name"], kind["takes"]) == ("report.make", ["day: str", "copies: int = 1"])
    assert json.loads(kind["arguments"]) == {"day": None, "copies": 1}
    form = {"name": "report.make", "arguments": '{"day": "May", "copies": 2}', "priority": "3", "delay": ""}
    answer = client.post("/queue/jobs/new", data=form)
    job = int(answer.headers["location"].rpartition("/")[2])
    (ran,) = bench.run()
    assert (ran.id, ran.result, ran.priority, ran.tags) == (job, "2 of May", 3, ["by operator"])
    for wrong, why in (
        ({"name": "hidden", "arguments": "[1]"}, "neither made nor changed by hand"),
        ({"name": "report.make", "arguments": "{"}, "are not JSON"),
        ({"name": "report.make", "arguments": '"May"'}, "are a JSON object"),
        ({"name": "report.make", "arguments": '{"dya": 1}'}, "it takes day"),
    ):
        refused = client.post("/queue/jobs/new", data=wrong, headers={"accept": "application/json"})
        assert refused.status_code == 400 and why in refused.json()["error"]["message"]
    assert len(bench.queue.jobs.find()) == 1


def test_waiting_job_is_changed_and_its_history_says_by_whom(bench: Bench) -> None:
    client = mounted(pages(bench.queue, actor=lambda request: request.headers["x-user"]))
    job, ended = (
        enqueue(bench, "report.make", "May", unique="one", delay=60),
        enqueue(bench, "report.make", "x"),
    )
    bench.run()
    assert '"day": "May"' in client.get(f"/queue/api/jobs/{job}", headers={"x-user": "Ann"}).json()["given"]
    form = {"arguments": '{"day": "June"}', "priority": "9", "delay": "0"}
    assert client.post(f"/queue/jobs/{job}/edit", data=form, headers={"x-user": "Ann"}).status_code == 303
    event = job_history(bench.database, job)[-1]
    assert event.reason == "changed by Ann: arguments, priority, time"
    (ran,) = bench.run()
    assert (ran.id, ran.result, ran.priority, ran.unique_key) == (job, "1 of June", 9, "one")
    refused = client.post(f"/queue/jobs/{ended}/edit", data=form, headers={"x-user": "Ann"})
    assert refused.status_code == 409 and bench.queue.state(ended).result == "1 of x"
    seal_events(bench.database)
    assert prove(bench.database).violations == []


class Backwards:
    """Not for secrets."""

    def encrypt(self, data: bytes) -> bytes:
        return data.hex().encode()

    def decrypt(self, token: bytes) -> bytes:
        return bytes.fromhex(token.decode())


def test_what_is_encrypted_is_not_shown_in_lists_and_is_again_when_it_was_changed(bench: Bench) -> None:
    bench.queue.cipher = Backwards()
    client = mounted(pages(bench.queue))
    first = enqueue(bench, "hidden", 1, delay=1)
    job = int(bench.queue.enqueue(bench.queue.handlers["report.make"].s("May"), after=[first]))
    assert client.get(f"/queue/api/jobs/{first}").json()["arguments"] == "encrypted"
    client.post(f"/queue/jobs/{job}/edit", data={"arguments": '["June", 3]'})
    payload = bench.queue.state(job).payload
    assert "June" not in payload and "sealed" in payload
    assert client.post(f"/queue/jobs/{job}/edit", data={"delay": "1"}).status_code == 400
    assert bench.run() == [], "it still waits for the other"
    bench.advance(2)
    assert [each.id for each in bench.run()] == [first, job]
    assert client.get(f"/queue/api/jobs/{job}").json()["state"] == "done"


def test_schedule_of_a_job_that_never_ran_counts_nothing(client: Client, bench: Bench) -> None:
    bench.queue.every(3600, name="clean")(lambda: None)
    (shown,) = client.get("/queue/api/jobs/schedule").json()["periodic"]
    assert shown["declared"] and shown["spec"] == "every 3600 s"
    assert [shown[name] for name in ("last", "fired", "missed", "overrun", "runs")] == [None, 0, 0, 0, []]


def test_schedule_shows_slots_and_runs_and_runs_one_now(client: Client, bench: Bench) -> None:
    bench.queue.every(3600, name="clean")(lambda: None)
    bench.run()
    bench.advance(3600)
    bench.run()
    (shown,) = client.get("/queue/api/jobs/schedule").json()["periodic"]
    assert (shown["name"], shown["spec"], shown["fired"], shown["missed"]) == ("clean", "every 3600 s", 2, 0)
    assert shown["next"] == "2026-01-01T14:00:00+00:00" and len(shown["runs"]) == 2
    assert client.post("/queue/jobs/schedule/run", data={"name": "clean"}).status_code == 303
    assert [each.name for each in bench.run()] == ["clean"]
    page = client.get("/queue/jobs/schedule").text
    assert "2 runs so far" in page and page.count("/queue/jobs/") >= 3
    assert client.post("/queue/jobs/schedule/run", data={"name": "report.make"}).status_code == 400


def test_figures_count_ends_failures_and_times(client: Client, bench: Bench) -> None:
    def late() -> None:
        bench.advance(4)

    bench.queue.task(name="late")(late).enqueue()
    enqueue(bench, "report.make", "May")
    bench.advance(2)
    bench.run()
    bench.advance(60)
    enqueue(bench, "report.make", "never")
    bench.run()
    found = client.get("/queue/api/jobs/figures").json()
    assert found["totals"] == {"done": 2, "dead": 1, "retry": 0} and found["complete"]
    assert len(found["times"]) == 60 and (found["seconds"], found["each"]) == (60, "minute")
    before, newest = found["times"][-2:]
    assert (before["done"], before["ran_slow"], newest["dead"], newest["waited"]) == (2, 4.0, 1, 0.0)
    assert found["times"][0]["waited"] is None
    page = client.get("/queue/jobs/figures?span=day").text
    assert page.count("<svg") == 4 and "chart-bad" in page


@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        ({}, {"origin": "http://shop"}, 303),
        ({}, {"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({}, {"origin": "http://elsewhere.example"}, 403),
        ({}, {"sec-fetch-site": "cross-site"}, 403),
        ({"read_only": True}, {}, 403),
        ({"may": lambda request: False}, {}, 403),
    ],
)
def test_who_may_change_something(
    bench: Bench, options: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    job = enqueue(bench, "hidden", 1)
    client = mounted(pages(bench.queue, **options))
    assert client.post(f"/queue/jobs/{job}/cancel", headers=headers).status_code == status
    assert bench.queue.state(job).state == ("canceled" if status == 303 else "waiting")
    shown = client.get("/queue/jobs").status_code
    assert shown == (403 if "may" in options else 200)


@pytest.mark.parametrize(
    ("send", "status", "what"),
    [
        (lambda client: client.get("/queue/jobs/999"), 404, "There is no job 999"),
        (lambda client: client.get("/queue/nothing"), 404, "There is nothing at this address."),
        (lambda client: client.get("/queue/jobs/figures?span=year"), 422, "This cannot be read: span"),
        (lambda client: client.post("/queue/jobs/pause", data={"queue": "x"}), 400, "There is no queue"),
        (lambda client: client.post("/queue/jobs/retry"), 400, "Choose at least one job."),
    ],
)
def test_refusal_is_one_sentence(
    client: Client, send: Callable[[httpx.Client], httpx.Response], status: int, what: str
) -> None:
    answer = send(client)
    assert answer.status_code == status and what in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize(("count", "says"), [(1, "1 job will"), (2, "2 jobs will")])
def test_several_jobs_are_tried_again_together(client: Client, bench: Bench, count: int, says: str) -> None:
    jobs = [enqueue(bench, "report.make", "never") for _ in range(count)]
    bench.run()
    assert client.post("/queue/jobs/retry", data={"job": jobs}).status_code == 303
    assert f"{says} be tried again." in client.get("/queue/jobs").text
    assert {bench.queue.state(job).state for job in jobs} == {"waiting"}


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30, "x", ""])
def test_a_number_that_no_job_can_have_is_refused(client: Client, number: object) -> None:
    answer = client.post("/queue/jobs/retry", data={"job": [1, number]})
    assert answer.status_code in (400, 422)
    assert client.post("/queue/jobs/retry", data={"job": [2**63 - 1]}).status_code == 404


@pytest.mark.parametrize("to", ["/", "/leads?q=1 Oak St", "/queue/jobs#5"])
def test_answer_leads_back_to_any_page_of_this_host(to: str) -> None:
    assert local(to) == to


@pytest.mark.parametrize(
    "to", [None, "", "leads", "https://x.example", "//x.example", "/\\x.example", "/\t/x.example", "/\x1f"]
)
def test_answer_leads_to_no_other_host(to: str | None) -> None:
    assert local(to, "/home") == "/home"


def test_answer_leads_nowhere_else(client: Client, bench: Bench) -> None:
    job = enqueue(bench, "hidden", 1)
    answer = client.post(f"/queue/jobs/{job}/cancel", data={"back": "//elsewhere.example"})
    assert answer.headers["location"] == "/queue/jobs"
