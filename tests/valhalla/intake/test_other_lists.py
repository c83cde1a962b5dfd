"""Outcomes and buyers from files, in any form in which a lead list can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from db import Database
from jobs import JobQueue
from valhalla.intake.other_lists import import_and_reevaluate, import_buyers, import_outcomes
from valhalla.leads.buyers import all_buyers
from valhalla.leads.dispositions import event_of
from valhalla.program.errors import InputError, UsageError
from valhalla.scoring.jobs import Reevaluating

ROWS = """\
Email;Outcome;Date;Fee;Note
p1@example.com;Closed;2026-09-01;$12,500.00;fine
P2@EXAMPLE.COM;contacted;2026-09-02 10:30;;
p3@example.com;do not call;2026-09-03;;
nobody@example.com;contacted;2026-09-03;;
p4@example.com;danced;2026-09-03;;
p4@example.com;lost;;;
"""


def test_lines_are_recorded_and_those_that_make_no_sense_are_named(
    database: Database, people: Any, tmp_path: Path
) -> None:
    people(4)
    path = tmp_path / "crm.csv"
    path.write_text(ROWS, encoding="utf-8-sig")
    done = import_outcomes(database, path, zone="America/Chicago")
    assert (done.rows, done.recorded, done.known) == (6, 3, 0)
    assert [(each.line, each.message.split(";")[0]) for each in done.refused] == [
        (5, "no lead is known as nobody@example.com"),
        (6, "'danced' is not an outcome"),
        (7, "the date is missing"),
    ]
    assert database.sql("SELECT status, suppressed FROM lead ORDER BY id") == [
        ("won", None),
        ("contacted", None),
        ("opted_out", "asked not to be contacted"),
        ("new", None),
    ]
    assert database.sql("SELECT amount, reason FROM outcome WHERE event = 'won'") == [(1_250_000, "fine")]
    # 10:30 in Chicago is 15:30 UTC in September
    assert (
        database.value("SELECT at / 1000000 % 86400 / 60 FROM outcome WHERE event = 'contacted'")
        == 15 * 60 + 30
    )


def test_leads_are_decided_again_where_an_outcome_is_new(
    database: Database, people: Any, tmp_path: Path
) -> None:
    people(4)
    path = tmp_path / "crm.csv"
    path.write_text(ROWS, encoding="utf-8")
    reevaluating = Reevaluating(database, JobQueue(database))
    done, job = import_and_reevaluate(reevaluating, path)
    assert done.recorded == 3 and job is not None
    assert import_and_reevaluate(reevaluating, path)[1] is None


def test_reading_a_file_twice_records_nothing_twice(database: Database, people: Any, tmp_path: Path) -> None:
    people(4)
    path = tmp_path / "crm.csv"
    path.write_text(ROWS, encoding="utf-8")
    import_outcomes(database, path, zone=None)
    again = import_outcomes(database, path, zone=None)
    assert (again.recorded, again.known, len(again.refused)) == (0, 3, 3)


def test_a_lead_is_found_by_number_or_by_phone_and_name(
    database: Database, load: Any, tmp_path: Path
) -> None:
    load(
        'Ann Lee,,150000,"Houston, TX",713-555-0100,,,,,',
        'Bob Ray,b@x.com,150000,"Houston, TX",713-555-0101,,,,,',
    )
    path = tmp_path / "crm.csv"
    path.write_text("lead,name,phone,event,date\n1,,,contacted,2026-09-01\n", encoding="utf-8")
    assert import_outcomes(database, path, zone=None).recorded == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [("", InputError), ("a,b\n1,2\n", UsageError), ("event,date\nwon,2026-01-01\n", UsageError)],
)
def test_a_file_without_the_columns_is_refused(
    database: Database, tmp_path: Path, text: str, error: type[Exception]
) -> None:
    path = tmp_path / "crm.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error):
        import_outcomes(database, path, zone=None)
    with pytest.raises(InputError):
        import_outcomes(database, tmp_path / "none.csv", zone=None)


@pytest.mark.parametrize(
    "content",
    [
        "Report of the CRM\n\nE-Mail;Outcome;Date\np1@example.com;won;2026-09-01\n".encode("cp1252"),
        "Email\tOutcome\tDate\np1@example.com\twon\t2026-09-01\n".encode("utf-16"),
        b'[{"email": "p1@example.com", "outcome": "won", "date": "2026-09-01"}]',
    ],
)
def test_a_file_is_read_as_a_lead_list_is(
    database: Database, people: Any, tmp_path: Path, content: bytes
) -> None:
    people(1)
    path = tmp_path / "crm.csv"
    path.write_bytes(content)
    assert import_outcomes(database, path, zone=None).recorded == 1


def test_a_workbook_of_buyers(database: Database, tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Buyer", "Max Price"])
    book.active.append(["Ann", 250000])
    book.save(tmp_path / "buyers.xlsx")
    assert import_buyers(database, tmp_path / "buyers.xlsx").new == 1
    (buyer,) = all_buyers(database)
    assert (buyer["name"], buyer["max_price"]) == ("Ann", 250_000)


def test_a_row_that_cannot_be_taken_apart_is_refused_and_the_others_are_used(
    database: Database, people: Any, tmp_path: Path
) -> None:
    people(2)
    path = tmp_path / "crm.csv"
    path.write_bytes(
        b"email,event,date\np1@example.com,won,2026-09-01\np\0@example.com,won,2026-09-01\n"
        b"p2@example.com,won,2026-09-01\n"
    )
    done = import_outcomes(database, path, zone=None)
    assert (done.rows, done.recorded) == (3, 2)
    assert [(each.line, "NUL" in each.message) for each in done.refused] == [(3, True)]


DIALER = """\
First Name,Last Name,Number Dialed,Disposition,Call Date,Call Time,Duration,Callback Date,Call Notes
Ann,Lee,(713) 555-0100,No Answer,11/20/2025,2:15 PM,0:31,,
Ann,Lee,713-555-0190,Left Voicemail,11/20/2025,2:16 PM,0:40,,
Bob,Ray,7135550101,Wrong Number,11/20/2025,2:20 PM,0:12,,
,,7135550102,Call Back,11/20/2025,2:31 PM,2:02,12/01/2099 3:00 PM,after work
Dee,Fox,713-555-0103,DNC,11/20/2025,2:40 PM,0:20,,
"""


def test_a_dialers_results_are_outcomes_of_the_numbers(database: Database, load: Any, tmp_path: Path) -> None:
    load(
        'Ann Lee,a@x.com,150000,"Houston, TX",713-555-0100,,,,,',
        'Bob Ray,b@x.com,150000,"Houston, TX",713-555-0101,,,,,',
        'Cal Poe,c@x.com,150000,"Houston, TX",713-555-0102,,,,,',
        'Dee Fox,d@x.com,150000,"Houston, TX",713-555-0103,,,,,',
    )
    path = tmp_path / "dialer.csv"
    path.write_text(DIALER.replace("2099", "2028"), encoding="utf-8")
    done = import_outcomes(database, path, zone="America/Chicago")
    assert [each.message for each in done.refused] == ["no lead is known as +17135550190"]
    found = database.sql("SELECT lead_id, event, number, origin FROM outcome ORDER BY id")
    assert found == [
        (1, "no_answer", "+17135550100", "list"),
        (2, "wrong_number", "+17135550101", "list"),
        (3, "callback", "+17135550102", "list"),
        (4, "opted_out", None, "list"),
    ]
    assert database.value("SELECT at / 1000000 % 86400 / 60 FROM outcome WHERE id = 1") == 20 * 60 + 15
    assert database.value("SELECT phone_key FROM lead WHERE id = 2") is None, "its only number is wrong"
    assert database.sql("SELECT lead_id, kind FROM promise") == [(3, "callback")]
    again = import_outcomes(database, path, zone="America/Chicago")
    assert (again.recorded, again.known) == (0, 4)


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("No Answer", "no_answer"),
        ("NA", "no_answer"),
        ("Answering Machine", "voicemail"),
        ("Left VM", "voicemail"),
        ("Busy", "busy"),
        ("Not in service", "disconnected"),
        ("Wrong #", "wrong_number"),
        ("WRONG NUMBER - tenant", "wrong_number"),
        ("Tenant answered", "someone_else"),
        ("Not Interested", "not_interested"),
        ("NI", "not_interested"),
        ("Interested - send offer", "interested"),
        ("Don't call again", "opted_out"),
        ("Do Not Call", "opted_out"),
        ("Appt Set", "appointment"),
        ("CALLBK", "callback"),
        ("Talked", "contacted"),
        ("Already sold", "sold"),
        ("closed", "won"),
        ("danced", "danced"),
    ],
)
def test_the_words_of_dialers(word: str, event: str) -> None:
    assert event_of(word) == event
