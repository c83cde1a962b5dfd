"""The chain: what is appended fits, what is altered is found."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import Database, audit, errors
from valhalla.program.database import memory_database

ENTRIES = 6


@pytest.fixture
def chain(database: Database) -> Database:
    """A file with a chain of six entries."""
    database.clock = iter(range(1000, 2000)).__next__
    for number in range(1, ENTRIES + 1):
        with database.write():
            audit.append(
                database,
                "import.chunk",
                f"import:{number}",
                {"rows": number * 100, "names": ["ä", '"|\x00']},
                actor=f"person {number}",
                correlation_id=f"c{number}" if number % 2 else None,
            )
    return database


TAMPER = """
import sqlite3
connection = sqlite3.connect(path, isolation_level=None)
for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
    connection.execute(f"DROP TRIGGER {trigger}")
connection.executescript(words[0])
connection.close()
"""


# -- appending ---------------------------------------------------------------------------------------------


def test_entries_are_numbered_linked_and_hashed_as_documented(chain: Database) -> None:
    assert audit.check_chain(chain) == []
    previous = ""
    entries = chain.sql(
        "SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit"
    )
    for number, entry in enumerate(entries, 1):
        assert entry[0] == number
        assert entry[1] == 999 + number
        assert entry[7] == previous
        # docs/file-format.md, without the program's help
        text = json.dumps(["valhalla-audit-1", *entry[:8]], separators=(",", ":"), ensure_ascii=True)
        assert entry[8] == hashlib.sha256(text.encode()).hexdigest()
        previous = entry[8]
    assert audit.head(chain) == audit.Head(ENTRIES, previous)
    assert json.loads(entries[0][6]) == {"rows": 100, "names": ["ä", '"|\x00']}


def test_an_append_returns_the_new_head(database: Database) -> None:
    assert audit.head(database) == audit.Head(0, "")
    with database.write():
        head = audit.append(database, "a", "b", {})
    assert head == audit.head(database)
    assert head.entries == 1


def test_an_entry_outside_of_a_transaction_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="transaction that it witnesses"):
        audit.append(database, "a", "b", {})
    assert audit.head(database).entries == 0


def test_an_entry_goes_with_the_transaction_that_it_witnesses(chain: Database) -> None:
    with pytest.raises(ValueError), chain.write():
        audit.append(chain, "undone", "x", {})
        raise ValueError
    assert audit.head(chain).entries == ENTRIES
    with chain.write():
        with pytest.raises(ValueError), chain.savepoint():
            audit.append(chain, "undone", "x", {})
            raise ValueError
        audit.append(chain, "kept", "x", {})
    assert audit.head(chain).entries == ENTRIES + 1
    assert audit.check_chain(chain) == []


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": float("inf")}, {"x": object()}])
def test_a_body_without_one_spelling_is_refused(database: Database, body: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)), database.write():
        audit.append(database, "a", "b", body)
    assert audit.head(database).entries == 0


def test_threads_that_append_at_once_make_one_chain(database: Database) -> None:
    def work() -> None:
        for _ in range(20):
            with database.write():
                audit.append(database, "a", "b", {})

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.head(database).entries == 120
    assert audit.check_chain(database) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=json_values)
def test_the_canonical_text_is_ascii_and_says_the_same(value: Any) -> None:
    text = audit.canonical(value)
    assert text.isascii()
    assert json.loads(text) == value


@given(pairs=st.dictionaries(st.text(), st.integers(), max_size=6), seed=st.randoms())
def test_the_order_of_keys_does_not_matter(pairs: dict[str, int], seed: Any) -> None:
    shuffled = list(pairs.items())
    seed.shuffle(shuffled)
    assert audit.canonical(dict(shuffled)) == audit.canonical(pairs)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(bodies=st.lists(st.dictionaries(texts, texts | st.integers(), max_size=3), max_size=5), actor=texts)
@settings(deadline=None, max_examples=12)
def test_no_honest_chain_is_accused(bodies: list[dict[str, Any]], actor: str) -> None:
    with memory_database() as database:
        with database.write():
            for body in bodies:
                audit.append(database, "a", actor, body, actor=actor, correlation_id=actor or None)
        assert audit.check_chain(database) == []


def test_fields_cannot_be_shifted_into_each_other() -> None:
    one = audit.entry_hash(1, 2, "a", "b", "c", "d", "{}", "")
    assert one != audit.entry_hash(1, 2, "a,b", None, "c", "d", "{}", "")
    assert one != audit.entry_hash(1, 2, 'a","b', None, "c", "d", "{}", "")
    assert one != audit.entry_hash(12, 2, "a", "b", "c", "d", "{}", "")
    assert audit.entry_hash(1, 2, "a", None, "c", "d", "{}", "") != audit.entry_hash(
        1, 2, "a", "", "c", "d", "{}", ""
    )


# -- altering ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x' WHERE seq = 3",
        "UPDATE audit SET hash = hash WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM audit",
        "REPLACE INTO audit SELECT seq, at, 'x', correlation_id, action, subject, body, previous, hash FROM audit WHERE seq = 3",
        "INSERT INTO audit VALUES (3, 0, 'x', NULL, 'x', 'x', '{}', '', 'h') ON CONFLICT DO UPDATE SET actor = 'x'",
        "DELETE FROM audit_head",
        "REPLACE INTO audit_head VALUES (1, 0, '')",
        "UPDATE audit_head SET entries = 3",
    ],
)
def test_the_file_itself_refuses_to_alter_entries(chain: Database, statement: str) -> None:
    chain.connection().authorizer = None  # which would refuse before the file does
    with pytest.raises(apsw.ConstraintError, match="append-only"), chain.write():
        chain.sql(statement)
    assert audit.check_chain(chain) == []
    assert audit.head(chain).entries == ENTRIES


@pytest.mark.parametrize(
    "change",
    [
        "seq = 99",
        "at = at + 1",
        "actor = 'person 4'",
        "correlation_id = 'other'",
        "correlation_id = NULL",
        "action = 'import.chunks'",
        "subject = 'import:4'",
        "body = '{\"rows\":301}'",
        "body = body || ' '",
        "previous = hash",
        "hash = substr(hash, 2) || 'f'",
        "hash = upper(hash)",
    ],
)
def test_one_changed_field_is_found_and_named(chain: Database, path: Path, process: Any, change: str) -> None:
    process(TAMPER, path, f"UPDATE audit SET {change} WHERE seq = 3").finish()
    problems = audit.check_chain(chain)
    assert problems != []
    assert "audit entry 3" in problems[0]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM audit WHERE seq = 3", "audit entry 3 is missing; the next one is 4"),
        ("DELETE FROM audit WHERE seq = 1", "audit entry 1 is missing; the next one is 2"),
        ("DELETE FROM audit WHERE seq = 6", "the chain ends at entry 5, but entry 6 was written last"),
        ("DELETE FROM audit WHERE seq > 2", "the chain ends at entry 2, but entry 6 was written last"),
        ("DELETE FROM audit", "the chain ends at entry 0, but entry 6 was written last"),
        ("UPDATE audit_head SET entries = 7", "but entry 7 was written last"),
        ("UPDATE audit_head SET hash = 'x'", "the chain ends at entry 6"),
        (
            "UPDATE audit_head SET entries = 0, hash = ''",
            "the chain ends at entry 6, but entry 0 was written last",
        ),
        (
            "UPDATE audit SET seq = CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE seq IN (3, 4); UPDATE audit SET seq = -seq WHERE seq < 0",
            "audit entry 3",
        ),
        (
            "INSERT INTO audit SELECT 7, at, actor, NULL, action, subject, body, hash, 'h' FROM audit WHERE seq = 6",
            "audit entry 7",
        ),
        ("INSERT INTO audit VALUES (0, 0, 'x', NULL, 'x', 'x', '{}', '', 'h')", "audit entry"),
    ],
)
def test_entries_that_are_gone_moved_or_put_in_are_found(
    chain: Database, path: Path, process: Any, statement: str, said: str
) -> None:
    process(TAMPER, path, statement).finish()
    assert any(said in problem for problem in audit.check_chain(chain))


def test_a_chain_without_its_head_is_found(chain: Database, path: Path, process: Any) -> None:
    process(TAMPER, path, "DELETE FROM audit_head").finish()
    assert audit.check_chain(chain) == ["the head of the audit chain is missing, so entries may be too"]
    with pytest.raises(errors.Damaged, match="missing"), chain.write():
        audit.append(chain, "a", "b", {})


def test_a_cut_chain_is_not_continued_as_if_nothing_had_happened(
    chain: Database, path: Path, process: Any
) -> None:
    process(TAMPER, path, "DELETE FROM audit WHERE seq = 6").finish()
    with chain.write():
        audit.append(chain, "a", "b", {})
    assert audit.check_chain(chain) == [
        "audit entry 6 is missing; the next one is 7",
        "audit entry 7 does not follow the entry before it",
    ]


def test_checking_beside_a_writer_gives_no_false_alarm(
    chain: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, grown = audit.head, threading.Event()

    def append() -> None:
        with chain.write():
            audit.append(chain, "beside", "x", {})
        grown.set()

    def late_head(database: Database) -> audit.Head:
        monkeypatch.setattr(audit, "head", real)
        thread = threading.Thread(target=append)
        thread.start()
        thread.join()
        return real(database)

    monkeypatch.setattr(audit, "head", late_head)
    assert audit.check_chain(chain) == []
    assert grown.is_set()
    assert audit.head(chain).entries == ENTRIES + 1
