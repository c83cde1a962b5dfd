"""The digest: what it says, how long it is, and that any text is safe in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from db import Database
from db.clock import DAY, HOUR
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads import promises
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.reports.digest import gather
from valhalla.reports.digest_page import WIDTH, headline, html, text
from valhalla.scoring.policies import change
from valhalla.scoring.promoting import pin

ALERT = "INSERT INTO alert (task, severity, reason, at, last_at) VALUES ('import', 'error', 'the disk is full', ?1, ?1)"


def test_an_empty_file_says_what_to_do(database: Database) -> None:
    told = gather(database)
    assert headline(told) == "0 new leads. Nobody to call."
    page, plain = html(told), text(told)
    assert "inbox folder" in page and "inbox folder" in plain
    assert "No winner yet" in plain


def test_it_says_who_to_call_what_came_in_what_was_refused_and_what_changed(
    database: Database, load: Any, tell: Any
) -> None:
    load(
        'Ann Lee,a@x.com,150000,"Houston, TX",7135550100,1 Main St,300000,30000,2026-09-20,probate',
        'Bob <b>Ray</b>,b@x.com,"150,000","Houston, TX",7135550101,,,,,',
        "Cem,c@x.com,90000,,,,,,,",
        source="ppc",
    )
    tell(2, "won", amount=1_234_500)
    change(database, "packet.fee", 11_000, "costs went up")
    pin(database, "Direct opener", reason="gut")
    with database.write():
        database.sql(ALERT, (database.clock(),))
    told = gather(database)
    assert headline(told).startswith("2 new leads, 1 row refused, 1 open alert. Call Ann Lee first (score ")
    plain = text(told)
    for expected in (
        "1. Ann Lee  7135550100  Houston, TX",
        "ppc: 3 rows: 2 new, 1 refused",
        "1 x VALUE_GROUPING, such as list-1.csv:3",
        "Won 1",
        "Fees: $12,345",
        "Not enough outcomes yet",
        "opener v1 (running)",
        "Direct opener v1: testing -> primary. Pinned by hand: gut",
        "Policy version 2 by operator: costs went up",
        "error: the disk is full",
    ):
        assert expected in plain, expected
    assert max(map(len, plain.splitlines())) <= WIDTH
    page = html(told)
    assert "<script" not in page and "Ann Lee" in page and "data:image/svg+xml" in page


def test_it_begins_with_yesterday_and_what_is_promised(
    database: Database, people: Any, tell: Any, clock: Any
) -> None:
    settings.save(database, "timezone", "America/Chicago")
    people(5)
    tell(4, "offer", amount=9_000_000)
    clock.advance(8)
    tell(1, "no_answer", days_ago=1)
    tell(2, "contacted", days_ago=1)
    promises.add(database, 1, "callback", clock() + HOUR, note="about the roof")
    promises.add(database, 2, "appointment", clock() + DAY, place="at the house")
    promises.add(database, 3, "appointment", clock() + 2 * DAY)
    told = gather(database)
    assert [len(told[key]) for key in ("promises", "tomorrow", "deals")] == [1, 1, 1]
    for shown in (text(told), html(told)):
        for expected in (
            "2 dials, 1 contact.",
            "10:13 am  call back: Person 1: about the roof",
            "9:13 am  appointment: Person 2: at the house",
            "No answer to the offer for 8 days",
        ):
            assert expected in shown, expected
    assert max(map(len, text(told).splitlines())) <= WIDTH


def test_it_reads_in_two_minutes(database: Database, people: Any) -> None:
    people(300)
    words = len(text(gather(database)).split())
    assert words < 480, "240 words a minute"


def test_a_price_that_nobody_knows_stops_no_digest(database: Database, tmp_path: Path) -> None:
    sheet = tmp_path / "county.csv"
    sheet.write_text(
        "owner name,property address,city,state,zip,phone\nAnn Lee,1 Oak St,Houston,TX,77018,713-555-0101\n"
    )
    import_file(database, Request(str(sheet)))
    page = html(gather(database))
    assert "Ann Lee" in page and "asking price unknown" in page


def test_text_of_lists_is_escaped(database: Database, load: Any) -> None:
    load(
        '<script>x</script>,a@x.com,150000,"Houston, TX",7135550100,1 Main St,300000,30000,2026-09-20,probate'
    )
    page = html(gather(database))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_yesterday_is_not_today(database: Database, people: Any, clock: Any, tmp_path: Any) -> None:
    people(3)
    clock.advance(1.5)
    told = gather(database)
    assert told["totals"]["new"] == 0
    assert [each["name"] for each in told["calls"]] != []
    assert Home(tmp_path).logs  # the folder is named by the home
