"""Connections that are idle, half-sent or not read starve nobody, and a server that fails comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from valhalla.program.serving import Limits, Server, keep_serving

QUICK = Limits(connections=40, head=0.5, body=0.8, restart=0.05)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers after it has read the body; /large with four megabytes, /deaf at once."""
    if scope["type"] != "http":
        raise NotImplementedError
    more = scope["path"] != "/deaf"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * (4 << 20 if scope["path"] == "/large" else 2)})


class Served:
    """A server in a thread, the loop it runs in, and sockets that were opened to it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.loops: list[asyncio.AbstractEventLoop] = []
        self.server: Server | None = None
        self.opened: list[socket.socket] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self.answers()

    def _run(self) -> None:
        keep_serving(self._serve, [self.listener], self._stopped, QUICK)

    def _serve(self, copies: list[socket.socket]) -> None:
        self.server = Server(
            app, QUICK, lifespan="off", log_config=None, ws="none", timeout_graceful_shutdown=1
        )
        loop = asyncio.SelectorEventLoop()
        self.loops.append(loop)
        with contextlib.closing(loop):
            loop.run_until_complete(self.server.serve(sockets=copies))

    def connect(self, sent: bytes = b"") -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        self.opened.append(client)
        client.sendall(sent)
        return client

    def answers(self) -> bool:
        return httpx.get(f"http://127.0.0.1:{self.port}/", timeout=5, trust_env=False).status_code == 200

    def close(self) -> None:
        for each in self.opened:
            each.close()
        self._stopped.set()
        assert self.server is not None
        self.server.should_exit = True
        self._thread.join(5)
        self.listener.close()


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()
    yield found
    found.close()


def ended(client: socket.socket, within: float) -> bool:
    """Whether the server ends the connection in so many seconds; what it still sends is read."""
    client.settimeout(within)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def held(served: Served) -> int:
    assert served.server is not None
    return len(served.server.server_state.connections)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"], ids=["idle", "half-sent"])
def test_hundreds_of_connections_without_a_request_lock_nobody_out(served: Served, sent: bytes) -> None:
    for _ in range(120):
        served.connect(sent)
    assert served.answers()
    assert held(served) <= QUICK.connections


def test_a_head_has_a_deadline_that_a_trickle_does_not_move(served: Served) -> None:
    client = served.connect(b"GET / HTTP/1.1\r\n")
    began = time.monotonic()
    with contextlib.suppress(OSError):
        while time.monotonic() - began < 5:
            client.sendall(b"X-A: 1\r\n")
            time.sleep(0.05)
    assert time.monotonic() - began < 3
    assert served.answers()


def test_the_head_of_a_second_request_has_the_same_deadline(served: Served) -> None:
    client = served.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.recv(65_536).startswith(b"HTTP/1.1 200")
    client.sendall(b"GET / HT")
    assert ended(client, within=3)


def test_a_body_that_stays_away_ends_and_one_that_comes_slowly_does_not(served: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\n"
    idle, slow = served.connect(head), served.connect(head)
    for letter in b"abcdef":
        time.sleep(0.3)
        slow.sendall(bytes([letter]))
    assert slow.recv(65_536).startswith(b"HTTP/1.1 200")
    assert ended(idle, within=3)


def test_the_rest_of_a_body_that_was_refused_is_not_read_for_ever(served: Served) -> None:
    client = served.connect(b"POST /deaf HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    began = time.monotonic()
    with contextlib.suppress(OSError):
        while time.monotonic() - began < 5:
            client.sendall(b"1\r\nx\r\n")
            time.sleep(0.05)
    assert time.monotonic() - began < 3


def test_answers_that_nobody_reads_are_given_up(served: Served) -> None:
    clients = [served.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(20)]
    assert served.answers()
    until = time.monotonic() + 5
    while held(served) > 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert held(served) <= 1
    assert len(clients) == 20


def test_a_server_whose_loop_fails_comes_back_on_its_port(served: Served) -> None:
    def full(timeout: float | None = None) -> list[Any]:
        raise ValueError("too many file descriptors in select()")

    served.loops[0]._selector.select = full  # type: ignore[attr-defined]
    until = time.monotonic() + 5
    while len(served.loops) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert served.answers()


def test_what_is_accepted_at_once_fits_into_what_is_held(served: Served) -> None:
    assert served.server is not None
    assert 3 * served.server.config.backlog < QUICK.connections
    assert (
        Limits().connections < 512 - 64
    )  # what select holds on Windows, less the loop's own and the boards' to Redis


def test_a_request_is_finished_though_everybody_else_pushes(served: Served) -> None:
    """Only those who keep the server waiting are dropped for a newcomer."""
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd"
    done: list[bytes] = []

    def ask() -> None:
        for _ in range(10):
            done.append(served.connect(body).recv(65_536)[:12])

    asking: Callable[[], None] = ask
    thread = threading.Thread(target=asking)
    thread.start()
    for _ in range(120):
        served.connect()
    thread.join(20)
    assert done == [b"HTTP/1.1 200"] * 10
