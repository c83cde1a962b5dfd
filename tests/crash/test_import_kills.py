"""A run that is killed at any moment and started again ends like one that was left alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from valhalla.program.database import open_database

LONG = os.environ.get("VALHALLA_LONG") == "1"
ROWS, KILLS, KILLS_BETWEEN = (20_000, 100, 30) if LONG else (8_000, 12, 4)
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


def run(home: Path, source: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "valhalla",
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
        env={**os.environ, "VALHALLA_IMPORT_CHUNK_ROWS": "500"},
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
    process = run(home, source)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()


def reading(home: Path, source: Path) -> tuple[float, float]:
    """Run to the end: after how many seconds the import began and ended."""
    began = time.time()
    finish(home, source)
    with open_database(home / "valhalla.db") as database:
        found = database.one("SELECT started_at, finished_at FROM import")
    assert found is not None
    return found[0] / 1e6 - began, found[1] / 1e6 - began


@pytest.mark.crash
def test_killed_runs_end_like_an_undisturbed_one(
    tmp_path: Path, script: Callable[[str], ModuleType], count_kills: Callable[[str, int], None]
) -> None:
    source = tmp_path / "leads.csv"
    script("make_leads").write_leads(source, ROWS, seed=11)
    (tmp_path / "calm").mkdir()
    first, last = reading(tmp_path / "calm" / "home", source)
    expected = dump(tmp_path / "calm" / "home")
    assert len(expected["lead"]) > 0.9 * ROWS and expected["lead_history"] and expected["reject"]

    dice = random.Random(20_000)
    between = kills = homes = 0
    while kills < KILLS:
        homes += 1
        home = tmp_path / f"killed-{homes}" / "home"
        home.parent.mkdir()
        while kills < KILLS:
            process = run(home, source)
            try:
                process.wait(timeout=dice.uniform(0.8 * first, 1.1 * last))
                break  # it was faster than the kill
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            kills += 1
            if (home / "valhalla.db").exists() and (rows := rows_read(home)) is not None and 0 < rows < ROWS:
                between += 1
        finish(home, source)
        assert dump(home) == expected
    count_kills("imports", kills)
    assert between >= KILLS_BETWEEN
