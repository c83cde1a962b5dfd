"""The built products, run as a person does: no Python on the path, any folder, any name.

``VALHALLA_TEST_PRODUCT`` names the folder with what ``build/valhalla.spec`` made for this system; ``VALHALLA_TEST_WINE`` the
tools of ``scripts/windows_exe.py``, and then the products in ``dist/windows`` are run under Wine. Without either nothing here
is run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

ROOT = Path(__file__).parents[2]
NATIVE = os.environ.get("VALHALLA_TEST_PRODUCT")
WINE = os.environ.get("VALHALLA_TEST_WINE")
SUFFIX = ".exe" if os.name == "nt" else ""
STRANGE = "with spaces Žluť 日本"
PATIENCE = 60.0
HELPERS = {"--apart", "--read-ahead", "--hash-rows"}
"""What processes are started with that a product starts for itself."""
Found = TypeVar("Found")


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Running:
    """A product that has been started."""

    process: subprocess.Popen[bytes]
    output: Path
    product: Product
    copying: threading.Thread
    """Writes what it says into ``output``."""

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def link(self) -> str:
        """The cockpit's link, as soon as it is printed."""
        found = self.wait(lambda: re.search(r"Cockpit: (http://\S+)", self.said()))
        return found.group(1)

    def wait(self, look: Callable[[], Found | None], seconds: float = PATIENCE) -> Found:
        """What ``look`` finds, as soon as it finds something."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, self.said()
            assert self.process.poll() is None or look(), self.said()
            time.sleep(0.05)
        return found

    def ended(self) -> int:
        """Its exit code, once it has ended and its last words are in ``output``."""
        code = self.process.wait(PATIENCE)
        self.copying.join(
            2.0
        )  # not for ever: under Wine a program left in the background keeps the pipe open
        return code

    def answers(self) -> bool:
        """Whether its cockpit answers now."""
        port = self.link().split("/")[2]
        try:
            with urllib.request.urlopen(f"http://{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass
class Product:
    """One of the products on one of the systems."""

    kind: str
    """``one file`` or ``folder``."""
    system: str
    """``native`` or ``wine``."""
    executable: Path
    home: Path
    environment: dict[str, str]
    started: list[Running] = field(default_factory=list)

    def path(self, path: Path) -> str:
        """What the product calls a path of this machine."""
        return "Z:" + str(path).replace("/", "\\") if self.system == "wine" else str(path)

    def command(self, *words: object) -> list[str]:
        told = [self.path(word) if isinstance(word, Path) else str(word) for word in words]
        front = ["wine"] if self.system == "wine" else []
        return [*front, self.path(self.executable) if front else str(self.executable), *told]

    def run(self, *words: object, home: Path | None = None, cwd: Path | None = None, **more: str) -> Answer:
        """Run a command on the test's home to its end."""
        process = subprocess.Popen(
            self.command("--home", home or self.home, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd or self.home.parent,
            env={**self.environment, **more},
        )
        streams = [_Stream(pipe) for pipe in (process.stdout, process.stderr)]
        try:
            code = process.wait(PATIENCE * 2)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        out, err = (stream.text() for stream in streams)
        return Answer(code, out, _without_noise(err))

    def start(self, *words: object) -> Running:
        """Start a command and leave it running."""
        output = self.home.parent / f"output-{len(self.started)}.txt"
        reader, writer = os.pipe()  # under Wine a Windows Python cannot write to a redirected regular file
        process = subprocess.Popen(
            self.command("--home", self.home, *words),
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            cwd=self.home.parent,
            env=self.environment,
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        os.close(writer)
        running = Running(process, output, self, _copy_in_background(reader, output))
        self.started.append(running)
        return running

    def processes(self) -> list[psutil.Process]:
        """All processes that run from this product's executable, the loader of a one-file product first."""
        found = []
        for process in psutil.process_iter():
            try:
                if self.path(self.executable) in process.cmdline()[:1] or self._is(process):
                    found.append(process)
            except psutil.Error:
                continue
        return sorted(found, key=lambda process: process.create_time())

    def _is(self, process: psutil.Process) -> bool:
        words = process.cmdline()
        if self.system == "wine":
            return bool(words) and words[0].lower() == self.path(self.executable).lower()
        return process.exe() == str(self.executable)

    def interrupt(self, running: Running) -> None:
        """What Ctrl+C does: every process of the terminal is told."""
        if self.system == "wine":
            worker = [each for each in self.processes() if not HELPERS & set(each.cmdline())][-1]
            worker.send_signal(signal.SIGINT)
        elif os.name == "nt":  # a group can be sent Ctrl+Break only
            running.process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined]
        else:
            os.killpg(running.process.pid, signal.SIGINT)

    def runtime(self) -> list[Path]:
        """Folders that one-file products are unpacked into."""
        place = Path(self.environment["TMPDIR"])
        if self.system == "wine":
            (user,) = (Path(self.environment["WINEPREFIX"]) / "drive_c" / "users").glob("[!P]*")
            place = user / "AppData" / "Local" / "Valhalla" / "runtime"
        elif os.name == "nt":
            place = Path(self.environment["LOCALAPPDATA"]) / "Valhalla" / "runtime"
        return list(place.glob("*_MEI*"))

    def end(self) -> None:
        for running in self.started:
            if running.process.poll() is None:
                running.process.kill()
            running.process.wait()
        for process in self.processes():
            process.kill()


class _Stream:
    """What comes out of a pipe. Not until its end: under Wine a program left in the background keeps it open."""

    def __init__(self, pipe: Any) -> None:
        self._parts: list[bytes] = []
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe: Any) -> None:
        while data := os.read(pipe.fileno(), 65536):
            self._parts.append(data)

    def text(self) -> str:
        self._thread.join(2.0)
        return b"".join(self._parts).decode("utf-8").replace("\r\n", "\n")


def _without_noise(text: str) -> str:
    """Standard error without what Wine says about itself."""
    noise = ("it looks like wine32", "multiarch needs", "execute ", "apt-get install wine32")
    return "\n".join(line for line in text.splitlines() if not line.startswith(noise))


def _copy_in_background(reader: int, output: Path) -> threading.Thread:
    def copy() -> None:
        with open(reader, "rb", buffering=0) as source, open(output, "wb", buffering=0) as target:
            while data := source.read(65536):
                target.write(data)

    output.touch()
    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    return thread


def _variants(kinds: tuple[str, ...]) -> list[Any]:
    systems = [("native", NATIVE)] if NATIVE else []
    systems += [("wine", WINE)] if WINE else []
    return [
        pytest.param(
            (kind, system),
            id=f"{system}-{kind.replace(' ', '-')}",
            marks=[pytest.mark.wine] * (system == "wine"),
        )
        for system, _ in systems
        for kind in kinds
    ] or [pytest.param(None, marks=pytest.mark.skip(reason="no product was built for this test run"))]


@pytest.fixture(scope="session")
def tools() -> Iterator[Any]:
    """Wine, when it is to be tested."""
    if not WINE:
        yield None
        return
    sys.path.insert(0, str(ROOT / "scripts"))
    from windows_exe import Tools

    found = Tools(Path(WINE))
    found.serve()
    yield found
    sys.path.remove(str(ROOT / "scripts"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test is of both kinds of product. What is marked ``any_kind`` is about modules that both hold as they are."""
    if "product" in metafunc.fixturenames:
        kinds = ("folder",) if metafunc.definition.get_closest_marker("any_kind") else ("one file", "folder")
        metafunc.parametrize("product", _variants(kinds), indirect=True)


@pytest.fixture
def product(request: pytest.FixtureRequest, tools: Any, tmp_path: Path) -> Iterator[Product]:
    """Each product, copied to a folder with spaces and foreign letters, with nothing on the path."""
    kind, system = request.param
    place = tmp_path / STRANGE
    place.mkdir()
    built = Path(str(NATIVE)) if system == "native" else ROOT / "dist" / "windows"
    suffix = ".exe" if system == "wine" else SUFFIX
    if kind == "one file":
        executable = Path(shutil.copy2(built / f"valhalla{suffix}", place / f"valhalla{suffix}"))
    else:
        shutil.copytree(built / "valhalla-portable", place / "valhalla", symlinks=True, copy_function=_linked)
        (place / "valhalla" / "portable").unlink()
        executable = place / "valhalla" / f"valhalla{suffix}"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = dict(tools.environment) if system == "wine" else {}
    environment |= {
        "PATH": os.environ["PATH"] if system == "wine" else str(temporary),
        "TMPDIR": str(temporary),
    }
    environment["HOME"] = os.environ.get("HOME", str(temporary))
    if os.name == "nt":
        environment |= {
            name: os.environ[name] for name in ("SYSTEMROOT", "LOCALAPPDATA", "TEMP") if name in os.environ
        }
    found = Product(kind, system, executable, place / "home", environment)
    yield found
    found.end()


def _linked(source: str, target: str) -> None:
    """A copy that costs nothing: nobody changes these files."""
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


@pytest.fixture
def sample() -> Path:
    return ROOT / "examples" / "real_leads.csv"
