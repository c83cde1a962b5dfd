"""The boards in a real browser: they follow Redis as it goes and comes, and say what they show."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.cockpit.server import Server
from valhalla.console import redis_client
from valhalla.console.federation_service.seeding import seed
from valhalla.program import settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
SLOWLY = 30_000
"""Milliseconds that a change may take to be seen: Redis is tried again less and less often."""

LOOKS = {"light": "", "dark": "runOnly: ['color-contrast', 'link-in-text-block'],"}
"""The themes, and what to look for in each: the dark has other colors and nothing else."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium. Skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def fill(url: str, peers: int) -> None:
    async def work() -> None:
        client = redis_client.client(url, 5)
        await seed(client, peers, 5)
        await client.aclose()

    # In a thread of its own: playwright keeps an event loop in this one.
    from threading import Thread

    thread = Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()


@pytest.mark.redis
def test_the_federation_board_follows_redis_as_it_goes_and_comes(
    database: Database, serve: Callable[..., Server], redis_server: Any, browser: Any
) -> None:
    settings.save(database, "console.redis_url", redis_server.url)
    fill(redis_server.url, 3)
    server = serve()
    page = browser.new_context(locale="en-US").new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(server.link())
    page.goto(f"{server.url}/federation")

    def peers() -> list[str]:
        found: list[str] = page.locator(".table tbody tr td:first-child bdi").all_inner_texts()
        return found

    assert page.locator("#mode-word").inner_text() == "Live"
    assert not page.locator("#banner").is_visible()
    assert peers() == ["seed-01.example", "seed-02.example", "seed-03.example"]
    assert page.locator("#mesh g.node").count() == 3

    redis_server.kill()
    page.wait_for_selector("#mode-word:text-is('Simulated')", timeout=SLOWLY)
    banner = page.locator("#banner").inner_text()
    assert "Nothing on this board is real" in banner
    assert "cannot be reached" in banner
    assert all(name.startswith("simulated-") for name in peers())

    redis_server.start()
    fill(redis_server.url, 2)
    page.wait_for_selector("#mode-word:text-is('Live')", timeout=SLOWLY)
    assert not page.locator("#banner").is_visible()
    assert peers() == ["seed-01.example", "seed-02.example"]
    assert complaints == []

    server.stop()
    page.wait_for_selector("#banner-title:text-is('Stale.')", timeout=SLOWLY)
    assert "is-stale" in str(page.locator("#board").get_attribute("class"))


@pytest.mark.parametrize("fallback", ["on", "off"])
def test_the_boards_fit_can_be_read_and_break_no_rule(
    database: Database, serve: Callable[..., Server], browser: Any, tmp_path: Path, fallback: str
) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="needs axe-core-python").Axe()
    settings.save(database, "console.redis_url", "redis://127.0.0.1:1/0")
    settings.save(database, "console.base_path", str(tmp_path / "nothing"))
    settings.save(database, "console.fallback", fallback)
    server = serve()
    page = browser.new_context(locale="en-US").new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(server.link())
    for board in ("federation", "memory"):
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 375, "height": 900})
        page.goto(f"{server.url}/{board}")
        page.wait_for_selector(f"#mode-word:text-is('{'Simulated' if fallback == 'on' else 'Unavailable'}')")
        page.evaluate(axe.axe_script)
        for width in (375, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for theme, rules in LOOKS.items():
                page.emulate_media(color_scheme=theme)
                found = page.evaluate(f"axe.run(document, {{{rules} resultTypes: ['violations']}})")
                assert [
                    (width, theme, each["id"], each["nodes"][0]["html"])
                    for each in found["violations"]
                    if each["impact"] in ("serious", "critical")
                ] == []
    assert complaints == []
