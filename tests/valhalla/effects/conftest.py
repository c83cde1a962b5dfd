"""Real receivers on the loopback, and effects that would reach them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
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

    def __init__(self, receive: Callable[..., str]) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.url = f"{receive(self._answer)}/hook"

    def _answer(self, request: Any) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.requests.append((dict(request.headers), body))
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        if status == 0:
            request.close_connection = True  # hangs up without an answer
            return
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"ok")

    @property
    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _ in self.requests]


@pytest.fixture
def receiver(receive: Callable[..., str]) -> Receiver:
    return Receiver(receive)


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
