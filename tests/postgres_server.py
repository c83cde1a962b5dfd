"""A PostgreSQL server of the tests' own, where the programs for one are to be had (Debian: apt-get install postgresql)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path


class NoServer(Exception):
    """There can be none here; the message says why."""


def programs() -> Path:
    """Where initdb and pg_ctl are; Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    named = shutil.which("initdb")
    if sys.platform == "win32" or not (found or named):
        raise NoServer("needs PostgreSQL's initdb and pg_ctl (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise NoServer("as root this needs setpriv")
    return found[0].parent if found else Path(str(named)).parent


def unprivileged() -> list[str]:
    """What to put before a command: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    import pwd

    nobody = pwd.getpwnam("nobody")
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--"]


class Server:
    """A server in a folder of its own, for one user. ``address``: where it listens, for the 24 bits around it; ``password``:
    what the user needs on this computer."""

    def __init__(self, flushes: bool = False, address: str = "127.0.0.1", password: str = "") -> None:
        self._programs = programs()
        self._address = address
        self._user = f"queue:{password}" if password else "queue"
        self._flush = "on" if flushes else "off"
        self._emptied: str | None = None
        self._home = Path(tempfile.mkdtemp(prefix="valhalla-postgres-"))
        secret = self._home / "password"
        secret.write_text(password, encoding="utf-8")
        if os.geteuid() == 0:
            for each in (self._home, secret):
                shutil.chown(each, "nobody")
        way = ("-A", "scram-sha-256", f"--pwfile={secret}") if password else ("-A", "trust")
        with socket.socket() as probe:
            probe.bind((address, 0))
            self._port = probe.getsockname()[1]
        self._run("initdb", "-D", str(self._home / "data"), "-U", "queue", *way, "-E", "UTF8", "-N")
        with open(self._home / "data" / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write(f"host all all {address}/24 trust\n")
        self.start()

    def _run(self, program: str, *words: str) -> None:
        command = [*unprivileged(), str(self._programs / program), *words]
        subprocess.run(command, check=True, capture_output=True, cwd=self._home, timeout=120)

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-D", str(self._home / "data"), *words)

    def start(self) -> None:
        options = f"-p {self._port} -k {self._home} -c listen_addresses={self._address} -c max_connections=200 -c fsync={self._flush}"
        self._control("-w", "-l", str(self._home / "log"), "-o", options, "start")

    def stop(self) -> None:
        """As if its machine had lost power, as far as processes go."""
        self._control("-m", "immediate", "stop")

    def restart(self) -> None:
        self._control("-w", "-l", str(self._home / "log"), "-m", "immediate", "restart")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self._user}@{self._address}:{self._port}/{database}"

    def database(self) -> str:
        """The URL of a new database."""
        name = f"q{uuid.uuid4().hex[:12]}"
        self.admin(f"CREATE DATABASE {name}")
        return self.url(name)

    def empty(self) -> str:
        """The URL of one database, emptied; whoever is still connected to it is sent away."""
        if self._emptied is None:
            self._emptied = self.database()
        self.cut(self._emptied)
        self.admin("DROP SCHEMA public CASCADE; CREATE SCHEMA public", self._emptied)
        return self._emptied

    def cut(self, url: str) -> None:
        """End all connections to a database."""
        name = url.rpartition("/")[2]
        self.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def admin(self, statement: str, url: str = "") -> None:
        import psycopg

        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def close(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self._home, ignore_errors=True)
