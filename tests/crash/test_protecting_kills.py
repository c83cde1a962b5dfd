"""A copy that was said to be made is there, whole, whenever the program is killed or the power goes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.audit.verifying import copy_of_file
from valhalla.fleet import protecting
from valhalla.program.database import open_database
from valhalla.program.home import Home

pytestmark = pytest.mark.crash
KILLS = 100 if os.environ.get("VALHALLA_LONG") == "1" else 4


def test_what_was_said_to_be_protected_is_there_after_a_kill(
    tmp_path: Path, nursery: Callable[[str], Any], count_kills: Callable[[str, int], None]
) -> None:
    chance, processes, seen = random.Random(22), nursery("copying"), 0
    for number in range(1, KILLS + 1):
        home, stick = tmp_path / f"home-{number}", tmp_path / f"stick-{number}"
        process = processes.start(str(home), str(stick))
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 3))]
        time.sleep(chance.uniform(0, 0.3))  # a random moment is the point
        lines += process.kill().splitlines(keepends=True)
        said = [line.split() for line in lines if line.endswith("\n")]
        seen += len(said)
        for path, head in said:
            verdict = copy_of_file(Path(path))
            assert (verdict.ok, verdict.head) == (True, head), verdict.problems
        for copy in protecting.all_copies(stick):
            assert copy_of_file(copy).ok, "what has the name of a copy is one"
        done = protecting.restore(Home(tmp_path / f"new-{number}"), stick)
        assert done["entries"] >= copy_of_file(Path(said[-1][0])).entries
    count_kills("making protected copies", KILLS)
    assert seen >= KILLS


@pytest.mark.skipif(os.name == "nt", reason="Windows forces names to the disk by itself")
def test_bytes_and_names_are_on_the_disk_before_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every name that a file got, in their order: what was forced to the disk afterwards. Without that a power cut takes it."""
    happened: list[tuple[str, str]] = []
    sync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        sync(descriptor)
        happened.append(("forced", os.readlink(f"/proc/self/fd/{descriptor}")))

    def replaced(source: Any, target: Any) -> None:
        replace(source, target)
        happened.append(("named", str(target)))

    home, stick = Home(tmp_path / "home"), tmp_path / "stick"
    home.prepare()
    database: Database
    with open_database(home.database) as database:
        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(os, "replace", replaced)
        made = protecting.protect(database, home, str(stick))
        monkeypatch.undo()
    for name in (made["path"], made["path"] + ".manifest.json"):
        at = happened.index(("named", name))
        assert ("forced", name) in happened[at:] and ("forced", str(stick)) in happened[at:], name
