"""Real receivers on the loopback, and effects that would reach them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs import JobQueue, Retry
from jobs.testing import FakeClock
from valhalla.effects import live
from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
from valhalla.program import settings
from valhalla.program.database import open_database

ADD_RUN = "INSERT INTO run (pid, version, settings, started_at) VALUES (1, 'test', '{}', 0) RETURNING id"


class Receiver:
    """An HTTP server that keeps what it was told and answers as the test says."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                if status == 0:
                    self.close_connection = True  # hangs up without an answer
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _ in self.requests]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valhalla.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(path: Path, clock: FakeClock, new_file: Path) -> Iterator[Database]:
    shutil.copy(new_file, path)
    with open_database(path) as database:
        database.clock = clock
        yield database


@pytest.fixture
def make(database: Database) -> Callable[..., Effects]:
    """A function that makes the effects of a run: ``make(live=True)`` with the lock off."""

    def build(*, is_live: bool = False, values: dict[str, Any] | None = None, **options: Any) -> Effects:
        with database.write():
            run_id = database.value(ADD_RUN)
        if is_live:
            live.open_for(database, run_id, "test")
        queue = JobQueue(database)
        senders = Senders(database, {**settings.effective(database), **(values or {})})
        effects = Effects(database, queue, senders, run_id=run_id, rule=Retry(2, 2.0), **options)
        effects.prepare()
        return effects

    return build
