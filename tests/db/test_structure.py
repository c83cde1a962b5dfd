"""A file's tables, indexes, triggers and views are those that its migrations make, or it is said which are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, errors, structure
from db.inspecting import inspect
from db.repairing import repair
from db.verifying import verify
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA


def test_what_is_written_down_of_the_schema_is_what_the_migrations_make(script: Any) -> None:
    for path, text in script("pin_schema").pinned().items():
        assert path.read_text(encoding="utf-8") == text, "run: python3 scripts/pin_schema.py"


def test_the_spelling_of_a_part_does_not_count_and_its_meaning_does() -> None:
    def digest(text: str) -> str:
        return structure.digest(("table", "t", "t", text))

    plain = digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a  b', CHECK (a <> '--'))")
    assert plain == digest(
        "CREATE TABLE \"t\" (a TEXT  NOT NULL /* why */ DEFAULT 'a  b',\n CHECK(a<>'--')) -- x"
    )
    assert plain != digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a b', CHECK (a <> '--'))")
    assert plain != digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a  b')")
    assert plain != digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a  b', CHECK (a <> '--')) STRICT")


def test_no_release_has_a_part_that_another_makes_in_another_order() -> None:
    for versions in SCHEMA.releases:
        assert "table audit" in structure.digests(SCHEMA, versions)


def test_a_database_made_in_one_go_is_the_one_that_all_migrations_make(tmp_path: Path) -> None:
    def contents(database: Database) -> dict[str, Any]:
        tables = [name for (name,) in database.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {name: database.sql(f'SELECT * FROM "{name}"') for name in tables}
        (state,) = rows.pop("suppression_state")  # its salt is another one in each database
        return {"parts": structure.rows(database), "rows": rows, "salt": (*state[:2], len(state[2]))}

    step_by_step = Database.open(tmp_path / "steps.db", replace(SCHEMA, newest=None))
    with open_database(tmp_path / "at once.db") as at_once, step_by_step:
        assert contents(at_once) == contents(step_by_step)
        for pragma in ("user_version", "application_id"):
            assert at_once.value(f"PRAGMA {pragma}") == step_by_step.value(f"PRAGMA {pragma}") != 0


# -- opening and mending -----------------------------------------------------------------------------------

PLANTED = "CREATE TRIGGER planted AFTER INSERT ON setting BEGIN UPDATE effect SET state = 'approved'; END"


def change(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement).fetchall()
    connection.close()


@pytest.fixture
def made(path: Path) -> Path:
    """A file with something in it."""
    with open_database(path) as database, database.write():
        database.sql("INSERT INTO setting VALUES ('interval', '60', 1, 'ann')")
        database.sql(
            "INSERT INTO alert (task, severity, reason, at, last_at) VALUES ('t', 'info', 'r', 1, 1)"
        )
    return path


@pytest.mark.parametrize(
    ("statements", "part"),
    [
        ([PLANTED], "trigger planted"),
        (["DROP TRIGGER audit_no_update"], "trigger audit_no_update"),
        (["DROP INDEX audit_effect"], "index audit_effect"),
        (["ALTER TABLE setting ADD COLUMN more TEXT"], "table setting"),
        (
            ["PRAGMA writable_schema = 1", "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'alert'"],
            "table alert",
        ),
        (["CREATE TABLE holding (a REFERENCES lead (id))"], "table holding"),
        (["CREATE VIRTUAL TABLE planted USING fts5 (a)"], "table planted"),
    ],
)  # fmt: skip
def test_a_file_with_parts_of_others_is_only_read_and_can_be_mended(
    statements: list[str], part: str, made: Path, tmp_path: Path
) -> None:
    with open_database(made) as database:
        before = database.sql("SELECT * FROM alert"), database.sql("SELECT key, value FROM setting")
    change(made, *statements)
    with open_database(made) as database:
        assert database.sql("SELECT key FROM setting") == [("interval",)]
        with pytest.raises(errors.ReadOnly, match=f"{part} .*doctor --repair"), database.write():
            pass
        assert part in {problem.key for problem in verify(database).problems}
    kept = tmp_path / "kept.db"
    assert part in {each.part for each in repair(made, SCHEMA, kept)}
    assert part in {problem.key for problem in inspect(kept, SCHEMA).problems}, "the copy is as the file was"
    with open_database(made) as database:
        assert not database.readonly
        assert verify(database).ok
        assert database.value("SELECT action FROM audit ORDER BY seq DESC LIMIT 1") == "schema.repair"
        assert (database.sql("SELECT * FROM alert"), database.sql("SELECT key, value FROM setting")) == before
        with database.write():
            database.sql("UPDATE alert SET seen = seen + 1")
        assert verify(database).ok
    assert repair(made, SCHEMA, tmp_path / "again.db") == []


def test_tables_that_touch_nothing_are_named_and_stop_nothing(made: Path) -> None:
    change(
        made,
        "CREATE TABLE _replica_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
        "CREATE VIEW mine AS SELECT 1",
    )
    with open_database(made) as database:
        assert not database.readonly
        assert [(each.part, each.acts) for each in structure.differences(database)] == [
            ("table _replica_seq", False),
            ("view mine", False),
        ]
        verdict = verify(database)
    assert verdict.ok
    assert any("_replica_seq" in note for note in verdict.notes)


def test_what_is_gone_with_its_rows_is_not_mended(made: Path, tmp_path: Path) -> None:
    change(made, "DROP TABLE header")
    with pytest.raises(errors.Damaged, match="restore an audit copy"):
        repair(made, SCHEMA, tmp_path / "kept.db")
    with open_database(made) as database:
        assert database.readonly


def test_an_older_file_with_parts_of_others_is_not_brought_up_to_date(path: Path) -> None:
    Database.open(path, SCHEMA.of_release(16)).close_all()
    change(path, PLANTED)
    with pytest.raises(errors.ReadOnly, match="trigger planted"):
        open_database(path)
    repair(path, SCHEMA, path.with_name("kept.db"))
    with open_database(path) as database:
        assert verify(database).ok


@pytest.mark.parametrize(
    "part",
    [
        "'trigger', 'bad', 'lead', 0, 'CREATE TRIGGER bad AFTER INSERT ON lead BEGIN SELEKT 1; END'",
        "'view', 'bad', 'bad', 0, 'CREATE VIEW bad AS SELEKT 1'",
    ],
)
def test_a_part_that_sqlite_cannot_read_does_not_close_the_file(path: Path, part: str) -> None:
    open_database(path).close_all()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute(f"INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ({part})")
    connection.close()
    with open_database(path) as database:
        assert database.readonly and database.value("SELECT count(*) FROM lead") == 0
        with (
            pytest.raises(errors.ReadOnly, match="bad is none of this schema; mend it with"),
            database.write(),
        ):
            pass
    assert not inspect(path, SCHEMA).ok
    kept = path.with_name("kept.db")
    mended = repair(path, SCHEMA, kept)
    assert [each.part.partition(" ")[2] for each in mended] == ["bad"] and kept.exists()
    with open_database(path) as database:
        assert not database.readonly and verify(database).ok
