"""A receiver that trickles does not hold an effect for longer than its total time."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from valhalla.effects import mail, webhook
from valhalla.effects.outcome import TryLater, Unknown

Trickle = Callable[[bytes, bytes], int]


@pytest.fixture
def trickle() -> Iterator[Trickle]:
    """A function that starts a server which says its first words at once and then a byte of the others at a time, for
    ever; it returns the port."""
    over = threading.Event()
    servers: list[socket.socket] = []

    def talk(line: socket.socket, first: bytes, then: bytes) -> None:
        with contextlib.suppress(OSError), line:
            line.sendall(first)
            while not over.wait(0.01):
                line.sendall(then)

    def serve(server: socket.socket, first: bytes, then: bytes) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = server.accept()
                threading.Thread(target=talk, args=(line, first, then), daemon=True).start()

    def start(first: bytes, then: bytes) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=serve, args=(server, first, then), daemon=True).start()
        port: int = server.getsockname()[1]
        return port

    yield start
    over.set()
    for each in servers:
        each.close()


def test_a_head_of_an_answer_that_never_ends_is_uncertain(trickle: Trickle) -> None:
    port = trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a")
    with pytest.raises(Unknown):
        webhook.send(f"http://127.0.0.1:{port}/", {}, "k", secret=None, total=0.3)


def test_of_a_body_that_trickles_the_status_counts(trickle: Trickle) -> None:
    port = trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"a")
    told = webhook.send(f"http://127.0.0.1:{port}/", {}, "k", secret=None, total=0.3)
    assert told["status"] == 200


@pytest.mark.parametrize("first", [b"", b"220-"])
def test_a_mail_server_whose_greeting_never_ends_is_tried_later(trickle: Trickle, first: bytes) -> None:
    server = mail.Server("127.0.0.1", trickle(first, b"2"), "me@example.com", "none")
    with pytest.raises(TryLater):
        mail.send(server, "a@example.com", "s", "t", "k", total=0.3)


def test_a_mail_server_whose_answer_to_a_mail_never_ends_is_uncertain(trickle: Trickle) -> None:
    first = b"220 hello\r\n" + b"250 fine\r\n" * 3  # to EHLO, MAIL and RCPT
    server = mail.Server("127.0.0.1", trickle(first, b"3"), "me@example.com", "none")
    with pytest.raises(Unknown):
        mail.send(server, "a@example.com", "s", "t", "k", total=1)
