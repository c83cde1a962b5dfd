"""What happens to an open database that is deleted, moved, replaced or written over: it is noticed, and nothing is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from db import Database, copying, errors
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA
from valhalla.program.settings import save

InThread = Callable[[Callable[[], object]], None]
Blow = Callable[[Path, Path], object]

unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody delete or move a file in use")


def other(path: Path, folder: Path) -> Path:
    """Another database of this program, further on than the one at ``path``."""
    made = folder / "other.db"
    with open_database(made) as database:
        for number in range(40):
            save(database, "interval", str(60 + number))
        database.checkpoint()
    return made


def older(path: Path, folder: Path) -> Path:
    """The file as it was some time ago, as a backup program copies it."""
    return folder / "older.db"


def audit_copy(path: Path, folder: Path) -> Path:
    return folder / "copy.db"


def delete(path: Path, _: Path) -> None:
    path.unlink()


def move(path: Path, folder: Path) -> None:
    path.rename(folder / "elsewhere.db")


def replace(path: Path, folder: Path) -> None:
    os.replace(audit_copy(path, folder), path)


def over(source: Callable[[Path, Path], Path]) -> Blow:
    def blow(path: Path, folder: Path) -> None:
        made = source(path, folder)
        path_written_by_others(made, path)

    return blow


def path_written_by_others(source: Path, target: Path) -> None:
    """As ``cp`` does it: into the same file. A process of its own, because a close here would drop SQLite's locks."""
    assert os.spawnlp(os.P_WAIT, "cp", "cp", str(source), str(target)) == 0


def content(path: Path, folder: Path) -> bytes | None:
    if not path.exists():
        return None
    path_written_by_others(path, folder / "content")
    return (folder / "content").read_bytes()


def cut(path: Path, _: Path) -> None:
    os.truncate(path, 0)


def restore_into(path: Path, folder: Path) -> None:
    """As ``.restore`` of the sqlite3 shell does it, with all locks."""
    source, target = apsw.Connection(str(audit_copy(path, folder))), apsw.Connection(str(path))
    with target.backup("main", source, "main") as backup:
        backup.step()
    source.close()
    target.close()


def beside(suffix: str) -> Blow:
    return lambda path, folder: path.with_name(path.name + suffix).unlink()


BLOWS: dict[str, tuple[Blow, str]] = {
    "deleted": (delete, "deleted or moved away"),
    "moved": (move, "deleted or moved away"),
    "replaced": (replace, "replaced by another file"),
    "written over with a copy": (over(audit_copy), "written over"),
    "written over with an older state": (over(older), "written over"),
    "written over with another database": (over(other), "written over"),
    "written over with words": (over(lambda path, folder: Path(__file__)), "written over"),
    "cut": (cut, "written over"),
    "restored into": (restore_into, "written over"),
    "log deleted": (beside("-wal"), "valhalla.db-wal"),
    "locks deleted": (beside("-shm"), "valhalla.db-shm"),
}
KEEPS_ALL = ("deleted", "moved", "replaced", "log deleted", "locks deleted")


@pytest.fixture
def worked_on(database: Database, path: Path, tmp_path: Path) -> Database:
    """A database with a history: an audit copy, a plain copy and later changes, of which the newest are in the log only."""
    save(database, "interval", "61")
    copying.copy(database, tmp_path / "copy.db")
    database.checkpoint()
    path_written_by_others(path, tmp_path / "older.db")
    for number in range(30):
        save(database, "interval", str(100 + number))
    database.checkpoint()
    save(database, "interval", "333")
    return database


@unix
@pytest.mark.parametrize("blow", BLOWS)
def test_it_is_noticed_and_nothing_is_written_any_more(
    worked_on: Database, path: Path, tmp_path: Path, blow: str, in_thread: InThread
) -> None:
    strike, word = BLOWS[blow]
    worked_on.look()

    strike(path, tmp_path)
    stands = content(path, tmp_path)

    with pytest.raises(errors.Displaced, match=word) as told:
        worked_on.look()
    assert str(path) in str(told.value)
    with pytest.raises(errors.Displaced):
        save(worked_on, "interval", "444")
    with pytest.raises(errors.Displaced):
        in_thread(worked_on.connection)
    with pytest.raises(errors.Displaced):
        worked_on.checkpoint()
    worked_on.close_all()
    assert content(path, tmp_path) == stands, "closing wrote into what was put there"


@unix
@pytest.mark.parametrize("blow", ["deleted", "moved", "replaced"])
def test_a_new_connection_notices_it_alone_and_makes_no_file(
    worked_on: Database, path: Path, tmp_path: Path, blow: str, in_thread: InThread
) -> None:
    BLOWS[blow][0](path, tmp_path)
    stands = content(path, tmp_path)

    with pytest.raises(errors.Displaced, match=BLOWS[blow][1]):
        in_thread(worked_on.connection)

    worked_on.close_all()
    assert content(path, tmp_path) == stands


@unix
@pytest.mark.parametrize("blow", KEEPS_ALL)
def test_what_the_connection_holds_can_be_saved(
    worked_on: Database, path: Path, tmp_path: Path, blow: str
) -> None:
    BLOWS[blow][0](path, tmp_path)
    with pytest.raises(errors.Displaced):
        worked_on.look()

    copying.rescue(worked_on, tmp_path / "rescued.db")

    worked_on.close_all()
    with open_database(tmp_path / "rescued.db", create=False) as saved:
        assert saved.value("SELECT value FROM setting WHERE key = 'interval'") == "333"


def test_a_transaction_that_is_open_then_is_not_kept(worked_on: Database, path: Path) -> None:
    with pytest.raises(errors.Displaced), worked_on.write():
        worked_on.sql("UPDATE setting SET value = '5'")
        worked_on._displaced = "was written over"
    assert worked_on.value("SELECT value FROM setting WHERE key = 'interval'") == "333"


def test_what_others_write_and_move_into_the_file_is_no_blow(
    worked_on: Database, path: Path, in_thread: InThread
) -> None:
    for number in range(20):
        with open_database(path) as other_one:
            save(other_one, "interval", str(500 + number))
            other_one.checkpoint()
        worked_on.look()
        save(worked_on, "interval", str(600 + number))
        in_thread(worked_on.look)
    worked_on.compact()
    worked_on.look()


def test_nobody_who_closes_takes_the_log_of_the_others(path: Path, in_thread: InThread) -> None:
    with open_database(path) as database:
        database.close()
        in_thread(database.look)  # connects, looks and ends
        in_thread(database.look)
        save(database, "interval", "77")
        database.look()
    assert not path.with_name("valhalla.db-wal").exists()


def test_one_thread_looks_while_another_one_is_in_the_middle_of_a_statement(
    worked_on: Database, in_thread: InThread
) -> None:
    worked_on.connection().create_scalar_function("others_look", lambda: in_thread(worked_on.look))
    assert worked_on.sql("SELECT others_look()") == [(None,)]


@unix
def test_a_log_that_goes_while_its_connection_is_busy_is_missed(
    worked_on: Database, path: Path, in_thread: InThread
) -> None:
    worked_on.look()

    def others_look() -> None:
        beside("-wal")(path, path.parent)
        with pytest.raises(errors.Displaced, match=r"valhalla\.db-wal"):
            in_thread(worked_on.look)

    worked_on.connection().create_scalar_function("others_look", others_look)
    assert worked_on.sql("SELECT others_look()") == [(None,)]


def test_the_first_connection_alone_may_make_the_file(tmp_path: Path, in_thread: InThread) -> None:
    path = tmp_path / "new.db"
    database = Database(str(path), flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, path=path,
                        schema=SCHEMA)  # fmt: skip
    database.connection()
    database.close_all()
    path.unlink()
    with pytest.raises(errors.Displaced):
        database.connection()
    assert not path.exists()
