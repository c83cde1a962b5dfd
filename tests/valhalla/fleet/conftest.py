"""A home whose database is protected, and machines of a fleet."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.fleet import continuous, litestream, protecting
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.scoring import store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    with open_database(home.database) as database:
        store.seed(database)
        yield database


@pytest.fixture
def place(database: Database, home: Home, tmp_path: Path) -> Path:
    """The place of the copies, with a whole one."""
    protecting.protect(database, home, str(tmp_path / "place"))
    return tmp_path / "place"


class Machine:
    """A process that runs the hub in ``home``: ``one_machine.py``, started by ``prefix``; with the ``seconds`` of its lease."""

    def __init__(self, home: Path, seconds: tuple[str, ...], prefix: tuple[str, ...]) -> None:
        self.home = home
        program = [sys.executable, str(Path(__file__).with_name("one_machine.py")), str(home), *seconds]
        self.process = subprocess.Popen(
            [*prefix, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())
            self._lines.put(line.strip())

    def hears(self, wanted: str) -> None:
        """Wait until it says a line that begins so."""
        while not self._lines.get(timeout=90).startswith(wanted):
            pass

    def power_off(self) -> None:
        """At once, with the Litestream that it has started: nothing that is still here goes on."""
        for note in (self.home / "workspaces").glob(f"*/{litestream.FOLDER}/pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(note.read_text("ascii")), signal.SIGKILL)
        self.process.kill()

    def stop(self) -> None:
        """In good order; of one that was killed, what it had started."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(60)
        for place in (self.home / "workspaces").glob("*"):
            continuous.end_orphan(Home(place))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """A function that starts a machine by its name; all are stopped afterwards."""
    started: list[Machine] = []

    def begin(
        name: str, *, seconds: tuple[str, ...] = ("3", "1", "0.2"), prefix: tuple[str, ...] = ()
    ) -> Machine:
        started.append(Machine(tmp_path / name, seconds, prefix))
        return started[-1]

    yield begin
    for each in started:
        each.stop()


@pytest.fixture
def first_of() -> Callable[[list[Machine], str], Machine]:
    """A function that waits for the machine that is the first to say a line."""

    def wait(machines: list[Machine], line: str) -> Machine:
        heard: queue.Queue[Machine | None] = queue.Queue()

        def listen(machine: Machine) -> None:
            try:
                machine.hears(line)
            except queue.Empty:
                heard.put(None)
            else:
                heard.put(machine)

        for each in machines:
            threading.Thread(target=listen, args=(each,), daemon=True).start()
        found = heard.get()
        assert found is not None, f"none says {line}: {[(each.home.name, each.said) for each in machines]}"
        return found

    return wait


@pytest.fixture
def say(tmp_path: Path, command: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs a command on a machine and returns its JSON, or what it says when it ends with another ``code``."""

    def call(machine: str, *words: str, code: int = 0) -> Any:
        answer = command("--home", tmp_path / machine, "--json", *words, code=code)
        return answer.err if code else answer.json

    return call
