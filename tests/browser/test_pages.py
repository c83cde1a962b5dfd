"""Every page at both widths, in light and dark: nothing on the console, nothing forbidden, nothing outside the page, no barrier."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from db.clock import DAY, HOUR, MINUTE
from valhalla.effects import drafting
from valhalla.leads import buyers, deals, do_not_contact, promises, suppression
from valhalla.leads.outcomes import Outcome, Recorder
from valhalla.program.database import open_database
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer

PEOPLE = "name,email,value,phone,location,arv,repairs,notes\n"
LONG = "Maximiliane-Alexandrina von und zu Hohenlohe-Waldenburg-Schillingsfürst the Third " * 2
ROWS = [
    f'"{LONG.strip()}",long@example.com,150000,713-555-0101,"Houston, TX",300000,30000,probate',
    'محمد بن عبد الله,arabic@example.com,250000,713-555-0102,"Dallas, TX",400000,20000,',
    '<script>alert(1)</script>,tag@example.com,90000,713-555-0103,"Waco, TX",180000,15000,vacant',
    'Ann Lee,ann@example.com,150000,713-555-0104,"Houston, TX",300000,30000,',
    'Anne Lee,anne@example.org,151000,713-555-0104,"Houston, TX",300000,30000,',
    "No Number,none@example.com,1e99,,,,,",
]
PATHS = [
    "/",
    "/?only=new",
    "/work",
    "/filters",
    "/welcome",
    "/overview",
    "/calls",
    "/leads",
    "/leads?q=lee",
    "/leads?q=nobodyiscalledthis",
    "/leads/1",
    "/leads/3",
    "/leads/lists",
    "/deals",
    "/deals/1",
    "/deals/2",
    "/deals/3",
    "/markets",
    "/calendar",
    "/week",
    "/imports",
    "/imports/1",
    "/imports/sources",
    "/imports/sources/csv",
    "/imports/stack",
    "/decisions",
    "/decisions/log",
    "/digest",
    "/boards",
    "/effects",
    "/effects/1",
    "/jobs",
    "/jobs/{job}",
    "/jobs/schedule",
    "/jobs/figures",
    "/jobs/new",
    "/experiments",
    "/experiments/1",
    "/experiments/scripts",
    "/experiments/scripts/1",
    "/alerts",
    "/alerts?state=all",
    "/safety",
    "/audit",
    "/audit?text=nothinglikethis",
    "/settings",
    "/settings/policy",
    "/settings/policy/history",
    "/settings/dnc",
    "/settings/buyers",
    "/federation",
    "/memory",
    "/live",
    "/nothing/here",
]
MISSING = ("/nothing/here",)
"""Pages that there are not; that is said in words."""

DOCUMENTS = ("/digest",)
"""Pages in which no script may run, not even axe: their text is looked at on an empty page."""

MODERATE = ("minor", "moderate")

SLIGHT = (
    *(
        "aria-allowed-role",
        "duplicate-id",
        "empty-heading",
        "empty-table-header",
        "form-field-multiple-labels",
    ),
    *("heading-order", "html-xml-lang-mismatch", "image-redundant-alt", "meta-viewport-large", "region"),
    *("page-has-heading-one", "presentation-role-conflict", "skip-link", "table-duplicate-name"),
    *("landmark-banner-is-top-level", "landmark-complementary-is-top-level", "landmark-no-duplicate-banner"),
    *("landmark-contentinfo-is-top-level", "landmark-main-is-top-level", "landmark-no-duplicate-contentinfo"),
    *("landmark-no-duplicate-main", "landmark-one-main", "landmark-unique"),
)
"""Rules whose violations are minor or moderate at most, says axe-core's list of rules: what they find is not asked for here."""

EACH = "rules: {" + ", ".join(f"'{rule}': {{enabled: false}}" for rule in SLIGHT) + "},"
"""All other rules."""

LOOKS = (
    ("narrow", "light", EACH, "only.narrow"),
    ("narrow", "dark", "runOnly: ['color-contrast', 'scrollable-region-focusable'],", "[document]"),
    ("wide", "dark", "runOnly: ['color-contrast'],", "only.wide"),
    ("wide", "light", EACH, "[document]"),
)
"""At which width in which theme axe looks for what in which part of a page, which is opened once. The dark has other colors and
nothing else, so only the contrast can be new there; and what is on the page at both widths is looked at in one of them."""

EVERYWHERE = os.environ.get("VALHALLA_LONG") == "1"
"""Look at the whole page at both widths in both themes."""

SEEN = "[...document.body.querySelectorAll('*')].filter((each) => each.checkVisibility({visibilityProperty: true}))"

FRAME = "[...document.querySelectorAll('nav.rail li, header.strip > *')]"
"""What stands around every page, in pieces. One that was looked at on an earlier page is passed over where it is the same."""

ONLY = """
([again, wide, narrow]) => {
  globalThis.again = again.map((each) => frame[each]);
  const only = (these, those) => {
    const found = new Set(these).difference(new Set(those));
    return [...found].filter((each) => !found.has(each.parentElement) && !globalThis.again.some((piece) => piece.contains(each)));
  };
  globalThis.only = {wide: only(seen[wide], seen[narrow]), narrow: only(seen[narrow], seen[wide])};
}
"""
"""What is passed over, and what is on the page at one width only: the outermost elements, in which all is so."""

BETWEEN = (768, 1024, 1280)
"""Widths at which a page is not looked at otherwise, but must not be wider than the window either. A page is loaded wide; no
script but those of the boards asks for the width, and their tests load them narrow."""

READABLE = """
const value = CSSStyleDeclaration.prototype.getPropertyValue;
CSSStyleDeclaration.prototype.getPropertyValue = function (name) {
  return value.call(this, name).replace(/color\\(srgb ([\\d.]+) ([\\d.]+) ([\\d.]+)(?: \\/ ([\\d.]+))?\\)/g, (_, r, g, b, a) =>
    `rgba(${Math.round(255 * r)}, ${Math.round(255 * g)}, ${Math.round(255 * b)}, ${a ?? 1})`);
};
null
"""
"""What color-mix() makes is written as axe can read it: else one such background ends its look at the contrast of the whole page."""


def axe_source() -> str:
    """The text of axe-core."""
    found = importlib.util.find_spec("axe_core_python")
    if found is None or found.origin is None:
        pytest.skip("needs axe-core (pip install axe-core-python)")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, chromium: Any, run_here: Callable[..., Any]
) -> Iterator[Any]:
    """A program whose home has something on every page."""
    from valhalla.intake.importer import import_file
    from valhalla.intake.request import Request
    from valhalla.program.home import Home
    from valhalla.scoring.opening import open_home

    folder = tmp_path_factory.mktemp("filled")
    home = Home(folder / "home")
    home.prepare()
    sheet = folder / "county.csv"
    sheet.write_text(PEOPLE + "\n".join(ROWS) + "\n", encoding="utf-8")
    with open_home(home) as database:
        import_file(database, Request(str(sheet), "csv", True))
        fill(database)
    with run_here(home.path, 600) as program:
        yield program


def fill(database: Database) -> None:
    """Alerts, effects, limits, people not to contact."""
    drafting.webhook(database, 1, "https://hooks.example.com/in")
    system = AlertSystem(database=database)
    for severity in ("info", "warning", "error", "critical"):
        system.alert(f"risk:R{len(severity)}", f"{LONG} {severity}", severity)
    governor = GovernorEnforcer(database=database)
    governor.set_limit("effect.webhook", 1)
    for _ in range(3):
        governor.check_limit("effect.webhook")
    do_not_contact.add(database, [suppression.entry("stop@example.com")], reason=LONG)
    now = database.clock()
    assert now > MINUTE
    with database.write(durable=True):
        recorder = Recorder(database)
        for lead, days, event, amount in (
            *((1, 20, "offer", 9_000_000), (1, 15, "offer", 9_500_000)),
            *((2, 12, "contract", 20_000_000), (4, 9, "contract", 9_000_000), (4, 2, "won", 1_200_000)),
            *((5, 9, "offer", 8_000_000), (5, 1, "lost", None)),
        ):
            recorder.record(Outcome(lead, event, now - days * DAY, amount=amount))
        for hours in range(40):
            recorder.record(Outcome(3, "no_answer", now - hours * HOUR))
    buyers.add(database, {"name": LONG.strip(), "markets": "TX"})
    deals.set_terms(database, 2, {"buyer_price": 21_000_000, "closing_at": now + 6 * DAY, "note": LONG})
    promises.add(database, 1, "appointment", now + DAY, place=LONG, note=LONG)
    promises.add(database, 2, "callback", now + HOUR)


WAITS = 'main[data-waits="yes"]'


def come_to(page: Any, url: str) -> Any:
    """Open a page, and wait for one whose figures are still being worked out: it comes again by itself."""
    answer = page.goto(url)
    page.locator(WAITS).wait_for(state="detached", timeout=60_000)
    return answer


def test_a_page_that_waits_comes_when_it_is_there_and_not_under_what_is_typed(
    filled: Any, look: Callable[..., Any]
) -> None:
    window = look("wide")
    window.expected = ("LOCAL_NETWORK_ACCESS_CHECKS",)  # of a page that the test made
    page = window.page
    page.goto(filled.link())
    page.goto(filled.url + "/settings/dnc")
    text = page.evaluate("fetch(location.href).then((answer) => answer.text())")
    assert 'data-waits=""' in text
    script = '<script type="module" src="/static/waits.js"></script></head>'
    waits = text.replace('data-waits=""', 'data-waits="yes"').replace("</head>", script)
    asked: list[bool] = []

    def hold_back(route: Any) -> None:
        """The page as the server makes it, but the first two times as one that waits."""
        asked.append(route.request.is_navigation_request())
        if len(asked) <= 2:
            route.fulfill(body=waits, content_type="text/html")
        else:
            route.continue_()

    page.route(f"{filled.url}/settings/dnc", hold_back)
    page.goto(filled.url + "/settings/dnc")
    why = page.locator("main textarea").first
    why.fill("they asked")
    page.locator("h1").click()
    page.wait_for_timeout(5_000)  # longer than it waits between two looks
    assert asked == [True] and why.input_value() == "they asked"
    why.fill("")
    page.locator("h1").click()
    page.locator(WAITS).wait_for(state="detached", timeout=20_000)
    assert asked == [True, False, False, True]


def test_every_page(filled: Any, look: Callable[..., Any], widths: dict[str, tuple[int, int]]) -> None:
    window = look("wide")
    window.expected = ("404 (Not Found)",)
    page = window.page
    page.goto(filled.link())
    axe, wrong = axe_source(), []
    known: set[str] = set()
    with open_database(filled.home / "valhalla.db") as database:
        job = database.value("SELECT max(id) FROM task WHERE state = 'done'")
    for path in (path.format(job=job) for path in PATHS):
        answer = come_to(page, filled.url + path)
        missing = answer.status == 404
        if answer.status != 200 and not (missing and path in MISSING):
            wrong.append(f"{path}: {answer.status}")
            continue
        if page.locator("h1").count() != 1:
            wrong.append(f"{path}: {page.locator('h1').count()} headings of the first rank")
        if path in DOCUMENTS:
            text = page.content()
            page.goto("about:blank")
            page.set_content(text)
        page.evaluate(READABLE)
        page.evaluate(axe)  # not through a script element, which the page's policy rightly forbids
        for across, high in (widths["wide"], *((each, 900) for each in reversed(BETWEEN)), widths["narrow"]):
            page.set_viewport_size({"width": across, "height": high})
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if beyond > 0:
                wrong.append(f"{path} at {across}: {beyond} pixels wider than the window")
            if across not in BETWEEN:
                page.evaluate(f"void ((globalThis.seen ??= {{}})[{across}] = {SEEN})")
        pieces = page.evaluate(f"(globalThis.frame = {FRAME}).map((each) => each.outerHTML)")
        again = [] if EVERYWHERE else [number for number, each in enumerate(pieces) if each in known]
        known.update(pieces)
        page.evaluate(ONLY, [again, widths["wide"][0], widths["narrow"][0]])
        for width, theme, rules, part in LOOKS:
            if EVERYWHERE:
                part = "[document]"
            elif part != "[document]" and not page.evaluate(f"{part}.length"):
                continue
            page.set_viewport_size({"width": widths[width][0], "height": widths[width][1]})
            page.emulate_media(color_scheme=theme)
            found = page.evaluate(
                f"axe.run({{include: {part}, exclude: again}}, {{{rules} resultTypes: ['violations'], selectors: false, preload: false}})"
                ".then((found) => ({incomplete: found.incomplete.filter((each) => each.error), violations: found.violations}))"
            )
            wrong += [
                f"{path}, {width}, in {theme}: {each['id']} could not be looked at: {each['message']}"
                for each in found["incomplete"]
            ]
            wrong += [
                f"{path}, {width}, in {theme}: {each['impact']} {each['id']}: {each['nodes'][0]['html'][:150]}"
                f" ({len(each['nodes'])})"
                for each in found["violations"]
                if each["impact"] not in MODERATE
            ]
    assert wrong == []


def test_the_keyboard_reaches_and_opens(filled: Any, look: Callable[..., Any]) -> None:
    page = look().page
    page.goto(filled.link())
    page.goto(f"{filled.url}/leads")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("Ann Lee")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads?q=Ann+Lee*")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/leads/\d+$"))


def test_leads_are_chosen_by_keyboard_and_exported(filled: Any, look: Callable[..., Any]) -> None:
    page = look().page
    page.goto(filled.link())
    page.goto(f"{filled.url}/leads?order=name")
    export = page.get_by_role("button", name="Export")
    assert export.is_disabled()
    for key in "jxjx":
        page.keyboard.press(key)
    page.get_by_text("2 chosen").wait_for()
    names = [page.locator("td.name").nth(row).inner_text() for row in range(2)]
    with page.expect_download() as download:
        export.click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [row["name"] for row in rows] == names
    page.get_by_role("button", name="Do not contact").click()
    page.get_by_role("heading", name="Never contact these 2 leads again?").wait_for()
    page.get_by_role("link", name="Leave them as they are").click()
    page.wait_for_url("**/leads?order=name")
