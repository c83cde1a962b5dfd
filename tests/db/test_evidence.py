"""What is declared as evidence: every table and column, once; and the hash of a row, as the documents describe it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import Database, evidence
from db import schema as db_schema
from db.evidence import CHAIN, Evidence, Hasher, encode, encoded
from valhalla.program.database import memory_database
from valhalla.program.schema import SCHEMA

TABLES, WORKING = SCHEMA.tables, SCHEMA.working | db_schema.WORKING

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "file-format.md"


@pytest.fixture(scope="module")
def schema() -> Iterator[Database]:
    with memory_database() as database:
        yield database


def tables(schema: Database) -> set[str]:
    names = schema.sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    )
    return {name for (name,) in names}


def test_every_table_is_declared_as_evidence_or_as_working_data(schema: Database) -> None:
    assert tables(schema) - {*TABLES} - WORKING - CHAIN == set(), "declare them in valhalla/program/schema"
    assert {*TABLES, *WORKING, *CHAIN} - tables(schema) == set()
    assert {*TABLES} & WORKING == set()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_of_evidence_is_declared_once(table: str, schema: Database) -> None:
    declared, info = TABLES[table], schema.sql(f"PRAGMA table_info({table})")
    assert sorted(declared.columns) == sorted(row[1] for row in info), (
        "declare them in valhalla/program/schema"
    )
    assert [row[1] for row in info if row[5]] == list(declared.key)
    # one spelling of every value (of bytes their hexadecimal digits, of REAL there is none); a key is needed to notice changes
    assert {row[2] for row in info} <= {"INTEGER", "TEXT", "BLOB"}
    assert all(row[3] for row in info if row[5])


def test_the_document_calls_evidence_what_is_declared_so() -> None:
    told = dict(re.findall(r"^### (\w+): (\w+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert {table for table, kind in told.items() if kind == "evidence"} == {*TABLES} | CHAIN
    assert {table for table, kind in told.items() if kind == "working"} == WORKING


ROW = Evidence("person", ("id",), ("name", "phone"), ("price", "note"))
cells = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.tuples(st.integers(0, 2**63 - 1), cells, cells, cells, cells))
def test_a_row_is_hashed_as_the_document_says(row: tuple[Any, ...]) -> None:
    def plain(values: list[Any]) -> bytes:
        return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()

    hasher = Hasher(ROW, ("name", "id", "price", "note", "phone"))
    given_row = (row[3], row[0], row[1], row[2], row[4])
    ((key, salt, found),) = hasher.hashes([given_row])
    assert salt is not None
    personal = hashlib.sha256(salt + plain([row[3], row[4]])).digest()
    text = f"valhalla-row-1\n{ROW.id}\nperson\n".encode() + personal + plain([row[0], row[1], row[2]])
    assert (key, found) == (row[0], hashlib.sha256(text).digest())
    assert hasher.check(given_row, salt) == found
    assert hasher.check(given_row, personal) == found  # what a redacted copy keeps
    assert hasher.check(given_row, None) != found


@given(st.lists(cells, min_size=1, max_size=5))
def test_sqlite_writes_text_and_numbers_as_they_are_hashed(values: list[Any]) -> None:
    names = [f"c{number}" for number in range(len(values))]
    given_row = ", ".join(f"?{number} AS {name}" for number, name in enumerate(names, 1))
    connection = apsw.Connection(":memory:")
    found = connection.execute(f"SELECT {encoded(names)} FROM (SELECT {given_row}) AS r", values).get
    assert found == encode(values)


def test_what_was_prepared_elsewhere_before_the_key_was_known_gives_the_same_hash() -> None:
    table = Evidence("t", ("id",), ("name", "later"), ("size", "state"))
    columns, lacking = ("id", "name", "size"), [("later", None), ("state", "new")]
    ready = Hasher(table, columns, lacking).prepare([repeat(0), ("Ann", "Bob"), (7, 0)], 2)
    rows = [(41, "Ann", 7), (2**40, "Cy", 1), (43, "Bob", 0)]
    found = Hasher(table, columns, lacking).hashes(rows, [ready[0], None, ready[1]])
    whole = Hasher(table, ("id", "name", "later", "size", "state"))
    for (number, name, size), (key, salt, made) in zip(rows, found, strict=True):
        assert key == number
        assert made == whole.check((number, name, None, size, "new"), salt)


def test_only_rows_with_one_number_for_a_key_are_prepared() -> None:
    for table in (
        Evidence("t", ("id", "part"), ("name",), ("size",)),
        Evidence("t", ("id",), (), ("part", "name", "size")),
    ):
        with pytest.raises(ValueError, match="cannot be prepared"):
            Hasher(table, ("id", "part", "name", "size")).prepare([(0,), (1,), ("Ann",), (7,)], 1)


def test_columns_that_the_tuples_lack_are_hashed_at_their_defaults() -> None:
    whole = Hasher(ROW, ("id", "price", "note", "name", "phone"))
    short = Hasher(ROW, ("id", "name"), (("price", 5), ("note", None), ("phone", None)))
    _, salt, found = short.hashes([(1, "Jane")])[0]
    assert whole.check((1, 5, None, "Jane", None), salt) == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, "a,b", "c", None, None), (1, "a", "b,c", None, None)),
        ((1, 'a","b', None, None, None), (1, "a", "b", None, None)),
        ((1, None, "", None, None), (1, "", None, None, None)),
        ((1, 5, None, None, None), (1, "5", None, None, None)),
        ((1, "\n", None, None, None), (1, "\\n", None, None, None)),
        ((1, None, None, "x", None), (1, "x", None, None, None)),
    ],
)
def test_values_cannot_be_moved_across_what_separates_them(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    hasher = Hasher(ROW, ("id", "price", "note", "name", "phone"))
    assert hasher.check(one, b"s" * 16) != hasher.check(other, b"s" * 16)


def test_tables_and_column_lists_are_part_of_the_hash() -> None:
    other_table = Evidence("other", ROW.key, ROW.personal, ROW.other)
    other_lists = Evidence("person", ROW.key, ("phone", "name"), ROW.other)
    columns, row = ("id", "price", "note", "name", "phone"), (1, 2, 3, "x", "x")
    hashes = {Hasher(each, columns).check(row, b"s" * 16) for each in (ROW, other_table, other_lists)}
    assert len(hashes) == 3
    assert len(ROW.id) == 16
    assert evidence.columns_id(json.loads(json.dumps(ROW.lists))) == ROW.id


def test_a_key_of_several_columns_is_one_value() -> None:
    assert evidence.key_value((5,)) == 5
    assert evidence.key_value(("interval",)) == "interval"
    assert evidence.key_value((5, 7)) == "[5,7]"


def test_columns_without_an_end_are_as_long_as_the_rows() -> None:
    table = Evidence("t", ("id",), ("name",), ("size",))
    hasher = Hasher(table, ("id", "name", "size"))
    ready = hasher.prepare([repeat(0), repeat(None), (7, 8)], 2)
    found = hasher.hashes([(1, None, 7), (2, None, 8)], ready)
    assert [made for _, _, made in found] == [
        hasher.check((number, None, size), salt)
        for (number, salt, _), size in zip(found, (7, 8), strict=True)
    ]
