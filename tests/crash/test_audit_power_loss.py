"""The power goes, or the program is killed, while evidence is written: the file opens, verifies, and forgets nothing durable."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

import db.connection
from db import Database, DatabaseError, audit, sealing
from db.verifying import verify
from valhalla.program.database import open_database

pytestmark = pytest.mark.crash
IMAGES = 300 if os.environ.get("VALHALLA_LONG") == "1" else 20


@pytest.fixture
def disk(vfs: ModuleType) -> Iterator[Any]:
    disk = vfs.Disk()
    yield disk
    disk.close()


def work(database: Database, told: list[str], chance: random.Random) -> None:
    """Bulk rows without durability, things that a person saves with it."""
    for number in range(40):
        with database.write():
            rows = [(number * 20 + each + 1, f"digest {number} {each}", "[]") for each in range(20)]
            bulk = sealing.Bulk(database, "header", ("id", "digest", "names"))
            bulk.insert(database, rows, bulk.hashes(rows))
            if number:
                database.sql(
                    "UPDATE header SET names = '[1]' WHERE id = ?", (chance.randrange(1, number * 20),)
                )
                database.sql("DELETE FROM header WHERE id = ?", (chance.randrange(1, number * 20),))
        key = f"key {number}"
        with database.write(durable=True):
            audit.append(database, "setting.change", key, {})
            database.sql("INSERT INTO setting VALUES (?, '1', 0, 'ann')", (key,))
        told.append(key)
        if number % 9 == 0:
            database.checkpoint()


def losses(folder: Path, disk: Any, vfs: ModuleType, seed: int) -> list[str]:
    """What is wrong, in words, on the disks that power failures at :data:`IMAGES` moments leave."""
    chance = random.Random(seed)
    snapshots: list[tuple[Any, list[str]]] = []
    told: list[str] = []
    (folder / "live").mkdir()
    database = open_database(folder / "live" / "valhalla.db")

    def maybe(number: int, kind: str, name: str) -> None:
        if len(snapshots) < IMAGES and chance.random() < 0.3:
            snapshots.append((disk.snapshot(), list(told)))

    disk.on_call = maybe
    work(database, told, chance)
    disk.on_call = None
    assert verify(database).ok
    database.close_all()
    assert len(snapshots) > IMAGES // 2
    wrong = []
    for index, (snapshot, known) in enumerate(snapshots):
        place = folder / f"image-{index}"
        place.mkdir()
        vfs.image(snapshot, place, chance)
        wrong += [f"image {index}: {each}" for each in examine(place / "valhalla.db", known)]
    return wrong


def examine(path: Path, told: list[str]) -> list[str]:
    try:
        with open_database(path) as database:
            verdict = verify(database)
            kept = {key for (key,) in database.sql("SELECT key FROM setting")}
    except (DatabaseError, apsw.Error) as error:
        return [f"cannot be opened: {error}"]
    return [f"{key} was saved and is gone" for key in told if key not in kept] + [
        f"{table} {key}: {what}" for table, key, what in verdict.problems
    ]


def test_what_was_saved_stays_and_the_chain_verifies(tmp_path: Path, disk: Any, vfs: ModuleType) -> None:
    assert losses(tmp_path, disk, vfs, seed=3) == []


def test_the_disk_tells_a_program_that_never_syncs(
    tmp_path: Path, disk: Any, vfs: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test."""
    monkeypatch.setattr(db.connection, "NORMAL", 0)
    monkeypatch.setattr(db.connection, "FULL", 0)
    assert losses(tmp_path, disk, vfs, seed=4) != []
