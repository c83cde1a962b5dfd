"""Of each column with text the schema says whether words about a person may stand in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db import Database
from db.evidence import CHAIN
from valhalla.program.database import memory_database
from valhalla.program.schema import PERSONAL, PLAIN, SCHEMA


@pytest.fixture
def database() -> Iterator[Database]:
    database = memory_database()
    yield database
    database.close_all()


def test_every_column_with_text_is_declared_personal_or_not(database: Database) -> None:
    declared: dict[str, set[str]] = {}
    for part in (PERSONAL, PLAIN):
        for name, columns in part.items():
            declared.setdefault(name, set()).update(columns.split())
    for table in SCHEMA.evidence:
        declared[table.table] = set(table.columns)
    undeclared = [
        f"{table}.{column}"
        for (table,) in database.sql("SELECT name FROM pragma_table_list WHERE schema = 'main'")
        for column, kind in database.sql("SELECT name, type FROM pragma_table_info(?)", (table,))
        if not table.startswith("sqlite_") and table not in CHAIN
        if kind.upper() != "INTEGER" and column not in declared.get(table, ())
    ]
    assert undeclared == []


def test_no_column_is_declared_both() -> None:
    for name in PERSONAL.keys() & PLAIN.keys():
        assert not set(PERSONAL[name].split()) & set(PLAIN[name].split())
    assert (PERSONAL.keys() | PLAIN.keys()) - {"schema_version"} <= SCHEMA.working
