"""Automatic audit copies, and copies that are taken while lists are read."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database, files, heads
from db.clock import HOUR
from db.inspecting import inspect, sha256_of
from valhalla.audit import copies
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.scoring import store as stages

COPIES = 100 if os.environ.get("VALHALLA_LONG") == "1" else 4
A_LIFE = 10 if COPIES > 10 else COPIES
ROWS, CHUNK = (1000, 200) if COPIES > 10 else (250, 50)
PLAIN_COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


@pytest.fixture
def database(place: Home) -> Iterator[Database]:
    with open_database(place.database) as database:
        database.clock = iter(range(10**15, 10**16, HOUR // 1000)).__next__
        stages.seed(database)
        yield database


def test_a_copy_is_due_after_so_many_hours_and_the_newest_are_kept(database: Database, place: Home) -> None:
    now = 10**15
    database.clock = lambda: now
    assert not copies.due(database, place, 24), "there is nothing in it yet that is a day old"
    now += 25 * HOUR
    assert copies.due(database, place, 24)
    assert not copies.due(database, place, 0)
    by_hand = copies.make(database, place, copies.default_target(place, now))
    for _ in range(4):
        now += 24 * HOUR
        assert copies.due(database, place, 24)
        copies.make_automatic(database, place, keep=2)
        assert not copies.due(database, place, 24)
    kept = copies.automatic(place)
    assert len(kept) == 2
    assert all(inspect(copy, SCHEMA, heads=heads.read(place.audit)).ok for copy in kept)
    assert Path(by_hand["path"]).exists(), "what a person made is not removed"
    assert len([*place.audit.glob("*.manifest.json")]) == 3


def test_a_copy_has_its_name_once_its_bytes_are_on_the_disk(
    database: Database, place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    fsync, replace = os.fsync, files.replace

    def flush(number: int) -> None:
        fsync(number)
        flushed.append(os.fstat(number).st_ino)

    def named(source: Path, target: Path) -> None:
        if target.suffix == ".db":
            assert source.stat().st_ino in flushed
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(files, "replace", named)
    made = copies.make(database, place, copies.default_target(place, database.clock()))
    assert made["sha256"] == sha256_of(Path(made["path"])), "of what is there"


class Importing:
    """Reads a list over and over in a thread; each time all its leads have changed and some are new."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database, self._path = database, path
        self._stop = threading.Event()
        self.rounds = 0
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                rows = range(ROWS + ROWS // 20 * self.rounds)
                lines = [
                    f"Jane {row} {self.rounds},j{row}@example.com,{100_000 + self.rounds}" for row in rows
                ]
                self._path.write_text("\n".join(["name,email,value", *lines, ""]), encoding="utf-8")
                import_file(self._database, Request(str(self._path)))
                self._database.checkpoint()  # so that the main file changes while it is copied
                self.rounds += 1
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        if self.error:
            raise self.error


def test_copies_taken_while_lists_are_read(tmp_path: Path) -> None:
    chance, told = random.Random(1), Counter[str]()
    for life in range(COPIES // A_LIFE):  # a file that grew for hours would only take longer to verify
        home = Home(tmp_path / f"home-{life}")
        home.prepare()
        with open_database(home.database) as database:
            stages.seed(database)
            with database.write():
                database.sql("INSERT INTO setting VALUES ('import.chunk_rows', ?, 0, 'test')", (str(CHUNK),))
            take_copies(database, home, chance, told)
        shutil.rmtree(home.path)
    assert told["changed"] > 0, "else nothing happened meanwhile"
    print(json.dumps(told))


def take_copies(database: Database, home: Home, chance: random.Random, told: Counter[str]) -> None:
    importing = Importing(database, home.path / "leads.csv")
    copy, plain = home.path / "copy.db", home.path / "plain.db"
    try:
        for _ in range(A_LIFE):
            threading.Event().wait(chance.random() * 0.1)
            copies.make(database, home, copy)
            verdict = inspect(copy, SCHEMA)
            assert verdict.ok, verdict.problems[:3]
            told["audit copies verified"] += 1
            subprocess.run([sys.executable, "-c", PLAIN_COPY, str(home.database), str(plain)], check=True)
            verdict = inspect(plain, SCHEMA, heads=heads.read(home.audit))
            if verdict.ok:
                told["plain copies verified"] += 1
            else:
                told["plain copies altered or torn"] += 1
                words = " ".join([*verdict.notes, *(what for _, _, what in verdict.problems)])
                assert "altered or torn" in words
    finally:
        importing.stop()
    told["imports"] += importing.rounds
    told["changed"] += database.value("SELECT count(*) FROM lead_history")
