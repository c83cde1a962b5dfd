"""A column that did not count as personal, and now does: rows are witnessed again, so that a copy can leave it out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database
from db.redaction import redact
from db.verifying import verify
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA

OLD = Path(__file__).parents[1] / "fixtures" / "schema" / "schema-0016.sql"


def make(path: Path, *statements: str) -> Path:
    """A file of an earlier version, with something done to it by hand."""
    connection = apsw.Connection(str(path))
    connection.execute(OLD.read_text(encoding="utf-8"))
    for statement in statements:
        connection.execute(statement)
    connection.close()
    return path


def columns_told(database: Database) -> set[tuple[Any, ...]]:
    return set(
        database.sql(
            "SELECT w.key, json_extract(a.body, '$.tables.import.columns') FROM witness AS w JOIN audit AS a ON a.seq = w.entry "
            "WHERE w.tbl = 'import' AND w.entry = (SELECT max(entry) FROM witness WHERE tbl = 'import' AND key = w.key)"
        )
    )


def test_a_redacted_copy_of_an_older_file_names_no_list(path: Path, both: Callable[..., set[Any]]) -> None:
    with open_database(make(path)) as database:
        paths = [name for (name,) in database.sql("SELECT path FROM import UNION SELECT path FROM file")]
        assert paths and all(name.endswith(".csv") for name in paths)
        assert {columns for _, columns in columns_told(database)} == {SCHEMA.tables["import"].id}
        assert verify(database).ok
    copy = Path(shutil.copyfile(path, path.with_name("copy.db")))
    redact(copy, SCHEMA)
    assert both(copy) == set()
    with Database.open_copy(copy, SCHEMA) as database:
        assert database.sql("SELECT DISTINCT path FROM import") == [("",)]
        assert all(name.startswith("(left out ") for (name,) in database.sql("SELECT path FROM file"))


def test_rows_are_witnessed_again_once(path: Path) -> None:
    with open_database(make(path)) as database:
        count = database.value("SELECT count(*) FROM audit")
    with open_database(path) as database:
        assert database.value("SELECT count(*) FROM audit") == count


@pytest.mark.parametrize(
    "change", ["path = 'elsewhere.csv'", "warnings = '[1]'", "rows = rows + 1, new = new + 1"]
)
def test_a_row_that_was_altered_before_is_still_found(change: str, path: Path) -> None:
    with open_database(make(path, f"UPDATE import SET {change} WHERE id = 1")) as database:
        found = verify(database)
        assert [(table, key) for table, key, _ in found.problems] == [("import", 1)]
        assert (1, SCHEMA.tables["import"].id) not in columns_told(database)
