"""Programs' own way in: a bearer token, over a real connection."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from db import Database
from valhalla.cockpit.server import Server
from valhalla.service import tokens


@pytest.fixture
def use(server: Server, database: Database) -> Iterator[Callable[..., httpx.Client]]:
    """A function that makes a token and returns the client of a program that uses it."""
    made: list[httpx.Client] = []

    def use(scope: str, name: str = "desk") -> httpx.Client:
        token = tokens.add(database, name, scope)
        address = f"http://127.0.0.1:{server.cockpit.port}"
        made.append(httpx.Client(base_url=address, timeout=20, headers={"Authorization": f"Bearer {token}"}))
        return made[-1]

    yield use
    for each in made:
        each.close()


def test_a_program_reads_without_cookie_and_origin(use: Callable[..., httpx.Client]) -> None:
    program = use("read")
    assert program.get("/api/state").json()["lock"]
    assert program.get("/api/nothing").status_code == 404


def test_a_read_token_changes_nothing(
    use: Callable[..., httpx.Client], database: Database, people: Callable[[int], int]
) -> None:
    people(1)
    answer = use("read").post("/api/leads/1/outcome", data={"event": "contacted"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "SCOPE")
    assert database.value("SELECT count(*) FROM outcome") == 0


def test_a_write_token_does_what_a_page_posts(
    use: Callable[..., httpx.Client], database: Database, people: Callable[[int], int]
) -> None:
    people(1)
    answer = use("write").post("/api/leads/1/outcome", data={"event": "contacted"})
    assert answer.status_code == 200
    assert answer.json()["message"]
    assert database.value("SELECT event FROM outcome") == "contacted"


def test_a_write_token_changes_nothing_where_pages_only_show(
    serve: Callable[..., Server], database: Database, people: Callable[[int], int]
) -> None:
    people(1)
    token = tokens.add(database, "desk", "write")
    address = f"http://127.0.0.1:{serve(read_only=True).cockpit.port}/api/leads/1/outcome"
    answer = httpx.post(address, data={"event": "contacted"}, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "READ_ONLY")


def test_pages_are_not_for_tokens(use: Callable[..., httpx.Client]) -> None:
    program = use("write")
    assert program.get("/leads").status_code >= 400
    assert program.post("/settings/dnc", data={"who": "a@example.com"}).status_code >= 400


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer \xe9", "x"])
def test_what_is_no_token_lets_nobody_in(server: Server, given: str) -> None:
    address = f"http://127.0.0.1:{server.cockpit.port}/api/state"
    answer = httpx.get(address, headers={"Authorization": given.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401


def test_a_revoked_token_lets_nobody_in(use: Callable[..., httpx.Client], database: Database) -> None:
    program = use("read")
    assert program.get("/api/state").status_code == 200
    tokens.revoke(database, "desk")
    answer = program.get("/api/state")
    assert answer.status_code == 401
    assert "valhalla token add" in answer.json()["error"]["message"]
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/ws/federation", "/ws/memory", "/ws/live"])
def test_a_programs_websocket_is_let_in_by_a_token(server: Server, database: Database, path: str) -> None:
    token = tokens.add(database, "boards", "read")
    address = f"ws://127.0.0.1:{server.cockpit.port}{path}"
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as line:
        assert json.loads(line.recv(timeout=20))["type"]
    with pytest.raises(InvalidStatus) as refused:
        connect(address, additional_headers={"Authorization": "Bearer no"}, proxy=None)
    assert refused.value.response.status_code == 401


def test_the_documents_own_client_connects(server: Server, database: Database, tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "console.md").read_text(encoding="utf-8")
    (code,) = (each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "websockets" in each)
    script = tmp_path / "client.py"
    script.write_text(code.replace("8101", str(server.cockpit.port)), encoding="utf-8")
    token = tokens.add(database, "boards", "read")
    with subprocess.Popen(
        [sys.executable, "-u", str(script)],
        env={**os.environ, "VALHALLA_TOKEN": token},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as client:
        assert client.stdout is not None
        line = client.stdout.readline()
        client.kill()
    assert line.strip()


def test_a_token_opens_nothing_under_a_foreign_name(use: Callable[..., httpx.Client]) -> None:
    answer = use("read").get("/api/state", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "HOST")


def test_no_page_of_another_site_may_ask_with_a_token(server: Server) -> None:
    answer = httpx.options(
        f"http://127.0.0.1:{server.cockpit.port}/api/state",
        headers={
            "Origin": "http://evil.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert answer.status_code >= 400
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "planted",
    [
        "INSERT INTO token (id, name, digest, scope, created_at, created_by) VALUES (9, 'eve', '{}', 'write', 1, 'operator')",
        "UPDATE token SET digest = '{}'",
        "UPDATE token SET digest = '{}', revoked_at = NULL, revoked_by = NULL",
    ],
)
def test_a_token_that_the_chain_does_not_know_lets_nobody_in(database: Database, planted: str) -> None:
    eves = "valhalla_planted"
    made = tokens.add(database, "desk", "read")
    if "revoked" in planted:
        tokens.revoke(database, "desk")
    with database.write():
        database.sql(planted.format(sha256(eves.encode()).hexdigest()))
    assert tokens.find(database, eves) is None
    assert (tokens.find(database, made) is not None) == planted.startswith("INSERT")


def test_a_token_that_was_given_more_scope_or_put_back_lets_nobody_in(database: Database) -> None:
    made = tokens.add(database, "desk", "read")
    with database.write():
        database.sql("UPDATE token SET scope = 'write'")
    assert tokens.find(database, made) is None
    with database.write():
        database.sql("UPDATE token SET scope = 'read'")
    assert tokens.find(database, made) is not None
    tokens.revoke(database, "desk")
    with database.write():
        database.sql("UPDATE token SET revoked_at = NULL, revoked_by = NULL")
    assert tokens.find(database, made) is None
