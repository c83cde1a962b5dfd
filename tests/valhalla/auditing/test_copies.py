"""Automatic audit copies, and copies that are taken while lists are read."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database, heads
from db.clock import HOUR
from db.inspecting import inspect
from valhalla.auditing import copies
from valhalla.home import Home
from valhalla.importing.importer import Request, import_file
from valhalla.stages import context as stages

COPIES = 100 if os.environ.get("VALHALLA_LONG") == "1" else 8
PLAIN_COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


@pytest.fixture
def place(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def database(place: Home) -> Iterator[Database]:
    with Database.open(place.database) as database:
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
    assert all(inspect(copy, heads=heads.read(place.audit)).ok for copy in kept)
    assert Path(by_hand["path"]).exists(), "what a person made is not removed"
    assert len([*place.audit.glob("*.manifest.json")]) == 3


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
                rows = range(1000 + 50 * self.rounds)
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


def test_copies_taken_while_lists_are_read(database: Database, place: Home, tmp_path: Path) -> None:
    with database.write():
        database.sql("INSERT INTO setting VALUES ('import.chunk_rows', '200', 0, 'test')")
    importing = Importing(database, tmp_path / "leads.csv")
    chance, torn = random.Random(1), 0
    try:
        for number in range(COPIES):
            threading.Event().wait(chance.random() * 0.1)
            manifest = copies.make(database, place, tmp_path / f"{number}.db")
            verdict = inspect(Path(manifest["path"]))
            assert verdict.ok, verdict.problems[:3]
            (tmp_path / f"{number}.db").unlink()
            plain = tmp_path / f"plain-{number}.db"
            subprocess.run([sys.executable, "-c", PLAIN_COPY, str(place.database), str(plain)], check=True)
            verdict = inspect(plain, heads=heads.read(place.audit))
            if not verdict.ok:
                torn += 1
                assert "altered or torn" in " ".join(
                    [*verdict.notes, *(what for _, _, what in verdict.problems)]
                )
            plain.unlink()
    finally:
        importing.stop()
    changed = database.value("SELECT count(*) FROM lead_history")
    assert changed > 0, "else nothing happened meanwhile"
    print(json.dumps({"copies": COPIES, "torn": torn, "imports": importing.rounds, "changed": changed}))
