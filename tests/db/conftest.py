"""A file to work on, and real second processes beside it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from db import Database
from valhalla.program.database import open_database

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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of this test is."""
    return tmp_path / "valhalla.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """A new file, open."""
    with open_database(path) as database:
        yield database


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """A function that waits until something is true which no event announces."""

    def wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.001)

    return wait


@pytest.fixture
def in_thread() -> Callable[[Callable[[], object]], None]:
    """A function that runs another one in a thread of its own and passes on what it raises."""

    def run(what: Callable[[], object]) -> None:
        raised: list[BaseException] = []

        def body() -> None:
            try:
                what()
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if raised:
            raise raised[0]

    return run
