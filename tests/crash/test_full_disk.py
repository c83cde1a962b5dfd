"""A disk that is full for a while: told once, and everything goes on by itself. (Real full disks: tests/db/test_copying.py.)"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

from valhalla.intake import disk_space, importer
from valhalla.intake.passes import Pass
from valhalla.intake.request import Hooks, Progress
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.sandbox.alerts import AlertSystem
from valhalla.service.importing import ImportingProgram
from valhalla.service.service import Events, Plan, Service
from valhalla.service.whole import WholeProgram

REFUSED = 12
"""Writes that the disk refuses before there is space again."""


class FullDisk:
    """Refuses every write from :meth:`fill` on, until it has done so often enough and somebody was told."""

    def __init__(self, disk: Any) -> None:
        self.said: list[str] = []
        self.refuses: float = REFUSED
        self._full = False
        self._refused = 0
        disk.on_call = self._call

    def fill(self) -> None:
        self._full = True

    def relent(self) -> None:
        self._full = False

    def say(self, line: str) -> None:
        self.said.append(line)

    def _call(self, number: int, kind: str, name: str) -> None:
        if self._full:
            self._refused += 1
            self._full = self._refused < self.refuses or not self.said
            raise apsw.FullError("the disk is full, says the test")


@pytest.fixture
def full_disk(vfs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[FullDisk]:
    monkeypatch.setattr(disk_space, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(disk_space, "STEP_SECONDS", 0.01)
    monkeypatch.setattr("jobs.worker_thread.FULL_SECONDS", 0.01)
    disk = vfs.Disk("full")
    yield FullDisk(disk)
    disk.close()


def history(program: ImportingProgram) -> list[tuple[str, str]]:
    alerts = AlertSystem(database=program.database).get_alerts(task_name=disk_space.TASK)
    return [(each["severity"], each["state"]) for each in alerts]


def told(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines]


def test_import_waits_for_space_and_goes_on(
    home: Path, lead_list: Any, full_disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    path, _ = lead_list(3_000, bad=0)
    Home(home).prepare()
    with ImportingProgram.open(Home(home)) as program:
        settings.save(program.database, "import.chunk_rows", "500")
        program.importing.space.say = full_disk.say
        worker = program.queue.worker(threads=2)
        worker.start()
        began: list[int] = []
        as_ever = importer.import_file

        def import_file(database: Any, request: Any, hooks: Hooks) -> int | None:
            def between(progress: Progress) -> None:
                hooks.between(progress)
                if len(began) == 1:
                    full_disk.fill()

            began.append(1)
            return as_ever(database, request, hooks._replace(between=between))

        monkeypatch.setattr(importer, "import_file", import_file)
        done = program.importing.run(program.home, [path], standing=False, final=True)
        worker.stop(timeout=10)
        assert len(began) > 1, "it was interrupted"
        (file,) = done.result.files
        assert (file.rows, file.rejected, file.error) == (3_000, 0, None)
        assert program.database.value("SELECT count(*) FROM lead") == file.new
        assert told(full_disk.said) == ["[WARNING]", "[OK]"]
        assert str(home) in full_disk.said[0]
        assert history(program) == [("critical", "closed")]


def test_run_says_it_once_and_goes_on(
    home: Path, sample_leads: Path, full_disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)

    def cycle_ends(number: int, _: int, done: Pass) -> None:
        if number == 1:
            with sample_leads.open("a", encoding="utf-8") as file:
                file.write("Zoe Zahn,zoe@example.com,185000,Houston TX,713-555-0199,county\n")
            full_disk.fill()

    Home(home).prepare()
    with WholeProgram.open(Home(home)) as program:
        values = {**settings.effective(program.database), "watch": "off"}
        events = Events(cycle_ends=cycle_ends, disk=full_disk.say)
        stats = Service(program, Plan([sample_leads], 1, 3), values, events).run(threading.Event())
        assert (stats.cycles, stats.failed) == (3, 0)
        assert program.database.value("SELECT count(*) FROM lead") == 11
        assert told(full_disk.said) == ["[WARNING]", "[OK]"]
        assert history(program) == [("critical", "closed")]


def test_run_is_stopped_on_a_full_disk_as_ever(
    home: Path, sample_leads: Path, full_disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    full_disk.refuses = math.inf
    stop = threading.Event()

    def say(line: str) -> None:
        full_disk.say(line)
        stop.set()

    Home(home).prepare()
    with WholeProgram.open(Home(home)) as program:
        values = {**settings.effective(program.database), "watch": "off"}
        events = Events(cycle_ends=lambda *_: full_disk.fill(), disk=say)
        stats = Service(program, Plan([sample_leads], 1, None), values, events).run(stop)
        assert stats.status == "STOPPED" and told(full_disk.said) == ["[WARNING]"]
        full_disk.relent()
        assert program.database.value("SELECT stop FROM run") is None
        assert program.database.value("SELECT count(*) FROM lead") == 10
