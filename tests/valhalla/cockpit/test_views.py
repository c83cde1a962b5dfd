"""Page and JSON of one thing come from one declaration."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import httpx
import pytest

from valhalla.cockpit import routes


def test_every_page_of_a_subject_has_its_json_next_to_it(
    client: httpx.Client, people: Callable[[int], int]
) -> None:
    people(2)
    for page, api in (("/leads/1", "/api/leads/1"), ("/jobs", "/api/jobs"), ("/settings/dnc", "/api/dnc")):
        assert client.get(page).headers["content-type"].startswith("text/html")
        assert client.get(api).headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/jobs", "/effects", "/imports"])
def test_an_empty_field_of_a_form_is_no_filter_and_no_value_of_the_json(
    client: httpx.Client, path: str
) -> None:
    assert client.get(f"{path}?state=&before=").status_code == 200
    assert client.get(f"/api{path}?state=").status_code == 422
    assert client.get(f"{path}?state=nonsense").status_code == 422


def test_a_link_to_another_filter_begins_at_the_first_part_of_the_list(client: httpx.Client) -> None:
    page = client.get("/alerts?state=all&severity=error&before=7&token_like=x").text
    assert 'href="/alerts?state=acknowledged&amp;severity=error"' in page
    assert 'href="/alerts?severity=error"' in page, "what has its default is left out"


def test_only_json_and_health_are_described(client: httpx.Client) -> None:
    described = client.get("/api/openapi.json").json()["paths"]
    assert {path for path in described if not path.startswith("/api/")} == {"/healthz", "/readyz", "/metrics"}
    assert len(described) > 30 and len(routes.SUBJECTS) > 20


def test_the_rail_has_the_day_first_and_the_machine_below_a_heading(client: httpx.Client) -> None:
    day, _, system = client.get("/experiments/scripts").text.partition('<li class="rail-group"')
    assert day.index('title="Today"') < day.index('title="Leads"') < day.index('title="Lists"')
    assert "Decisions" not in day and system.startswith(' aria-hidden="true">System<')
    rail, _, _ = system.partition("</ul>")
    assert rail.index("Decisions") < rail.index("Going out") < rail.index("Audit") < rail.index("Settings")
    assert re.findall('href="([^"]+)" aria-current', rail) == ["/experiments/scripts"]
    assert client.get("/calls").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/work", "/leads?q=ann", "/leads/1", "/audit?since=2026-01-01", "/jobs", "/api/today"]
)
def test_a_page_goes_to_a_thread_once(
    client: httpx.Client, people: Callable[[int], int], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    people(1)
    assert client.get(path).status_code == 200
    given = []
    run = anyio.to_thread.run_sync

    async def counted(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        given.append(call)
        return await run(call, *args, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)
    assert client.get(path).status_code == 200
    assert len(given) == 1, "each further time it waits for the interpreter twice"
