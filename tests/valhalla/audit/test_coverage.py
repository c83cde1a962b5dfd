"""Every column of every table of evidence that the program fills: one changed field is found and named, with its row."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

from db import copying
from db.clock import DAY
from db.evidence import key_value
from db.inspecting import inspect
from valhalla.effects import live, register
from valhalla.intake import source_quality
from valhalla.intake.by_hand import add_lead
from valhalla.intake.importer import import_file
from valhalla.intake.other_lists import import_buyers
from valhalla.intake.request import Request
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.undo import undo_import
from valhalla.leads import (
    consent,
    do_not_contact,
    filters,
    merge,
    notes,
    promises,
    scrubbing,
    source_pausing,
    suppression,
    tags,
)
from valhalla.leads.outcomes import Outcome, record
from valhalla.leads.view import Viewer
from valhalla.program.database import open_copy
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.program.settings import save
from valhalla.reports.packet import make
from valhalla.sandbox.alerts import AlertSystem
from valhalla.scoring import experiments, policies, scripts
from valhalla.scoring.opening import open_home
from valhalla.service import runs, tokens
from valhalla.team import members, signing_in

PROMISED = {
    "lead",
    "lead_history",
    "outcome",
    "reject",
    "effect",
    "alert",
    "policy",
    "setting",
    "import",
    "suppression",
}
KINDS: dict[Path, dict[tuple[str, str], str]] = {}
HEADER = "name,email,phone,value,Tag\n"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which something of everything has happened."""
    folder = tmp_path_factory.mktemp("lived")
    home = Home(folder / "home")

    def listed(name: str, rows: str, source: str = "csv") -> int | None:
        (folder / name).write_text(HEADER + rows, encoding="utf-8")
        return import_file(database, Request(str(folder / name), source))

    with open_home(home) as database:
        save(database, "interval", "60")
        policies.change(database, "packet.fee", 12_000, "dearer", actor="ann")
        scripts.add(database, "opener", "Hello {name}")
        arms = [experiments.Arm("call", 1, None), experiments.Arm("text", 1, None)]
        experiments.stop(database, "opener")
        experiments.start(database, "first", arms, kind="channel")
        set_source(database, "careful", Change(options={"merge": "review"}))
        listed(
            "a.csv",
            "Ann A,ann@example.com,713-555-0101,100000,x\nBo B,bo@example.com,713-555-0101,5,y\n,,,,\nC,c@x,,many,\n",
        )
        listed("a.csv", "Ann A,ann@example.com,713-555-0101,120000,x\nBo B,bo@example.com,713-555-0101,5,y\n")
        listed("b.csv", "Ann A,ann@example.com,713-555-0101,120000,z\nDi D,di@example.com,,7,y\n")
        listed("c.csv", "Ed E,ed@example.com,,100,x\n", "careful")
        listed("c.csv", "Ed E,ed@example.com,,200,x\n", "careful")
        gone = listed("d.csv", "Flo F,flo@example.com,,9,\n")
        assert gone is not None
        undo_import(database, gone)
        add_lead(database, {"name": "Gus G", "email": "gus@example.com", "value": "3"})
        merge.merge(database, 1, 2)
        merge.keep_apart(database, 3, 4)
        run = runs.begin(database, "run", {})
        live.open_for(database, run, "ann")
        record(database, Outcome(1, "contacted", database.clock(), reason="she called back"))
        do_not_contact.add(database, [suppression.entry("no@example.com")], reason="asked")
        effect = register.draft(database, "webhook", "https://example.com", {"lead": 1}, about="x", lead_id=1)
        register.approve(database, effect["id"])
        register.stand(database, "email", 3)
        AlertSystem(database=database).repeat("test", "a reason", "warning", {"a": 1})
        (folder / "buyers.csv").write_text("name,markets\nBea,TX\n", encoding="utf-8")
        import_buyers(database, folder / "buyers.csv")
        tokens.add(database, "console", "read")
        record(database, Outcome(3, "offer", database.clock(), amount=90_000_00))
        promises.add(database, 3, "task", database.clock() + DAY, place="here", note="look")
        notes.add(database, 3, "a dog")
        tags.put(database, [3], ["hot"])
        consent.record(database, 3, "text", "yes, text me")
        filters.save(database, "hot", "#hot")
        scrubbing.scrub(database, "own", [suppression.entry("off@example.com")], path="own.csv")
        source_pausing.pause(database, "careful", "pause", "too dear")
        source_quality.set_cost(database, "careful", 10_000)
        members.add(database, "Dana", "caller")
        signing_in.sign_in(database, "Dana", "not her password")
        make(database, Viewer.now(database), 1)
        with database.write():
            run = database.value(
                "INSERT INTO unfolding (state, at, by) VALUES ('done', 1, 'ann') RETURNING id"
            )
            database.sql(
                "INSERT INTO unfolded (unfolding_id, lead_id, body, at) VALUES (?, 3, '{}', 1)", (run,)
            )
        copy = copying.copy(database, folder / "copy.db")
    assert inspect(copy, SCHEMA).ok
    return copy


def filled(path: Path) -> dict[str, tuple[Any, ...]]:
    """A row of each table of evidence that has one."""
    with open_copy(path) as database:
        found = {
            name: database.one(
                f"SELECT {', '.join(f'{chr(34)}{each}{chr(34)}' for each in table.columns)} FROM {name} LIMIT 1"
            )
            for name, table in SCHEMA.tables.items()
        }
    return {name: row for name, row in found.items() if row is not None}


def other(value: Any, kind: str) -> Any:
    if kind == "INTEGER":
        return (value or 0) + 1
    if kind == "BLOB":
        return bytes(byte ^ 1 for byte in value)
    return f"{value or ''}x"


def tampered(path: Path, changes: Iterable[tuple[str, tuple[Any, ...]]]) -> bytes:
    """The file after changes behind the program's back: of all tables at once, since each is to be found by itself."""
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", path.read_bytes())
    connection.execute("PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1").fetchall()
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    for statement, values in changes:
        connection.execute(statement, values)
        assert connection.changes(), statement
    content = connection.serialize("main")
    connection.close()
    return content


def test_every_column_counts(lived: Path, tmp_path: Path, script: Callable[[str], ModuleType]) -> None:
    standalone, rows = script("verify_audit").verify, filled(lived)
    assert rows.keys() >= PROMISED
    assert len(rows) >= len(SCHEMA.tables) - 3, sorted(SCHEMA.tables.keys() - rows.keys())
    columns = {
        name: [each for each in SCHEMA.tables[name].columns if each not in SCHEMA.tables[name].key]
        for name in rows
    }
    path = tmp_path / "changed.db"
    for turn in range(max(map(len, columns.values()))):
        changed, expected = [], {}
        for name, row in rows.items():
            if turn < len(columns[name]):
                table, column = SCHEMA.tables[name], columns[name][turn]
                value = other(row[table.columns.index(column)], kind_of(lived, name, column))
                key = row[: len(table.key)]
                where = " AND ".join(f'"{each}" = ?' for each in table.key)
                changed.append((f'UPDATE {name} SET "{column}" = ? WHERE {where}', (value, *key)))
                expected[name, key_value(key)] = column
        path.write_bytes(tampered(lived, changed))
        ours = {
            (each.table, each.key)
            for each in inspect(path, SCHEMA).problems
            if "digest expected" in each.what
        }
        theirs = {(each["table"], each["key"]) for each in standalone(path)["problems"]}
        for found in (ours, theirs):
            unseen = {name: column for (name, key), column in expected.items() if (name, key) not in found}
            assert unseen == {}, "changed unseen"


NEWEST = (
    "tbl = '{0}' AND key = {1} AND entry = (SELECT max(entry) FROM witness WHERE tbl = '{0}' AND key = {1})"
)
OTHERWISE = {
    "row deleted": ("DELETE FROM {0} WHERE {2}",),
    "row deleted with its witnesses": (
        "DELETE FROM witness WHERE tbl = '{0}' AND key = {1}",
        "DELETE FROM {0} WHERE {2}",
    ),
    "all rows deleted": ("DELETE FROM {0}",),
    "witness removed": (f"DELETE FROM witness WHERE {NEWEST}",),
    "witness's hash changed": (f"UPDATE witness SET hash = zeroblob(32) WHERE {NEWEST}",),
    "witness of another entry": (f"UPDATE witness SET entry = entry + 1000 WHERE {NEWEST}",),
    "salt exchanged": (f"UPDATE witness SET salt = randomblob(16) WHERE {NEWEST}",),
    "salt removed": (f"UPDATE witness SET salt = NULL WHERE {NEWEST}",),
}


@pytest.mark.parametrize("kind", OTHERWISE)
def test_every_table_counts(
    lived: Path, tmp_path: Path, script: Callable[[str], ModuleType], kind: str
) -> None:
    rows = filled(lived)
    if kind.startswith("salt"):
        rows = {name: row for name, row in rows.items() if SCHEMA.tables[name].personal}
    changed = []
    for name, row in rows.items():
        key = SCHEMA.tables[name].key
        where = " AND ".join(f'"{each}" = {quoted(value)}' for each, value in zip(key, row, strict=False))
        witness = quoted(key_value(row[: len(key)]))
        changed += [(text.format(name, witness, where), ()) for text in OTHERWISE[kind]]
    path = tmp_path / "changed.db"
    path.write_bytes(tampered(lived, changed))
    ours = [each.table for each in inspect(path, SCHEMA).problems]
    theirs = [each["table"] for each in script("verify_audit").verify(path)["problems"]]
    assert sorted(ours) == sorted(theirs) and rows.keys() <= set(ours)


def quoted(value: Any) -> str:
    return str(apsw.format_sql_value(value))


def kind_of(path: Path, table: str, column: str) -> str:
    if path not in KINDS:
        with open_copy(path) as database:
            KINDS[path] = {
                (name, each): kind
                for name in SCHEMA.tables
                for each, kind in database.sql("SELECT name, type FROM pragma_table_info(?)", (name,))
            }
    return KINDS[path][table, column]


def test_what_a_lead_said_before_is_told(lived: Path, tmp_path: Path) -> None:
    path = Path(shutil.copyfile(lived, tmp_path / "changed.db"))
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    connection.execute("UPDATE lead SET value = 1 WHERE id = 1")
    connection.close()
    (problem,) = inspect(path, SCHEMA).problems
    assert "holds earlier values" in problem.what and "10000000" in problem.what
