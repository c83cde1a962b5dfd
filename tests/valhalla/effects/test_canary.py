"""A person who went through every path is forgotten, and nothing in the home tells of her but what is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from db.clock import DAY
from db.inspecting import inspect
from jobs import find_jobs
from valhalla.audit import copies
from valhalla.cli.invocation import Invocation
from valhalla.cli.working import working
from valhalla.effects import drafting, erasure, register
from valhalla.intake import source_quality
from valhalla.leads import (
    buyers,
    consent,
    deals,
    do_not_contact,
    editing,
    filters,
    indexing,
    notes,
    promises,
    scrubbing,
    source_pausing,
    suppression,
    tags,
)
from valhalla.leads.outcomes import Outcome, record
from valhalla.leads.sql import HANGS_ON_LEADS, LABELS, REMOVE_KEYS, REMOVE_WORDS, WRITTEN
from valhalla.program.errors import NotFound
from valhalla.program.home import Home
from valhalla.program.schema import PERSONAL, SCHEMA
from valhalla.program.settings import effective
from valhalla.reports import digest_page, packet_files
from valhalla.safety.risk import assess
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.idempotency import IdempotencyManager
from valhalla.sandbox.retry import RetryBackoffManager
from valhalla.scoring import store
from valhalla.service.program import Program
from valhalla.team import members

NEEDLES = (b"canary", b"7135550188", b"713-555-0188", b"555 0188", b"555.0188")

ELSEWHERE = {"alert", "buyer", "effect", "import", "lead_merge", "reject"}
"""Tables that :mod:`valhalla.effects.erasure` has a function for."""

KEPT = {
    "import_undo": "numbers of leads",
    "setting": "what the operator said of themself",
    "suppression_state": "the salt",
}

LEADS = """name,email,value,location,phone,mobile phone,address
Jane Canary,jane@canary.example,200000,Houston TX,713-555-0188,(832) 555-0111,12 Oak St
Bo Other,bo@example.com,210000,Houston TX,713-555-0101,,14 Elm St
"""

REFUSED = """name,email,value,location,phone,address
Jane Canary,jane@canary.example,oops,Houston TX,,
J. C.,,oops,Houston TX,+1 (713) 555.0188,
J. C.,,oops,Houston TX,832 555 0111,
Canary Jane,,oops,Houston TX,,12 OAK ST
Ann Else,ann@example.com,oops,Houston TX,713-555-0102,99 Pine St
"""


def tells(folder: Path) -> list[str]:
    """The files below ``folder`` that tell of her."""
    return sorted(
        str(path)
        for path in folder.rglob("*")
        if path.is_file()
        and (
            any(needle in path.read_bytes().lower() for needle in NEEDLES) or "canary" in path.name.casefold()
        )
    )


def plain_columns_that_tell(database: Database) -> set[str]:
    """The columns that the schema does not declare personal, and in which she stands all the same."""
    found = set()
    for (table,) in database.sql("SELECT name FROM pragma_table_list WHERE schema = 'main'"):
        evidence = SCHEMA.tables.get(table)
        personal = evidence.personal if evidence else PERSONAL.get(table, "").split()
        for (column,) in database.sql("SELECT name FROM pragma_table_info(?)", (table,)):
            if column not in personal and any(
                needle in str(value).lower().encode()
                for (value,) in database.sql(f'SELECT "{column}" FROM "{table}"')
                for needle in NEEDLES
            ):
                found.add(f"{table}.{column}")
    return found


def write_about_her(database: Database, jane: int, other: int) -> None:
    """Everything that a person can write down, on her own lead and on another's."""
    now, her = database.clock(), "Jane Canary, jane@canary.example, (713) 555-0188"
    for lead in (jane, other):
        notes.add(database, lead, f"his sister {her} moved")
        notes.add(database, lead, "call +1 713.555.0188, or CANARY, JANE")
        tags.put(database, [lead], ["jane canary", "hot"])
        consent.record(database, lead, "text", f"text me at {her}")
        promises.add(database, lead, "task", now + DAY, place=f"with {her}", note=her)
        record(database, Outcome(lead, "someone_else", now, reason=her, note=her, number="+17135550188"))
        record(database, Outcome(lead, "offer", now, amount=100_000_00))
        deals.set_terms(database, lead, {"note": her})
    editing.correct(database, jane, name="Jane B Canary")
    filters.save(database, "Jane Canary", "#hot")
    scrubbing.scrub(database, "own", [suppression.entry("off@example.com")], path="Jane Canary.csv")
    do_not_contact.add(database, [suppression.entry("no@example.com")], reason=her)
    source_pausing.pause(database, "csv", "pause", her)
    source_quality.set_cost(database, "csv", 10_000)
    buyers.add(database, {"name": "Canary Homes", "email": "jane@canary.example", "markets": "TX"})
    buyers.add(database, {"name": "Jane Canary"})
    members.add(database, "Dana", "caller")
    with database.write():
        database.sql("INSERT INTO lead_hold VALUES (?, ?, 'Dana', ?, ?)", (jane, jane, now, now + DAY))


def fail() -> None:
    raise ValueError("Jane Canary, jane@canary.example")


def lists(home: Home) -> list[Path]:
    leads, refused, unread = (
        home.inbox / name for name in ("Jane Canary.csv", "more.csv", "jane-canary 2.csv")
    )
    unread.write_text("colour,size\nred,5\n", encoding="utf-8")
    leads.write_text(LEADS, encoding="utf-8")
    refused.write_text(REFUSED, encoding="utf-8")
    return [leads, refused, unread]


def test_nothing_but_what_is_named_tells_of_her(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    given = lists(home)
    inv = Invocation(home, None, json=True)
    with working(inv, "ingest") as program:
        program.importing.run(home, given, standing=False, final=True)
    for end in inv.ends:
        end(0)
    with Program.open(home) as program:
        database = program.database
        waiting = home.inbox / "waiting.csv"
        waiting.write_text(LEADS, encoding="utf-8")
        ((jane,), _) = erasure.named(database, "jane@canary.example")
        ((other,), _) = erasure.named(database, "bo@example.com")
        write_about_her(database, jane, other)

        @program.queue.task(name="tells")
        def tells_of(what: str) -> None:
            raise AssertionError(what)

        waiting_job = int(tells_of("Jane Canary"))
        later_job = tells_of.schedule(("see 713 555 0188",), delay=60)
        told = drafting.webhook(database, jane, "https://example.com/hook")
        under_another = drafting.email(
            database, other, "Subject: Hello\nHello", to="jane@canary.example", actor="operator"
        )
        AlertSystem(database=database).alert("effect:1", "550 <jane@canary.example> unknown")
        DryRunLock(False, database=database)._note("call", "error", "550 <jane@canary.example>")
        with pytest.raises(ValueError, match="Jane"):
            RetryBackoffManager(0, database=database).execute_with_retry(fail, "call")
        IdempotencyManager(None, database=database).process_idempotent("k", lambda: "jane@canary.example")
        assess(database, home, effective(database))
        packet_files.refresh(database, home)
        digest_page.write(database, home)
        for name in ("valhalla.log", "valhalla.log.1"):
            (home.logs / name).write_text('{"reason": "Jane Canary"}\n{"reason": "Bo"}\n', encoding="utf-8")
        kept = copies.default_target(home, database.clock())
        copies.make(database, home, kept)

        # Only the operator named that file, and an erasure leaves the name out.
        assert plain_columns_that_tell(database) <= {"import.path"}

        result = erasure.forget(database, [jane])

        assert (result["rejects"], result["buyers"]) == (4, 2)
        assert (home.logs / "valhalla.log").read_text(encoding="utf-8") == '{"reason": "Bo"}\n'
        assert "his sister [left out] moved" in {note.text for note in notes.of_lead(database, other)}
        assert {waiting_job, later_job}.isdisjoint(each.id for each in find_jobs(database))
        assert [each.state for each in promises.of_lead(database, other)] == ["open"]
        for each in (told, under_another):
            effect = register.show(database, each["id"])
            assert (effect["state"], effect["target"], effect["payload"]) == ("denied", "", {})
        named = [str(path) for path in (*given, waiting, kept)]
        assert result["still_in"] == sorted(named)
        assert database.value("SELECT count(*) FROM reject WHERE raw LIKE '%ann@example.com%'") == 1
        assert audit.check_chain(database) == []
    assert tells(home.path) == sorted(named)
    assert inspect(home.database, SCHEMA).problems == []


@pytest.mark.parametrize("who", ["jane@canary.example", "(713) 555-0188"])
def test_somebody_who_is_no_lead_is_forgotten_too(database: Database, load: Any, who: str) -> None:
    store.seed(database)
    load("Bo Other,bo@example.com,210000,Houston TX,713-555-0101,,,,,")
    canary = {"name": "Jane Canary", "email": "jane@canary.example", "phone": "713-555-0188"}
    buyers.add(database, {**canary, "markets": "TX"})
    notes.add(database, 1, "sold to 713.555.0188, jane canary")
    result = erasure.forget(database, *erasure.named(database, who))
    assert (result["leads"], result["buyers"], result["texts"]) == ([], 1, 1)
    assert [note.text for note in notes.of_lead(database, 1)] == ["sold to [left out]"]
    assert not any("anary" in repr(row) for row in database.sql("SELECT * FROM buyer"))
    with pytest.raises(NotFound):
        erasure.forget(database, *erasure.named(database, "another@example.com"))
    assert do_not_contact.find(database, who), "who asks to be forgotten is not contacted again"


def test_another_persons_lead_that_names_them_is_told(database: Database, load: Any) -> None:
    store.seed(database)
    load(
        "Bo Other,bo@example.com,210000,Houston TX,713-555-0101,,,,,ask jane@canary.example",
        "Jane Canary,jane@canary.example,210000,Houston TX,,,,,,",
    )
    with database.write():
        indexing.index_some(database)
    assert erasure.forget(database, [2])["named_in"] == [1]


def test_of_each_personal_column_it_is_known_how_it_is_forgotten() -> None:
    removed = (REMOVE_WORDS, REMOVE_KEYS, *(f"DELETE FROM {table}" for table in HANGS_ON_LEADS))
    of_leads = {re.match(r"\s*DELETE FROM (\w+)", text) for text in removed}
    searched = {*WRITTEN, *LABELS}
    for table, columns in (WRITTEN | LABELS).items():
        assert set(columns) <= set(SCHEMA.tables[table].personal)
    covered = {"lead"} | {match[1] for match in of_leads if match} | searched | ELSEWHERE | KEPT.keys()
    assert {name for name, table in SCHEMA.tables.items() if table.personal} == covered & SCHEMA.tables.keys()
