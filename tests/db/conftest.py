"""A file to work on, and real second processes beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import Database
from valhalla.program.database import open_database


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
