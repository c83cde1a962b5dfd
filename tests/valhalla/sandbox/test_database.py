"""Sessions keep what they commit, and nothing else."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from db import Database
from valhalla.sandbox import GovernorEnforcer, SandboxDatabaseManager, SandboxError
from valhalla.sandbox.block import Block

INSERT = "INSERT INTO setting (key, value, updated_at, updated_by) VALUES (?, '1', 0, 'test')"
COUNT = "SELECT count(*) FROM setting"


def test_in_memory() -> None:
    manager = SandboxDatabaseManager(use_memory=True)
    assert manager.database_url == "sqlite:///:memory:" and manager.engine is not None
    with manager.get_session() as session:
        assert session.execute("SELECT 1 + 1").scalar() == 2
        assert session.execute("SELECT 1").fetchone() == (1,) and session.execute("SELECT 1").fetchall() == [
            (1,)
        ]
    assert manager.health_check()
    manager.cleanup()
    manager.cleanup()
    assert manager.engine is None and not manager.health_check()
    with pytest.raises(SandboxError, match="cleaned up"):
        manager.get_session()


def test_the_homes_file_is_the_default(home: Path) -> None:
    manager = SandboxDatabaseManager()
    assert manager.database_url == f"sqlite:///{(home / 'valhalla.db').as_posix()}"
    assert (home / "valhalla.db").exists()
    manager.cleanup()


def test_a_url_names_the_file(tmp_path: Path) -> None:
    manager = SandboxDatabaseManager(f"sqlite:///{tmp_path / 'own.db'}")
    assert (tmp_path / "own.db").exists() and manager.health_check()
    manager.cleanup()


def test_commit_keeps_rollback_and_close_give_up() -> None:
    manager = SandboxDatabaseManager(use_memory=True)
    session = manager.get_session()
    session.execute(INSERT, ("kept",))
    session.commit()
    session.execute(INSERT, ("given up",))
    session.rollback()
    session.execute(INSERT, ("not committed",))
    session.close()
    with pytest.raises(SandboxError, match="closed"):
        session.execute(COUNT)
    with pytest.raises(ZeroDivisionError), manager.get_session() as session:
        session.execute(INSERT, ("lost",))
        raise ZeroDivisionError
    with manager.get_session() as session:
        assert session.execute("SELECT key FROM setting").fetchall() == [("kept",)]
    manager.cleanup()


def test_sessions_of_two_threads_do_not_mix() -> None:
    manager = SandboxDatabaseManager(use_memory=True)
    session = manager.get_session()
    session.execute(INSERT, ("mine",))
    seen: list[int] = []

    def look() -> None:
        with manager.get_session() as other:
            seen.append(other.execute(COUNT).scalar())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(0.2)
    session.commit()
    thread.join()
    assert seen in ([0], [1])  # never a half: what is not committed is not seen, or the reader waited
    manager.cleanup()


@pytest.mark.parametrize("url", ["mysql://user:hunter2@host/db", "sqlite://host/x.db", "nonsense"])
def test_another_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SandboxError, match="not a database URL") as caught:
        SandboxDatabaseManager(url)
    assert "hunter2" not in str(caught.value)


def test_a_password_is_in_no_log_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("psycopg")
    url = "postgresql://sandbox:hunter2@127.0.0.1:1/sandbox_db"
    with caplog.at_level(logging.DEBUG):
        manager = SandboxDatabaseManager(url)
        assert manager.database_url == url and manager.engine is not None
        assert not manager.health_check()
        with pytest.raises(SandboxError, match="does not answer") as caught:
            manager.get_session()
    for text in (str(caught.value), repr(manager), repr(manager.engine), caplog.text):
        assert "hunter2" not in text
    with pytest.raises(SandboxError, match="does not answer") as caught:
        GovernorEnforcer(database=manager)
    assert "hunter2" not in str(caught.value)
    manager.cleanup()


def test_a_block_takes_a_file_a_manager_or_nothing(database: Database) -> None:
    manager = SandboxDatabaseManager(use_memory=True)
    assert Block(database).database is database
    assert Block(manager).database is manager.engine
    assert Block().database is not Block().database
    with pytest.raises(SandboxError, match="not on a str"):
        Block("valhalla.db")  # type: ignore[arg-type]
