"""What every test may ask for: a home of its own, the sample leads, and lists of any size with their truth."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load_script(name: str) -> ModuleType:
    """Import a file of scripts/, which is no package."""
    known = f"valhalla_scripts_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, ROOT / "scripts" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        sys.path.insert(0, str(ROOT / "scripts"))
        try:
            spec.loader.exec_module(module)
        finally:
            sys.path.remove(str(ROOT / "scripts"))
    return sys.modules[known]


class LeadList(Protocol):
    """Writes a list of leads and returns its path and what is in it (``make_leads.Truth``)."""

    def __call__(self, rows: int, **options: Any) -> tuple[Path, Any]: ...


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the variables of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith(("VALHALLA_", "ARK_")) or name == "REDIS_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, which is also the one that commands of this test use."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("VALHALLA_HOME", str(folder))
    return folder


@pytest.fixture
def sample_leads(tmp_path: Path) -> Path:
    """A copy of the ten sample leads, free to be changed."""
    return Path(shutil.copy(ROOT / "examples" / "real_leads.csv", tmp_path / "real_leads.csv"))


@pytest.fixture
def lead_list(tmp_path: Path) -> LeadList:
    """A function that writes a list: ``path, truth = lead_list(2_000, seed=7, bad=0.05)``."""
    made = 0

    def make(rows: int, **options: Any) -> tuple[Path, Any]:
        nonlocal made
        made += 1
        path = tmp_path / f"leads-{made}.csv"
        return path, load_script("make_leads").write_leads(path, rows, **options)

    return make


@pytest.fixture
def script() -> Callable[[str], ModuleType]:
    """A function that imports a file of scripts/ by its name: ``script("pin")``."""
    return load_script


class RedisServer:
    """A real redis-server of this test, on a free port, with nothing kept on disk."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                self._program,
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                    line.sendall(b"PING\r\n")
                    if line.recv(7) == b"+PONG\r\n":
                        return
            except OSError:
                assert time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once; what it held is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A running :class:`RedisServer`. Skips where the program or redis-py is missing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server)")
    pytest.importorskip("redis", reason="needs redis-py (pip install 'valhalla[redis]')")
    server = RedisServer(program, tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def bound_by_permissions() -> list[str]:
    """What to put before a command so that file permissions bind it although the tests run as root."""
    if sys.platform == "win32":
        pytest.skip("permissions of Windows are tested on the executable")
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("as root this needs setpriv")
    lost = "-dac_override,-dac_read_search"
    return ["setpriv", f"--inh-caps={lost}", f"--bounding-set={lost}", "--"]
