"""A database holds what its schema says: the chain's own tables, and those that are handed in."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from db import Database, audit, errors, migrate
from db.evidence import CHAIN, evidence
from db.schema import WORKING, Migrations, Schema
from db.verifying import verify
from jobs import JobQueue
from jobs.schema import SCHEMA as QUEUE
from jobs.testing import Bench
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA

TABLES = """
CREATE TABLE city (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE guest (id INTEGER NOT NULL PRIMARY KEY, city_id INTEGER NOT NULL REFERENCES city (id), name TEXT NOT NULL) STRICT;
CREATE TABLE visit_count (id INTEGER NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
OWN = Schema(
    application_id=0x47554553,
    migrations=(Migrations("guests", (TABLES,)),),
    evidence=(evidence("city", "name"), evidence("guest", "city_id", personal="name")),
    working=frozenset({"visit_count"}),
)
SECOND = Schema(
    OWN.application_id,
    (Migrations("guests", (TABLES, "ALTER TABLE city ADD COLUMN state TEXT NOT NULL DEFAULT 'TX'")),),
    (evidence("city", "name state"), OWN.evidence[1]),
    OWN.working,
)


def tables(database: Database) -> set[str]:
    names = database.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence'")
    return {name for (name,) in names}


def test_a_schema_of_three_tables_with_the_queue_and_nothing_else(path: Path) -> None:
    with Database.open(path, OWN) as database, Bench(database) as bench:

        @bench.queue.task(name="visit")
        def visit(guest: str) -> None:
            with database.write():
                database.sql("INSERT INTO guest (city_id, name) VALUES (1, ?)", (guest,))

        with database.write():
            database.sql("INSERT INTO city VALUES (1, 'Waco')")
        visit("Ada")
        bench.run()
        assert len(QUEUE.working) == 8
        assert tables(database) == {"city", "guest", "visit_count"} | QUEUE.working | CHAIN | WORKING
        verdict = verify(database)
        assert verdict.ok
        assert {*verdict.evidence} == {"city", "guest"} | CHAIN
        assert verdict.rows == 2
        assert database.value("PRAGMA application_id") == OWN.application_id
        assert database.value("PRAGMA user_version") == 0
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE guest SET name = 'Eve'").fetchall()
    connection.close()
    with Database.open(path, OWN) as database:
        assert [problem.table for problem in verify(database).problems] == ["guest"]


def test_a_queue_needs_no_schema_but_its_own(path: Path) -> None:
    for _ in range(2):
        with Database.open(path) as database:
            JobQueue(database)
            assert tables(database) == QUEUE.working | CHAIN | WORKING
            assert database.sql("SELECT * FROM schema_version") == [
                ("db", 3),
                ("jobs", len(QUEUE.migrations[0].scripts)),
            ]
            assert verify(database).ok
    assert sorted(each.name for each in path.parent.glob("*.db")) == [path.name]


def test_a_package_brings_its_tables_up_to_date_and_the_history_says_so(path: Path) -> None:
    with Database.open(path, OWN) as database, database.write():
        database.sql("INSERT INTO city VALUES (1, 'Waco')")
    with Database.open(path, SECOND) as database:
        assert database.sql("SELECT * FROM city") == [(1, "Waco", "TX")]
        assert database.value("SELECT version FROM schema_version WHERE component = 'guests'") == 2
        assert database.one("SELECT subject, body FROM audit WHERE action = 'schema.migrate'") == (
            "guests:2",
            '{"to":2}',
        )
        assert verify(database).ok
    assert path.with_name(f"{path.stem}-before-guests-2.db").exists()
    with pytest.raises(errors.NewerSchema, match="version 2 of the tables of guests"):
        Database.open(path, OWN)


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    open_database(path).close_all()
    for schema in (OWN, Schema()):
        with pytest.raises(errors.ForeignFile):
            Database.open(path, schema)
    other = path.with_name("other.db")
    Database.open(other).close_all()
    with pytest.raises(errors.ForeignFile):
        open_database(other)


def test_every_release_notes_its_versions_from_16_on(path: Path) -> None:
    for release in (15, 16):
        with Database.open(path, SCHEMA.of_release(release)) as database:
            assert migrate.versions(database) == SCHEMA.releases[release - 1]
            assert ("schema_version" in tables(database)) == (release >= 16)
            assert database.value("PRAGMA user_version") == release


def test_a_package_that_is_added_later_is_in_the_chain(path: Path) -> None:
    package = Schema(
        migrations=(Migrations("notes", ("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT) STRICT",)),),
        evidence=(evidence("note", "text"),),
    )
    with Database.open(path) as database:
        database.install(package)
        database.install(package)
        with database.write():
            database.sql("INSERT INTO note VALUES (1, 'seen')")
        assert (
            audit.head(database).entries == 3
        )  # the declaration of the table, the file's parts, and the row
        assert "note" in verify(database).evidence
