"""A day of calling in the browser: ten leads and ten keys, and what the next day knows of it. The clock stands at noon of a
Wednesday in Houston, whatever the computer's says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program import settings
from valhalla.program.database import open_database

HEADER = "Owner Name,Address,City,State,Zip,Phone 1,Phone 2,Estimated Value,Equity Percent\n"
ROWS = "".join(
    f"Person {n},{n} Oak St,Houston,TX,77018,713-555-21{n:02},713-555-31{n:02},300000,{98 - 4 * n}\n"
    for n in range(1, 13)
)


@pytest.fixture
def calling(tmp_path: Path, noon: Any, run_here: Callable[..., Any]) -> Iterator[Any]:
    """A program at noon in Houston, with twelve leads."""
    with run_here(tmp_path / "home") as program:
        (tmp_path / "a.csv").write_text(HEADER + ROWS, encoding="utf-8")
        with open_database(program.home / "valhalla.db", create=False) as database:
            settings.save(database, "my.name", "Sam Ortiz")
            import_file(database, Request(str(tmp_path / "a.csv")))
        yield program


NOTIFIED = """
window.notified = [];
window.Notification = class extends EventTarget {
  static permission = "granted";
  constructor(title, options) { super(); window.notified.push(`${title}: ${options.body}`); }
};
"""
"""Where the desktop's notifications go: what a page would have shown there."""

DROP = """
([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: "text/csv" }));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector("main").dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}
"""
"""A list is dragged onto the page."""


def test_a_list_comes_in_with_a_drag_and_a_click_and_goes_to_a_dialer_with_two(
    calling: Any, look: Callable[..., Any]
) -> None:
    page = look("wide").page
    page.goto(calling.first_link)
    rows = ROWS.replace("Person", "Newcomer").replace(" Oak St", " Elm St").replace("713-555-", "713-556-")
    page.evaluate(DROP, ["new list.csv", HEADER + rows])
    page.get_by_role("button", name="Import 12 rows").click()
    page.get_by_text("12 new leads").first.wait_for(state="attached")

    page.goto(f"{calling.url}/")
    page.get_by_role("link", name="For a dialer").click()
    with page.expect_download() as taken:
        page.locator("form[action='/leads/lists/dialer'] button:not([disabled])", has_text="24 leads").click()
    lines = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 25 and "Newcomer" in "".join(lines)


def test_a_follow_up_takes_two_keys_and_stands_on_top_when_it_is_due(
    calling: Any, noon: Any, look: Callable[..., Any]
) -> None:
    window = look("wide")
    window.expected = ("400 (Bad Request)",)  # of a time that is not typed to its end
    page = window.page
    page.add_init_script(NOTIFIED)
    page.goto(calling.first_link)
    page.goto(f"{calling.url}/work")
    press(page, "4")
    page.locator("[data-means]", has_text="Thu Nov 19, 10:00 am").wait_for()  # before it is stored
    page.keyboard.press("Enter")
    page.locator("#work-said", has_text="Person 1: callback, Thu Nov 19, 10:00 am").wait_for()

    press(page, "4")
    page.keyboard.type("in 3 min")  # in the place of what was offered
    page.locator("[data-means]", has_text="Wed Nov 18, 12:0").wait_for()
    page.keyboard.press("Enter")
    page.locator("#work-said", has_text="Person 2: callback").wait_for()
    assert shown(page) == "Person 3"

    noon.move(4)
    page.goto(f"{calling.url}/")
    page.locator("#toasts", has_text="Call back now: Person 2").wait_for()
    assert page.evaluate("window.notified") == ["Call back now: Person 2"]
    first = page.locator(".today-group").first
    assert first.locator("h2").inner_text().startswith("Promised") and "Person 2" in first.inner_text()
    page.get_by_role("link", name="Call", exact=True).click()
    assert shown(page) == "Person 2"

    # One key for a number that has to be corrected: the field has the focus.
    press(page, "e")
    page.keyboard.type("713-555-8888")
    page.keyboard.press("Enter")
    page.locator("#work-said", has_text="Corrected: phone").wait_for()
    assert page.locator(".work-tel").inner_text() == "713-555-8888"

    # A time that cannot be read is said in place, also on the lead's own page, and what was typed is still there.
    page.goto(f"{calling.url}/leads/3")
    page.get_by_label("More outcomes for Person 3").click()
    when, note = (page.locator(f".outcome-line input[name={name}]").first for name in ("until", "note"))
    note.fill("about the roof")
    when.fill("purple")
    page.get_by_role("button", name="Call back").click()
    page.locator(".outcome-box .problem", has_text="'purple' is not a time").wait_for()
    assert (when.input_value(), note.input_value()) == ("purple", "about the roof")
    when.fill("fri 2pm")
    page.get_by_role("button", name="Call back").click()
    page.locator("#toasts", has_text="Person 3: callback Fri Nov 20, 2:00 pm").wait_for()
    assert "about the roof" in page.locator("main").inner_text()


def shown(page: Any) -> str:
    """Whose turn it is."""
    return str(page.locator("#work-name").inner_text())


def press(page: Any, key: str, after: str | None = None) -> None:
    """Press a key as soon as the page takes it, and wait for what it brings."""
    page.wait_for_load_state()  # before its script has run, a page takes no keys
    page.wait_for_timeout(400)  # two quick presses are one
    page.keyboard.press(key)
    if after is not None:
        page.locator("#work-said", has_text=after).wait_for()


def outcomes(program: Any, lead: int) -> list[str]:
    whole = json.loads(program.command("--json", "leads", "show", lead))
    return [each["event"] for each in whole["outcomes"] if not each["undone_at"]]


def test_ten_leads_are_called_with_ten_keys(calling: Any, look: Callable[..., Any]) -> None:
    page = look("wide").page
    page.goto(calling.first_link)
    page.get_by_role("link", name="Call", exact=True).click()
    assert shown(page) == "Person 1"
    assert "My name is Sam Ortiz" in page.content() or "Sam Ortiz here" in page.content()
    assert "{caller}" not in page.content()
    keys = ["1", "2", "5", "7", "1", "1", "2", "1", "1", "9"]
    words = {"1": "no answer", "2": "voicemail", "5": "interested", "7": "not interested", "9": "opted out"}
    for number, key in enumerate(keys, 1):
        press(page, key, f"Person {number}: {words[key]}")
        assert shown(page) == f"Person {number + 1}"
    assert "10 of 50 dials today" in page.content()
    assert [outcomes(calling, number) for number in (1, 3, 10, 11)] == [
        ["no_answer"],
        ["interested"],
        ["opted_out"],
        [],
    ]

    # Undo: the last one is back, and shown.
    press(page, "z", "Undone: opted out of Person 10")
    assert shown(page) == "Person 10" and outcomes(calling, 10) == []

    # A note, a tag, the right number: the lead stays on the screen.
    for key, field, typed, said in (
        ("n", "text", "daughter handles it", "Noted"),
        ("t", "text", "hot", "Tagged: hot"),
        ("e", "phone", "713-555-9999", "Corrected: phone"),
    ):
        press(page, key)
        box = page.locator(f"[data-box]:not([hidden]) [name={field}]")
        box.fill(typed)
        box.press("Enter")
        page.locator("#work-said", has_text=said).wait_for()
        assert shown(page) == "Person 10"
    assert page.locator(".work-tel").inner_text() == "713-555-9999"
    assert page.get_by_text("daughter handles it").count() == 1

    # A wrong number brings the next one of the same person.
    press(page, "3", "Person 10: wrong number")
    assert shown(page) == "Person 10" and page.locator(".work-tel").inner_text() == "713-555-3110"

    # The same list read again leaves the correction alone.
    calling.command("ingest", calling.home.parent / "a.csv")
    whole = json.loads(calling.command("--json", "leads", "show", 10))
    assert whole["corrected"] == {"phone": "713-555-9999"} and whole["tags"] == ["hot"]


def test_two_quick_presses_record_one_lead(calling: Any, look: Callable[..., Any]) -> None:
    page = look("wide").page
    page.goto(calling.first_link)
    page.goto(f"{calling.url}/work")
    page.wait_for_timeout(400)
    page.locator("[data-key='1']").dblclick()
    page.locator("#work-said", has_text="Person 1: no answer").wait_for()
    page.wait_for_timeout(300)
    assert shown(page) == "Person 2"
    assert (outcomes(calling, 1), outcomes(calling, 2)) == (["no_answer"], [])


def test_the_next_lead_is_there_while_storing_still_waits_its_turn(
    calling: Any, look: Callable[..., Any]
) -> None:
    page = look("wide").page
    page.goto(calling.first_link)
    page.goto(f"{calling.url}/work")
    page.locator("#work-list[data-ahead='2']").wait_for()
    with open_database(calling.home / "valhalla.db", create=False) as database:
        with database.write():  # as an import does
            press(page, "1")
            page.locator("#work-name", has_text="Person 2").wait_for()
            page.keyboard.press("9")  # nothing can be recorded on them yet
            assert database.value("SELECT count(*) FROM outcome") == 0
        page.locator("#work-said", has_text="Person 1: no answer").wait_for()
        assert database.sql("SELECT lead_id, event FROM outcome") == [(1, "no_answer")]
    assert shown(page) == "Person 2"


def test_a_call_back_and_an_appointment_are_shown_before_they_are_stored(
    calling: Any, look: Callable[..., Any]
) -> None:
    window = look("wide")
    window.expected = ("400 (Bad Request)",)  # of a time that cannot be read
    page = window.page
    page.goto(calling.first_link)
    page.goto(f"{calling.url}/work")
    press(page, "6")
    box = page.locator("[data-for-time] [name=when]")
    box.fill("nonsense")
    page.locator("[data-means].bad-word").wait_for()
    box.fill("2026-11-24 15:00")
    page.locator("[data-means]", has_text="Tue Nov 24, 3:00 pm in").wait_for()
    box.press("Enter")
    page.locator("#work-said", has_text="Person 1: appointment, Tue Nov 24, 3:00 pm").wait_for()
    assert shown(page) == "Person 2"
    page.locator(".work-week", has_text="appointment").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url(f"{calling.url}/")
    page.get_by_text("Tue 3:00 pm").wait_for()  # this week's appointments are on Today: no click
    calendar = page.evaluate("fetch('/calendar.ics').then((answer) => answer.text())")
    assert "DTSTART:20261124T210000Z" in calendar and "Person 1" in calendar


def test_more_outcomes_are_within_reach_on_a_phone(calling: Any, look: Callable[..., Any]) -> None:
    page = look("narrow").page
    page.goto(calling.first_link)
    for place in ("", "leads/1"):
        page.goto(f"{calling.url}/{place}")
        page.locator(".outcomes summary").first.click()
        box = page.locator(".outcomes details[open] .confirm-box")
        around, screen = box.bounding_box(), page.viewport_size
        assert around["x"] >= 0 and around["x"] + around["width"] <= screen["width"]
        assert around["y"] >= 0 and around["y"] + around["height"] <= screen["height"]
        box.get_by_role("button", name="Pause").scroll_into_view_if_needed()
    box.get_by_role("button", name="Left a voicemail").click()
    page.locator("[data-toast]", has_text="voicemail").wait_for()


def test_today_and_the_list_on_a_phone(calling: Any, look: Callable[..., Any]) -> None:
    page = look("narrow").page
    page.goto(calling.first_link)
    for person, theme in enumerate(("light", "dark"), 1):
        page.emulate_media(color_scheme=theme)
        for path in ("/", "/work", "/leads/1"):
            page.goto(calling.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
        page.goto(f"{calling.url}/work")
        page.wait_for_timeout(400)
        page.locator("[data-key='2']").click()
        page.locator("#work-said", has_text=f"Person {person}: voicemail").wait_for()


def come_in(page: Any, program: Any, name: str) -> None:
    """By the invitation: choose a password, sign in with it, open the list."""
    made = json.loads(program.command("--json", "team", "add", name))
    page.goto(made["invitation"])
    for field in ("password", "again"):
        page.locator(f"input[name={field}]").fill("correct horse battery")
    page.get_by_role("button", name="Choose it").click()
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Call", exact=True).click()


def test_two_callers_on_phone_and_desk_are_handed_two_people(calling: Any, look: Callable[..., Any]) -> None:
    calling.command("team", "on")
    phone, desk = look("narrow").page, look("wide").page
    come_in(phone, calling, "Ann")
    come_in(desk, calling, "Bo")
    assert (shown(phone), shown(desk)) == ("Person 1", "Person 2")
    dials = phone.locator(".work-tel")
    assert dials.get_attribute("href") == "tel:+17135552101"
    box = dials.bounding_box()
    assert box["y"] + box["height"] < 812 and box["x"] + box["width"] <= 375, "in sight of a thumb"
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not phone.get_by_role("link", name="Settings").count()
    phone.goto(f"{calling.url}/leads")
    with open_database(calling.home / "valhalla.db", create=False) as database:
        for _ in range(200):  # the browser sends it while the next page is on its way
            if not database.value("SELECT count(*) FROM lead_hold WHERE who = 'Ann'"):
                break
            phone.wait_for_timeout(50)
    press(desk, "1", "no answer")
    assert shown(desk) == "Person 1", "given back when the page was left"


def test_browsers_that_call_at_once_show_nobody_twice(
    calling: Any, look: Callable[..., Any], tmp_path: Path
) -> None:
    """Ten browsers and 30 calls each with VALHALLA_LONG=1, else three and two. The keys are pressed at one moment."""
    browsers, calls = (10, 30) if os.environ.get("VALHALLA_LONG") == "1" else (3, 2)
    more = "".join(
        f"Other {n},{n} Elm St,Houston,TX,77018,832-555-{4000 + n},832-556-{4000 + n},250000,{n % 50}\n"
        for n in range(browsers * (calls + 1))
    )
    (tmp_path / "b.csv").write_text(HEADER + more, encoding="utf-8")
    with open_database(calling.home / "valhalla.db", create=False) as database:
        import_file(database, Request(str(tmp_path / "b.csv")))
    calling.command("team", "on")
    pages = [look("narrow").page for _ in range(browsers)]
    for number, page in enumerate(pages):
        come_in(page, calling, f"Caller {number}")
        page.wait_for_load_state()
    called: list[str] = []
    for _ in range(calls):
        names = [shown(page) for page in pages]
        pages[-1].wait_for_timeout(400)  # two quick presses are one
        for page in pages:
            page.keyboard.press("1")
        for page, name in zip(pages, names, strict=True):
            page.locator("#work-said", has_text=f"{name}: no answer").wait_for()
        called += names
    assert len(set(called)) == len(called) == browsers * calls
    with open_database(calling.home / "valhalla.db", create=False) as database:
        each = database.sql("SELECT count(*), count(DISTINCT recorded_by) FROM outcome GROUP BY lead_id")
    assert each == [(1, 1)] * browsers * calls
