"""Every kind of tampering with a file, one by one: both verifiers find it, and they name the same.

What no verifier can find without a head that was noted elsewhere is in the table of docs/auditing.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import audit, copying
from db.evidence import encode
from db.standing import READ_HEAD
from valhalla.leads import do_not_contact, suppression
from valhalla.program.database import open_copy
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.program.settings import save
from valhalla.sandbox.alerts import AlertSystem
from valhalla.scoring import policies
from valhalla.scoring.opening import open_home

Change = Callable[[apsw.Connection], object]

ROWS = ("setting", "policy", "alert", "suppression", "suppression_state")
PERSONAL = [name for name in ROWS if SCHEMA.tables[name].personal]
PLANTED = ("effect", "lead", "audit", "witness", "suppression", "setting")
INDEXES = ("lead_by_score", "suppression_in_force", "audit_effect", "audit_declaration")
TRIGGERS = ("audit_no_update", "audit_no_delete", "audit_no_replace", "audit_head_steps", "audit_head_no_insert",
            "audit_head_no_delete", "witness_no_update", "witness_no_delete")  # fmt: skip
TEXTS = {
    "a check dropped": ("setting", "json_valid", "length"),
    "strict dropped": ("alert", "STRICT", ""),
    "not null dropped": ("audit_head", "hash    TEXT NOT NULL", "hash    TEXT"),
    "unique dropped": ("audit", "hash           TEXT NOT NULL UNIQUE", "hash           TEXT NOT NULL"),
    "a default changed": ("alert", "DEFAULT 1", "DEFAULT 2"),
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    home = Home(tmp_path_factory.mktemp("original") / "home")
    with open_home(home) as database:
        save(database, "interval", "60")
        save(database, "import.chunk_rows", "200")
        policies.change(database, "packet.fee", 12_000, "dearer", actor="ann")
        for number in range(3):
            AlertSystem(database=database).repeat(f"test {number}", "a reason", "warning", {"a": 1})
            do_not_contact.add(database, [suppression.entry(f"no{number}@example.com")], reason="asked")
        return copying.copy(database, home.path / "copy.db").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each case writes its file, over the one before."""
    return tmp_path_factory.mktemp("tampering") / "copy.db"


def kinds() -> Iterator[tuple[str, Change]]:
    """Every kind by its name."""
    for table in ROWS:
        yield from of_rows(table)
    yield from of_chain()
    yield from of_parts()


def statements(*texts: str) -> Change:
    def run(connection: apsw.Connection) -> None:
        for text in texts:
            connection.execute(text).fetchall()

    return run


def of_rows(table: str) -> Iterator[tuple[str, Change]]:
    shape = SCHEMA.tables[table]
    key = shape.key[0]
    first = f'"{key}" = (SELECT min("{key}") FROM {table})'
    newest = f"tbl = '{table}' AND key = (SELECT min(\"{key}\") FROM {table})"
    newest += f" AND entry = (SELECT max(entry) FROM witness WHERE {newest})"
    other = f'CASE typeof("{key}") WHEN \'text\' THEN "{key}" || \'x\' ELSE "{key}" + 1000 END'
    for column in (*shape.other, *shape.personal):
        value = f"""CASE typeof("{column}") WHEN 'integer' THEN "{column}" + 1 WHEN 'blob' THEN randomblob(16)
            ELSE coalesce("{column}", '') || ' ' END"""
        if column in ("removed_at", "closed_at"):
            value = f'coalesce("{column}", 0) + 1'
        yield (
            f"{table}: {column} changed",
            statements(f'UPDATE {table} SET "{column}" = {value} WHERE {first}'),
        )
    yield f"{table}: key changed", statements(f'UPDATE {table} SET "{key}" = {other} WHERE {first}')
    yield f"{table}: row deleted", statements(f"DELETE FROM {table} WHERE {first}")
    yield (
        f"{table}: row deleted with its witnesses",
        statements(f"DELETE FROM witness WHERE tbl = '{table}' AND key = (SELECT min(\"{key}\") FROM {table})",
                   f"DELETE FROM {table} WHERE {first}"),
    )  # fmt: skip
    yield f"{table}: all rows deleted", statements(f"DELETE FROM {table}")
    columns = ", ".join(f'"{each}"' for each in shape.columns)
    values = ", ".join(
        other if each == key else "'digest'" if each == "digest" else f'"{each}"' for each in shape.columns
    )
    added = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {first}"
    yield f"{table}: row added", statements(added)
    yield (
        f"{table}: row added with the witness of another",
        statements(f"INSERT INTO witness SELECT tbl, {other.replace(chr(34) + key + chr(34), 'key')}, entry, salt, hash "
                   f"FROM witness WHERE {newest}", added),
    )  # fmt: skip
    yield f"{table}: witness removed", statements(f"DELETE FROM witness WHERE {newest}")
    yield (
        f"{table}: witness's hash changed",
        statements(f"UPDATE witness SET hash = zeroblob(32) WHERE {newest}"),
    )
    yield f"{table}: witness's hash emptied", statements(f"UPDATE witness SET hash = NULL WHERE {newest}")
    yield f"{table}: witness of another entry", statements(f"UPDATE witness SET entry = 1 WHERE {newest}")
    yield (
        f"{table}: witness of a later entry",
        statements(f"UPDATE witness SET entry = entry + 1000 WHERE {newest}"),
    )
    yield (
        f"{table}: witness of another table",
        statements(f"UPDATE witness SET tbl = 'nothing' WHERE {newest}"),
    )
    if shape.personal:
        yield f"{table}: salt removed", statements(f"UPDATE witness SET salt = NULL WHERE {newest}")
        yield (
            f"{table}: salt exchanged",
            statements(f"UPDATE witness SET salt = randomblob(16) WHERE {newest}"),
        )
        yield (
            f"{table}: redacted by hand",
            lambda connection: redact_by_hand(connection, table, newest, first),
        )


def redact_by_hand(connection: apsw.Connection, table: str, newest: str, first: str) -> None:
    personal = SCHEMA.tables[table].personal
    names = ", ".join(f'"{each}"' for each in personal)
    salt: Any = connection.execute(f"SELECT salt FROM witness WHERE {newest}").get
    row = connection.execute(f"SELECT {names} FROM {table} WHERE {first}").fetchall()[0]
    half = hashlib.sha256(salt + encode(row)).digest()
    connection.execute(f"UPDATE witness SET salt = ? WHERE {newest}", (half,))
    for each in personal:
        blank = f"""CASE typeof("{each}") WHEN 'blob' THEN zeroblob(16) WHEN 'null' THEN NULL WHEN 'integer' THEN 0 ELSE '' END"""
        connection.execute(f'UPDATE {table} SET "{each}" = {blank} WHERE {first}')


def of_chain() -> Iterator[tuple[str, Change]]:
    values = {"seq": "seq + 1000", "at": "at + 1", "correlation_id": "'c'", "body": "'{}'"}
    for column in ("seq", "at", "actor", "correlation_id", "action", "subject", "body", "previous", "hash"):
        for where, which in (("first", "1"), ("middle", "6"), ("last", "(SELECT max(seq) FROM audit)")):
            value = values.get(column, f"{column} || 'x'")
            yield (
                f"audit: {column} of the {where} entry changed",
                statements(f"UPDATE audit SET {column} = {value} WHERE seq = {which}"),
            )
    for where, which in (("first", "1"), ("middle", "6"), ("last", "(SELECT max(seq) FROM audit)")):
        yield f"audit: the {where} entry removed", statements(f"DELETE FROM audit WHERE seq = {which}")
    yield "audit: all entries removed", statements("DELETE FROM audit")
    yield "audit: the first half removed", statements("DELETE FROM audit WHERE seq < 8")
    yield "audit: the last half removed", statements("DELETE FROM audit WHERE seq > 8")
    yield "audit: two entries exchanged", statements("UPDATE audit SET seq = -1 WHERE seq = 4", "UPDATE audit SET seq = 4 WHERE seq = 5",
                                                      "UPDATE audit SET seq = 5 WHERE seq = -1")  # fmt: skip
    added = "INSERT INTO audit SELECT seq + 1, at, actor, correlation_id, action, subject, body, hash, 'x' FROM audit ORDER BY seq DESC LIMIT 1"
    yield "audit: an entry added", statements(added)
    yield (
        "audit: an entry added that the head names",
        statements(added, "UPDATE audit_head SET entries = entries + 1, hash = 'x'"),
    )
    yield "audit: a tail cut off with the head moved", lambda connection: cut(connection)
    yield "audit_head: entries changed", statements("UPDATE audit_head SET entries = entries - 1")
    yield "audit_head: hash changed", statements("UPDATE audit_head SET hash = ''")
    yield "audit_head: removed", statements("DELETE FROM audit_head")
    yield "audit_head: a second one", statements("INSERT INTO audit_head VALUES (2, 0, '')")
    yield (
        "file: rows of a table that no entry has declared",
        statements("INSERT INTO live_session (run_id, opened_at, opened_by, until) VALUES (1, 1, 'x', 2)"),
    )
    yield "file: a mark of redaction", lambda connection: mark(connection)


def cut(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq > 8")
    connection.execute("UPDATE audit_head SET entries = 8, hash = (SELECT hash FROM audit WHERE seq = 8)")


def mark(connection: apsw.Connection) -> None:
    entries, head = connection.execute(READ_HEAD).fetchall()[0]
    entry: tuple[Any, ...] = (
        int(str(entries)) + 1,
        1,
        "valhalla",
        None,
        audit.REDACTED,
        "x",
        "{}",
        str(head),
    )
    digest = audit.entry_hash(*entry)
    connection.execute(audit.ADD_ENTRY, (*entry, digest))
    connection.execute(audit.MOVE_HEAD, (entry[0], digest))


def of_parts() -> Iterator[tuple[str, Change]]:
    for table in PLANTED:
        for moment in ("BEFORE INSERT", "AFTER UPDATE", "BEFORE DELETE"):
            yield (
                f"schema: a trigger {moment} on {table}",
                statements(
                    f"CREATE TRIGGER planted {moment} ON {table} BEGIN UPDATE effect SET state = 'approved'; END"
                ),
            )
        yield f"schema: a unique index on {table}", statements(f"CREATE INDEX planted ON {table} (1)")
        yield f"schema: a column more in {table}", statements(f"ALTER TABLE {table} ADD COLUMN planted TEXT")
    for index in INDEXES:
        yield f"schema: index {index} dropped", statements(f"DROP INDEX {index}")
    for trigger in TRIGGERS:
        yield f"schema: trigger {trigger} dropped", lambda connection, name=trigger: drop(connection, name)
        yield (
            f"schema: trigger {trigger} without its point",
            statements("PRAGMA writable_schema = 1",
                       f"UPDATE sqlite_schema SET sql = replace(sql, ' BEGIN', ' WHEN 0 BEGIN') WHERE name = '{trigger}' AND sql NOT LIKE '%WHEN%'",
                       f"UPDATE sqlite_schema SET sql = replace(sql, 'WHEN EXISTS', 'WHEN 0 AND EXISTS') WHERE name = '{trigger}'",
                       f"UPDATE sqlite_schema SET sql = replace(sql, 'WHEN NEW', 'WHEN 0 AND NEW') WHERE name = '{trigger}'"),
        )  # fmt: skip
    for name, (table, old, new) in TEXTS.items():
        yield (
            f"schema: {name}",
            statements("PRAGMA writable_schema = 1",
                       f"UPDATE sqlite_schema SET sql = replace(sql, '{old}', '{new}') WHERE name = '{table}'"),
        )  # fmt: skip
    yield (
        "schema: a view in the place of a table",
        statements("DROP TABLE cycle", "CREATE VIEW cycle AS SELECT 1 AS id"),
    )
    yield (
        "schema: a table that holds on to a lead",
        statements("CREATE TABLE planted (a REFERENCES lead (id))"),
    )
    yield "schema: a virtual table", statements("CREATE VIRTUAL TABLE planted USING fts5(a)")
    yield (
        "schema: a trigger on a foreign table",
        statements(
            "CREATE TABLE planted (a)",
            "CREATE TRIGGER p AFTER INSERT ON planted BEGIN DELETE FROM effect; END",
        ),
    )
    yield "schema: an older version", statements("PRAGMA user_version = 9")
    yield "schema: another mark", statements("PRAGMA application_id = 1")


def drop(connection: apsw.Connection, name: str) -> None:
    connection.execute(f"DROP TRIGGER {name}")


KINDS = dict(kinds())


def tamper(content: bytes, change: Change) -> bytes:
    """Change a file as somebody would who has an SQLite tool and knows how to keep the triggers from acting.

    In memory, because nothing here depends on a disk, which would be waited for after each statement.
    """
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", content)
    connection.execute(
        "PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1; PRAGMA legacy_alter_table = 1"
    ).fetchall()
    if change not in OF_PARTS:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    before = connection.total_changes()
    change(connection)
    assert change in OF_PARTS or connection.total_changes() > before, "nothing was changed"
    changed = connection.serialize("main")
    connection.close()
    return changed


OF_PARTS = [change for name, change in KINDS.items() if name.startswith("schema: ")]


def test_there_are_at_least_150_kinds() -> None:
    assert len(KINDS) >= 150


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_found_by_both(
    kind: str, original: bytes, place: Path, both: Callable[..., set[tuple[str, Any]]]
) -> None:
    place.write_bytes(tamper(original, KINDS[kind]))
    assert both(place), f"{kind} went unseen"


def test_the_file_itself_is_sound(
    original: bytes, place: Path, both: Callable[..., set[tuple[str, Any]]]
) -> None:
    place.write_bytes(original)
    assert both(place) == set()
    with open_copy(place) as database:
        assert all(database.value(f"SELECT count(*) FROM {table}") for table in ROWS)
