"""From a list to a fee: called, an appointment, an offer, a contract, stuck for twelve days, sold to a buyer, counted in the week."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program import settings
from valhalla.program.database import open_database

LIST = (
    "Owner Name,Address,City,State,Zip,Phone 1,ARV,Repairs\\n"
    "Zebedee Quillonby,12 Oak St,Houston,TX,77018,713-555-2101,200000,25000\\n"
    "Ann Moss,14 Oak St,Houston,TX,77018,713-555-2102,180000,20000\\n"
    + "".join(f"Cal Rook,{n} Elm St,Houston,TX,77018,713-555-{n},180000,20000\\n" for n in range(3000, 3020))
).replace("\\n", "\n")


class Story(NamedTuple):
    """A running program, and a function that moves its clock by so many days."""

    program: Any
    move: Callable[[int], None]
    folder: Path


@pytest.fixture
def story(tmp_path: Path, noon: Any, run_here: Callable[..., Any]) -> Iterator[Story]:
    with run_here(tmp_path / "home") as program:
        (tmp_path / "probate.csv").write_text(LIST, encoding="utf-8")
        with open_database(program.home / "valhalla.db", create=False) as database:
            settings.save(database, "my.name", "Sam Ortiz")
            settings.save(database, "my.phone", "713-555-0100")
            import_file(database, Request(str(tmp_path / "probate.csv")))
        yield Story(program, lambda days: noon.move(24 * 60 * days), tmp_path)


def more(page: Any, field: str, value: str, button: str) -> None:
    """Record an outcome that needs a figure on the lead's page."""
    page.get_by_label("More outcomes").first.click()
    page.get_by_label(field, exact=True).first.fill(value)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).first.click()
    page.locator("[data-toast]").first.wait_for()


def worth(program: Any) -> float:
    """Dollars that a worked lead of the story's list is worth."""
    (source,) = (each for each in json.loads(program.command("--json", "sources", "list")) if each["leads"])
    assert source["quality"]["n"] >= 20
    return source["quality"]["worth"]


def test_from_a_list_to_a_fee(story: Story, look: Callable[..., Any]) -> None:
    program = story.program
    page = look("wide").page
    page.goto(program.first_link)
    page.goto(f"{program.url}/leads/1")
    page.get_by_role("button", name="Talked").first.click()
    page.locator("[data-toast]").first.wait_for()
    more(page, "When", "fri 3pm", "Appointment")
    page.goto(f"{program.url}/calendar")
    friday = page.locator("section", has=page.get_by_role("heading", name="Friday"))
    assert "3:00 pm" in friday.inner_text() and "Zebedee Quillonby" in friday.inner_text()

    page.goto(f"{program.url}/leads/1")
    more(page, "Amount", "90,000", "Offer")
    page.goto(f"{program.url}/deals")
    assert "12 Oak St" in page.locator("section[aria-labelledby=stage-offer]").inner_text()
    page.goto(f"{program.url}/leads/1")
    more(page, "Amount", "93,500", "Contract")

    story.move(12)  # stuck
    page.goto(f"{program.url}/deals")
    assert (
        "Under contract for 12 days without a closing date"
        in page.locator("section[aria-labelledby=waits]").inner_text()
    )
    page.goto(f"{program.url}/calendar")
    page.locator("section[aria-labelledby=late]").get_by_role("button", name="Kept").click()
    page.locator("[data-toast]", has_text="Kept").wait_for()
    page.goto(program.url)
    assert page.get_by_text("Under contract for 12 days").count(), "Today says so too"
    program.command("buyers", "add", "Cem Homes", "--markets", "TX")
    for _ in range(60):  # the next look at risks escalates it
        page.goto(f"{program.url}/alerts")
        if page.get_by_text("Under contract for 12 days").count():
            break
        page.wait_for_timeout(500)
    assert page.get_by_text("Under contract for 12 days").count()

    page.goto(f"{program.url}/deals/1")
    page.get_by_label("Closing date").fill("20d")
    page.get_by_label("Buyer pays, $").fill("105,000")
    page.locator("form.rules").get_by_label("Buyer", exact=True).fill("Cem Homes")
    page.get_by_role("button", name="Save").click()
    page.locator("[data-toast]").first.wait_for()
    assert page.get_by_label("Closing date").input_value() == "2026-12-20"
    sheet = page.context.new_page()
    sheet.goto(f"{program.url}/deals/1/sheet")
    said = sheet.locator("main").inner_text()
    assert all(word in said for word in ("12 Oak St", "$105,000", "Sam Ortiz", "713-555-0100"))
    assert not any(word in sheet.content() for word in ("Zebedee", "2101", "93,500", "11,500"))
    sheet.close()

    calls = story.folder / "calls.csv"  # nothing is said about a list before twenty of its leads were worked
    rows = "".join(f"{lead},not_interested,2026-10-0{1 + lead % 9}\n" for lead in range(3, 23))
    calls.write_text("lead,event,date\n" + rows, encoding="utf-8")
    program.command("outcome", "import", calls)
    before = worth(program)
    page.locator("summary", has_text="Assigned").click()
    assert page.get_by_label("Your fee", exact=True).input_value() == "11500"
    page.locator(".confirm-box").get_by_role("button", name="Assigned").click()
    page.locator("[data-toast]", has_text="assigned, fee $11,500").wait_for()
    page.goto(f"{program.url}/deals")
    assert "12 Oak St" in page.locator("section[aria-labelledby=stage-assigned]").inner_text()
    assert page.locator("#waits").count() == 0
    page.goto(f"{program.url}/week")
    assert "$11,500" in page.locator(".tiles").inner_text()
    told = json.loads(program.command("--json", "week"))
    assert (told["closes"], told["fees"]) == (1, 11500.0)
    assert json.loads(program.command("--json", "week", "--back", "1"))["dials"] == 0
    assert json.loads(program.command("--json", "week", "--back", "2"))["contracts"] == 1
    assert worth(program) > before, "the list is worth more for a deal that came of it"


def test_a_dialers_list_takes_two_clicks(story: Story, look: Callable[..., Any]) -> None:
    page = look("narrow").page
    page.goto(story.program.first_link)
    page.goto(f"{story.program.url}/leads")
    page.get_by_role("link", name="Export lists").click()
    with page.expect_download() as download:
        page.locator("form[action='/leads/lists/dialer'] button", has_text="22 leads").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert text.count("\n") == 23 and "Zebedee,Quillonby,+17135552101" in text
