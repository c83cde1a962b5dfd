"""How fast the cockpit answers: every page of a Valhalla with a million leads, while it imports another list.

``python3 scripts/bench_cockpit.py`` makes a home with ``--leads`` leads (``--home`` keeps it for the next time), runs Valhalla
on it, drops a further list into its inbox and asks for every page again and again until that is read. Reported are the times
to the first byte, and those of a key that records a call in *Work the list*: in a Chromium (``/usr/bin/chromium``, or ``CHROMIUM=...``)
until the next lead is on the screen, and until the call is stored. Aims, 95 of 100 times: any page within 60 ms, Today and a search
within 30, *Work the list* within 50, the next lead on the screen within 100. The program's clock stands at noon on a weekday, as
nobody may be called at night. Exit code 1 when one is missed.

``--callers 10``: so many people ask for Today, the next in *Work the list* and a search, each for a page at some moment of every
``--every`` seconds (0: one page right after the other, as no people do). ``--beside reevaluation`` and ``--beside undo``: another
policy for most leads, or the undoing of the first list, instead of an import; a call is recorded in each round.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bootstrap import clean_environment, enter
from make_leads import write_leads
from running import CHROMIUM, at_noon, open_browser, program, valhalla

NEXT, STORED = "a key, next on the screen", "a key, stored"

PAGE = 60.0
AIMS: dict[str, float | None] = {"search": 30.0, "/": 30.0, "/work": 50.0, NEXT: 100.0, STORED: None}
"""Aims in milliseconds, of 95 in 100 answers; of every other page the first."""

BESIDE = {"import": "an import", "reevaluation": "a re-evaluation", "undo": "the undoing of the first list"}
"""What is done while pages are asked for."""

WATCH = """
const list = document.getElementById("work-list"), said = document.getElementById("work-said");
let lead = null;
window.at = {};
addEventListener("keydown", (event) => { lead = list.querySelector(".work-lead"); window.at = { pressed: event.timeStamp }; }, true);
new MutationObserver(() => {
  if (window.at.pressed && !window.at.next && list.querySelector(".work-lead") !== lead)
    requestAnimationFrame(() => { window.at.next ||= performance.now(); });
}).observe(list, { childList: true, subtree: true });
new MutationObserver(() => { window.at.stored ||= performance.now(); }).observe(said, { childList: true });
"""
"""Notes when a key was pressed, when another lead was painted, and when the server's answer had come."""

PAGES = (
    *(
        "/",
        "/work",
        "/week",
        "/deals",
        "/overview",
        "/calls",
        "/calls?market=Houston%2C+TX",
        "/leads",
        "/leads?status=new&sort=value",
        "/leads/500000",
    ),
    *(
        "/imports",
        "/imports/1",
        "/imports/sources",
        "/decisions",
        "/effects",
        "/jobs",
        "/experiments",
        "/alerts",
    ),
    *("/alerts?state=all", "/safety", "/audit", "/audit?text=nothing", "/settings", "/settings/policy"),
    *(
        "/settings/dnc",
        "/settings/buyers",
        "/federation",
        "/memory",
        "/live",
        "/metrics",
        "/api/state",
        "/api/overview",
    ),
)
WORDS = (
    "smith",
    "houston",
    "maria garcia",
    "713",
    "probate",
    "lee tx",
    "main st",
    "nobodyiscalledthis",
    "jo",
    "12345",
)


def main() -> int:
    """Make, run, measure, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--leads", type=int, default=1_000_000, help="leads in the file (%(default)s)")
    parser.add_argument(
        "--more", type=int, default=300_000, help="rows of the list that is imported meanwhile"
    )
    parser.add_argument("--home", type=Path, help="keep the home here, and use it if it is there")
    parser.add_argument("--rounds", type=int, default=40, help="times that each page is asked for at least")
    parser.add_argument("--callers", type=int, default=1, help="people who ask at the same time")
    parser.add_argument(
        "--every", type=float, default=3.0, help="seconds in which each of several callers asks once"
    )
    parser.add_argument("--beside", choices=[*BESIDE], default="import", help="what else is done meanwhile")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        home = (options.home or folder / "home").absolute()
        fill(home, options.leads, folder)
        link = stack.enter_context(running(home, folder))
        figures, during = measure(link, home, folder, options)
    print(f"{BESIDE[options.beside]} was running during {during:.0%} of the rounds")
    missed = tell(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


def fill(home: Path, leads: int, folder: Path) -> None:
    """A home with so many leads, its search index complete; one that is there stays."""
    if (home / "valhalla.db").exists():
        return
    home.mkdir(parents=True)
    sheet = folder / "first.csv"
    write_leads(sheet, leads, seed=11)
    began = time.monotonic()
    subprocess.run(
        [*valhalla(home), "ingest", str(sheet)],
        check=True,
        stdout=subprocess.DEVNULL,
        env=clean_environment(),
    )
    print(f"{leads:,} rows read in {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def running(home: Path, folder: Path) -> Iterator[str]:
    """Run Valhalla while inside; its link."""
    environment = clean_environment() | {"PYTHONUNBUFFERED": "1"} | at_noon(folder)
    with program(home.resolve(), environment) as link:
        yield link


def measure(
    link: str, home: Path, folder: Path, options: argparse.Namespace
) -> tuple[dict[str, list[float]], float]:
    """Milliseconds to the first byte, by page, and the share of the rounds during which the other work ran."""
    import httpx

    figures: dict[str, list[float]] = {}
    during = turns = 0
    # The pages have a name that browsers find here, and not every resolver.
    name = urlsplit(link).netloc
    address = f"http://127.0.0.1:{urlsplit(link).port}"
    with httpx.Client(base_url=address, headers={"Host": name}, timeout=60) as client:
        client.get("/" + link.rpartition("/")[2])
        with ExitStack() as stack:
            # a browser takes a processor to itself for moments: keys are pressed when no page is timed
            parts: tuple[Any, ...] = (pages, partial(keys, name))
            if options.callers > 1:
                parts = (partial(callers, options.callers, options.every),)
            elif options.beside != "import":
                parts = (partial(pages_and_calls, name),)
            for open_part in parts:
                settle(client)
                begin(client, name, home, folder, options)
                ask = stack.enter_context(open_part(client))
                found: dict[str, list[float]] = {}
                for turn in range(options.rounds):
                    goes_on = busy(client)
                    if not goes_on and turn and options.beside != "import":
                        break
                    during, turns = during + goes_on, turns + 1
                    for what, took in ask():
                        found.setdefault(what, []).append(took)
                    if turn == 0:  # what is compiled and filled once is not what a page costs
                        found = {}
                figures |= found
    return figures, during / turns


def begin(client: Any, name: str, home: Path, folder: Path, options: argparse.Namespace) -> None:
    """Begin what is done while pages are asked for; return when it goes on."""
    if options.beside == "import":
        read_list(client, home, folder, options.more)
        return
    path, form = "/imports/1/undo", {}
    if options.beside == "reevaluation":
        fee = 10_000 + int(time.time()) % 1_000  # another one each time, also on a home that was kept
        path, form = "/settings/policy", {"key": "packet.fee", "value": str(fee), "reason": "measured"}
    answer = client.post(path, data=form, headers={"Origin": f"http://{name}"})
    if answer.status_code != 303:
        raise SystemExit(f"bench_cockpit: {path} answered {answer.status_code}")
    until_busy(client)


def read_list(client: Any, home: Path, folder: Path, rows: int) -> None:
    """Have Valhalla read a list of others, each time, also on a home that was kept; return when it does."""
    sheet = folder / "more.csv"
    write_leads(sheet, rows, seed=12, first=10**9 + int(time.time()) % 10**6 * 10**6)
    sheet.replace(home / "inbox" / "more.csv")
    until_busy(client)


@contextmanager
def callers(count: int, every: float, client: Any) -> Iterator[Callable[[], Iterator[tuple[str, float]]]]:
    """A function that has so many people ask for a page each, at some moment of ``every`` seconds: what, and the milliseconds to
    the first byte."""
    import httpx

    with ExitStack() as stack:
        people = [
            stack.enter_context(httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60))
            for _ in range(count)
        ]
        for each in people:
            each.cookies.update(client.cookies)
        threads = stack.enter_context(ThreadPoolExecutor(count))
        chance, words, turns = random.Random(5), itertools.cycle(WORDS), itertools.count()

        def one(person: Any, after: float, what: str, word: str) -> tuple[str, float]:
            time.sleep(after)
            return what, first_byte(
                person, f"/leads?q={word.replace(' ', '+')}" if what == "search" else what
            )

        def ask() -> Iterator[tuple[str, float]]:
            turn = next(turns)
            asked = [("/", "/work", "search")[(turn + number) % 3] for number in range(count)]
            after = [chance.uniform(0, every) for _ in people]
            yield from threads.map(one, people, after, asked, itertools.islice(words, count))

        yield ask


@contextmanager
def pages_and_calls(name: str, client: Any) -> Iterator[Callable[[], Iterator[tuple[str, float]]]]:
    """A function that asks for every page and three searches, and records a call."""

    def ask() -> Iterator[tuple[str, float]]:
        yield from ask_pages()
        if (took := record(client, name)) is not None:
            yield STORED, took

    with pages(client) as ask_pages:
        yield ask


@contextmanager
def pages(client: Any) -> Iterator[Callable[[], Iterator[tuple[str, float]]]]:
    """A function that asks for every page and three searches: what, and the milliseconds to the first byte."""
    words = itertools.cycle(WORDS)

    def ask() -> Iterator[tuple[str, float]]:
        for page in PAGES:
            yield page, first_byte(client, page)
        for word in itertools.islice(words, 3):
            yield "search", first_byte(client, f"/leads?q={word.replace(' ', '+')}")

    yield ask


def first_byte(client: Any, page: str) -> float:
    """Milliseconds until the first byte of a page came."""
    began = time.perf_counter()
    with client.stream("GET", page) as answer:
        took = 1000 * (time.perf_counter() - began)
        if answer.status_code >= 400 and answer.status_code != 404:
            raise SystemExit(f"bench_cockpit: {page} answered {answer.status_code}")
        answer.read()
    return took


@contextmanager
def keys(name: str, client: Any) -> Iterator[Callable[[], Iterator[tuple[str, float]]]]:
    """A function that presses a key in a browser: the milliseconds until the next lead is on the screen, and until the call is
    stored. Without a browser it asks for the latter alone."""
    if not Path(CHROMIUM).exists():
        print(f"there is no {CHROMIUM}: keys are measured without a browser", file=sys.stderr)
        yield lambda: ((STORED, took) for took in [record(client, name)] if took is not None)
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = open_browser(playwright)
        context = browser.new_context()
        context.add_cookies(
            [{"name": key, "value": value, "url": f"http://{name}"} for key, value in client.cookies.items()]
        )
        tab = context.new_page()
        tab.goto(f"http://{name}/work")
        tab.evaluate(WATCH)

        def press() -> Iterator[tuple[str, float]]:
            tab.locator("#work-list[data-ahead]").wait_for()  # a call takes longer than that
            tab.wait_for_timeout(400)  # two quick presses are one
            tab.keyboard.press("1")
            while not (at := tab.evaluate("window.at.next && window.at.stored && window.at")):
                tab.wait_for_timeout(20)
            yield NEXT, at["next"] - at["pressed"]
            yield STORED, at["stored"] - at["pressed"]

        yield press
        browser.close()


def record(client: Any, name: str) -> float | None:
    """Milliseconds until a call is stored and the next lead has come; None: nobody is left to be called."""
    before = client.get("/api/work").json()
    if not before.get("key"):
        return None
    began = time.perf_counter()
    answer = client.post(
        "/work/record",
        data={"key": before["key"], "event": "no_answer"},
        headers={"Origin": f"http://{name}"},
        follow_redirects=True,
    )
    took = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise SystemExit(f"bench_cockpit: a call could not be recorded ({answer.status_code})")
    return took


def settle(client: Any) -> None:
    """Wait until the first cycle and what follows it are done."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        state = client.get("/api/overview").json()["work"]
        cycle = client.get("/api/state").json()["state"]["cycle_ended"]
        if cycle and not state["imports"] and state["running"] <= 1 and not state["waiting"]:
            return
        time.sleep(1)


def busy(client: Any) -> bool:
    """Whether a list is being read or undone, or leads are decided again."""
    jobs = client.get("/api/jobs?state=running").json()["jobs"]
    return any(job["name"] in ("import.file", "import.undo", "stages.reevaluate") for job in jobs)


def until_busy(client: Any) -> None:
    """Wait until that begins."""
    for _ in range(300):
        if busy(client):
            return
        time.sleep(0.1)
    print("the other work did not begin; the figures are without it", file=sys.stderr)


def tell(figures: dict[str, list[float]]) -> int:
    """Print the figures; returns how many aims were missed."""
    missed = 0
    print(f"{'page':<32}{'median':>9}{'95%':>9}{'worst':>9}   ms to the first byte")
    for page, times in figures.items():
        aim = AIMS.get(page, PAGE)
        times = sorted(times)
        late = times[math.ceil(0.95 * len(times)) - 1]
        over = aim is not None and late > aim
        missed += over
        print(
            f"{page:<32}{times[len(times) // 2]:9.1f}{late:9.1f}{times[-1]:9.1f}{f'   over {aim:.0f}' if over else ''}"
        )
    return missed


if __name__ == "__main__":
    enter("dev")
    sys.exit(main())
