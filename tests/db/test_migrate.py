"""The schema grows forward, whole or not at all, and loses nothing on the way."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, audit, connection, copying, errors, migrate
from db.schema import Migrations, Schema
from db.verifying import verify
from valhalla.program.database import memory_database, open_database
from valhalla.program.schema import SCHEMA

LONG = os.environ.get("VALHALLA_LONG") == "1"
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "schema"

# A small schema of three versions: the second rebuilds a parent whose children would go with it (ON DELETE CASCADE).
FIRST = """
CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY,
                    parent_id INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE) STRICT;
"""
REBUILD = """
CREATE TABLE new_parent (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, note TEXT) STRICT;
INSERT INTO new_parent (id, name) SELECT id, name FROM parent;
DROP TABLE parent;
ALTER TABLE new_parent RENAME TO parent;
"""
THIRD = "CREATE INDEX parent_by_name ON parent (name); UPDATE parent SET note = 'third';"
SCRIPTS = (FIRST, REBUILD, THIRD)


def small(*scripts: str) -> Schema:
    """A schema of these scripts, each of them a release."""
    releases = tuple({"db": 3, "small": version} for version in range(1, len(scripts) + 1))
    return Schema(0x534D4C, (Migrations("small", scripts),), releases=releases)


OLD, SMALL = small(FIRST), small(*SCRIPTS)

WITH_SCHEMA = f"""
from db.schema import Migrations, Schema
from valhalla.program.schema import SCHEMA
releases = tuple({{"db": 3, "small": version}} for version in (1, 2, 3))
small = Schema(0x534D4C, (Migrations("small", {SCRIPTS!r}),), releases=releases)
schema = small if "small" in words else SCHEMA
"""

ROWS = "SELECT c.id, p.id, p.name FROM child c JOIN parent p ON p.id = c.parent_id ORDER BY c.id"


def make_old(path: Path) -> None:
    """Make a file of the small schema's first version, with 3 parents of 2 children each."""
    with Database.open(path, OLD) as database, database.write():
        database.many("INSERT INTO parent VALUES (?, ?)", [(n, f"parent {n}") for n in range(3)])
        database.many("INSERT INTO child VALUES (?, ?)", [(n, n % 3) for n in range(6)])


def backup(path: Path, version: int) -> Path:
    """Where the copy is that was made before a file of ``version`` was migrated."""
    return path.with_name(f"{path.stem}-before-schema-{version + 1}{path.suffix}")


def rows(database: Database) -> list[tuple[Any, ...]]:
    return database.sql(ROWS)


EXPECTED = [(n, n % 3, f"parent {n % 3}") for n in range(6)]


def shape(database: Database) -> list[tuple[Any, ...]]:
    return database.sql("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")


# -- the numbered files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("component", ["db", "jobs", "valhalla"])
def test_the_files_are_numbered_without_a_gap(component: str) -> None:
    migrations = SCHEMA.components[component]
    assert isinstance(migrations.source, Path)
    names = sorted(each.name for each in migrations.source.glob("*.sql"))
    assert [name[:5] for name in names] == [f"{n:04d}_" for n in range(1, len(names) + 1)]
    assert len(migrations.scripts) == len(names)


def test_a_release_grows_and_the_newest_has_all_migrations() -> None:
    for before, after in itertools.pairwise(SCHEMA.releases):
        assert after != before
        assert all(after[name] >= version for name, version in before.items())
    assert SCHEMA.releases[-1] == {name: len(each.scripts) for name, each in SCHEMA.components.items()}


def test_no_file_brings_transactions_or_pragmas_of_its_own() -> None:
    for each in SCHEMA.components.values():
        for number, script in enumerate(each.scripts, 1):
            code = re.sub(r"--[^\n]*", "", script).upper()
            code = re.sub(r"CREATE TRIGGER.*?\bEND;", "", code, flags=re.DOTALL)
            found = re.search(r"\b(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|PRAGMA|ATTACH|VACUUM)\b", code)
            assert not found, (each.component, number)


def test_every_table_is_strict_and_no_evidence_is_a_float() -> None:
    with memory_database() as database:
        # A full-text index is made of tables of SQLite's own, and holds working data only.
        tables = database.sql(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        )
        loose = [name for name, strict in tables if not strict and not name.startswith("sqlite_")]
        assert loose == []
        floats = database.sql(
            "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c "
            "WHERE t.type = 'table' AND c.type IN ('REAL', 'ANY')"
        )
        assert floats == [("witness", "key")]  # the keys of all tables, numbers and texts


# -- upgrading ---------------------------------------------------------------------------------------------


def test_an_older_file_is_copied_and_brought_up_to_date(path: Path) -> None:
    make_old(path)
    with Database.open(path, SMALL) as database:
        assert database.value("PRAGMA user_version") == 3
        assert rows(database) == EXPECTED
        assert database.sql("SELECT DISTINCT note FROM parent") == [("third",)]
        assert database.value("PRAGMA foreign_keys") == 1
        with pytest.raises(apsw.ConstraintError), database.write():
            database.sql("INSERT INTO child VALUES (9, 9)")
    copy = backup(path, 1)
    assert sorted(each.name for each in path.parent.iterdir()) == [copy.name, path.name, "writer.turn"]
    with Database.open_copy(copy, OLD) as old:
        assert old.value("PRAGMA user_version") == 1
        assert rows(old) == EXPECTED


def test_a_new_file_and_one_that_is_up_to_date_are_not_copied(path: Path) -> None:
    for _ in range(2):
        Database.open(path, SMALL).close_all()
        assert sorted(each.name for each in path.parent.iterdir()) == [path.name, "writer.turn"]


def test_step_by_step_and_at_once_come_to_the_same(tmp_path: Path) -> None:
    with open_database(tmp_path / "at once.db") as at_once:
        expected = shape(at_once)
    for release in range(1, SCHEMA.latest + 1):
        Database.open(tmp_path / "step.db", SCHEMA.of_release(release)).close_all()
    with open_database(tmp_path / "step.db") as step:
        assert shape(step) == expected


@pytest.mark.parametrize("version", range(1, SCHEMA.latest))
def test_every_older_schema_keeps_its_rows_and_its_chain(path: Path, version: int) -> None:
    old_schema = SCHEMA.of_release(version)
    with (
        Database.open(path, old_schema) as old,
        old.write(),
        old.recorder().off(),
    ):  # before rows were witnessed
        for number in range(5):
            audit.append(old, "test", f"setting:{number}", {"number": number})
            old.sql("INSERT INTO setting VALUES (?, '1', 0, 'test')", (f"key {number}",))
        before = contents(old)
    with open_database(path) as new:
        assert_kept(before, new)
        assert verify(new).ok
        told = new.sql("SELECT body FROM audit WHERE action = 'schema.migrate'")
        steps = range(version + 1, SCHEMA.latest + 1)
        assert [json.loads(body) for (body,) in told] == [{"to": step} for step in steps]
    assert backup(path, version).exists()


@pytest.mark.parametrize("dump", sorted(FIXTURES.glob("*.sql")), ids=lambda dump: dump.stem)
def test_every_released_schema_keeps_its_rows_and_its_chain(path: Path, dump: Path) -> None:
    """See tests/fixtures/schema/README.md. There is nothing to test before the first release."""
    connection = apsw.Connection(str(path))
    connection.execute(dump.read_text(encoding="utf-8"))
    connection.close()
    with contextlib.closing(apsw.Connection(str(path))) as old:
        before = contents(old)
    assert sum(map(len, before.values())) > 20, "a fixture without rows proves nothing"
    with open_database(path) as new:
        assert_kept(before, new)


def contents(database: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, by the names of their columns."""
    execute = (
        database.sql if isinstance(database, Database) else lambda text: database.execute(text).fetchall()
    )
    found = {}
    for (table,) in execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ):
        columns = [name for (name,) in execute(f"SELECT name FROM pragma_table_info('{table}')")]
        quoted = ", ".join(f'"{name}"' for name in columns)
        found[table] = [
            dict(zip(columns, row, strict=True)) for row in execute(f"SELECT {quoted} FROM {table}")
        ]
    return found


def assert_kept(before: dict[str, list[dict[str, Any]]], new: Database) -> None:
    after = contents(new)
    for table, old_rows in before.items():
        now = [{name: row.get(name) for name in old_rows[0]} for row in after[table]] if old_rows else []
        if table == "audit":  # a migration may witness what it found, which moves the head
            now = now[: len(old_rows)]
        if table == "witness":
            now = [row for row in now if row in old_rows]
        if table not in ("audit_head", "schema_version") and not table.startswith(
            ("lead_index", "lead_search")
        ):  # the search index may be filled again
            assert now == old_rows, table
    assert new.value("PRAGMA integrity_check") == "ok"
    assert new.sql("PRAGMA foreign_key_check") == []
    assert audit.check_chain(new) == []


# -- trouble -----------------------------------------------------------------------------------------------


def test_a_migration_that_fails_in_the_middle_changes_nothing(path: Path) -> None:
    make_old(path)
    with pytest.raises(apsw.SQLError, match="missing"):
        Database.open(path, small(FIRST, REBUILD + "INSERT INTO missing VALUES (1);"))
    with Database.open(path, OLD) as database:
        assert rows(database) == EXPECTED
        assert database.sql("SELECT * FROM pragma_table_info('parent') WHERE name = 'note'") == []


def test_a_migration_that_leaves_orphans_is_refused(path: Path) -> None:
    make_old(path)
    with pytest.raises(errors.Damaged, match="2 rows refer to rows that are missing"):
        Database.open(path, small(FIRST, "DELETE FROM parent WHERE id = 1;"))
    with Database.open(path, OLD) as database:
        assert rows(database) == EXPECTED


def test_nothing_is_migrated_when_the_copy_cannot_be_made(path: Path) -> None:
    make_old(path)
    backup(path, 1).mkdir()
    with pytest.raises(errors.DiskFailure, match="could not be written"):
        Database.open(path, SMALL)
    backup(path, 1).rmdir()
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, "writer.turn"]
    with Database.open(path, SMALL) as database:
        assert rows(database) == EXPECTED


KILLED = (
    WITH_SCHEMA
    + """
import apsw
left = 0

def count(cursor, statement, bindings):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return True

while line := hear():
    step, _, name = line.partition(" ")
    child = os.fork() if hasattr(os, "fork") else 0
    if child == 0:
        left = int(step)
        apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(count))
        Database.open(Path(name), schema).close_all()
        os._exit(0)
    tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


class Killer:
    """Opens a file in a process that ends itself before a statement; returns its exit code. Forks of one that is loaded."""

    def __init__(self, process: Any, *words: str) -> None:
        self._process = process
        self._words = words
        self._server: Any = None
        self._times = 0

    def __call__(self, path: Path, step: int) -> int:
        if self._times % 20 == 0 or not hasattr(os, "fork"):
            self._server = self._process(KILLED, path, *self._words)
        self._times += 1
        self._server.say(f"{step} {path}")
        told = self._server.hear()
        return int(told) if told else int(self._server.wait())


@pytest.mark.crash
def test_a_migration_killed_at_any_statement_is_done_by_the_next_start(tmp_path: Path, process: Any) -> None:
    make_old(tmp_path / "old.db")
    original = (tmp_path / "old.db").read_bytes()
    kills, step, versions = 0, 0, set()
    killer = Killer(process, "small")
    while True:
        folder = tmp_path / str(step)
        folder.mkdir()
        path = folder / "valhalla.db"
        path.write_bytes(original)
        code = killer(path, step)
        with contextlib.closing(apsw.Connection(str(path))) as left:
            versions.add(left.execute("PRAGMA user_version").fetchall()[0][0])
            assert left.execute(ROWS).fetchall() == EXPECTED  # whichever version it is, it is whole
        with Database.open(path, SMALL) as database:
            assert rows(database) == EXPECTED
            assert database.value("PRAGMA user_version") == 3
            assert database.value("PRAGMA integrity_check") == "ok"
            assert database.sql("SELECT DISTINCT note FROM parent") == [("third",)]
        assert backup(path, 1).exists()
        if code == 0:
            break
        assert code == 9
        kills, step = kills + 1, step + (1 if LONG else 3)
    assert kills > (20 if LONG else 6)
    assert versions == {1, 2, 3}


@pytest.mark.crash
def test_a_first_start_killed_at_any_statement_is_done_by_the_next(tmp_path: Path, process: Any) -> None:
    with memory_database() as whole:
        expected = shape(whole)
    step, code, killer = 0, 9, Killer(process)
    while code == 9:  # each statement in the long form, each 23rd in the short one
        path = tmp_path / f"{step}.db"
        code = killer(path, step)
        with open_database(path) as database:
            assert shape(database) == expected
            assert database.value("PRAGMA user_version") == SCHEMA.latest
        step += 1 if LONG else 23
    assert code == 0
    assert step > 40


RACE = (
    WITH_SCHEMA
    + """
from db import audit
tell("ready")
hear()
database = Database.open(path, schema)
if "small" in words:
    tell(*database.one("SELECT count(*) FROM child"))
else:
    with database.write():
        audit.append(database, "test", "race", {})
    tell(audit.check_chain(database))
database.close_all()
"""
)


@pytest.mark.parametrize("attempt", range(10 if LONG else 1))
def test_six_processes_make_one_new_file(path: Path, process: Any, attempt: int) -> None:
    others = [process(RACE, path) for _ in range(6)]
    for other in others:
        other.expect("ready")
    for other in others:
        other.say("go")
    assert [other.finish() for other in others] == ["[]"] * 6
    with open_database(path) as database:
        assert audit.head(database).entries == 6
        assert audit.check_chain(database) == []
        assert database.value("PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize("attempt", range(10 if LONG else 1))
def test_six_processes_migrate_one_old_file_and_the_copy_is_of_the_old_one(
    path: Path, process: Any, attempt: int
) -> None:
    make_old(path)
    others = [process(RACE, path, "small") for _ in range(6)]
    for other in others:
        other.expect("ready")
    for other in others:
        other.say("go")
    assert [other.finish() for other in others] == ["6"] * 6
    with Database.open(path, SMALL) as database:
        assert rows(database) == EXPECTED
    with Database.open_copy(backup(path, 1), OLD) as copy:
        assert copy.value("PRAGMA user_version") == 1
        assert rows(copy) == EXPECTED
    assert not list(path.parent.glob("*.part*"))


def test_a_process_that_was_late_does_not_replace_the_copy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(path)
    with Database(str(path), flags=apsw.SQLITE_OPEN_READWRITE, path=path, schema=SMALL) as late:
        real = late.value

        def value(text: str, params: Any = ()) -> Any:
            if text == "PRAGMA user_version" and not late.in_write():
                found = real(text, params)
                monkeypatch.setattr(late, "value", real)
                Database.open(
                    path, SMALL
                ).close_all()  # the other one does it all in the moment after the look
                return found
            return real(text, params)

        monkeypatch.setattr(late, "value", value)
        migrate.upgrade(late)
    with Database.open_copy(backup(path, 1), OLD) as copy:
        assert copy.value("PRAGMA user_version") == 1


def test_nobody_migrates_while_the_copy_is_made(
    path: Path, monkeypatch: pytest.MonkeyPatch, in_thread: Callable[[Callable[[], object]], None]
) -> None:
    make_old(path)
    real, refused = copying.copy, list[errors.Busy]()

    def other() -> None:
        try:
            Database.open(path, SMALL).close_all()
        except errors.Busy as error:
            refused.append(error)

    def copy(*arguments: Any) -> Path:
        monkeypatch.setattr(connection, "TURN_TIMEOUT", 0.01)
        monkeypatch.setattr(copying, "copy", real)
        in_thread(other)
        return real(*arguments)

    monkeypatch.setattr(copying, "copy", copy)
    Database.open(path, SMALL).close_all()
    assert len(refused) == 1
    with Database.open_copy(backup(path, 1), OLD) as made:
        assert made.value("PRAGMA user_version") == 1
