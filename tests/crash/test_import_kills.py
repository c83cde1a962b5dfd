"""A run that is killed at any moment and started again ends like one that was left alone."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from valhalla.program.database import open_database

LONG = os.environ.get("VALHALLA_LONG") == "1"
ROWS, KILLS, KILLS_BETWEEN = (20_000, 50, 25) if LONG else (4_000, 2, 1)
CHUNK = 500
"""``KILLS_BETWEEN``: so many at least must fall between the first and the last chunk."""

DUMPS = {
    "lead": "SELECT {} FROM lead ORDER BY id",
    "lead_key": "SELECT key, lead_id FROM lead_key ORDER BY key",
    "lead_history": "SELECT lead_id, cause, before FROM lead_history ORDER BY id",
    "reject": "SELECT import_id, line, column, code, message, value, raw, state FROM reject ORDER BY id",
    "import": "SELECT path, state, kind, rows, new, updated, unchanged, duplicate, rejected, blank, position, digest FROM import",
    "file": "SELECT path, offset, digest, rows, rejected FROM file",
    "overtaken": "SELECT lead_id, fingerprint FROM overtaken ORDER BY 1, 2",
    "import_seen": "SELECT * FROM import_seen",
}
TIMES = ("created_at", "updated_at", "decided_at")


RUN = """
import os, signal, sys, threading, time
import apsw
from valhalla.__main__ import main

left, pause = int(sys.argv.pop(1)), float(sys.argv.pop(1))

def die():
    time.sleep(pause)  # a random moment is the point
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

def count(cursor, statement, bindings):
    global left
    if "UPDATE import SET position" in statement:
        left -= 1
        if left == 0:
            threading.Thread(target=die).start()
    return True

apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(count))
main()
"""
"""A run that ends itself soon after the start of a chunk, however busy the machine is."""


def run(home: Path, source: Path, chunk: int, pause: float) -> subprocess.Popen[bytes]:
    """``chunk``: after whose start the run is killed, from 1 (0: never); ``pause``: how many seconds after it."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            RUN,
            str(chunk),
            str(pause),
            "--home",
            str(home),
            "run",
            "--source",
            str(source),
            "--cycles",
            "1",
            "--no-cockpit",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=home.parent,
        env={**os.environ, "VALHALLA_IMPORT_CHUNK_ROWS": str(CHUNK)},
    )


def dump(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    with open_database(home / "valhalla.db", create=False) as database:
        columns = [row[1] for row in database.sql("PRAGMA table_info(lead)") if row[1] not in TIMES]
        assert database.value("PRAGMA integrity_check") == "ok"
        return {name: database.sql(text.format(", ".join(columns))) for name, text in DUMPS.items()}


def rows_read(home: Path) -> int | None:
    """How many rows the interrupted import has committed; None: it has ended."""
    with open_database(home / "valhalla.db") as database:
        found = database.one("SELECT rows, state FROM import")
        return 0 if found is None else None if found[1] == "done" else int(found[0])


def finish(home: Path, source: Path) -> None:
    process = run(home, source, 0, 0)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()


def write_leads(script: Callable[[str], ModuleType], path: Path) -> None:
    script("make_leads").write_leads(path, ROWS, seed=11)


def write_properties(script: Callable[[str], ModuleType], path: Path) -> None:
    """Forty columns, three phones; some houses come again with other facts, and one row names nobody and no house."""
    make = script("make_properties")
    make.write_properties(path, ROWS, seed=11)
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(make.rows_of(ROWS // 20, seed=11, changed=1.0))
        writer.writerow(["", "", "", "TX"])


@pytest.mark.crash
@pytest.mark.parametrize("write", [write_leads, write_properties], ids=["leads", "properties"])
def test_killed_runs_end_like_an_undisturbed_one(
    tmp_path: Path,
    script: Callable[[str], ModuleType],
    count_kills: Callable[[str, int], None],
    write: Callable[[Callable[[str], ModuleType], Path], None],
) -> None:
    source = tmp_path / "leads.csv"
    write(script, source)
    (tmp_path / "calm").mkdir()
    finish(tmp_path / "calm" / "home", source)
    expected = dump(tmp_path / "calm" / "home")
    assert len(expected["lead"]) > 0.9 * ROWS and expected["lead_history"] and expected["reject"]

    dice = random.Random(20_000)
    between = kills = homes = 0
    while kills < KILLS:
        homes += 1
        home = tmp_path / f"killed-{homes}" / "home"
        home.parent.mkdir()
        read: int | None = 0
        while kills < KILLS and read is not None:
            # A list that ends the program three times at one place is set aside: it comes further each time.
            chunk = dice.randrange(2, max(3, (ROWS - read) // CHUNK))
            process = run(home, source, chunk, dice.uniform(0, 0.05))
            _, err = process.communicate(timeout=120)
            if process.returncode == 0:
                break  # it was faster than the kill
            assert not err, err.decode()
            kills += 1
            read = rows_read(home)
            between += read is not None and 0 < read < ROWS
        finish(home, source)
        assert dump(home) == expected
    count_kills("imports", kills)
    assert between >= KILLS_BETWEEN
