"""A program that is killed at any moment leaves a file that opens and verifies, with everything it said it had saved."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database
from db.verifying import verify
from valhalla.program.database import open_database

pytestmark = pytest.mark.crash
LIVING = Path(__file__).resolve().parent / "living.py"
KILLS = 500 if os.environ.get("VALHALLA_LONG") == "1" else 12
FRESH = 40
"""Kills after which a new file is begun, so that the old one does not grow without end."""


class Process:
    """Loaded, and waiting for its turn."""

    def __init__(self, home: Path, seed: int) -> None:
        self.child = subprocess.Popen(
            [sys.executable, str(LIVING), str(home), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def live(self, seconds: float) -> list[str]:
        """Let it work for so long, kill it, and return what it said it had saved."""
        assert self.child.stdin is not None and self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n"
        self.child.stdin.write("go\n")
        self.child.stdin.flush()
        time.sleep(seconds)  # a random moment is the point
        self.child.kill()
        said = self.child.stdout.read().splitlines(keepends=True)
        self.child.wait()
        return [line.strip() for line in said if line.endswith("\n")]

    def drop(self) -> None:
        self.child.kill()
        self.child.communicate()


def missing(database: Database, said: list[str]) -> list[str]:
    """What was told to be saved and is not in the file."""
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
    tmp_path: Path, count_kills: Callable[[str, int], None]
) -> None:
    chance, in_an_import, saved = random.Random(500), 0, 0
    home = tmp_path / "home-0"
    waiting = Process(home, 0)
    try:
        said: list[str] = []
        for number in range(1, KILLS + 1):
            process, here = waiting, home
            if number % FRESH == 0:
                home = tmp_path / f"home-{number}"
            waiting = Process(home, number)
            said += process.live(chance.uniform(0.02, 0.4))
            path = here / "valhalla.db"
            if path.exists():
                with open_database(path) as database:
                    verdict = verify(database)
                    assert verdict.ok, verdict.problems
                    assert missing(database, said) == []
                    in_an_import += bool(
                        database.value("SELECT 1 FROM import WHERE state = 'running' AND rows > 0")
                    )
            if here != home:
                saved += len(said)
                said = []
        saved += len(said)
    finally:
        waiting.drop()
    count_kills("whatever people save", KILLS)
    print(json.dumps({"kills": KILLS, "in the middle of an import": in_an_import, "saved and there": saved}))
    assert saved > KILLS // 2
    assert in_an_import >= KILLS // 20, "the kills came between the imports"
