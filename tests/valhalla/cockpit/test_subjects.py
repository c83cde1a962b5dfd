"""The routes of a subject: found by where its pages are, and loaded when one of them is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Match, WebSocketRoute

from jobs.web.views import Route
from valhalla.cockpit import routes
from valhalla.cockpit.security.permitting import route_of
from valhalla.cockpit.subjects import Subject, each_route


class Module:
    """Stands for the module of a subject."""

    def __init__(self, *addresses: tuple[str, str]) -> None:
        self.made = [
            Route(path, lambda path=path, method=method: f"{method} {path}", methods=[method])
            for method, path in addresses
        ]
        self.loaded = False

    @property
    def router(self) -> Any:
        self.loaded = True
        return self

    @property
    def routes(self) -> list[Route]:
        return self.made


@pytest.mark.parametrize("pages", [routes.workspace(), routes.hub_pages()])
def test_each_route_is_where_its_subject_says(pages: routes.Pages) -> None:
    """One that is elsewhere would never be asked."""
    missing = [
        (subject.module, route.path)
        for subject in pages.subjects
        for route in subject.routes
        if not subject.has(route.path)
    ]
    assert missing == []
    kinds = {type(route) for route in each_route(pages.subjects)}
    assert Route in kinds and any(issubclass(kind, WebSocketRoute) for kind in kinds)


def test_a_subject_is_loaded_by_its_own_addresses_only() -> None:
    jobs, deals = Module(("GET", "/jobs"), ("GET", "/api/jobs/{number}")), Module(("GET", "/deals"))
    client = TestClient(FastAPI(routes=[Subject(jobs, "/jobs"), Subject(deals, "/deals")]))
    for path in ("/", "/job", "/jobsx", "/api", "/api/job", "/jobs.txt"):
        assert client.get(path).status_code == 404
    assert (jobs.loaded, deals.loaded) == (False, False)
    assert client.get("/api/jobs/3").json() == "GET /api/jobs/{number}"
    assert (jobs.loaded, deals.loaded) == (True, False)
    assert client.get("/deals").json() == "GET /deals"


def test_of_two_subjects_the_first_route_that_fits_answers() -> None:
    first, second = Module(("POST", "/leads/dnc")), Module(("GET", "/leads/{number}"), ("GET", "/leads/dnc"))
    client = TestClient(FastAPI(routes=[Subject(first, "/leads"), Subject(second, "/leads")]))
    assert client.post("/leads/dnc").json() == "POST /leads/dnc"
    assert client.get("/leads/dnc").json() == "GET /leads/{number}", "although the first has it for POST"
    assert client.put("/leads/dnc").status_code == 405
    assert client.put("/leads/dnc").headers["allow"] == "POST"


def test_a_subject_has_no_more_than_the_paths_it_is_given() -> None:
    module = Module(("GET", "/theme"), ("GET", "/folder"))
    client = TestClient(FastAPI(routes=[Subject(module, "/theme", "/folder", only=("/theme",))]))
    assert client.get("/theme").json() == "GET /theme"
    assert client.get("/folder").status_code == 404


def test_a_role_is_asked_of_the_route_not_of_its_subject() -> None:
    scope = {"type": "http", "method": "GET", "path": "/api/jobs/3", "root_path": ""}
    subject = Subject(Module(("GET", "/api/jobs/{number}")), "/jobs")
    assert route_of([subject], scope) == "/api/jobs/{number}"
    assert route_of([subject], scope | {"path": "/jobs/3"}) is None
    match, found = subject.matches(scope | {"method": "POST"})
    assert match is Match.PARTIAL and found["route"] in subject.routes
