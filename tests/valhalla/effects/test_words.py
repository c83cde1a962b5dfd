"""What a receiver says may repeat whom it was told about; it stays where an erasure and a redacted copy find it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs.testing import Bench
from valhalla.effects import register
from valhalla.program import logs
from valhalla.program.schema import SCHEMA

Make = Callable[..., Any]

CANARY = ("Jane Canary", "jane@canary.example", "713-555-0188")
ECHO = " ".join(CANARY)


@pytest.fixture
def hook(receive: Callable[..., str]) -> str:
    """The address of a receiver that answers with the status behind the last slash and repeats what it was told."""

    def answer(request: Any) -> None:
        told = request.rfile.read(int(request.headers["Content-Length"]))
        status = int(request.path.rpartition("/")[2])
        if status == 0:
            return
        request.send_response(status, ECHO)
        request.send_header("Location", f"http://127.0.0.1:1/{ECHO}".replace(" ", "+"))
        request.send_header("Content-Length", str(len(told)))
        request.end_headers()
        request.wfile.write(told)

    return receive(answer)


@pytest.fixture
def smtp() -> Iterator[Callable[..., int]]:
    """A function that starts a mail server which answers each line in turn, with the canary, and returns its port."""
    servers: list[socket.socket] = []

    def talk(server: socket.socket, codes: tuple[int, ...]) -> None:
        with contextlib.suppress(OSError):
            line, _ = server.accept()
            with line, line.makefile("rb") as heard:
                for code in codes:
                    line.sendall(f"{code} {ECHO}\r\n".encode())
                    heard.readline()

    def start(*codes: int) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=talk, args=(server, codes), daemon=True).start()
        port: int = server.getsockname()[1]
        return port

    yield start
    for each in servers:
        each.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The folder of the program's log, which is written during the test."""
    folder = tmp_path / "logs"
    folder.mkdir()
    handler = logs.to_file(folder, instance=True)
    yield folder
    logs.stop(handler)


def shown(database: Database) -> str:
    """Everything in the file that does not count as personal, and the alerts."""
    found: list[object] = []
    for (table,) in database.sql(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    ):
        known = SCHEMA.tables.get(table)
        for name, *_ in database.sql("SELECT name FROM pragma_table_info(?)", (table,)):
            if known is None or name not in known.personal:
                found += database.sql(f'SELECT "{name}" FROM "{table}"')
    return repr([*found, database.sql("SELECT reason, context FROM alert")])


def finish(database: Database, effects: Any, number: int) -> dict[str, Any]:
    """Run the effect as the job that it is."""
    register.approve(database, number)
    bench = Bench(database)
    bench.queue.close()
    bench.queue = effects.queue
    effects.enqueue(number)
    bench.run()
    return register.show(database, number)


def clean(database: Database, log: Path) -> None:
    told = shown(database) + "".join(path.read_text(encoding="utf-8") for path in log.iterdir())
    assert [word for word in CANARY if word in told] == []


@pytest.mark.parametrize("status", [0, 301, 400, 401, 404, 422, 429, 503])
def test_a_webhook_that_repeats_what_it_was_told(
    database: Database, make: Make, hook: str, log: Path, status: int
) -> None:
    effects = make(is_live=True)
    lead = {"lead": dict(zip(("name", "email", "phone"), CANARY, strict=True))}
    number = register.draft(database, "webhook", f"{hook}/{status}", lead, about="one")["id"]
    effect = finish(database, effects, number)
    if status:
        assert str(status) in effect["reason"] and CANARY[0] in effect["response"]["body"]
    clean(database, log)


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ((554,), "approved"),
        ((220, 250, 550), "failed"),
        ((220, 250, 250, 550), "failed"),
        ((220, 250, 250, 451), "approved"),
        ((220, 250, 250, 250, 554), "failed"),
        ((220, 250, 250, 250, 354), "uncertain"),
    ],
)
def test_a_mail_server_that_repeats_whom_the_mail_is_for(
    database: Database,
    make: Make,
    smtp: Callable[..., int],
    log: Path,
    codes: tuple[int, ...],
    state: str,
) -> None:
    values = {
        "mail.host": "127.0.0.1",
        "mail.port": smtp(*codes),
        "mail.from": "me@example.com",
        "mail.tls": "none",
    }
    effects = make(is_live=True, values=values)
    content = {"subject": "Hello", "text": f"Hello {CANARY[0]}\n"}
    number = register.draft(database, "email", CANARY[1], content, about="one")["id"]
    effect = finish(database, effects, number)
    assert effect["state"] == state
    if state != "uncertain":
        assert str(codes[-1]) in effect["reason"] and CANARY[0] in effect["response"]["said"]
    clean(database, log)


def test_a_file_and_a_failure_that_name_somebody(
    database: Database, make: Make, tmp_path: Path, log: Path
) -> None:
    effects = make(is_live=True)
    target = tmp_path / CANARY[0] / "list.csv"
    number = register.draft(database, "export", str(target), {"leads": []}, about="one")["id"]
    assert finish(database, effects, number)["state"] == "failed"

    def fail(_: object) -> Any:
        raise RuntimeError(ECHO)

    effects._senders.prepare = lambda effect: lambda: fail(effect)
    number = register.draft(database, "export", str(target), {"leads": []}, about="two")["id"]
    effect = finish(database, effects, number)
    assert effect["state"] == "uncertain" and CANARY[0] in effect["response"]["error"]
    clean(database, log)


def test_an_answer_that_comes_after_the_erasure_is_not_kept(
    database: Database, make: Make, hook: str
) -> None:
    effects = make(is_live=True)
    number = register.draft(database, "webhook", f"{hook}/400", {"name": CANARY[0]}, about="one", lead_id=7)[
        "id"
    ]
    prepare = effects._senders.prepare

    def forget_meanwhile(effect: dict[str, Any]) -> Any:
        call = prepare(effect)

        def send() -> Any:
            with database.write():
                register.blank(database, [7])
            return call()

        return send

    effects._senders.prepare = forget_meanwhile
    assert finish(database, effects, number)["response"] is None
