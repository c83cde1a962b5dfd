"""A cockpit served for real: a server in a thread, over a real file, and clients that are signed in or not.

``database``, ``load``, ``people`` and ``tell`` come from tests/valhalla/conftest.py: what they put into the file is what the
pages show.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from db import Database
from jobs import JobState
from valhalla.cockpit.server import Server
from valhalla.program.home import Home
from valhalla.service.whole import WholeProgram


@pytest.fixture
def cockpit_home(tmp_path: Path) -> Home:
    """The home in which ``database`` lies."""
    home = Home(tmp_path)
    home.prepare()
    return home


@pytest.fixture
def serve(database: Database, cockpit_home: Home) -> Iterator[Callable[..., Server]]:
    """A function that serves a cockpit over ``database`` and returns its :class:`Server`; stopped afterwards."""
    running: list[Server] = []

    def serve(**options: Any) -> Server:
        server = Server(WholeProgram(database, cockpit_home), **{"port": 0, **options})
        server.start()
        running.append(server)
        return server

    yield serve
    for server in running:
        server.stop()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """A served cockpit."""
    return serve()


@pytest.fixture
def visitor(server: Server) -> Iterator[httpx.Client]:
    """Somebody without a session. Redirects are not followed."""
    with httpx.Client(base_url=server.url, timeout=20, verify=False) as client:
        yield client


@pytest.fixture
def sign_in() -> Iterator[Callable[[Server], httpx.Client]]:
    """A function that follows a fresh link to a server, and returns the client that may do everything a page may."""
    made: list[httpx.Client] = []

    def sign_in(server: Server) -> httpx.Client:
        # No certificates: to read those of the world takes longer than most tests here.
        client = httpx.Client(
            base_url=server.url, timeout=20, headers={"Sec-Fetch-Site": "same-origin"}, verify=False
        )
        made.append(client)
        assert client.get(server.link()).status_code == 303
        assert client.get("/api/state").status_code == 200
        return client

    yield sign_in
    for client in made:
        client.close()


@pytest.fixture
def client(server: Server, sign_in: Callable[[Server], httpx.Client]) -> httpx.Client:
    """Somebody with a session. Redirects are not followed: a POST answers 303."""
    return sign_in(server)


@pytest.fixture
def connect(server: Server, client: httpx.Client) -> Iterator[Callable[..., ClientConnection]]:
    """A function that opens a WebSocket as a page does: ``connect("/ws/live")``."""
    with contextlib.ExitStack() as opened:

        def connect(path: str, *, origin: str | None = server.url, cookie: bool = True) -> ClientConnection:
            name = server.cockpit.cookie
            headers = {"Cookie": f"{name}={client.cookies[name]}"} if cookie else {}
            return opened.enter_context(
                open_socket(
                    f"ws://{server.cockpit.name}:{server.cockpit.port}{path}",
                    origin=origin,  # type: ignore[arg-type]
                    additional_headers=headers,
                    compression=None,
                    open_timeout=10,
                    proxy=None,
                )
            )

        yield connect


@pytest.fixture
def work(server: Server) -> Iterator[Callable[[], JobState]]:
    """A function that works on the newest job and returns how it ended."""
    worker = server.cockpit.queue.worker(threads=1, queues=["background"])
    worker.start()

    def work() -> JobState:
        number = server.cockpit.database.value("SELECT max(id) FROM task")
        return server.cockpit.queue.wait(number, timeout=60)

    yield work
    worker.stop(timeout=5)


class Running:
    """``valhalla run`` as a process of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "valhalla", "--home", str(home), "run", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "COLUMNS": "20"},
        )

    def link(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Cockpit: "):
                return line.removeprefix("Cockpit: ").strip()
        raise AssertionError(self.process.stderr.read() if self.process.stderr else "")


@pytest.fixture
def program(home: Path) -> Iterator[Callable[..., Running]]:
    """A function that starts ``valhalla run`` with options."""
    started: list[Running] = []

    def start(*options: str) -> Running:
        started.append(Running(home, *options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()
