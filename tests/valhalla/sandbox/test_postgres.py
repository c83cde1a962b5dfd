"""Sessions on a real PostgreSQL, started for the test. Skipped where there is none (Debian: apt-get install postgresql)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from valhalla.sandbox import SandboxDatabaseManager
from valhalla.sandbox.errors import PostgresUnsupported, SandboxError
from valhalla.sandbox.governor import GovernorEnforcer

pytestmark = pytest.mark.postgres


def programs() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    named = shutil.which("initdb")
    return found[0].parent if found else Path(named).parent if named else None


def unprivileged() -> list[str]:
    """What to put before a command: PostgreSQL refuses to run as root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return []
    import pwd

    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="needs psycopg (pip install 'valhalla[postgres]')")
    folder = programs()
    if sys.platform == "win32" or folder is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("as root this needs setpriv")
    home = Path(tempfile.mkdtemp(prefix="valhalla-postgres-"))
    (home / "password").write_text("hunter2\n", encoding="utf-8")
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        shutil.chown(home / "password", "nobody")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *words: str) -> None:
        command = [*unprivileged(), str(folder / program), *words]
        subprocess.run(command, check=True, capture_output=True, cwd=home, timeout=120)

    data = str(home / "data")
    try:
        run(
            "initdb",
            "-D",
            data,
            "-U",
            "sandbox",
            "-A",
            "scram-sha-256",
            f"--pwfile={home}/password",
            "-E",
            "UTF8",
            "-N",
        )
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield f"postgresql://sandbox:hunter2@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_what_is_committed_is_seen_by_others_and_what_is_rolled_back_is_not(url: str) -> None:
    manager = SandboxDatabaseManager(url)
    assert manager.health_check()
    with manager.get_session() as first, manager.get_session() as second:
        first.execute("CREATE TABLE lead (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        first.execute("INSERT INTO lead VALUES (%s, %s)", (1, "Ann"))
        first.commit()
        assert second.execute("SELECT name FROM lead WHERE id = %(id)s", {"id": 1}).scalar() == "Ann"
        second.execute("UPDATE lead SET name = 'Ben'")
        second.rollback()
        assert list(first.execute("SELECT id, name FROM lead")) == [(1, "Ann")]
    with manager.get_session() as session:
        session.execute("DELETE FROM lead")
    with manager.get_session() as session:
        assert session.execute("SELECT count(*) FROM lead").scalar() == 1, (
            "what was not committed is given up"
        )
    manager.cleanup()


def test_cleanup_closes_every_session(url: str) -> None:
    manager = SandboxDatabaseManager(url)
    sessions = [manager.get_session() for _ in range(3)]
    manager.cleanup()
    for session in sessions:
        with pytest.raises(Exception, match="closed"):
            session.execute("SELECT 1")


def test_a_wrong_password_is_an_error_that_does_not_tell_it(url: str) -> None:
    wrong = SandboxDatabaseManager(url.replace("hunter2", "hunter3"))
    assert not wrong.health_check()
    with pytest.raises(SandboxError, match="does not answer") as caught:
        wrong.get_session()
    assert "hunter" not in str(caught.value)


def test_a_block_cannot_work_on_it_yet(url: str) -> None:
    with pytest.raises(PostgresUnsupported, match="PostgreSQL"):
        GovernorEnforcer(database=SandboxDatabaseManager(url))
