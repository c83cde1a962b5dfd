"""How a browser comes in: by the private page of the home, to a name that the cockpit has to itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit


def test_the_private_page_leads_in_and_other_programs_get_no_cookie(
    process: Any, look: Callable[..., Any], receive: Callable[..., str]
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

    seen: list[str | None] = []

    def answer(request: Any) -> None:
        """Another program on this computer, which looks at what browsers bring."""
        seen.append(request.headers["Cookie"])
        request.send_response(200)
        request.end_headers()

    port = receive(answer).rpartition(":")[2]
    for name in ("127.0.0.1", "localhost", "other.localhost"):
        page.goto(f"http://{name}:{port}/")
    assert seen and set(seen) == {None}
