"""The program as people see it, and Debian's Chromium looking at it.

Most tests have the program in this process, which has loaded it already: a process of its own takes five seconds of work more. Where it
is stopped, printed from or must share nothing with the browser's side it is ``valhalla run``, and so in one width of the first day.

Skipped with a line where there is no Chromium. Whatever a page says on its console, whatever its policy forbids and every
answer that is the server's own failure makes the test fail.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from db import clock
from db.clock import MINUTE
from valhalla.cli import browser, entry
from valhalla.cockpit.server import Server
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.instance import Instance
from valhalla.service import links
from valhalla.service.service import Events, Plan, Service
from valhalla.service.whole import WholeProgram

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHELL = Path("/usr/bin/chromium-headless-shell")
"""The same browser without the windows, menus and profiles that nobody sees here: half the work for each page."""

CHROMIUM = os.environ.get("CHROMIUM", str(SHELL) if SHELL.exists() else "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"wide": (1440, 900), "narrow": (375, 812)}
PATIENCE = 20_000
"""Milliseconds after which something that should be on the page is not."""

LISTEN = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI || event.sourceFile}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@dataclass
class Program:
    """A Valhalla that runs."""

    home: Path
    url: str
    first_link: str
    """What it printed when it started."""
    say: Callable[..., str]
    process: subprocess.Popen[str] | None = None

    def command(self, *arguments: object) -> str:
        """What ``valhalla ARGUMENTS`` prints on the same home."""
        return self.say("--home", str(self.home), *map(str, arguments))

    def link(self) -> str:
        """A fresh link, as a second start would print it."""
        with open_database(self.home / "valhalla.db") as database:
            return links.make(database, self.url)


@contextmanager
def running_here(home: Path, interval: int = 2) -> Iterator[Program]:
    """Run Valhalla on ``home`` in this process while inside. Its commands are run here too."""
    where, stop = Home(home), threading.Event()
    where.prepare()
    instance = Instance(home)
    instance.acquire("run")
    begun: queue.Queue[tuple[str, str]] = queue.Queue()

    @contextmanager
    def working(service: Service) -> Iterator[None]:
        made: list[Server] = []

        def make() -> Server:
            made.append(Server(service.program, port=0, run_id=service.run_id, interval=interval))
            return made[0]

        with browser.serving(make, where, instance, opens=False, quiet=True):
            begun.put((made[0].url, made[0].link()))
            yield

    try:
        with WholeProgram.open(where) as whole:
            values = {**settings.effective(whole.database), "interval": interval}
            service = Service(whole, Plan([], interval, None), values, Events(working=working))
            thread = threading.Thread(target=service.run, args=(stop,))
            thread.start()
            try:
                url, link = begun.get(timeout=60)
                yield Program(home, url, link, said_here)
            finally:
                stop.set()
                thread.join(60)
                assert not thread.is_alive()
    finally:
        instance.release()


def said_here(*arguments: str) -> str:
    """What a command prints that is run in this process."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(printed):
        assert entry.run(arguments) == 0
    printed.seek(0)
    return printed.read()


@contextmanager
def running(home: Path, *options: str, **variables: str) -> Iterator[Program]:
    """``valhalla run`` on ``home`` in a process of its own while inside."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    environment |= {"PYTHONUNBUFFERED": "1", **variables}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "valhalla",
            "--home",
            str(home),
            "run",
            "--interval",
            "2",
            "--port",
            "0",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment,
        cwd=home.parent,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout or ()], daemon=True)
    reader.start()
    try:
        deadline, found = time.monotonic() + 60, None
        while found is None:  # a cycle that begins at the same moment may print into the line
            found = re.search(
                r"http\S+token=[\w-]+", lines.get(timeout=max(0.1, deadline - time.monotonic()))
            )
        link = found[0]

        def say(*arguments: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "valhalla", *arguments],
                capture_output=True,
                encoding="utf-8",
                env=environment,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        yield Program(home, link.partition("/?")[0], link, say, process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def widths() -> dict[str, tuple[int, int]]:
    """The windows' sizes by name."""
    return WIDTHS


@pytest.fixture(scope="session")
def run_program() -> Callable[..., Any]:
    """:func:`running`, for tests that give options or variables."""
    return running


@pytest.fixture(scope="session")
def run_here() -> Callable[..., Any]:
    """:func:`running_here`, for tests that prepare the home."""
    return running_here


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A Valhalla of this test, on an empty home."""
    with running_here(tmp_path / "home") as program:
        yield program


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Program]:
    """The same in a process of its own."""
    with running(tmp_path / "home") as program:
        yield program


class Noon:
    """A clock that starts at 2026-11-18 12:00 in Houston, a Wednesday, and goes on. A test moves it."""

    start = 1_795_024_800_000_000

    def __init__(self) -> None:
        self._began, self._moved = time.monotonic(), 0

    def __call__(self) -> int:
        return self.start + self._moved + round((time.monotonic() - self._began) * 1_000_000)

    def move(self, minutes: float) -> None:
        """So much later than without."""
        self._moved = round(minutes * MINUTE)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Noon]:
    """The clock of the programs of this test, which stand in Houston."""
    if not hasattr(time, "tzset"):
        pytest.skip("the computer's zone cannot be set for a test here")
    made = Noon()
    monkeypatch.setattr(clock, "now", made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/Chicago")
        time.tzset()
        yield made
    time.tzset()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. It ends with the module: while it runs, this thread has an event loop, and others could not have one."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"needs a Chromium at {CHROMIUM} (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (pip install playwright)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Look:
    """A window, and what was wrong in it."""

    page: Any
    wrong: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Words of complaints that belong to the test."""

    def listen(self) -> None:
        """Note what the page complains about from now on."""
        self.page.add_init_script(LISTEN)
        self.page.on(
            "console", lambda said: self._note(f"console: {said.text}", said.type in ("error", "warning"))
        )
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        self.page.on(
            "response", lambda answer: self._note(f"{answer.status} {answer.url}", answer.status >= 500)
        )

    def _note(self, says: str, counts: bool = True) -> None:
        # A page that is left closes its WebSocket; the browser says so of one that was still being opened.
        leaving = "WebSocket is closed before the connection is established" in says
        if counts and not leaving and not any(word in says for word in self.expected):
            self.wrong.append(says)


@pytest.fixture
def look(chromium: Any) -> Iterator[Callable[..., Look]]:
    """A function that opens a window: ``look("wide", dark=True)``. The test fails if anything was wrong in it."""
    opened: list[tuple[Any, Look]] = []

    def look(width: str = "wide", *, dark: bool = False) -> Look:
        across, high = WIDTHS[width]
        context = chromium.new_context(
            viewport={"width": across, "height": high},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            reduced_motion="reduce",
            locale="en-US",
        )
        context.set_default_timeout(PATIENCE)
        made = Look(context.new_page())
        made.listen()
        opened.append((context, made))
        return made

    yield look
    wrong = [says for _, each in opened for says in each.wrong]
    for context, _ in opened:
        context.close()
    assert wrong == []
