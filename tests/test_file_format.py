"""docs/file-format.md describes the file as it is: every table, every column, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database, audit
from valhalla.program.database import memory_database, open_database
from valhalla.program.schema import APPLICATION_ID, SCHEMA

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "file-format.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^### (\w+): (\w+)$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
COLUMN = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with memory_database() as database:
        yield database


def documented() -> dict[str, list[str]]:
    return {table: [name for name, _ in COLUMN.findall(body)] for table, _, body in SECTION.findall(TEXT)}


def real(database: Database) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in database.sql(
        """SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
           WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY t.name, c.cid"""
    ):
        found.setdefault(table, []).append(column)
    return found


def test_every_table_is_described_and_no_other(database: Database) -> None:
    assert sorted(documented()) == sorted(real(database))
    assert len(SECTION.findall(TEXT)) == len(documented()), "a table is described twice"


@pytest.mark.parametrize("table", sorted(documented()))
def test_every_column_is_described_in_order_and_no_other(database: Database, table: str) -> None:
    assert documented()[table] == real(database).get(table)


def test_every_table_is_evidence_or_working() -> None:
    kinds = {table: kind for table, kind, _ in SECTION.findall(TEXT)}
    assert {table: kind for table, kind in kinds.items() if kind not in ("evidence", "working")} == {}


def test_what_the_promise_calls_evidence_is_evidence() -> None:
    kinds = {table: kind for table, kind, _ in SECTION.findall(TEXT)}
    evidence = ("lead", "lead_history", "outcome", "reject", "alert", "policy", "audit", "import", "setting")
    assert [table for table in evidence if kinds[table] != "evidence"] == []
    working = ("task", "kv", "counter", "worker", "cycle_slot", "lead_key", "import_seen")
    assert [table for table in working if kinds[table] != "working"] == []


def test_every_column_has_a_meaning_and_one_that_may_be_empty_says_when(database: Database) -> None:
    silent = []
    for table, _, body in SECTION.findall(TEXT):
        optional = {
            name
            for (name,) in database.sql('SELECT name FROM pragma_table_info(?) WHERE NOT "notnull"', (table,))
        }
        for column, meaning in COLUMN.findall(body):
            if len(meaning) < 3 or (column in optional and "empty" not in meaning):
                silent.append(f"{table}.{column}")
    assert silent == []


@pytest.mark.parametrize(
    "query",
    re.findall(r"^```sql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL),
    ids=["imports", "lead", "chain"],
)
def test_the_example_queries_run(database: Database, query: str) -> None:
    assert isinstance(database.sql(query), list)


def test_the_example_query_finds_a_gap_in_the_chain() -> None:
    query = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[2]
    with memory_database() as database:
        assert database.sql(query) == []
        with database.write():
            for _ in range(4):
                audit.append(database, "a", "b", {})
        assert database.sql(query) == []
        with database.write():
            database.connection().authorizer = None  # what another program could do
            database.sql("DROP TRIGGER audit_no_delete")
            database.sql("DELETE FROM audit WHERE seq = 2")
        assert [row[0] for row in database.sql(query)] == [3]
        with database.write():
            database.sql("DELETE FROM audit WHERE seq = 4")
        assert [row[0] for row in database.sql(query)] == [3, 4]


def test_the_numbers_that_identify_the_file_are_right() -> None:
    assert str(APPLICATION_ID) in TEXT
    assert f"describes schema {SCHEMA.latest}." in TEXT
    assert f'["{audit.DOMAIN}",seq,at,actor,' in TEXT


def test_the_bytes_that_identify_the_file_are_where_the_document_says(tmp_path: Path) -> None:
    open_database(tmp_path / "valhalla.db").close_all()
    content = (tmp_path / "valhalla.db").read_bytes()
    assert content[68:72] == b"VALH"
    assert int.from_bytes(content[60:64], "big") == SCHEMA.latest
