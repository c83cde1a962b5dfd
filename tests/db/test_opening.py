"""What can be opened, and the one sentence for what cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, copying, errors, migrate, opening
from valhalla.program.database import memory_database, open_copy, open_database
from valhalla.program.schema import APPLICATION_ID, SCHEMA

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and file types")
OPEN: list[Callable[[Path], Database]] = [open_database, open_copy]


def refused(kind: type[errors.DatabaseError], target: Path, how: Callable[[Path], Database]) -> str:
    """The sentence with which ``target`` is refused; nothing is changed or left behind by that."""
    before = {each: each.read_bytes() for each in target.parent.glob("*") if each.is_file()}
    with pytest.raises(errors.DatabaseError) as caught:
        how(target)
    assert type(caught.value) is kind, caught.value
    after = {each: each.read_bytes() for each in target.parent.glob("*") if each.is_file()}
    assert after == before
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(target.parent if kind is errors.ReadOnly else target) in sentence
    return sentence


def foreign(path: Path, *pragmas: str) -> None:
    """Make an SQLite file that is not ours."""
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('keep')")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    connection.close()


@pytest.fixture
def closed(path: Path) -> Path:
    """A file that was made and closed."""
    with open_database(path) as database, database.write():
        database.sql("UPDATE lead_generation SET value = 7")
    return path


# -- files that can be opened ------------------------------------------------------------------------------


def test_a_new_file_is_marked_in_wal_mode_and_at_the_newest_schema(database: Database) -> None:
    assert database.value("PRAGMA application_id") == APPLICATION_ID == int.from_bytes(b"VALH", "big")
    assert database.value("PRAGMA user_version") == SCHEMA.latest
    assert database.value("PRAGMA journal_mode") == "wal"
    assert database.value("PRAGMA integrity_check") == "ok"


@pytest.mark.skipif(not shutil.which("file"), reason="needs the command file")
def test_the_command_file_knows_it(closed: Path) -> None:
    told = subprocess.run(["file", closed], capture_output=True, text=True, check=True).stdout
    assert "SQLite 3.x database" in told
    assert f"application id {APPLICATION_ID}" in told
    assert f"user version {SCHEMA.latest}" in told


@POSIX
@pytest.mark.parametrize("empty_file_stands_there", [False, True])
def test_a_new_file_is_its_owners_alone(path: Path, empty_file_stands_there: bool) -> None:
    before = os.umask(0)
    try:
        if empty_file_stands_there:
            path.touch(0o666)
        with open_database(path) as database:
            assert database.value("PRAGMA application_id") == APPLICATION_ID
            assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_an_existing_file_keeps_its_data_and_its_mode(closed: Path) -> None:
    closed.chmod(0o640)
    mode = closed.stat().st_mode
    with open_database(closed, create=False) as database:
        assert database.value("SELECT value FROM lead_generation") == 7
    assert closed.stat().st_mode == mode
    assert sorted(each.name for each in closed.parent.iterdir()) == ["valhalla.db", "writer.turn"]


@POSIX
def test_a_link_to_the_file_is_the_file(closed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "link.db").symlink_to(closed)
    with open_database(folder / "link.db") as database:
        assert database.path == closed.resolve()
        assert database.value("SELECT value FROM lead_generation") == 7
    assert [each.name for each in folder.iterdir()] == ["link.db"]


def test_a_path_with_odd_characters_is_just_a_path(tmp_path: Path) -> None:
    for name in ("with space", "per%20cent", "que?ry", "ha#sh", "größe", "file:name"):
        if sys.platform == "win32" and set(name) & set('?:"'):
            continue
        folder = tmp_path / name
        folder.mkdir()
        with open_database(folder / f"{name}.db") as database, database.write():
            database.sql("UPDATE lead_generation SET value = 3")
        with open_copy(folder / f"{name}.db") as copy:
            assert copy.value("SELECT value FROM lead_generation") == 3


# -- files that cannot -------------------------------------------------------------------------------------


def test_a_missing_file_is_made_only_when_asked(path: Path) -> None:
    sentence = refused(errors.CannotOpen, path, lambda path: open_database(path, create=False))
    assert "does not exist" in sentence
    assert "does not exist" in refused(errors.CannotOpen, path, open_copy)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("how", OPEN)
def test_a_folder(tmp_path: Path, how: Callable[[Path], Database]) -> None:
    assert "is a folder" in refused(errors.ForeignFile, tmp_path, how)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(errors.CannotOpen, match=r"the folder .*missing does not exist"):
        open_database(tmp_path / "missing" / "valhalla.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", OPEN)
@POSIX
def test_a_file_where_a_folder_should_be_and_a_pipe(tmp_path: Path, how: Callable[[Path], Database]) -> None:
    (tmp_path / "file").write_text("text", encoding="utf-8")
    with pytest.raises(errors.CannotOpen, match="cannot be opened"):
        how(tmp_path / "file" / "valhalla.db")
    os.mkfifo(tmp_path / "pipe")
    assert "not a plain file" in refused(errors.ForeignFile, tmp_path / "pipe", how)


@pytest.mark.parametrize("how", OPEN)
@pytest.mark.parametrize(
    "content", [b"name,email\nAda,ada@example.com\n", b"SQLite format 3\0", bytes(range(256)) * 40]
)
def test_what_is_no_database(path: Path, how: Callable[[Path], Database], content: bytes) -> None:
    path.write_bytes(content)
    assert "is not a Valhalla database" in refused(errors.ForeignFile, path, how)


@pytest.mark.parametrize("how", OPEN)
@pytest.mark.parametrize("pragmas", [(), ("application_id = 1196444487",), ("user_version = 1",)])
def test_another_programs_file(path: Path, how: Callable[[Path], Database], pragmas: tuple[str, ...]) -> None:
    foreign(path, *pragmas)
    assert "another program" in refused(errors.ForeignFile, path, how)


@pytest.mark.parametrize("how", OPEN)
def test_a_file_of_a_newer_version(closed: Path, how: Callable[[Path], Database]) -> None:
    newer = SCHEMA.latest + 1
    connection = apsw.Connection(str(closed))
    connection.execute(f"PRAGMA user_version = {newer}; PRAGMA journal_mode = DELETE").fetchall()
    connection.close()
    sentence = refused(errors.NewerSchema, closed, how)
    assert f"schema {newer}" in sentence
    assert "update the program" in sentence


def test_a_copy_of_an_older_version(path: Path) -> None:
    Database.open(path, SCHEMA.of_release(1)).close_all()
    path.with_name("writer.turn").unlink()  # so that it is not a home
    assert "older version" in refused(errors.ForeignFile, path, open_copy)


@pytest.mark.parametrize("how", OPEN)
@pytest.mark.parametrize("kept", [50, 100, 1000, 4096, 20_000])
def test_a_truncated_file(closed: Path, how: Callable[[Path], Database], kept: int) -> None:
    whole = closed.read_bytes()
    assert len(whole) > kept
    closed.write_bytes(whole[:kept])
    before = closed.read_bytes()
    with pytest.raises(errors.Damaged) as caught:
        how(closed)
    assert str(closed) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert closed.read_bytes() == before


@pytest.mark.parametrize("how", OPEN)
def test_a_library_with_known_bugs(
    closed: Path, how: Callable[[Path], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "SQLITE_NEEDED", (3, 999, 0))
    with pytest.raises(errors.OldSqlite, match=apsw.sqlite_lib_version()):
        how(closed)


def test_a_place_without_wal(path: Path) -> None:
    with memory_database() as database, pytest.raises(errors.CannotOpen, match="network share"):
        opening.use_wal(database, path)


# -- rights ------------------------------------------------------------------------------------------------

AS_NOBODY = """
import db.opening, db.copying, db.errors
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    globals()[words[0]](path)
except db.errors.DatabaseError as error:
    tell(type(error).__name__, error)
else:
    tell("opened")
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may reach, since root is bound by no mode and the test must become somebody else."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "home"
        folder.parent.chmod(0o755)
        folder.mkdir()
        with open_database(folder / "valhalla.db"):
            pass
        for each in folder.iterdir():
            each.chmod(0o666)
        yield folder
        folder.chmod(0o777)


@POSIX
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "how", "answer"),
    [
        (0o555, 0o666, "open_database", "ReadOnly the folder"),
        (0o777, 0o444, "open_database", "ReadOnly"),
        (0o777, 0o000, "open_database", "ReadOnly"),
        (0o000, 0o666, "open_database", "CannotOpen"),
        (0o777, 0o000, "open_copy", "CannotOpen"),
        (0o000, 0o666, "open_copy", "CannotOpen"),
        (0o777, 0o666, "open_database", "opened"),
        (0o555, 0o444, "open_copy", "opened"),
    ],
)
def test_who_may_not_gets_one_sentence(
    open_folder: Path, process: Any, folder_mode: int, file_mode: int, how: str, answer: str
) -> None:
    path = open_folder / "valhalla.db"
    path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    told = process(AS_NOBODY, path, how).finish()
    assert told.startswith(answer)
    assert "\n" not in told
    if answer != "opened":
        assert str(open_folder) in told


# -- copies ------------------------------------------------------------------------------------------------


def test_a_lone_copy_is_read_without_leaving_anything_beside_it(closed: Path, tmp_path: Path) -> None:
    for name, content in (("plain", closed.read_bytes()), ("made", None)):
        folder = tmp_path / name
        folder.mkdir()
        copy = folder / "copy.db"
        if content is None:
            with open_database(closed) as database:
                copying.copy(database, copy)
        else:
            copy.write_bytes(content)
        before = copy.read_bytes()
        with open_copy(copy) as database:
            assert database.readonly
            assert database.value("SELECT value FROM lead_generation") == 7
            assert [each.name for each in folder.iterdir()] == ["copy.db"]
            with pytest.raises(errors.ReadOnly), database.write():
                database.sql("UPDATE lead_generation SET value = 8")
            with pytest.raises(errors.ReadOnly):
                database.sql("DELETE FROM lead_generation")
        assert [each.name for each in folder.iterdir()] == ["copy.db"]
        assert copy.read_bytes() == before


WRITER = """
database = open_database(path)
tell("open")
while hear() == "write":
    with database.write():
        database.sql("UPDATE lead_generation SET value = value + 1")
    tell("written", database.checkpoint())
"""


@pytest.mark.parametrize("in_use_before", [True, False])
def test_a_home_is_read_as_it_changes(closed: Path, process: Any, in_use_before: bool) -> None:
    writer = process(WRITER, closed)
    if in_use_before:
        writer.expect("open")
    with open_copy(closed) as reader:
        if not in_use_before:
            writer.expect("open")
        for value in range(7, 10):
            assert reader.value("SELECT value FROM lead_generation") == value
            writer.say("write")
            writer.expect("written True")
        with pytest.raises(errors.ReadOnly), reader.write():
            pass


@pytest.mark.parametrize("when", range(3))
def test_a_file_that_another_process_is_just_making_is_not_taken_for_a_stranger(
    path: Path, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = WAL")  # so far the other one has come
    connection.close()
    late = Database(str(path), flags=apsw.SQLITE_OPEN_READWRITE, path=path, schema=SCHEMA)
    real, asked = late.value, list[str]()

    def value(text: str, params: Any = ()) -> Any:
        found = real(text, params)
        asked.append(text)
        if len(asked) == when + 1:
            open_database(path).close_all()  # and now it makes the schema
        return found

    monkeypatch.setattr(late, "value", value)
    opening._recognise(late, path)
    monkeypatch.undo()
    migrate.upgrade(late)
    assert late.value("PRAGMA user_version") == SCHEMA.latest
    late.close_all()
