"""What a receiver says about when to come again, in its own words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from valhalla.effects.outcome import Refused
from valhalla.effects.webhook import BODY_SHOWN, LONGEST_WAIT, retry_after, send


@pytest.fixture
def talker() -> Iterator[str]:
    """The address of a receiver whose answers never end; what stands behind the last slash is their status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(int(self.path.rpartition("/")[2]))
            self.end_headers()
            try:
                while True:
                    self.wfile.write("é".encode() * 4096)
            except OSError:  # nobody listens any more
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_of_an_answer_without_an_end_the_beginning_is_kept(talker: str) -> None:
    assert send(f"{talker}/200", {}, "k", secret=None) == {"status": 200, "body": "é" * BODY_SHOWN}
    with pytest.raises(Refused, match=r"answered 404$") as refused:
        send(f"{talker}/404", {}, "k", secret=None)
    assert refused.value.said == {"status": 404, "body": "é" * BODY_SHOWN}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", LONGEST_WAIT),
        (None, None),
        ("", None),
        ("  ", None),
        ("soon", None),
        ("-5", None),
        ("\u00b2", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_says_nothing(
    text: str | None, seconds: float | None
) -> None:
    assert retry_after(text) == seconds
