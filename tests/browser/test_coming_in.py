"""How a browser comes in: by the private page of the home, to a name that the cockpit has to itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Noting(BaseHTTPRequestHandler):
    """Another program on this computer, which looks at what browsers bring."""

    seen: list[str | None]

    def do_GET(self) -> None:
        self.seen.append(self.headers["Cookie"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_the_private_page_leads_in_and_other_programs_get_no_cookie(
    process: Any, look: Callable[..., Any]
) -> None:
    program, window = process, look()
    window.expected = ("421",)
    page = window.page
    page.goto((program.home / "open.html").as_uri())
    page.wait_for_url(f"{program.url}/")
    page.locator("nav").first.wait_for()
    assert page.context.cookies(program.url)

    page.goto(f"http://127.0.0.1:{urlsplit(program.url).port}/leads")
    assert "valhalla cockpit --open" in page.locator("h1").inner_text()

    noting = type("Other", (Noting,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), noting) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        for name in ("127.0.0.1", "localhost", "other.localhost"):
            page.goto(f"http://{name}:{other.server_port}/")
        other.shutdown()
    assert noting.seen
    assert set(noting.seen) == {None}
