"""Whatever is done to a file behind the program's back is found and named, by the program and by the stand-alone verifier."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, audit, redaction, row_helper, sealing, verifying
from db.evidence import Hasher
from db.inspecting import inspect
from db.row_helper import Answer, RowHelper, Usual
from db.row_scan import Keys
from db.verdict import Verdict
from valhalla.program.database import open_copy, open_database
from valhalla.program.schema import SCHEMA

LONG = os.environ.get("VALHALLA_LONG") == "1"
FLIPS = 500 if LONG else 25
HISTORIES = 1000 if LONG else 8
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_audit.py"
Fact = tuple[str, Any]


def fill(database: Database) -> None:
    """A small life: settings, alerts, headers; changed and removed; in bulk and one by one."""
    for number in range(5):
        with database.write():
            audit.append(database, "setting.change", f"setting:s{number}", {"after": number}, actor="ann")
            database.sql("INSERT INTO setting VALUES (?, ?, 1, 'ann')", (f"s{number}", str(number)))
    with database.write():
        rows = [(number, f"digest {number}", "[]") for number in range(1, 41)]
        bulk = sealing.Bulk(database, "header", ("id", "digest", "names"))
        bulk.insert(database, rows, bulk.hashes(rows))
    for number in range(6):
        with database.write():
            database.sql(
                "INSERT INTO alert (task, severity, reason, at, last_at) VALUES ('t', 'info', ?, 1, 1)",
                (f'reason "{number}", | and \x1f ü',),
            )
    with database.write():
        database.sql("UPDATE alert SET seen = 2 WHERE id IN (2, 3)")
        database.sql("DELETE FROM alert WHERE id = 5")
        database.sql("DELETE FROM setting WHERE key = 's4'")
    with database.write():
        database.sql("UPDATE setting SET value = '77' WHERE key = 's1'")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "valhalla.db"
    with open_database(path) as database:
        fill(database)
    return path


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(original, tmp_path / "copy.db"))


def tamper(path: Path, *statements: str) -> None:
    """Change the file as somebody would who has an SQLite tool and knows the triggers."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = 0").fetchall()
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement).fetchall()
        assert connection.changes(), statement
    for _, text in triggers:
        connection.execute(str(text))
    connection.close()


def test_an_untouched_copy_is_ok(copy: Path, both: Callable[..., set[Fact]]) -> None:
    assert both(copy) == set()
    assert [each.name for each in copy.parent.iterdir()] == [copy.name], "nothing is left next to it"


TAMPERED = {
    "a value": (["UPDATE alert SET seen = 9 WHERE id = 2"], {("alert", 2)}),
    "a personal value": (["UPDATE alert SET reason = 'x' WHERE id = 1"], {("alert", 1)}),
    "two values moved across a separator": (
        ["UPDATE alert SET task = 't\",\"info', severity = 'error' WHERE id = 1"],
        {("alert", 1)},
    ),
    "two rows swapped": (
        ["UPDATE header SET digest = 'tmp' WHERE id = 3", "UPDATE header SET digest = 'digest 3' WHERE id = 4",
         "UPDATE header SET digest = 'digest 4' WHERE id = 3"],
        {("header", 3), ("header", 4)},
    ),
    "a row removed": (["DELETE FROM header WHERE id = 17"], {("header", 17)}),
    "a row removed with its witness": (
        ["DELETE FROM header WHERE id = 17", "DELETE FROM witness WHERE tbl = 'header' AND key = 17"],
        {("header", 17)},
    ),
    "the newest row removed with its witness": (
        ["DELETE FROM header WHERE id = 40", "DELETE FROM witness WHERE tbl = 'header' AND key = 40"],
        {("header", 40)},
    ),
    "a row added": (["INSERT INTO header VALUES (99, 'x', '[]')"], {("header", 99)}),
    "a row added with a witness": (
        ["INSERT INTO header VALUES (99, 'x', '[]')",
         "INSERT INTO witness SELECT tbl, 99, entry, salt, hash FROM witness WHERE tbl = 'header' AND key = 1"],
        {("header", 99)},
    ),
    "a removed row put back": (
        ["INSERT INTO setting VALUES ('s4', '4', 1, 'ann')"], {("setting", "s4")},
    ),
    "an older value put back with its witness": (
        ["UPDATE setting SET value = '1' WHERE key = 's1'",
         "DELETE FROM witness WHERE key = 's1' AND entry = (SELECT max(entry) FROM witness WHERE key = 's1')"],
        {("setting", "s1")},
    ),
    "a witness given a key of another sort": (
        ["UPDATE witness SET key = x'6162' WHERE tbl = 'alert' AND key = 1"], {("alert", 1), ("alert", "6162")},
    ),
    "bytes put where text belongs": (
        [("PRAGMA writable_schema = 1; "
         "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ') /*S*/') WHERE name = 'header'; "
         "PRAGMA writable_schema = RESET; UPDATE header SET digest = x'6162' WHERE id = 7; PRAGMA writable_schema = 1; "
         "UPDATE sqlite_schema SET sql = replace(sql, ') /*S*/', ') STRICT') WHERE name = 'header'; "
         "PRAGMA writable_schema = RESET"),
         "UPDATE header SET digest = 'x' WHERE id = 8"],
        {("file", None), ("header", 7), ("header", 8)},
    ),
    "a salt exchanged": (["UPDATE witness SET salt = zeroblob(16) WHERE tbl = 'alert' AND key = 1"], {("alert", 1)}),
    "personal data hidden as if redacted": (
        ["UPDATE witness SET salt = zeroblob(32) WHERE tbl = 'alert' AND key = 1"], {("alert", 1)},
    ),
    "an entry changed": (["UPDATE audit SET actor = 'bob' WHERE seq = 3"], {("audit", 3)}),
    "an entry removed": (
        ["DELETE FROM audit WHERE seq = (SELECT seq FROM audit WHERE action = 'rows' AND subject = 'setting' LIMIT 1)"],
        {("audit", 6), ("audit", 7), ("setting", "s0")},
    ),
    "the last entry removed": (
        ["DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"], {("audit_head", 1), ("setting", "s1")},
    ),
    "the head removed": (["DELETE FROM audit_head"], {("audit_head", 1)}),
    "a table removed": (["DELETE FROM header WHERE 1", "DROP TABLE header"], {("header", None), ("schema", "table header")}),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED, ids=lambda case: case.replace(" ", "-"))
def test_what_was_done_is_named(case: str, copy: Path, both: Callable[..., set[Fact]]) -> None:
    statements, expected = TAMPERED[case]
    tamper(copy, *statements)
    assert both(copy) >= expected
    assert {table for table, _ in both(copy)} <= {table for table, _ in expected}


def test_rows_that_are_as_they_were_written_are_not_fetched_one_by_one(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one: list[str] = []
    check = Hasher.check
    monkeypatch.setattr(
        Hasher, "check", lambda self, *given: one_by_one.append(self.table.table) or check(self, *given)
    )
    verdict = inspect(copy, SCHEMA)
    assert verdict.ok and verdict.rows > 40
    assert set(one_by_one) <= {"suppression_state"}, "it holds bytes"
    tamper(copy, "UPDATE header SET digest = 'x' WHERE id = 8")
    one_by_one.clear()
    assert not inspect(copy, SCHEMA).ok
    assert one_by_one.count("header") == 1


# -- rows that another process reads ---------------------------------------------------------------------------


class Watched(RowHelper):
    """A helper that reads all but the first range of each table; what it answered is counted."""

    answers = 0
    started = 0
    command: tuple[str, ...] | None = None
    head: tuple[int, str] | None = None

    def __init__(self, command: Sequence[str], database: Database, head: tuple[int, str]) -> None:
        Watched.started += 1
        super().__init__(self.command or command, database, self.head or head)

    def shared(self, usual: Usual, ranges: Sequence[Keys]) -> Iterator[tuple[Keys, Answer | None]]:
        for keys, answer in super().shared(usual, ranges):
            if answer is None:  # let it have the rest
                for thread in threading.enumerate():
                    if thread.name == "row-helper":
                        thread.join(30)
            else:
                Watched.answers += 1
            yield keys, answer


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    """From now on there is a helper, however few rows there are and processors."""
    monkeypatch.setattr(row_helper, "WORTH_ROWS", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(verifying, "RowHelper", Watched)
    for name in ("answers", "started"):
        monkeypatch.setattr(Watched, name, 0)
    return Watched


def without_ages(verdict: Verdict) -> dict[str, Any]:
    return {name: value for name, value in verdict.to_json().items() if name != "notes"}


CLOSE_TO_OTHERS = {
    "nothing": [],
    "a hash copied next to its own": [
        "INSERT INTO header VALUES (99, 'x', '[]')",
        "INSERT INTO witness SELECT tbl, 99, entry, salt, hash FROM witness WHERE tbl = 'alert' AND key = 6",
        "INSERT INTO witness SELECT 'alert', 7, entry, salt, hash FROM witness WHERE tbl = 'alert' AND key = 6",
    ],
    "rows of one entry exchanged": [
        "UPDATE witness SET key = 99 WHERE tbl = 'header' AND key = 1",
        "UPDATE witness SET key = 1 WHERE tbl = 'header' AND key = 40",
        "UPDATE witness SET key = 40 WHERE tbl = 'header' AND key = 99",
    ],
    "a hash that is not the newest changed": [
        "UPDATE witness SET hash = zeroblob(32) WHERE tbl = 'alert' AND key = 2 AND salt IS NULL"
    ],
    "a witness removed": ["DELETE FROM witness WHERE tbl = 'header' AND key = 20"],
}


@pytest.mark.parametrize("case", [*TAMPERED, *CLOSE_TO_OTHERS], ids=lambda case: case.replace(" ", "-"))
def test_the_verdict_is_the_same_whoever_reads_the_rows(
    case: str, copy: Path, watched: type[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(copy, *(TAMPERED[case][0] if case in TAMPERED else CLOSE_TO_OTHERS[case]))
    found = inspect(copy, SCHEMA)
    assert watched.started == (case != "the head removed") and watched.answers >= 5 * watched.started
    monkeypatch.undo()
    expected = inspect(copy, SCHEMA)
    assert without_ages(found) == without_ages(expected)
    assert expected.ok == (case == "nothing")


ODD_HELPERS = {
    "cannot be started": ("/no/such/program",),
    "ends at once": (sys.executable, "-c", "pass"),
    "says nonsense": (sys.executable, "-c", "print('what?', flush=True); input()"),
    "hangs": (sys.executable, "-c", "import time; time.sleep(60)"),
    "dies at its second range": (
        sys.executable,
        "-c",
        """
import os
from db import row_helper
give, given = row_helper._give, []
def twice(to, what):
    given.append(what)
    give(to, what) if len(given) < 3 else os._exit(1)
row_helper._give = twice
row_helper.serve()
""",
    ),
}


@pytest.mark.parametrize("case", ODD_HELPERS, ids=lambda case: case.replace(" ", "-"))
def test_what_a_helper_does_not_answer_is_read_without_it(
    case: str, copy: Path, watched: type[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "command", ODD_HELPERS[case])
    if case == "hangs":
        monkeypatch.setattr(row_helper, "PATIENCE", 0.2)
        monkeypatch.setattr(watched, "shared", RowHelper.shared)
    rows = inspect(copy, SCHEMA).rows
    assert watched.answers == (case == "dies at its second range")
    tamper(copy, "UPDATE header SET digest = 'x' || id WHERE id IN (1, 20, 40)")
    verdict = inspect(copy, SCHEMA)
    assert [each.key for each in verdict.problems] == [1, 20, 40] and verdict.rows == rows
    assert watched.started == 2


def test_a_helper_that_sees_another_moment_of_the_file_is_not_asked(
    copy: Path, watched: type[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "head", (3, "of another moment"))
    assert inspect(copy, SCHEMA).ok
    assert (watched.started, watched.answers) == (1, 0)


def test_rows_of_which_many_need_a_closer_look_are_read_where_that_is_done(
    copy: Path, watched: type[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = "from db import row_helper; row_helper.UNLIKE = 0; row_helper.serve()"
    monkeypatch.setattr(watched, "command", (sys.executable, "-c", serve))
    assert inspect(copy, SCHEMA).ok
    answered = watched.answers
    tamper(copy, "UPDATE header SET digest = id")
    verdict = inspect(copy, SCHEMA)
    assert [each.key for each in verdict.problems] == [*range(1, 41)]
    assert watched.answers - answered < answered - 30


def test_a_file_that_is_in_use_is_read_by_both_at_the_same_moment(
    original: Path, copy: Path, watched: type[Watched]
) -> None:
    with open_database(copy) as database:
        verdict = verifying.verify(database)
        assert verdict.ok and watched.answers >= 5
        with database.write():
            database.sql("UPDATE setting SET value = '78' WHERE key = 's1'")
        assert verifying.verify(database).ok


def test_a_small_file_has_no_helper(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "RowHelper", None)
    assert inspect(copy, SCHEMA).ok


def test_the_digests_expected_and_found_are_told(copy: Path) -> None:
    tamper(copy, "UPDATE alert SET seen = 9 WHERE id = 2")
    (problem,) = inspect(copy, SCHEMA).problems
    with open_copy(copy) as database:
        expected = database.value(
            "SELECT hex(hash) FROM witness WHERE tbl = 'alert' AND key = 2 ORDER BY entry DESC"
        )
    assert f"digest expected {expected.lower()}" in problem.what
    assert "found" in problem.what


def test_every_column_of_every_row_counts(copy: Path, tmp_path: Path, both: Callable[..., set[Fact]]) -> None:
    for column in (
        "task",
        "severity",
        "reason",
        "context",
        "correlation_id",
        "state",
        "seen",
        "at",
        "last_at",
    ):
        changed = Path(shutil.copyfile(copy, tmp_path / f"{column}.db"))
        value = {"severity": "'error'", "context": "'[]'", "state": "'closed'"}.get(column, "123456")
        tamper(changed, f'UPDATE alert SET "{column}" = {value} WHERE id = 3')
        assert both(changed) == {("alert", 3)}, column


def rebuild(path: Path) -> None:
    """Make the chain again over changed data, as somebody could who rewrites the whole file."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    previous = ""
    for row in connection.execute(audit.READ_CHAIN).fetchall():
        digest = audit.entry_hash(*row[:7], previous)
        connection.execute(
            "UPDATE audit SET previous = ?, hash = ? WHERE seq = ?", (previous, digest, row[0])
        )
        previous = digest
    connection.execute("UPDATE audit_head SET hash = ?", (previous,))
    for _, text in triggers:
        connection.execute(str(text))
    connection.close()


def test_a_chain_made_anew_is_found_by_a_head_that_was_noted_outside(
    original: Path, copy: Path, both: Callable[..., set[Fact]]
) -> None:
    head = inspect(original, SCHEMA).head
    rebuild(copy)
    assert both(copy) == set(), "by itself it cannot be told"
    assert both(copy, head) == {("audit", None)}
    assert both(original, head) == set()
    noted = [(inspect(original, SCHEMA).entries, head)]
    assert [problem.table for problem in inspect(copy, SCHEMA, heads=noted).problems] == ["audit"]


@pytest.mark.parametrize("part", [0, 10, 100, 4096, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_altered_or_torn(part: float, copy: Path, both: Callable[..., set[Fact]]) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: part if isinstance(part, int) else int(len(content) * part)])
    verdict = inspect(copy, SCHEMA)
    assert not verdict.ok
    assert any("altered or torn" in what or "mark of a Valhalla" in what for _, _, what in verdict.problems)
    both(copy) if part else None


def evidence_of(path: Path) -> dict[str, list[Any]] | None:
    """All rows of evidence, read without regard to indexes; None when they cannot be read."""
    try:
        connection = apsw.Connection(
            f"file:{path}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        try:
            return {
                table: connection.execute(f'SELECT * FROM "{table}" NOT INDEXED').fetchall()
                for table in (*SCHEMA.tables, "audit", "audit_head")
            }
        finally:
            connection.close()
    except (apsw.Error, UnicodeError):
        return None


def test_flipped_bytes_are_found_or_touch_no_evidence(
    original: Path, tmp_path: Path, standalone: Callable[..., dict[str, Any]]
) -> None:
    content, before, chance = original.read_bytes(), evidence_of(original), random.Random(8)
    used, found = [place for place, byte in enumerate(content) if byte], 0
    for number in range(FLIPS):
        flipped = bytearray(content)
        place = chance.choice(used) if number % 2 else chance.randrange(len(content))
        flipped[place] ^= 1 << chance.randrange(8)
        path = tmp_path / f"{number}.db"
        path.write_bytes(flipped)
        ours, theirs = inspect(path, SCHEMA).ok, standalone(path)["ok"]
        if ours or theirs:
            assert evidence_of(path) == before, f"flip {number} went unseen"
        found += not ours
        path.unlink()
    assert found > FLIPS // 10


def test_bytes_that_hold_no_evidence_are_told_by_the_manifest(
    copy: Path, both: Callable[..., set[Fact]]
) -> None:
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    verdict = inspect(copy, SCHEMA)
    manifest = {"sha256": digest, "entries": verdict.entries, "head": verdict.head, "at": "now"}
    copy.with_name("copy.db.manifest.json").write_text(json.dumps(manifest))
    assert both(copy) == set()
    with copy.open("ab") as file:
        file.write(b"\0" * 4096)
    assert both(copy) == {("manifest", None)}


def test_a_log_beside_the_copy_is_read_with_it_and_named(
    tmp_path: Path, both: Callable[..., set[Fact]]
) -> None:
    live = tmp_path / "live" / "valhalla.db"
    live.parent.mkdir()
    with open_database(live) as database:
        fill(database)
        database.checkpoint()
        with database.write():
            audit.append(database, "late", "x", {})
        taken = tmp_path / "taken"
        taken.mkdir()
        code = "import shutil, sys; [shutil.copyfile(sys.argv[1] + s, sys.argv[2] + s) for s in ('', '-wal')]"
        subprocess.run([sys.executable, "-c", code, str(live), str(taken / "c.db")], check=True)
    assert both(taken / "c.db") == set()
    verdict = inspect(taken / "c.db", SCHEMA)
    assert "c.db-wal" in verdict.notes[0]
    assert sorted(each.name for each in taken.iterdir()) == ["c.db", "c.db-wal"]
    (taken / "c.db-wal").unlink()
    alone = inspect(taken / "c.db", SCHEMA)
    assert alone.ok and alone.entries == verdict.entries - 1
    assert "complete up to entry" in alone.notes[0]


# -- what the program does is never an alarm ---------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
steps = st.one_of(
    st.tuples(st.just("set"), st.sampled_from("abc"), texts),
    st.tuples(st.just("drop"), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("alert"), st.integers(1, 4), texts),
    st.tuples(st.just("remove"), st.integers(1, 4), st.none()),
    st.tuples(st.just("bulk"), st.integers(1, 30), st.integers(0, 5)),
    st.tuples(st.just("renumber"), st.integers(1, 4), st.integers(5, 9)),
    st.tuples(st.just("sighting"), st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.just("working"), st.none(), st.none()),
)
endings = st.sampled_from(["commit", "commit", "fail", "savepoint"])
histories = st.lists(st.tuples(st.lists(steps, max_size=6), endings), max_size=10)


def do(database: Database, kind: str, key: Any, value: Any) -> None:
    if kind == "set":
        database.sql("INSERT OR REPLACE INTO setting VALUES (?, ?, 1, 'x')", (key, json.dumps(value)))
    elif kind == "drop":
        database.sql("DELETE FROM setting WHERE key = ?", (key,))
    elif kind == "alert":
        text = """INSERT INTO alert (id, task, severity, reason, at, last_at) VALUES (?, 't', 'info', ?, 1, 1)
                  ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, seen = seen + 1"""
        database.sql(text, (key, value))
    elif kind == "remove":
        database.sql("DELETE FROM alert WHERE id = ?", (key,))
    elif kind == "renumber":
        database.sql("UPDATE OR REPLACE alert SET id = ? WHERE id = ?", (value, key))
    elif kind == "bulk":
        first = database.value("SELECT coalesce(max(id), 0) + 1 FROM header")
        rows = [(number, f"d{number}", "[]") for number in range(first, first + key)]
        bulk = sealing.Bulk(database, "header", ("id", "digest", "names"))
        bulk.insert(database, rows, bulk.hashes(rows))
        database.sql("UPDATE header SET names = '[1]' WHERE id = ?", (first + value,))
        database.sql("DELETE FROM header WHERE id = ?", (first + 2 * value,))
    elif kind == "sighting":
        database.sql("INSERT OR REPLACE INTO sighting VALUES (?, ?, 1, 1, 1, 5, 1, 1)", (key, value))
    else:
        database.sql("INSERT INTO counter VALUES ('q', 'k', 1) ON CONFLICT DO UPDATE SET value = value + 1")


class Undone(Exception):
    pass


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_no_history_of_the_program_is_taken_for_tampering(
    history: list[tuple[list[tuple[str, Any, Any]], str]], tmp_path: Path, both: Callable[..., set[Fact]]
) -> None:
    folder = tmp_path / "h"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with open_database(folder / "valhalla.db") as database:
        database.sql("PRAGMA foreign_keys = 0")  # sightings here have no leads
        for done, ending in history:
            try:
                with database.write():
                    audit.append(database, "step", "x", {})
                    for step in done:
                        if ending == "savepoint":
                            try:
                                with database.savepoint():
                                    do(database, *step)
                                    raise Undone
                            except Undone:
                                pass
                        else:
                            do(database, *step)
                    if ending == "fail":
                        raise Undone
            except Undone:
                pass
        database.sql("PRAGMA foreign_keys = 1")
    named = {
        fact
        for fact in both(folder / "valhalla.db")
        if fact[0] != "sighting" or not isinstance(fact[1], type(None))
    }
    assert named == set()


# -- several writers, other surroundings -------------------------------------------------------------------

WRITER = """
from db import audit
tell("ready"), hear()
with open_database(path) as database:
    for number in range(int(words[1])):
        with database.write():
            audit.append(database, "step", words[0], {"b": number, "a": "ü"} if number % 2 else {"a": "ü", "b": number})
            database.sql("INSERT INTO setting VALUES (?, ?, 1, 'x')", (f"{words[0]} {number}", '"ü"'))
tell("done")
"""


def test_two_programs_that_write_at_once_make_one_chain(
    path: Path, process: Any, both: Callable[..., set[Fact]]
) -> None:
    open_database(path).close_all()
    writers = [process(WRITER, path, name, "60") for name in ("one", "two")]
    for writer in writers:
        writer.expect("ready")
    for writer in writers:
        writer.say("go")
    for writer in writers:
        writer.expect("done")
        writer.finish()
    assert both(path) == set()
    with open_database(path) as database:
        subjects = [
            name for (name,) in database.sql("SELECT subject FROM audit WHERE action = 'step' ORDER BY seq")
        ]
        assert subjects.count("one") == subjects.count("two") == 60
        assert subjects != sorted(subjects), "else they did not write at once"
        previous = database.value(
            "SELECT count(*) FROM (SELECT previous FROM audit GROUP BY previous HAVING count(*) > 1)"
        )
        assert previous == 0, "no two entries follow the same one"


@pytest.mark.parametrize(
    "surroundings", [{"LC_ALL": "C"}, {"LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_the_verdict_does_not_depend_on_locale_and_encoding(
    original: Path, surroundings: dict[str, str]
) -> None:
    command = [sys.executable, str(SCRIPT), str(original), "--json"]
    environment = {**os.environ, "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "7", **surroundings}
    told = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert json.loads(told)["head"] == inspect(original, SCHEMA).head


def test_a_file_written_under_another_locale_verifies(
    path: Path, process: Any, both: Callable[..., set[Fact]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONUTF8", "0")
    monkeypatch.setenv("PYTHONCOERCECLOCALE", "0")
    writer = process(WRITER.replace("ü", "\\u00fc"), path, "one", "6")
    writer.expect("ready")
    writer.say("go")
    writer.expect("done")
    writer.finish()
    assert both(path) == set()


# -- redacted copies as version 0.1 made them ------------------------------------------------------------------

OF_0_1 = Path(__file__).parents[1] / "fixtures" / "schema" / "schema-0015.sql"


@pytest.fixture
def redacted_by_0_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without the columns that counted as personal then, and without a mark in the chain."""
    path = tmp_path / "copy.db"
    connection = apsw.Connection(str(path))
    connection.execute(OF_0_1.read_text(encoding="utf-8"))
    bodies = connection.execute("SELECT body FROM audit WHERE action = 'evidence.table' ORDER BY seq")
    then = {facts["table"]: facts for facts in (json.loads(str(body)) for (body,) in bodies)}
    connection.close()
    evidence = [
        replace(each, personal=tuple(then[each.table]["personal"]), other=tuple(then[each.table]["other"]))
        for each in SCHEMA.evidence
        if each.table in then
    ]
    monkeypatch.setattr(redaction, "_mark", lambda *_: None)
    redaction.redact(path, replace(SCHEMA, evidence=tuple(evidence), fingerprint=""))
    return path


def test_a_redacted_copy_of_0_1_is_accepted_and_told_apart(
    redacted_by_0_1: Path, both: Callable[..., set[Fact]], standalone: Callable[..., dict[str, Any]]
) -> None:
    assert both(redacted_by_0_1) == set()
    verdict = inspect(redacted_by_0_1, SCHEMA)
    assert verdict.redacted > 0 and verdict.left_out
    assert any("version 0.1" in note for note in verdict.notes)
    assert any("version 0.1" in note for note in standalone(redacted_by_0_1)["notes"])


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE lead SET email = 'eve@example.com' WHERE id = (SELECT min(id) FROM lead)", "lead"),
        ("UPDATE outcome SET at = at + 1", "outcome"),
        ("UPDATE witness SET salt = randomblob(32) WHERE tbl = 'lead'", "lead"),
        ("UPDATE witness SET salt = randomblob(16) WHERE tbl = 'lead' AND key = 1", "lead"),
    ],
)
def test_a_redacted_copy_of_0_1_that_was_altered_is_not(
    change: str, table: str, redacted_by_0_1: Path, both: Callable[..., set[Fact]]
) -> None:
    connection = apsw.Connection(str(redacted_by_0_1))
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    connection.execute(change)
    assert connection.total_changes()
    connection.close()
    assert table in {name for name, _ in both(redacted_by_0_1)}
