"""A file in memory by a clock that the test moves, a file on the disk, and real processes on it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import Database
from jobs.testing import FakeClock
from valhalla.program.database import memory_database, open_database

PRELUDE = """
import sys
from pathlib import Path
from db import Database
from valhalla.program.database import memory_database, open_database
database = open_database(sys.argv[1])
words = sys.argv[2:]
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Iterator[Database]:
    """A private file in memory, by the fake clock."""
    with memory_database() as database:
        database.clock = clock
        yield database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valhalla.db"


@pytest.fixture
def file(path: Path) -> Iterator[Database]:
    """A file on the disk."""
    with open_database(path) as database:
        yield database


@pytest.fixture
def process(path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A function that starts a second process on the file; ``code`` finds it as ``database``, its arguments as ``words``."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *words: object) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", PRELUDE + code, str(path), *map(str, words)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        )
        return started[-1]

    yield start
    for each in started:
        if each.poll() is None:
            each.kill()
        each.communicate()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """A function that waits until something is true which no event announces."""

    def wait(true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.002)

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
