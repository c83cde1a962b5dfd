"""Takes the pictures of the cockpit in docs/images/ from a running Valhalla with a generated list.

``python3 scripts/screenshots.py`` needs a Chromium (``/usr/bin/chromium``, or ``CHROMIUM=...``), and for a board with live
data a redis-server; without one the board says that its data is simulated. Only phone numbers are replaced, by ones that
are reserved for fiction, and the folder's name.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bootstrap import ROOT, clean_environment, enter
from make_leads import write_leads
from running import CHROMIUM, at_noon, open_browser, program, redis, valhalla

IMAGES = ROOT / "docs" / "images"
WIDE, PHONE = (1440, 900), (375, 812)
LEADS = 5_000
PICTURES = (
    ("today", "/", WIDE, "light"),
    ("today-dark", "/", WIDE, "dark"),
    ("today-phone", "/", PHONE, "light"),
    ("deals", "/deals", WIDE, "light"),
    ("lead", "first lead", WIDE, "light"),
    ("import", "/imports/1", WIDE, "light"),
    ("safety", "/safety", WIDE, "light"),
    ("federation", "/federation", WIDE, "dark"),
)
"""Name, page, size, light or dark."""

FICTION = """(folder) => {
  const fiction = (text) => text.replace(/(\\(?\\b\\d{3}\\)?[ -.]?)\\d{3}([-.]?)\\d\\d(\\d\\d)\\b/g, '$1555$201$3')
    .replaceAll(folder, '/home/ann').replaceAll(folder.slice(1), 'home/ann');
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    walk.currentNode.nodeValue = fiction(walk.currentNode.nodeValue);
  }
  for (const input of document.querySelectorAll("input[placeholder]")) input.placeholder = fiction(input.placeholder);
}"""


def main() -> int:
    """Take every picture."""
    if not Path(CHROMIUM).exists():
        print(f"screenshots: there is no Chromium at {CHROMIUM}", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, redis(Path(folder)) as url:
        home = Path(folder) / "Valhalla"
        (home / "inbox").mkdir(parents=True)
        environment = clean_environment() | ({"REDIS_URL": url} if url else {}) | {"PYTHONUNBUFFERED": "1"}
        environment |= at_noon(Path(folder))
        if url:
            subprocess.run([*valhalla(home), "federation", "seed"], env=environment, check=True)
        write_leads(home / "inbox" / "harris-county.csv", LEADS, seed=7)
        with program(home, environment) as link:
            take(link, home, environment)
    return 0


def take(link: str, home: Path, environment: dict[str, str]) -> None:
    """Follow the link, work for a while as a person would, and take the pictures."""
    from playwright.sync_api import sync_playwright

    at = link.partition("/?")[0]
    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, reduced_motion="reduce")
        page = context.new_page()
        page.goto(link)
        wait_for_leads(page, at)
        first = page.locator(".call-name").first.get_attribute("href")
        for event in ("Talked", "Interested"):
            page.goto(at)
            page.get_by_role("button", name=event).nth(3).click()
        second = page.locator(".call-name").nth(2).get_attribute("href") or ""
        offer = ["outcome", second.rpartition("/")[2], "offer", "--amount", "30000"]
        subprocess.run([*valhalla(home), *offer], env=environment, check=True)
        for job in ("checks", "risk"):
            page.goto(f"{at}/safety")
            page.locator(f'form[action="/safety/{job}"] button').first.click()
        page.wait_for_timeout(3_000)
        for name, path, size, scheme in PICTURES:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(color_scheme=scheme)
            page.goto(at + (first if path == "first lead" and first else path))
            page.wait_for_timeout(3_500 if path == "/federation" else 800)
            page.evaluate("document.getElementById('toasts').replaceChildren()")
            page.evaluate(FICTION, str(home.parent))
            save(page.screenshot(), IMAGES / f"cockpit-{name}.png")
        browser.close()


def wait_for_leads(page: Any, at: str) -> None:
    """Until the list has been read and ranked."""
    for _ in range(120):
        page.goto(f"{at}/calls")
        if page.locator(".call-name").count() >= 4:
            return
        page.wait_for_timeout(500)
    raise SystemExit("screenshots: the list was not read")


def save(picture: bytes, target: Path) -> None:
    """Keep a picture with 256 colours, which is enough for pages and a third of the size."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} KB")


if __name__ == "__main__":
    enter("dev", "redis")
    sys.exit(main())
