"""Takes the pictures of the cockpit in docs/images/ from a running Valhalla with a generated list.

``python3 scripts/screenshots.py`` needs a Chromium (``/usr/bin/chromium``, or ``CHROMIUM=...``), and for a board with live
data a redis-server; without one the board says that its data is simulated. Only phone numbers are replaced, by ones that
are reserved for fiction, and the folder's name.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bootstrap import ROOT, clean_environment, enter
from make_leads import write_leads
from noon import at_noon

IMAGES = ROOT / "docs" / "images"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
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


def valhalla(home: Path) -> list[str]:
    """The command on a home."""
    return [sys.executable, "-m", "valhalla", "--home", str(home)]


def take(link: str, home: Path, environment: dict[str, str]) -> None:
    """Follow the link, work for a while as a person would, and take the pictures."""
    from playwright.sync_api import sync_playwright

    at = link.partition("/?")[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
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
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
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


@contextmanager
def program(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run Valhalla while inside; the link that it prints."""
    with subprocess.Popen(
        [*valhalla(home), "run", "--interval", "5", "--port", "0"],
        env=environment,
        cwd=home.parent,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        try:
            yield next(line for line in process.stdout if "token=" in line).split()[-1]
        finally:
            process.terminate()


@contextmanager
def redis(folder: Path) -> Iterator[str | None]:
    """A redis-server of its own while inside; None where there is none."""
    server = shutil.which("redis-server")
    if server is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


if __name__ == "__main__":
    enter("dev", "redis")
    sys.exit(main())
