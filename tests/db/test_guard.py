"""Nothing but its own connections opens the live file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database, copying, guard
from valhalla.program.database import open_database

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there, and locks are no issue")


def read(target: Any) -> None:
    with open(target, "rb"):
        pass


def low_level(target: Any) -> None:
    os.close(os.open(target, os.O_RDONLY))


def stdlib(target: Any) -> None:
    sqlite3.connect(target).close()


@pytest.fixture
def live(database: Database, path: Path) -> Path:
    """A file in use, with its -wal and -shm next to it."""
    with database.write():
        database.sql("UPDATE lead_generation SET value = 1")
    return path


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize("access", [read, low_level, stdlib, Path.read_bytes, shutil.copyfile])
def test_the_file_and_its_companions_may_not_be_opened(
    live: Path, suffix: str, access: Callable[..., object]
) -> None:
    target = live.with_name(live.name + suffix)
    assert target.exists()
    arguments = (target, live.with_name("elsewhere")) if access is shutil.copyfile else (target,)
    with pytest.raises(guard.LiveFileTouched, match="live database"):
        access(*arguments)


@pytest.mark.parametrize("access", [read, low_level, stdlib])
def test_no_spelling_of_the_path_helps(
    live: Path, access: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(live.parent)
    spellings = [
        str(live),
        live,
        os.fsencode(live),
        live.name,
        os.path.join(".", live.name),
        os.path.join("..", live.parent.name, live.name),
        str(live.parent) + os.sep + os.sep + live.name,
    ]
    for spelling in spellings:
        with pytest.raises(guard.LiveFileTouched):
            access(spelling)


@POSIX
@pytest.mark.parametrize("access", [read, low_level, stdlib])
def test_no_link_helps(live: Path, access: Callable[[Any], None]) -> None:
    folder = live.parent
    (folder / "folder").symlink_to(folder)
    (folder / "soft").symlink_to(live)
    (folder / "soft of soft").symlink_to(folder / "soft")
    (folder / "soft wal").symlink_to(folder / "valhalla.db-wal")
    (folder / "hard").hardlink_to(live)
    for name in ("folder/valhalla.db", "folder/valhalla.db-shm", "soft", "soft of soft", "soft wal", "hard"):
        with pytest.raises(guard.LiveFileTouched):
            access(folder / name)


@pytest.mark.parametrize(
    "form",
    ["file:{}", "file://{}", "file://localhost{}", "file:{}?mode=ro&immutable=1", "file:{}#part"],
)
def test_no_uri_helps(live: Path, form: str) -> None:
    plain = live.as_posix() if os.name != "nt" else "/" + live.as_posix()
    escaped = plain.replace("valhalla.db", "v%61lhalla%2Edb")
    for path in (plain, escaped):
        with pytest.raises(guard.LiveFileTouched):
            sqlite3.connect(form.format(path), uri=True)


def test_writing_and_making_are_refused_too(live: Path) -> None:
    for mode in ("r+b", "wb", "ab", "x"):
        with pytest.raises(guard.LiveFileTouched):
            open(live, mode)  # noqa: SIM115
    assert live.stat().st_size > 0


def test_other_files_are_nobodys_business(live: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in (live.name, live.name + "-wal"):  # the same name in another place
        (elsewhere / name).write_bytes(b"free")
        assert (elsewhere / name).read_bytes() == b"free"
    for name in ("valhalla.db-journal", "valhalla.db.bak", "writer.turn", "valhalla"):
        (tmp_path / name).write_bytes(b"free")
        read(tmp_path / name)
    sqlite3.connect(tmp_path / "other.db").close()
    sqlite3.connect(":memory:").close()
    with open(os.dup(0), "rb", buffering=0) as by_descriptor:
        assert by_descriptor
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")
    with pytest.raises(ValueError, match="null"):
        read("a\0b")


def test_a_finished_copy_may_be_opened(live: Path, database: Database, tmp_path: Path) -> None:
    copy = copying.copy(database, tmp_path / "copy.db")
    assert copy.read_bytes().startswith(b"SQLite format 3\0")
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT value FROM lead_generation").fetchall() == [(1,)]
    connection.close()


def test_a_closed_file_may_be_opened_and_one_open_twice_only_after_both_are_closed(path: Path) -> None:
    first, second = open_database(path), open_database(path)
    first.close_all()
    with pytest.raises(guard.LiveFileTouched):
        read(path)
    second.close_all()
    read(path)
    with second.write():  # used again
        pass
    with pytest.raises(guard.LiveFileTouched):
        read(path)
    second.close_all()


@pytest.fixture
def events(path: Path, process: Any) -> Callable[[str], list[str]]:
    """A function that runs a workload elsewhere; who opened the file there other than through APSW."""

    def run(workload: str) -> list[str]:
        code = (
            """
seen = []
watched = {str(path), f"{path}-wal", f"{path}-shm"}

def hook(event, args):
    if event == "sqlite3.connect" or (event == "open" and str(args[0]) in watched):
        seen.append(f"{event} {args[0]}")

sys.addaudithook(hook)
"""
            + workload
        )
        lines: list[str] = process(code + "\ntell('seen', *seen)", path).finish().splitlines()
        assert lines[-1].startswith("seen")
        return lines[-1].split()[1:]

    return run


def test_nothing_in_the_process_opens_the_file_through_the_second_sqlite(
    path: Path, events: Callable[[str], list[str]]
) -> None:
    workload = """
import threading
from db import audit, copying
from db.orm import BigIntegerField, Model, TextField
from valhalla.program import instance
from valhalla.program.schema import SCHEMA

class Setting(Model):
    key = TextField(primary_key=True)
    value = TextField()
    updated_at = BigIntegerField()
    updated_by = TextField()

Database.open(path, SCHEMA.of_release(1)).close_all()
database = open_database(path)
lock = instance.Instance(path.parent)
lock.acquire("run")

def work():
    for durable in (False, True):
        with database.write(durable=durable):
            audit.append(database, "test", "test", {})
            with database.savepoint():
                database.sql("UPDATE lead_generation SET value = value + 1")
            database.contended()

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with database.write():
    Setting.insert(key="a", value="1", updated_at=0, updated_by="test").execute(database)
list(Setting.select().execute(database))
assert audit.check_chain(database) == []
copying.copy(database, path.with_name("copy.db"))
open_copy(path.with_name("copy.db")).close_all()
database.checkpoint()
database.close_all()
lock.release()
"""
    assert events(workload) == []
    # and the watch itself would have noticed
    assert events("import sqlite3; sqlite3.connect(path).close()") == ["sqlite3.connect", str(path)]
