"""A list whose reading never ends is given up, and holds up nobody while that is not yet known."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs import JobQueue
from valhalla.intake import read_ahead, watchdog
from valhalla.intake.columns import glance
from valhalla.intake.importer import import_file
from valhalla.intake.passes import Importing
from valhalla.intake.reading import SourceError
from valhalla.intake.reading.csvfile import CsvReader
from valhalla.intake.request import Request
from valhalla.intake.results import of_import
from valhalla.intake.watchdog import Patience, Watchdog
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.scoring import store

GOOD = "name,email,value\nAnn Ames,ann@example.com,100000\n"
STUCK = "name,email,value\nStuck,stuck@example.com,100000\n"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute is a quarter of a second."""
    for module in (watchdog, read_ahead):
        monkeypatch.setattr(module, "NAP", 0.05)
    monkeypatch.setattr(watchdog, "PATIENCE", 5)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Lists called ``stuck.csv`` are never read beyond their first record; set when one has come so far."""
    reached, release = threading.Event(), threading.Event()
    read = CsvReader.read

    def endless(self: CsvReader, count: int, final: bool) -> Any:
        if str(getattr(self.window.file, "name", "")).endswith("stuck.csv") and self.position.records:
            reached.set()
            release.wait(30)
        return read(self, 1 if not self.position.records else count, final)

    monkeypatch.setattr(CsvReader, "read", endless)
    yield reached
    release.set()


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    with open_database(home.database) as database:
        store.seed(database)
        yield database


def test_the_list_is_given_up_with_an_alert_and_the_others_are_imported(
    home: Home, database: Database, stuck: threading.Event
) -> None:
    importing = Importing(database, JobQueue(database))
    worker = importing.queue.worker(threads=1)
    worker.start()
    (home.inbox / "stuck.csv").write_text(STUCK, encoding="utf-8")
    (home.inbox / "then.csv").write_text(GOOD, encoding="utf-8")
    done = importing.run(home, [], standing=True, final=True)
    first, second = done.result.files
    assert first.error is not None and first.error["code"] == "NO_PROGRESS" and first.rows == 1
    assert "no progress for a minute" in first.error["message"]
    assert second.error is None and second.new == 1
    assert database.sql("SELECT task, severity, state FROM alert") == [("import.file", "error", "open")]
    again = importing.run(home, [], standing=True, final=True)
    assert again.import_ids == []  # not until it changes
    worker.stop(timeout=5)


def test_nobody_waits_to_write_while_a_reading_takes_long(
    home: Home, database: Database, stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 100)
    path = home.path / "stuck.csv"
    path.write_text(STUCK, encoding="utf-8")
    thread = threading.Thread(target=import_file, args=(database, Request(str(path))))
    thread.start()
    assert stuck.wait(10)
    wrote = threading.Event()

    def write() -> None:
        with database.write():
            database.sql("UPDATE import SET warnings = warnings")
        wrote.set()

    threading.Thread(target=write).start()
    assert wrote.wait(3)
    thread.join()
    assert of_import(database, 1).error is not None


def test_a_reading_that_moves_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience(Path("list"))
    steps = threading.Event()

    def slow() -> int:
        for _ in range(20):
            steps.wait(0.05)
            patience.progress()
        return 5

    with Watchdog(patience) as dog:
        assert dog.call(slow) == 5


def test_what_the_reading_raises_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise TimeoutError("of the disk")

    with Watchdog(Patience(Path("list"))) as dog:
        with pytest.raises(TimeoutError, match="of the disk"):
            dog.call(fail)
        assert dog.call(lambda: 1) == 1


def test_a_glance_at_a_list_gives_up_too(
    home: Home, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr("valhalla.intake.columns.open_source", lambda *_, **__: release.wait(30))
    path = home.path / "stuck.csv"
    path.write_text(STUCK, encoding="utf-8")
    found = glance(database, path, "csv")
    release.set()
    assert found["error"]["code"] == "NO_PROGRESS" and found["columns"] == []


def test_a_second_process_that_is_silent_is_ended(
    home: Home, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(reader: read_ahead.ReadAhead) -> None:
        threading.Event().wait(2)

    monkeypatch.setattr(read_ahead.ReadAhead, "_take_in", silent)
    path = home.path / "a.csv"
    path.write_text(GOOD, encoding="utf-8")
    from valhalla.intake.reading import Position, Profile

    what = read_ahead.List(path, Profile(), None, Position(), "csv", True, [])
    with pytest.raises(SourceError, match="no progress"):
        read_ahead.ReadAhead(what, store.load(database, 1), 1_000, Patience(path))
