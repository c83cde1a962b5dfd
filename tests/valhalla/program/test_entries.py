"""An entry of the chain names nobody, and is made all the same; so is what a job's history says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from jobs.testing import Bench
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program import entries
from valhalla.program.masking import masked_error
from valhalla.program.settings import effective
from valhalla.safety.risk import assess

FOUND_WORDS, APPEND = entries.found_words, audit.append
"""What the program does; everywhere else a test fails instead."""

ROOT = Path(__file__).resolve().parents[3]
LIST = "name,email,value,location,phone\nJane Canary,jane@canary.example,200000,Houston TX,713-555-0188\n"


@pytest.fixture
def lead(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(entries, "found_words", FOUND_WORDS)
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    import_file(database, Request(str(path), "list", True))
    return int(database.value("SELECT id FROM lead"))


@pytest.mark.parametrize(
    ("subject", "body", "word"),
    [
        ("effect:1", {"reason": "550 <jane@canary.example> unknown"}, "jane@canary.example"),
        ("effect:1", {"said": [{"deep": "call 713-555-0188"}]}, "555-0188"),
        ("effect:1", {"lead": 1, "reason": "nobody called JANE CANARY here"}, "CANARY"),
        ("lead:1", {"reason": "nobody called Jane Canary here"}, "Canary"),
        ("copy:jane@canary.example.db", {}, "jane@canary"),
    ],
)
def test_words_are_left_out_and_an_alert_says_so(
    database: Database, lead: int, subject: str, body: dict[str, Any], word: str
) -> None:
    assert lead == 1
    for _ in range(2):
        with database.write():
            APPEND(database, "effect.failed", subject, body)
    told = database.sql("SELECT subject, body FROM audit WHERE action = 'effect.failed'")
    assert len(told) == 2 and word not in repr(told)
    assert database.sql("SELECT task, state, seen FROM alert") == [(entries.TASK, "open", 2)]
    assert audit.check_chain(database) == []


def actions() -> set[str]:
    """Every kind of entry whose name stands where it is made."""
    calls = re.compile(r"audit\.append\(\s*[\w.]+,\s*\"([\w.]+)\"")
    files = [path for room in ("valhalla", "db") for path in (ROOT / room).rglob("*.py")]
    return {action for path in files for action in calls.findall(path.read_text(encoding="utf-8"))}


def test_an_entry_of_no_kind_holds_words(database: Database, lead: int) -> None:
    kinds = sorted(actions())
    assert {"lead.edit", "effect.stand", "import.failed", "team.add", "protect.drill"} <= set(kinds)
    before = database.value("SELECT max(seq) FROM audit")
    body = {"lead": lead, "why": "Jane Canary", "said": [{"at": "<jane@canary.example>, 713-555-0188"}]}
    with database.write():
        for kind in kinds:
            APPEND(database, kind, "list:jane@canary.example", body)
    told = database.sql("SELECT action, subject, body FROM audit WHERE seq > ?", (before,))
    assert set(kinds) <= {action for action, *_ in told}
    assert [
        each for each in told if re.search("jane|canary(?!.example)|555.?0188", repr(each[1:]).lower())
    ] == []
    said = " ".join(
        reason for (reason,) in database.sql("SELECT reason FROM alert WHERE task = ?", (entries.TASK,))
    )
    assert [kind for kind in kinds if f"({kind})" not in said] == []
    assert audit.check_chain(database) == []


def test_an_import_leaves_nothing_of_its_rows_or_its_files_name_in_the_chain(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "Jane Canary 713-555-0188.csv"
    path.write_text(LIST + "Jane Canary,nothing,none,,7135550188\n", encoding="utf-8")
    import_file(database, Request(str(path), "list", True))
    told = repr(database.sql("SELECT subject, body FROM audit"))
    assert [word for word in ("Canary", "canary", "555-0188", "5550188") if word in told] == []


def test_a_list_that_cannot_be_read_leaves_nothing_of_its_name_in_the_chain(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "Jane Canary.csv"
    path.write_text("colour,size\nred,5\n", encoding="utf-8")
    import_file(database, Request(str(path), "list", True))
    assess(database, None, effective(database))
    told = repr(database.sql("SELECT action, subject, body FROM audit"))
    assert "import.failed" in told and "risk:R" in told, "else this test proves nothing"
    assert "Canary" not in told


def test_a_job_that_fails_over_a_row_does_not_repeat_it(database: Database) -> None:
    with Bench(database) as bench:

        @bench.queue.task(name="fails")
        def fails(row: list[int]) -> None:
            name, email, _, _, phone = LIST.splitlines()[row[0]].split(",")
            try:
                dict[str, str]()[name]
            except KeyError as error:
                raise ValueError(f"cannot read {name!r}, {email}, {phone}") from error

        fails([1])
        (job,) = bench.run()
    told = repr(job) + repr(database.sql("SELECT reason, detail FROM job_event"))
    assert job.state == "dead" and "ValueError" in told
    assert [word for word in ("jane@canary.example", "713-555-0188", "Canary") if word in told] == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("could not convert string to float: '12 Oak St'", "could not convert string to float: '...'"),
        ("KeyError: 'Jane Canary'", "KeyError: '...'"),
        ("no such column: 'price'", "no such column: 'price'"),
        ("it's late, isn't it", "it's late, isn't it"),
        ("<jane@canary.example>", "<j***@canary.example>"),
    ],
)
def test_what_an_error_quotes_is_left_out(text: str, masked: str) -> None:
    assert masked_error(text) == masked
