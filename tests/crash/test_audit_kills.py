"""A program that is killed at any moment leaves a file that opens and verifies, with everything it said it had saved."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database
from db.verifying import verify
from valhalla.program.database import open_database

pytestmark = pytest.mark.crash
KILLS = 500 if os.environ.get("VALHALLA_LONG") == "1" else 8
LINES = 15
"""After fewer lines it is killed; a round of its life has about nine, half of them in an import."""
FRESH = 40
"""Kills after which a new file is begun, so that the old one does not grow without end."""


def missing(database: Database, said: list[str]) -> list[str]:
    """What was told to be saved and is not in the file."""
    said = [line for line in said if line != "read a chunk"]
    outcomes = {f"outcome {number}" for (number,) in database.sql("SELECT id FROM outcome")}
    kept_out = {f"kept out {value}" for (value,) in database.sql("SELECT value FROM suppression")}
    lost = [line for line in said if not line.startswith("interval") and line not in outcomes | kept_out]
    intervals = [line for line in said if line.startswith("interval")]
    if intervals:
        told = {
            f"interval {json.loads(body)['after']}"
            for (body,) in database.sql("SELECT body FROM audit WHERE subject = 'setting:interval'")
        }
        lost += [line for line in intervals if line not in told]
    return lost


def test_whatever_was_saved_is_there_after_a_kill_and_the_chain_verifies(
    tmp_path: Path, nursery: Callable[[str], Any], count_kills: Callable[[str, int], None]
) -> None:
    chance, in_an_import, saved = random.Random(500), 0, 0
    home = tmp_path / "home-0"
    processes = nursery("living")
    said: list[str] = []
    number = 0
    while number < KILLS or (
        in_an_import < KILLS // 8 and number < 4 * KILLS
    ):  # eight kills may all miss one
        number += 1
        process = processes.start(str(home), str(number))
        lines = [process.stdout.readline() for _ in range(chance.randrange(LINES))]
        time.sleep(chance.uniform(0, 0.05))  # a random moment is the point
        lines += process.kill().splitlines(keepends=True)
        said += [line.strip() for line in lines if line.endswith("\n")]
        if (home / "valhalla.db").exists():
            with open_database(home / "valhalla.db") as database:
                verdict = verify(database)
                assert verdict.ok, verdict.problems
                assert missing(database, said) == []
                in_an_import += bool(
                    database.value("SELECT 1 FROM import WHERE state = 'running' AND rows > 0")
                )
        if number % FRESH == 0:
            saved += len(said)
            home, said = tmp_path / f"home-{number}", []
    saved += len(said)
    count_kills("whatever people save", number)
    print(json.dumps({"kills": number, "in the middle of an import": in_an_import, "saved and there": saved}))
    assert saved > KILLS // 2
    assert in_an_import >= KILLS // 8, "the kills came between the imports"
