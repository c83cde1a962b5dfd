"""A first day: from the link to calls, decisions, alerts, an audit copy. In a wide window and on a phone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from valhalla.effects import drafting
from valhalla.program.database import open_database
from valhalla.sandbox.alerts import AlertSystem

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_audit.py"

SHARED = """name,email,value,phone,location
Ann Lee,ann@example.com,150000,713-555-0101,"Houston, TX"
Anne Lee,anne.lee@example.org,155000,713-555-0101,"Houston, TX"
"""

NUMBERS = {"wide": "0102", "narrow": "0103"}
"""Two people of their own for each width."""


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, chromium: Any, run_here: Callable[..., Any]
) -> Iterator[Any]:
    """A Valhalla for the tests to which what others left in it makes no difference."""
    with run_here(tmp_path_factory.mktemp("shared") / "home") as program:
        yield program


@pytest.fixture(params=["wide", "narrow"])
def width(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def either(width: str, request: pytest.FixtureRequest) -> Any:
    """A Valhalla of this test: for the wide window a process of its own, for the narrow one in this."""
    return request.getfixturevalue("process" if width == "wide" else "program")


def open_at(program: Any, window: Any) -> Any:
    """Follow a link like the one that the program printed."""
    window.page.goto(program.link())
    window.page.wait_for_url(f"{program.url}/")
    return window.page


def put(program: Any, name: str, text: str) -> None:
    """Drop a list into the inbox."""
    part = program.home / f".{name}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(program.home / "inbox" / name)


def test_the_first_day(either: Any, look: Callable[..., Any], width: str) -> None:
    program = either
    window = look(width)
    page = open_at(program, window)
    assert "token" not in page.url
    page.get_by_role("button", name="Load the sample leads").click()
    page.locator("[data-toast]").first.wait_for()
    page.goto(f"{program.url}/calls")
    for _ in range(40):  # the list is being read
        if page.locator(".call-name").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    name = page.locator(".call-name").first.inner_text()

    # An outcome, and taking it back.
    page.get_by_role("button", name="Talked").first.click()
    page.get_by_role("button", name="Undo").first.wait_for()
    page.goto(f"{program.url}/leads?q={name.split()[0]}")
    page.get_by_role("link", name=name).first.click()
    page.get_by_role("heading", name=name, exact=True).wait_for()
    assert page.get_by_text("contacted").count()

    # Nothing is found in words: what to do is said.
    page.goto(f"{program.url}/leads?q=nobodyiscalledthis")
    assert page.locator(".empty").count() == 1


def test_a_list_is_uploaded_looked_at_mapped_and_read(
    either: Any, look: Callable[..., Any], width: str, tmp_path: Path
) -> None:
    program, window = either, look(width)
    page = open_at(program, window)
    rows = 60_000 if width == "wide" else 300
    sheet = tmp_path / "county list.csv"
    with sheet.open("w", encoding="utf-8") as file:
        file.write("Owner;Contact Mail;Value;Cell\n")
        file.write("No Price;broken@example.com;soon;713-555-0100\n")
        file.writelines(
            f"Owner {n};o{n}@example.com;{100_000 + n};713555{n % 10_000:04d}\n" for n in range(rows)
        )
    page.goto(f"{program.url}/imports")
    page.locator("#list").set_input_files(sheet)  # the page sends it by itself
    page.wait_for_url("**/imports/uploads/**")
    page.get_by_role("heading", name="county list.csv").wait_for()
    fields = page.get_by_label("Field of Contact Mail")
    fields.wait_for()
    assert not json.loads(program.command("--json", "leads", "list"))  # nothing has been read yet
    for fold in page.locator("details.fold > summary").all():  # what was recognised is folded
        fold.click()
    for column, field in (
        ("Owner", "name"),
        ("Contact Mail", "email"),
        ("Value", "value"),
        ("Cell", "phone"),
    ):
        page.get_by_label(f"Field of {column}").select_option(field)
    page.get_by_role("button", name="Read such lists like this").click()
    page.get_by_role("heading", name="Would be refused").wait_for()
    assert page.get_by_label("Field of Contact Mail").input_value() == "email"
    with page.expect_navigation():  # else the next one comes between
        page.get_by_role("button", name=f"Import {rows:,} rows").click()
    if width == "wide":
        page.locator("#running .import progress, .running progress").first.wait_for()
    for _ in range(240):  # the refused row and why, once all is read
        page.goto(f"{program.url}/imports/1")
        if page.get_by_text("soon").count():
            break
        page.wait_for_timeout(250)
    assert page.get_by_text("soon").count()
    page.goto(f"{program.url}/leads")
    page.get_by_role("link", name="Owner ").first.wait_for()


def test_one_person_or_two(shared: Any, look: Callable[..., Any], width: str) -> None:
    program = shared
    window = look(width)
    page = open_at(program, window)
    text = SHARED.replace("Lee", width).replace("@", f".{width}@").replace("0101", NUMBERS[width])
    put(program, f"{width}.csv", text)
    for _ in range(60):
        page.goto(f"{program.url}/decisions")
        if page.locator("article.pair").count():
            break
        page.wait_for_timeout(250)
    page.locator("article.pair").get_by_role("button", name="Keep lead").first.click()
    page.locator("[data-toast]").first.wait_for()
    assert page.locator("article.pair").count() == 0
    page.goto(f"{program.url}/leads?q={width}")
    page.get_by_role("link", name=f"Ann {width}").first.wait_for()
    assert page.get_by_role("link", name=f"Anne {width}").count() == 0


def test_what_is_approved_in_dry_run_is_blocked(shared: Any, look: Callable[..., Any], width: str) -> None:
    program = shared
    window = look(width)
    page = open_at(program, window)
    put(program, "county.csv", "".join(SHARED.splitlines(keepends=True)[:2]))
    for _ in range(60):
        if json.loads(program.command("--json", "leads", "list")):
            break
        page.wait_for_timeout(250)
    with open_database(program.home / "valhalla.db") as database:
        number = drafting.webhook(database, 1, f"https://hooks.example.com/{width}")["id"]
    page.goto(f"{program.url}/effects/{number}")
    page.get_by_role("button", name="Approve").first.click()
    page.locator("[data-toast]").first.wait_for()
    for _ in range(40):
        page.goto(f"{program.url}/effects/{number}")
        if page.get_by_text("blocked").count():
            break
        page.wait_for_timeout(250)
    assert page.get_by_text("dry run is on").count()
    with open_database(program.home / "valhalla.db") as database:
        assert database.value("SELECT state FROM effect WHERE id = ?", (number,)) == "blocked"


def test_an_alert_appears_and_is_acknowledged(program: Any, look: Callable[..., Any]) -> None:
    for width in ("wide", "narrow"):
        an_alert_appears(program, look(width), width)


def an_alert_appears(program: Any, window: Any, width: str) -> None:
    page = open_at(program, window)
    page.wait_for_function("document.getElementById('lost').hidden")
    page.wait_for_timeout(1500)  # the page's WebSocket has looked once: what comes now is new
    with open_database(program.home / "valhalla.db") as database:
        AlertSystem(database=database).alert(
            f"risk:R1:{width}", f"<b>{width}.csv</b> cannot be read", "error"
        )
    page.locator(".toast", has_text=f"<b>{width}.csv</b> cannot be read").wait_for()
    page.goto(f"{program.url}/alerts")
    page.get_by_role("button", name="Acknowledge alert").first.click()
    page.locator("[data-toast]", has_text="1 alert acknowledged").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator("[data-toast]", has_text="1 alert open again").wait_for()
    page.get_by_label("Choose alert").first.check()
    page.get_by_text("1 chosen").wait_for()
    page.get_by_role("button", name="Acknowledge chosen").click()
    page.get_by_text("All is well").wait_for()


def test_lists_follow_what_happens_elsewhere_but_not_under_the_pointer(
    program: Any, look: Callable[..., Any]
) -> None:
    page = open_at(program, look())
    put(program, "shared.csv", SHARED)
    page.goto(f"{program.url}/decisions")
    page.get_by_text("One lead or two?").wait_for()  # found while the page was open
    page.goto(f"{program.url}/effects")
    page.locator("h1").hover()
    page.wait_for_timeout(1500)  # the page's WebSocket has looked once: what comes now is new
    with open_database(program.home / "valhalla.db") as database:
        drafting.webhook(database, 1, "https://hooks.example.com/in")
        page.locator(".entry").wait_for()
        page.get_by_text("1 to approve").wait_for()
        page.locator(".entry").hover()
        drafting.webhook(database, 2, "https://hooks.example.com/in")
        page.get_by_text("2 to approve").wait_for()  # above the list, where no pointer is
        assert page.locator(".entry").count() == 1
        page.locator("h1").hover()
        page.locator(".entry").nth(1).wait_for()


def test_an_audit_copy_is_made_downloaded_and_verified(
    shared: Any, look: Callable[..., Any], tmp_path: Path
) -> None:
    program = shared
    window = look("narrow")
    page = open_at(program, window)
    page.goto(f"{program.url}/audit")
    page.get_by_role("button", name="Make a copy").click()
    link = page.get_by_role("link", name="Download valhalla-")
    link.first.wait_for()  # the page follows the job by itself
    with page.expect_download() as waiting:
        link.first.click()
    copy = tmp_path / "copy.db"
    waiting.value.save_as(copy)
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), str(copy)], capture_output=True, encoding="utf-8", timeout=120
    )
    assert checked.returncode == 0, checked.stdout
    page.get_by_role("button", name="Verify the running file").click()
    page.get_by_text("verified", exact=True).first.wait_for()


def test_going_live_asks_first_and_ends_and_the_page_says_when_the_program_is_gone(
    process: Any, look: Callable[..., Any]
) -> None:
    program, window = process, look()
    window.expected = ("WebSocket connection", "ERR_CONNECTION_REFUSED", "Failed to load resource")
    page = open_at(program, window)
    page.locator("details.lock > summary").click()
    page.get_by_role("button", name="See what would go out").click()
    page.get_by_label("Type LIVE to continue").fill("LIVE")
    page.get_by_role("button", name="Go live").click()
    page.locator("details.lock.live").wait_for()
    page.locator("details.lock > summary").click()
    page.get_by_role("button", name="Back to dry run").click()
    page.locator("details.lock:not(.live)").wait_for()
    page.wait_for_load_state()  # with its modules: nobody gives them out any more in a moment
    program.process.terminate()
    program.process.wait(20)
    page.locator("#lost").wait_for(state="visible")
    assert "Not connected since" in page.locator("#lost").inner_text()


def test_a_setting_that_cannot_be_is_told_beside_its_field(shared: Any, look: Callable[..., Any]) -> None:
    program = shared
    window = look()
    window.expected = ("400 (Bad Request)",)
    page = open_at(program, window)
    page.goto(f"{program.url}/settings")
    page.get_by_role("heading", name="Advanced").click()
    row = page.locator('[id="quiet_hours"]')
    row.get_by_role("textbox").fill("at night")
    row.get_by_role("button", name="Set").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith("quiet_hours must be two times")
    page.locator('[id="quiet_hours"]').get_by_role("textbox").fill("21:00-07:00")
    page.locator('[id="quiet_hours"]').get_by_role("button", name="Set").click()
    page.locator("[data-toast]", has_text="21:00-07:00").wait_for()


@pytest.mark.redis
def test_the_board_follows_a_redis_that_stops_and_comes_back(
    tmp_path: Path, look: Callable[..., Any], redis_server: Any, run_program: Callable[..., Any]
) -> None:
    with run_program(tmp_path / "home", REDIS_URL=redis_server.url) as program:
        program.command("federation", "seed", "--redis", redis_server.url)
        window = look()
        page = open_at(program, window)
        page.goto(f"{program.url}/federation")
        page.locator('#banner[data-mode="production"]').wait_for(state="attached")
        assert page.locator("#banner").is_hidden()
        redis_server.kill()
        page.locator("#banner", has_text="Simulated data.").wait_for()
        redis_server.start()
        page.locator("#banner").wait_for(state="hidden")
