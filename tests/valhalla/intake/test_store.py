"""Storing a list of any length takes the same memory: what is kept until a transaction ends is small."""

from __future__ import annotations

import json
import random
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import Database, audit
from db.verifying import verify
from valhalla.intake import importer, new_keys, store
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program.database import open_database
from valhalla.scoring import store as scoring_store

HEADER = "name,email,value,notes\n"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "valhalla.db") as database:
        scoring_store.seed(database)
        yield database


def take(database: Database, path: Path, lines: list[str]) -> None:
    path.write_text(HEADER + "".join(line + "\n" for line in lines), encoding="utf-8")
    import_file(database, Request(str(path), again=True))


def people(first: int, count: int, value: int = 1) -> list[str]:
    return [f"Lead {n},lead{n}@example.com,{value + n},note" for n in range(first, first + count)]


def test_every_new_lead_is_found_again_in_however_many_parts_its_keys_are_stored(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_keys, "STEP", 7)
    lines = people(0, 30)
    take(database, tmp_path / "a.csv", [*lines, *lines[:5]])
    take(database, tmp_path / "b.csv", people(20, 30))
    assert database.value("SELECT count(*) FROM lead") == 50
    index = database.sql("SELECT key, lead_id, learnt FROM lead_key ORDER BY lead_id")
    assert index == database.sql("SELECT identity, id, 0 FROM lead ORDER BY id")


def test_adding_to_a_large_index_does_not_hold_the_index_in_memory(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = store.Transaction.commit
    taken = 0

    def measured(transaction: store.Transaction) -> float:
        nonlocal taken
        before = apsw.memory_used()
        apsw.memory_high_water(True)
        try:
            return commit(transaction)
        finally:
            taken = max(taken, apsw.memory_high_water() - before)

    def most_taken(step: int, first: int) -> int:
        nonlocal taken
        taken = 0
        monkeypatch.setattr(new_keys, "STEP", step)
        take(database, tmp_path / "a.csv", people(first, 2_000))
        return taken

    take(database, tmp_path / "a.csv", people(0, 1))
    chance = random.Random(5)
    with database.write():
        keys = ((chance.getrandbits(63), 1) for _ in range(100_000))
        database.many("INSERT INTO lead_key (key, lead_id) VALUES (?, ?)", keys)
    monkeypatch.setattr(store.Transaction, "commit", measured)
    index = database.value("SELECT sum(pgsize) FROM dbstat WHERE name = 'lead_key'")
    # Of a few tries: what SQLite has for other threads of this process is counted, too.
    at_once = max(most_taken(1_000_000, first) for first in (10_000, 20_000, 30_000))
    assert at_once > index / 2, "else this measures nothing"
    assert min(most_taken(100, first) for first in (40_000, 50_000, 60_000)) < index / 4


def test_an_import_leaves_no_temporary_table(database: Database, tmp_path: Path) -> None:
    take(database, tmp_path / "a.csv", people(0, 30))
    assert database.sql("SELECT name FROM sqlite_temp_schema") == []


NUMBERS = st.integers(-(2**63), 2**63 - 1)


@given(
    keys=st.dictionaries(NUMBERS, st.integers(1, 9)),
    identities=st.lists(NUMBERS, unique=True),
    step=st.integers(1, 50),
)
def test_keys_of_any_number_go_into_the_index_and_are_new_no_more(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[int, int], identities: list[int], step: int
) -> None:
    with (
        open_database(tmp_path_factory.mktemp("keys") / "valhalla.db") as database,
        database.references_unchecked(),
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(new_keys, "STEP", step)
        with database.write():
            new = new_keys.NewKeys(database)
            new.add((key, lead, 1) for key, lead in keys.items())
            new.add_identities(10, identities)
            given = {
                **{key: (lead, 0) for lead, key in enumerate(identities, 10)},
                **{key: (lead, 1) for key, lead in keys.items()},
            }
            wanted = array("q", [*given, 0])
            assert dict(new.find(wanted)) == {key: lead for key, (lead, _) in given.items()}
            new.store()
            assert new.find(wanted) == []
        stored = database.sql("SELECT key, lead_id, learnt FROM lead_key")
        assert {key: (lead, learnt) for key, lead, learnt in stored} == given


def test_what_a_list_changes_is_witnessed_in_parts(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "NOTED_ROWS", 50)
    monkeypatch.setattr(importer, "STEP_ROWS", 100)
    path = tmp_path / "a.csv"
    take(database, path, people(0, 1_000))
    last = audit.head(database).entries
    take(database, path, [*people(0, 1_000, value=7), *["nobody"] * 1_000])
    told = database.sql("SELECT body FROM audit WHERE seq > ? AND action = 'rows'", (last,))
    tables: list[dict[str, Any]] = [json.loads(body)["tables"] for (body,) in told]
    rows = {
        name: [of[name]["rows"] for of in tables if name in of] for name in ("lead", "lead_history", "reject")
    }
    assert {name: sum(each) for name, each in rows.items()} == dict.fromkeys(rows, 1_000)
    assert max(max(each) for each in rows.values()) <= 100
    take(database, path, people(0, 1))
    assert database.sql("SELECT state, count(*) FROM reject GROUP BY state") == [("superseded", 1_000)]
    (closed,) = database.sql(
        "SELECT max(json_extract(body, '$.tables.reject.rows')) FROM audit WHERE action = 'rows'"
    )
    assert closed[0] <= 100
    assert verify(database).ok


def test_long_rows_are_witnessed_before_they_fill_the_memory(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "NOTED_SIZE", 1 << 20)
    monkeypatch.setenv("VALHALLA_IMPORT_READ_AHEAD", "off")  # the second process hands over several at a time
    rows = [{"name": "A", "email": "no address", "value": 1, "notes": "x" * (1 << 20)} for _ in range(3)]
    path = desk.folder / "long.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert desk.read(path).rejected == 3
    entries = desk.database.sql("SELECT body FROM audit WHERE action = 'rows' AND subject LIKE '%reject%'")
    assert len(entries) == 3, "all of them were kept until the end of the transaction"
    assert audit.check_chain(desk.database) == []
