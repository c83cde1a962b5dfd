"""The OpenAPI description: complete, and whatever is asked by it, the server does not fail."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from jobs.web.views import Route
from valhalla.cockpit import routes
from valhalla.cockpit.server import Server
from valhalla.effects import drafting
from valhalla.sandbox.alerts import AlertSystem

EXAMPLES = int(
    os.environ.get("SCHEMATHESIS_EXAMPLES", "100" if os.environ.get("VALHALLA_LONG") == "1" else "5")
)
"""Requests for each operation; a long run sets more."""


@pytest.fixture
def filled(server: Server, people: Callable[[int], int]) -> Server:
    """A cockpit with something to show."""
    people(5)
    database = server.cockpit.database
    drafting.webhook(database, 1, "https://hooks.example.com/in")
    AlertSystem(database=database).alert("risk:R1", "a list cannot be read", "error")
    server.cockpit.background.auditing.verify()
    return server


def test_every_json_route_is_described(client: httpx.Client) -> None:
    described = client.get("/api/openapi.json").json()
    served = {
        route.path
        for subject in routes.SUBJECTS
        for route in subject.routes
        if "GET" in getattr(route, "methods", ())
        and (route.path.startswith("/api/") or subject.module in (routes.health, routes.metrics))
    }
    assert served <= set(described["paths"])
    silent = [
        f"{method} {path}"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if not (operation.get("summary") and operation.get("description"))
    ]
    assert silent == []


def test_every_route_can_be_worked_out() -> None:
    """That is done when it is asked for first."""
    found = [route for subject in routes.SUBJECTS for route in subject.routes if isinstance(route, Route)]
    assert len(found) > 200
    assert [route.path for route in found if not hasattr(route, "dependant")] == []


def test_what_is_described_needs_a_session(client: httpx.Client, visitor: httpx.Client) -> None:
    for path in client.get("/api/openapi.json").json()["paths"]:
        if path.startswith("/api/") and "{" not in path:
            assert visitor.get(path).status_code == 401


@pytest.mark.slow
def test_whatever_is_asked_the_server_does_not_fail(filled: Server, client: httpx.Client) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    api = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    api.config.base_url = filled.url
    cookies = {filled.cockpit.cookie: client.cookies[filled.cockpit.cookie]}
    headers = {"Sec-Fetch-Site": "same-origin"}
    failed: list[str] = []
    answered: set[int] = set()
    for found in api.get_all_operations():
        operation = found.ok()

        def ask(case: Any) -> None:
            answer = case.call(cookies=cookies, headers=headers)
            answered.add(answer.status_code)
            if answer.status_code >= 500:
                failed.append(f"{case.method} {answer.request.url}: {answer.status_code}")

        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        strategy = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
        settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(case=strategy)(ask))()
    assert failed == [] and answered >= {200, 422} and 401 not in answered
    assert client.get("/healthz").status_code == 200
