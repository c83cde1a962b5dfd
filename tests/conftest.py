"""What every test may ask for: a home of its own, the sample leads, and lists of any size with their truth."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import apsw
import pytest
from hypothesis import settings

from db import Database
from db.schema import BARE, Schema
from valhalla.cli import entry
from valhalla.program.database import open_database
from valhalla.program.memory import collect_regularly

ROOT = Path(__file__).resolve().parent.parent


def load(path: Path) -> Any:
    """Import a file once; nothing under tests/ or scripts/ is a package. What lies next to it is imported by its name."""
    known = f"valhalla_{path.parent.name}_{path.stem}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        sys.path.insert(0, str(path.parent))
        try:
            spec.loader.exec_module(module)
        finally:
            sys.path.remove(str(path.parent))
    return sys.modules[known]


@pytest.fixture(scope="session")
def module() -> Callable[[Path], Any]:
    """A function that imports a file which is in no package."""
    return load


# Each run tries a few examples of each property, other ones every time; VALHALLA_LONG=1 tries many. How long one takes depends on
# what else the machine does.
settings.register_profile(
    "few", max_examples=150 if os.environ.get("VALHALLA_LONG") == "1" else 30, deadline=None
)
settings.load_profile("few")

gc.disable()  # 7,000 tests and all that they import stay; looking for garbage among them only takes time


def pytest_collection_finish() -> None:
    """From now on look for garbage, but not among what was collected, and as seldom as a service does."""
    gc.collect()
    gc.freeze()
    collect_regularly()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests first: each process takes whole files, and the one that takes the last is not to work long alone."""
    long = {item.path for item in items if any(item.iter_markers("slow")) or any(item.iter_markers("crash"))}
    items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole files to a process, and all that draw pages to one: a second browser would only slow down the first. What changes the
    machine's addresses goes there, too: Chromium gives up what it is loading when they change (ERR_NETWORK_CHANGED)."""
    from xdist.scheduler import LoadFileScheduling

    class OneBrowser(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            alone = "browser" in file or file.endswith("test_fleet_network.py")
            return "tests/browser" if alone else super()._split_scope(nodeid)

    return OneBrowser(config, log) if config.getvalue("dist") == "loadfile" else None


class LeadList(Protocol):
    """Writes a list of leads and returns its path and what is in it (``make_leads.Truth``)."""

    def __call__(self, rows: int, **options: Any) -> tuple[Path, Any]: ...


@pytest.fixture(autouse=True, scope="session")
def _interrupts_are_heard() -> Iterator[None]:
    """A shell starts what it runs in the background with SIGINT ignored, and every process passes that on."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _names_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find names that end in .localhost here, as browsers do (RFC 6761), whatever this system's resolver makes of them."""
    resolve = socket.getaddrinfo

    def as_browsers_do(host: Any, *more: Any, **options: Any) -> Any:
        name = host.decode("latin-1") if isinstance(host, bytes) else host
        return resolve("127.0.0.1" if str(name).endswith(".localhost") else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", as_browsers_do)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the environment of the person who runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith(("VALHALLA_", "ARK_")) or name == "REDIS_URL":
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_words_in_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where an audit entry would name a person; the program leaves the words out and goes on."""

    def fail(_: object, action: str) -> None:
        raise AssertionError(f"an entry {action} holds an e-mail address, a phone number or a lead's name")

    monkeypatch.setattr("valhalla.program.entries.found_words", fail)


@pytest.fixture(autouse=True, scope="session")
def _memory_is_migrated_once() -> Iterator[None]:
    """Begin a database in memory as a copy of the first with its schema; that one is migrated as ever."""
    migrated: Any = Database.memory
    first: dict[int, tuple[Schema, bytes]] = {}

    def copied(cls: type[Database], schema: Schema = BARE) -> Database:
        if id(schema) not in first:
            with migrated.__func__(cls, schema) as database:
                first[id(schema)] = schema, database.connection().serialize("main")
        private = apsw.Connection(":memory:")
        private.deserialize("main", first[id(schema)][1])
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        database = cls(f"file:/{uuid.uuid4().hex}?vfs=memdb", flags=flags, path=None, schema=schema)
        database._anchor = database.connection()
        with database._anchor.backup("main", private, "main") as copying:
            copying.step()
        private.close()
        database.recorder().renew()
        return database

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "memory", classmethod(copied))
        yield


@pytest.fixture
def vfs() -> Any:
    """The disk that can lose power, and the one that fails."""
    return load(ROOT / "tests" / "vfs.py")


@pytest.fixture(scope="session")
def start_postgres() -> Iterator[Callable[..., Any]]:
    """A function that starts a PostgreSQL server; skips where none can be had."""
    pytest.importorskip("psycopg", reason="needs psycopg (pip install 'valhalla[postgres]')")
    module = load(ROOT / "tests" / "postgres_server.py")
    with contextlib.ExitStack() as servers:

        def start(**options: Any) -> Any:
            try:
                server = module.Server(**options)
            except module.NoServer as reason:
                pytest.skip(str(reason))
            servers.callback(server.close)
            return server

        yield start


@pytest.fixture(scope="session")
def postgres_server(start_postgres: Callable[..., Any]) -> Any:
    """A PostgreSQL server for the tests of this process."""
    return start_postgres()


@pytest.fixture
def postgres_url(postgres_server: Any) -> str:
    """The URL of an empty database on it."""
    url = postgres_server.empty()
    return str(url)


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as the program makes it, made once: a test that is not about that begins with a copy."""
    path = tmp_path_factory.mktemp("new") / "valhalla.db"
    open_database(path).close_all()
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, which is also the one that commands of this test use."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("VALHALLA_HOME", str(folder))
    return folder


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def answer() -> type[Answer]:
    """What a command says, for tests that start it themselves."""
    return Answer


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """A function that runs ``valhalla`` in this process: ``command("leads", "list")``. ``code``: how it has to end."""

    def run(*words: object, code: int | None = None, **environment: str) -> Answer:
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                ended = entry.run([str(word) for word in words])
            except SystemExit as left:
                ended = int(left.code or 0)
        answer = Answer(ended, *capfd.readouterr())
        assert code in (None, ended), answer.err
        return answer

    return run


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
        return path, load(ROOT / "scripts" / "make_leads.py").write_leads(path, rows, **options)

    return make


@pytest.fixture(scope="session")
def script() -> Callable[[str], Any]:
    """A function that imports a file of scripts/ by its name: ``script("pin")``."""
    return lambda name: load(ROOT / "scripts" / f"{name}.py")


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
def receive() -> Iterator[Callable[[Callable[[Any], object]], str]]:
    """A function that starts an HTTP server and returns its address; ``answer(request)`` answers each request of its handler."""
    with contextlib.ExitStack() as servers:

        def receive(answer: Callable[[Any], object]) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_POST(self) -> None:
                    with contextlib.suppress(OSError):  # who asked is gone
                        answer(self)

                do_GET = do_POST

                def log_message(self, *_: object) -> None:
                    pass

            server = servers.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            servers.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield receive


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """A function that waits until something is true which no event announces."""

    def wait(true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.001)

    return wait


@pytest.fixture
def together() -> Callable[[int, Callable[[int], object]], list[object]]:
    """A function that runs ``work(n)`` in so many threads at the same moment and returns what each gave or raised."""

    def run(threads: int, work: Callable[[int], object]) -> list[object]:
        gate, results = threading.Barrier(threads), [None] * threads

        def body(number: int) -> None:
            gate.wait()
            try:
                results[number] = work(number)  # type: ignore[call-overload]
            except BaseException as error:
                results[number] = error  # type: ignore[call-overload]

        workers = [threading.Thread(target=body, args=(number,)) for number in range(threads)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        return list(results)

    return run


@pytest.fixture
def anyio_backend() -> str:
    """Coroutines among the tests run on asyncio alone."""
    return "asyncio"


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


PRELUDE = """
import os, sys
from pathlib import Path
from db import Database
from valhalla.program.database import memory_database, open_copy, open_database

path = Path(sys.argv[1])
words = sys.argv[2:]

def tell(*what):
    print(*what, flush=True)

def hear():
    return sys.stdin.readline().strip()
"""


class Process:
    """A second Python process that talks with the test line by line. It is killed after a minute at the latest."""

    def __init__(self, code: str, path: Path, *words: str) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code, str(path), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.pid = self._popen.pid
        self._watchdog = threading.Timer(60, self._popen.kill)
        self._watchdog.start()

    def hear(self) -> str:
        """The next line that the process told; "" when it has ended."""
        assert self._popen.stdout is not None
        return self._popen.stdout.readline().strip()

    def expect(self, word: str) -> None:
        """Wait until the process tells ``word``."""
        heard = self.hear()
        if heard != word:
            self._popen.kill()
            pytest.fail(f"expected {word!r}, heard {heard!r}; {self._popen.communicate()[1]}")

    def say(self, word: str) -> None:
        """Tell the process something."""
        assert self._popen.stdin is not None
        self._popen.stdin.write(word + "\n")
        self._popen.stdin.flush()

    def kill(self) -> None:
        """Kill the process and wait until it is gone."""
        self._popen.kill()
        self.wait()

    def wait(self) -> int:
        """Wait for the end; the exit code."""
        code = self._popen.wait()
        self._watchdog.cancel()
        return code

    def finish(self) -> str:
        """Wait for the end, which must be a good one; what the process told and nobody heard."""
        told, complaint = self._popen.communicate()
        self._watchdog.cancel()
        assert self._popen.returncode == 0, complaint
        return told.strip()

    def close(self) -> None:
        self._watchdog.cancel()
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.communicate()


class StartProcess(Protocol):
    """Starts a process that runs ``code`` with ``path`` and ``words`` at hand (see PRELUDE)."""

    def __call__(self, code: str, path: Path, *words: str) -> Process: ...


@pytest.fixture
def process() -> Iterator[StartProcess]:
    """A function that starts a second process."""
    started: list[Process] = []

    def start(code: str, path: Path, *words: str) -> Process:
        started.append(Process(code, path, *words))
        return started[-1]

    yield start
    for each in started:
        each.close()
