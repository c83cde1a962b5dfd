"""A person who went through every path is forgotten, and nothing in the home tells of her but what is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from db import Database, audit
from db.inspecting import inspect
from valhalla.audit import copies
from valhalla.cli.invocation import Invocation
from valhalla.cli.working import working
from valhalla.effects import drafting, erasure, register
from valhalla.program.home import Home
from valhalla.program.schema import PERSONAL, SCHEMA
from valhalla.reports import digest_page, packet_files
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.dry_run import DryRunLock
from valhalla.sandbox.idempotency import IdempotencyManager
from valhalla.sandbox.retry import RetryBackoffManager
from valhalla.service.program import Program

NEEDLES = (b"canary", b"7135550188", b"713-555-0188", b"555 0188", b"555.0188")

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


def fail() -> None:
    raise ValueError("Jane Canary, jane@canary.example")


def lists(home: Home) -> list[Path]:
    leads, refused = home.inbox / "Jane Canary.csv", home.inbox / "more.csv"
    leads.write_text(LEADS, encoding="utf-8")
    refused.write_text(REFUSED, encoding="utf-8")
    return [leads, refused]


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
        (jane,) = erasure.leads_named(database, "jane@canary.example")
        (other,) = erasure.leads_named(database, "bo@example.com")
        told = drafting.webhook(database, jane, "https://example.com/hook")
        under_another = drafting.email(
            database, other, "Subject: Hello\nHello", to="jane@canary.example", actor="operator"
        )
        AlertSystem(database=database).alert("effect:1", "550 <jane@canary.example> unknown")
        DryRunLock(False, database=database)._note("call", "error", "550 <jane@canary.example>")
        with pytest.raises(ValueError, match="Jane"):
            RetryBackoffManager(0, database=database).execute_with_retry(fail, "call")
        IdempotencyManager(None, database=database).process_idempotent("k", lambda: "jane@canary.example")
        packet_files.refresh(database, home)
        digest_page.write(database, home)
        (home.logs / "valhalla.log.1").write_text('{"reason": "Jane Canary"}\n', encoding="utf-8")
        kept = copies.default_target(home, database.clock())
        copies.make(database, home, kept)

        # Only the operator named that file, and an erasure leaves the name out.
        assert plain_columns_that_tell(database) <= {"import.path"}

        result = erasure.forget(database, [jane])

        assert result["rejects"] == 4
        for each in (told, under_another):
            effect = register.show(database, each["id"])
            assert (effect["state"], effect["target"], effect["payload"]) == ("denied", "", {})
        named = [str(path) for path in (*given, waiting, kept)]
        assert result["still_in"] == sorted(named)
        assert database.value("SELECT count(*) FROM reject WHERE raw LIKE '%ann@example.com%'") == 1
        assert audit.check_chain(database) == []
    assert tells(home.path) == sorted(named)
    assert inspect(home.database, SCHEMA).ok
