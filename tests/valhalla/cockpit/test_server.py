"""Serving: where it answers, what it says when it cannot, and how it ends."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect as open_socket

from db import Database, waiting
from valhalla.__main__ import cockpit
from valhalla.cli.entry import run
from valhalla.cockpit import server as serving
from valhalla.cockpit.server import Server, listen
from valhalla.program import settings
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.instance import Running, running
from valhalla.program.serving import Limits
from valhalla.safety.security import FAILED, PASSED, measure


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_the_next_free_port_is_taken_unless_one_is_asked_for(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "PORT", taken)
    found = listen(None)
    for each in found:
        assert each.getsockname()[1] not in (taken, 0)
        each.close()
    with pytest.raises(ValhallaError, match=f"port {taken} is taken"):
        listen(taken)


def test_health_needs_no_session_and_says_nothing_of_anybody(
    visitor: httpx.Client, people: Callable[[int], int]
) -> None:
    people(1)
    assert visitor.get("/healthz").json() == {"ok": True}
    ready = visitor.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "checks": {"file": True, "disk": True, "heartbeat": None}},
    )


def test_a_run_without_a_heartbeat_is_not_ready(serve: Callable[..., Server]) -> None:
    answer = httpx.get(serve(run_id=1).url + "/readyz")
    assert (answer.status_code, answer.json()["checks"]["heartbeat"]) == (503, False)


def test_it_ends_while_pages_are_connected(server: Server, connect: Callable[..., Any]) -> None:
    socket = connect("/ws/live")
    socket.recv(timeout=10)
    before = threading.active_count()
    server.stop()
    assert not server._thread.is_alive()
    assert threading.active_count() < before
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "/healthz")


def test_every_route_of_the_api_is_described(client: httpx.Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {
        "/api/calls",
        "/api/leads",
        "/api/leads/{number}",
        "/api/overview",
        "/api/state",
        "/healthz",
    } <= set(paths)
    assert all(way["summary"] for ways in paths.values() for way in ways.values())


@pytest.mark.parametrize(
    ("url", "verdict"),
    [("{url}", PASSED), ("http://127.0.0.1:8101", PASSED), ("http://192.168.0.7:8101", FAILED)],
)
def test_a_name_of_this_computer_is_safe_to_listen_on(
    server: Server, cockpit_home: Home, url: str, verdict: str
) -> None:
    instance = Running(1, 0, "run", url.format(url=server.url))
    database = server.cockpit.database
    found = measure(database, cockpit_home.path, settings.effective(database), instance)
    assert found["details"]["bind_address"]["result"] == verdict


@pytest.mark.e2e
def test_run_prints_its_link_in_one_line_and_a_second_start_gets_a_fresh_one(
    program: Callable[..., Any], home: Path
) -> None:
    first = program()
    link = first.link()
    with httpx.Client() as client:
        assert client.get(link).status_code == 303
        url = link.partition("/?")[0]
        assert client.get(url + "/").status_code == 200
    found = running(home)
    assert found is not None
    assert found.url == url
    second = program()
    fresh = second.link()
    assert fresh.startswith(url)
    assert fresh != link
    _, complaint = second.process.communicate(timeout=20)
    assert second.process.returncode == 3
    assert str(first.process.pid) in complaint
    assert httpx.get(fresh).status_code == 303
    assert "Traceback" not in complaint


def test_with_json_the_link_is_beside_the_one_document(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "run", "--port", "0", "--cycles", "1"], cockpit) == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["totals"]["rows"] == 0
    assert re.search(r"^Cockpit: http://\w+\.localhost:\d+/\?token=", said.err, re.MULTILINE)


BROWSER = """
import json, os, sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
page = Path(unquote(urlsplit(sys.argv[1]).path))
seen = {"told": sys.argv[1:], "page": page.read_text(encoding="utf-8"), "mode": os.stat(page).st_mode & 0o777}
Path(__file__).with_name("seen.part").write_text(json.dumps(seen), encoding="utf-8")
os.replace(Path(__file__).with_name("seen.part"), Path(__file__).with_name("seen.json"))
"""


@pytest.mark.e2e
@pytest.mark.skipif(
    sys.platform == "win32",
    reason="there the system opens pages, not a command of ours, and no console's Ctrl+C can be sent to one process",
)
def test_the_browser_is_told_of_a_private_page_and_with_a_page_open_a_run_ends_in_good_order(
    program: Callable[..., Any], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "browser.py"
    script.write_text(BROWSER, encoding="utf-8")
    monkeypatch.setenv("BROWSER", f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} %s")
    started = program("--open")
    link = started.link()
    until = time.monotonic() + 60
    while not (tmp_path / "seen.json").exists() and time.monotonic() < until:
        time.sleep(0.02)
    seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    assert seen["told"] == [(home / "open.html").as_uri()]
    assert (seen["mode"], seen["page"].count(link)) == (0o600, 2)
    url = link.partition("/?")[0]
    with httpx.Client() as client:
        assert client.get(link).status_code == 303
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        with open_socket(
            url.replace("http", "ws") + "/ws/live",
            origin=url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookies},
            proxy=None,
        ) as line:
            line.recv(timeout=10)
            started.process.send_signal(signal.SIGTERM)
            out, error = started.process.communicate(timeout=20)
    assert started.process.returncode == 130
    assert "Total cycles" in out
    assert error == ""
    assert not (home / "open.html").exists()


@pytest.mark.e2e
def test_without_the_cockpit_nothing_of_it_is_loaded(home: Path) -> None:
    script = (
        "import sys; from valhalla.__main__ import cockpit; from valhalla.cli.entry import run; "
        f"run(['--home', {str(home)!r}, 'run', '--no-cockpit', '--cycles', '1'], cockpit); "
        "sys.exit(' '.join({'fastapi', 'starlette', 'uvicorn', 'websockets'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_long_work_stands_aside_for_pages_and_for_what_a_click_changes(
    client: httpx.Client, database: Database, people: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    people(1)
    seen: list[tuple[str, bool]] = []
    query = database.sql

    def sql(text: str, *more: Any) -> Any:
        seen.append((text, not waiting._nobody.is_set()))
        return query(text, *more)

    monkeypatch.setattr(database, "sql", sql)
    assert client.get("/leads/1").status_code == 200
    assert any(waits for text, waits in seen if "FROM lead" in text)
    seen.clear()
    assert client.post("/leads/1/outcome", data={"event": "contacted"}).status_code == 303
    assert any(waits for text, waits in seen if "INSERT INTO outcome" in text)


def test_a_cockpit_whose_loop_fails_comes_back_with_its_sessions(
    server: Server, client: httpx.Client, connect: Callable[..., Any]
) -> None:
    connect("/ws/live").recv(timeout=10)
    first = server._server
    assert first is not None

    def full(timeout: float | None = None) -> list[Any]:
        raise ValueError("too many file descriptors in select()")

    loop = first.servers[0].get_loop()
    loop._selector.select = full
    until = time.monotonic() + 10
    while (server._server is first or not server._server.started) and time.monotonic() < until:  # type: ignore[union-attr]
        time.sleep(0.02)
    with httpx.Client(base_url=server.url, cookies=client.cookies, timeout=10) as again:
        assert again.get("/api/state").status_code == 200
    assert '"counters"' in connect("/ws/live").recv(timeout=10)
    assert server._thread.is_alive()


def test_half_sent_requests_lock_nobody_out(
    serve: Callable[..., Server], sign_in: Callable[..., Any]
) -> None:
    server = serve(limits=Limits(connections=30))
    client = sign_in(server)
    with contextlib.ExitStack() as opened:
        for _ in range(90):
            each = opened.enter_context(socket.create_connection(("127.0.0.1", server.cockpit.port)))
            each.sendall(b"GET / HTTP/1.1\r\n")
        # On a line of its own: an idle one may be given up for the others at any time, and is opened again by browsers.
        with httpx.Client(base_url=server.url, cookies=client.cookies, headers=client.headers) as again:
            assert again.get("/api/state", timeout=20).status_code == 200
        assert httpx.get(server.url + "/healthz", timeout=20).status_code == 200
